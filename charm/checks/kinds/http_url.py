"""Whether a URL answers: status, body, and how long it takes."""

from __future__ import annotations

import time
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Mapping, Optional, Tuple
from ...kernel.pattern import pattern
from ...kernel.report import Health
from .. import json_values, tls_contexts, urls
from ..check import Verdict
from ..conversion import Wanted
from ..http_body import NotLookedAt, text_of
from ..http_exchange import Exchange, HttpResponse
from ..options import OptionError, require_order
from ..patterns import check_pattern, search
from ..phrases import size, span
from ..sockets import NoAnswer
from ..thresholds import Range, judge

_STATUS = pattern(r'([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?')


@dataclass(frozen=True)
class HttpUrl:
    """Fail unless the URL answers with an expected status, and body, by the check's timeout.

    Redirects are answers, and pass by default, unless they are to be followed. Proxies are not
    used.

    Attributes:
        url: http or https, without user and password.
        expect_status: statuses or spans of them, such as `200` or `200-399`.
        contains: text that the body has to hold.
        matches: a regular expression that has to be found in the body.
        json: by path into a body in JSON, globs of which the value there has to match one.
        method: GET or HEAD.
        headers: sent with the request.
        follow_redirects: whether the answer is that which redirects lead to.
        maximum_bytes: how much of the body is read.
        verify_tls: whether the certificate has to be good for the host's name.
        ca_file: trust these authorities instead of the system's; PEM.
        cert_file, key_file: who we are, for a server that asks; PEM, the key may be in either.
        warn_seconds, fail_seconds: the whole answer may take this long.
    """

    url: str
    expect_status: Tuple[str, ...] = ('200-399',)
    contains: str = ''
    matches: str = ''
    json: Wanted = field(default_factory=dict)
    method: str = 'GET'
    headers: Mapping[str, str] = field(default_factory=dict)
    follow_redirects: bool = False
    maximum_bytes: int = 1024 * 1024
    verify_tls: bool = True
    ca_file: Optional[Path] = None
    cert_file: Optional[Path] = None
    key_file: Optional[Path] = None
    warn_seconds: Optional[float] = None
    fail_seconds: Optional[float] = None

    def __post_init__(self) -> None:
        try:
            urls.split(self.url)
        except ValueError as error:
            raise OptionError('url', f'{self.url!r}: {error}') from error
        for words in self.expect_status:
            if not _STATUS.fullmatch(words):
                raise OptionError('expect_status', f'{words!r} is not a status, or a-b')
        if self.method not in ('GET', 'HEAD'):
            raise OptionError('method', f'{self.method!r} is neither GET nor HEAD')
        if self.method == 'HEAD' and self._wants_text:
            raise OptionError('method', 'HEAD gives no body to look into')
        check_pattern('matches', self.matches)
        for path in self.json:
            try:
                json_values.steps(path)
            except ValueError as error:
                raise OptionError('json', str(error)) from error
        tls_contexts.require_certificate(self.cert_file, self.key_file)
        require_order(self.warn_seconds, self.fail_seconds, '_seconds')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data` has `status` and `seconds`, `None` without an answer."""
        place, started = urls.shown(self.url), time.monotonic()
        exchange = Exchange(self.method, self.headers, self.maximum_bytes, self._context, deadline)
        try:
            if self.follow_redirects:
                final, answer = exchange.follow(self.url)
            else:
                final, answer = self.url, exchange.ask(self.url, self.headers)
        except NoAnswer as error:
            data = {'status': None, 'seconds': None}
            return Verdict(Health.FAIL, f'{place}: {error}', data)
        seconds = time.monotonic() - started
        if final != self.url:
            place += f' led to {urls.shown(final)}, which'
        return self._judge(place, answer, seconds, deadline)

    @property
    def _wants_text(self) -> bool:
        return bool(self.contains or self.matches or self.json)

    def _context(self) -> Any:
        context = tls_contexts.careful(self.ca_file)
        if not self.verify_tls:
            context = tls_contexts.curious()
        return tls_contexts.identify(context, self.cert_file, self.key_file)

    def _judge(
        self, place: str, answer: HttpResponse, seconds: float, deadline: Deadline
    ) -> Verdict:
        data = {
            'status': answer.status,
            'seconds': round(seconds, 6),
            'body_bytes': len(answer.body),
            'body_truncated': answer.truncated,
        }
        said = f'{place} answered {answer.status} {answer.reason}'.rstrip()
        if not any(_within(answer.status, words) for words in self.expect_status):
            wanted = ', '.join(self.expect_status)
            return Verdict(Health.FAIL, f'{said}, wanted {wanted}', data)
        try:
            lacks = self._lacks(answer, deadline) if self._wants_text else ''
        except NotLookedAt as error:
            return Verdict(Health.UNKNOWN, f'{said}, but {error}, and was not looked at', data)
        except NoAnswer as error:
            return Verdict(Health.FAIL, f'{said}, but {error}', data)
        if lacks:
            return Verdict(Health.FAIL, f'{said}, {lacks}', data)
        warn, fail = Range.at_most(self.warn_seconds), Range.at_most(self.fail_seconds)
        return Verdict(judge(seconds, warn, fail), f'{said} in {span(seconds)}', data)

    def _lacks(self, answer: HttpResponse, deadline: Deadline) -> str:
        """Return what the body should have and has not; nothing if it is as it should be.

        Raises:
            NotLookedAt: that cannot be told.
            NoAnswer: the body is not what it says it is.
        """
        limit = self.maximum_bytes
        text, cut = text_of(
            answer.body, answer.truncated, answer.coding, answer.content_type, limit
        )
        looked = f' in its first {size(limit)}' if cut else ''
        if self.contains not in text:
            return f'without {self.contains!r}{looked}'
        if not all(search(self.matches, [text], deadline)):
            return f'without a match of {self.matches!r}{looked}'
        wrong = json_values.lacks(text, self.json) if self.json else ''
        return f'but {wrong}{looked}' if wrong else ''


def _within(status: int, words: str) -> bool:
    first, _dash, last = words.partition('-')
    return int(first) <= status <= int(last or first)
