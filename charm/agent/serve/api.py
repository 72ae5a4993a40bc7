"""What the agent answers: routes from a request to a response, with no socket in sight."""

from __future__ import annotations

import json
import threading
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple
from urllib.parse import parse_qs, urlsplit

from ...kernel.errors import HealthError, ReportError
from ...kernel.facts import asdict, dataclass, field
from ...kernel.health_check_response import MEDIA_TYPE
from ...kernel.names import nearest
from ...kernel.report_json import encode
from ...kernel.strict_json import load as load_json
from ..events import RunNow
from ..loop import Loop
from ..watch import CheckCounts
from .metrics import CONTENT_TYPE, UnitView, health_json, openmetrics

# A check answers by its timeout and a little; this is for the loop to be held up.
_PATIENCE_SECONDS = 10.0
_MOST_NAMES = 1000
# Fewer than a door has places: who only asks is never kept out by those who wait for checks.
_MOST_RUNS = 6


@dataclass(frozen=True)
class Response:
    """An HTTP response; `headers` are those beside the type and the length of the body."""

    status: int
    body: bytes
    content_type: str = 'application/json'
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, reason: str, **headers: str) -> Response:
    """Return a response that says why not."""
    return Response(status, _json({'error': reason}), headers=headers)


class Refused(Exception):
    """A request that cannot be answered as asked; `args[0]` is the response."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.response = refusal(status, reason)


class Api:
    """The routes; `own` returns the agent's own counters for `/metrics`."""

    def __init__(self, loop: Loop, own: Callable[[], Mapping[str, float]]) -> None:
        self._loop = loop
        self._own = own
        self._runs = threading.BoundedSemaphore(_MOST_RUNS)
        self._routes: Dict[Tuple[str, str], Callable[[str, bytes], Response]] = {
            ('GET', '/v1/report'): self._report,
            ('GET', '/v1/checks'): self._checks,
            ('GET', '/v1/health'): self._health,
            ('GET', '/metrics'): self._metrics,
            ('POST', '/v1/run'): self._run,
        }

    def answer(self, method: str, target: str, body: bytes) -> Response:
        """Return the response to a request; never raises for what a client does wrong."""
        try:
            _scheme, _host, path, query, _fragment = urlsplit(target)
        except ValueError:
            return refusal(400, 'the target is not a path')
        route = self._routes.get((method, path))
        if route is None:
            allowed = [known for known, at in self._routes if at == path]
            if allowed:
                return refusal(405, f'only {", ".join(allowed)} here', Allow=', '.join(allowed))
            paths = ', '.join(f'{known} {at}' for known, at in self._routes)
            return refusal(404, f'there is {paths}')
        try:
            return route(query, body)
        except Refused as refused:
            return refused.response
        except HealthError as error:
            # Such as a report that has become too large to be one.
            return refusal(500, str(error))

    def _report(self, query: str, _body: bytes) -> Response:
        watch = self._loop.desks[self._unit(_one(query, 'unit'))].watch
        report, age_seconds = watch.report, watch.age_seconds
        if report is None:
            raise Refused(503, 'there is no report yet: the checks are running for the first time')
        headers = {'Age': str(int(age_seconds)), 'Juju-Health-Age': f'{age_seconds:.3f}'}
        return Response(200, encode(report).encode() + b'\n', headers=headers)

    def _checks(self, _query: str, _body: bytes) -> Response:
        config = self._loop.setup.config
        units = {
            name: [
                {
                    'name': job.name,
                    'interval': config.interval_seconds(job.name, job.interval_seconds),
                    'timeout': job.timeout_seconds,
                    'source': job.source,
                    **asdict(desk.watch.counts.get(job.name, CheckCounts())),
                }
                for job in desk.watch.plan.jobs
            ]
            for name, desk in self._loop.desks.items()
        }
        return Response(200, _json({'units': units}))

    def _health(self, _query: str, _body: bytes) -> Response:
        status, document = health_json(self._views())
        headers = {'Cache-Control': f'max-age={int(self._loop.setup.config.interval)}'}
        return Response(status, _json(document), MEDIA_TYPE, headers)

    def _metrics(self, _query: str, _body: bytes) -> Response:
        text = openmetrics(self._views(), self._own())
        return Response(200, text.encode('utf-8', 'replace'), CONTENT_TYPE)

    def _run(self, _query: str, body: bytes) -> Response:
        names, unit = self._read_run(body)
        watch = self._loop.desks[unit].watch
        known = [job.name for job in watch.plan.jobs]
        for name in names:
            if name not in known:
                raise Refused(404, f'{unit} has no check {name[:100]!r}{nearest(name, known)}')
        request = RunNow(unit, tuple(dict.fromkeys(names)))
        jobs = [job for job in watch.plan.jobs if job.name in names]
        longest = max((job.timeout_seconds for job in jobs), default=0.0)
        self._wait_for(request, longest + _PATIENCE_SECONDS)
        if request.report is None:
            raise Refused(404, f'{unit} is not reported for any more')
        return Response(200, encode(request.report).encode() + b'\n')

    def _wait_for(self, request: RunNow, seconds: float) -> None:
        if not self._runs.acquire(blocking=False):
            raise Refused(503, 'too many wait for checks already')
        try:
            self._loop.ask(request)
            if not request.done.wait(seconds):
                raise Refused(504, 'the checks have not ended in time')
        finally:
            self._runs.release()

    def _read_run(self, body: bytes) -> Tuple[List[str], str]:
        try:
            document: Any = load_json(body)
        except ReportError as error:
            raise Refused(400, error.reason) from error
        if not isinstance(document, dict) or not set(document) <= {'checks', 'unit'}:
            raise Refused(400, 'the body is an object with `checks`, and maybe `unit`')
        names, unit = document.get('checks'), document.get('unit', '')
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused(400, 'checks: a list of names belongs here')
        if len(names) > _MOST_NAMES:
            raise Refused(400, f'checks: {len(names)} names, the limit is {_MOST_NAMES}')
        if not isinstance(unit, str):
            raise Refused(400, 'unit: a name belongs here')
        return names, self._unit(unit)

    def _unit(self, name: str) -> str:
        """Return the unit that is meant: the first one where none is named."""
        units = list(self._loop.desks)
        if not name:
            return units[0]
        if name not in units:
            raise Refused(404, f'no unit {name[:100]!r} here; there is {", ".join(units)}')
        return name

    def _views(self) -> Sequence[UnitView]:
        return [
            UnitView(
                name,
                desk.watch.report,
                desk.watch.age_seconds,
                desk.watch.counts,
                desk.spool.depth if desk.spool else None,
                desk.pusher.tally if desk.pusher else None,
            )
            for name, desk in self._loop.desks.items()
        ]


def _one(query: str, key: str) -> str:
    return parse_qs(query[:2000]).get(key, [''])[0]


def _json(document: Any) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(',', ':')).encode() + b'\n'
