"""An inbox as versions before the database kept it, in files: read where they are, never written.

A unit's place is `<root>/<model or _>/<application>-<number>/`: `state.json` with its boots and
its latest report, `boots` with digests of earlier boots, and `log/` in the format of an agent's
log. The database takes a unit's boots over with its first push, and the log is read before its
own lines until these alone are as much as is kept.
"""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from charm.kernel.errors import FileError, HealthError, ReportError
from charm.kernel.fields import Fields
from charm.kernel.files import read_whole, set_aside
from charm.kernel.log_files import Cursor, Tail, read_since
from charm.kernel.names import slug, unit_of_slug
from charm.kernel.push_contract import check_names
from charm.kernel.report_json import from_json

from .boots import DIGEST_BYTES, digest_of
from .latest import LatestReport

_MOST_RECENT = 256
# What a database holds.
_HIGHEST = 2**63 - 1
_NO_MODEL = '_'
_log = logging.getLogger('juju_health.receive')


@dataclass(frozen=True)
class FormerUnit:
    """What was known of a unit.

    Attributes:
        boot_id: its latest boot; empty for none.
        sequence: the highest in that.
        boots: the digests of all its boots.
        latest: its latest report; `None` if there is none.
    """

    boot_id: str = ''
    sequence: int = -1
    boots: frozenset[bytes] = frozenset()
    latest: LatestReport | None = None


@dataclass(frozen=True)
class FormerInbox:
    """The files below `root`; there need not be any."""

    root: Path

    def unit(self, unit: str, model: str, set_bad_aside: bool = False) -> FormerUnit:
        """Return what is known of a unit.

        Raises:
            FileError: it cannot be read; of what makes no sense only if it is not to be set aside.
        """
        place = self._place(unit, model)
        path, data = place / 'state.json', read_whole(place / 'boots') or b''
        starts = range(0, len(data), DIGEST_BYTES)
        earlier = frozenset(data[start : start + DIGEST_BYTES] for start in starts)
        state = read_whole(path)
        try:
            return FormerUnit(boots=earlier) if state is None else _from_json(state, earlier)
        except ReportError as error:
            if not set_bad_aside:
                raise FileError(f'cannot read {path}: {error}') from error
            _log.error(
                '%s makes no sense, and is set aside as %s: %s', path, set_aside(path), error
            )
            return FormerUnit(boots=earlier)

    def since(self, unit: str, model: str, cursor: Cursor | None) -> Tail:
        """Return the lines of the unit's log after the cursor.

        Raises:
            FileError: it cannot be read.
        """
        return read_since(self._place(unit, model) / 'log', cursor)

    def units(self, model: str | None) -> set[tuple[str, str]]:
        """Return the model and the name of each unit, of one model only if it is given."""
        models = '*' if model is None else glob.escape(model or _NO_MODEL)
        found = set()
        for state in self.root.glob(f'{models}/*/state.json'):
            name = state.parent.parent.name
            found.add(('' if name == _NO_MODEL else name, unit_of_slug(state.parent.name)))
        return found

    def remove(self, unit: str, model: str) -> None:
        """Remove what there is of a unit, as far as that can be done."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self._place(unit, model))

    def _place(self, unit: str, model: str) -> Path:
        try:
            check_names(unit, model)
        except (HealthError, ValueError) as error:
            raise FileError(f'cannot look up reports: {error}') from error
        return self.root / (model or _NO_MODEL) / slug(unit)


def _from_json(data: bytes, earlier: frozenset[bytes]) -> FormerUnit:
    try:
        # Our own file: with the largest report in it, it is larger than what strangers may send.
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReportError('', f'not JSON: {error}') from error
    top = Fields(document, '')
    boot, sequence = '', -1
    boots = set(earlier)
    for index, item in enumerate(top.array('boots', _MOST_RECENT)):
        if not (isinstance(item, list) and [type(one) for one in item] == [str, int]):
            raise ReportError(f'boots[{index}]', 'not a boot and a sequence')
        boot, sequence = item
        if not -1 <= sequence <= _HIGHEST:
            raise ReportError(f'boots[{index}]', f'{sequence} is no sequence')
        boots.add(digest_of(boot))
    received_at, latest = top.time('received_at'), top.optional_object('latest')
    if received_at is None or latest is None:
        return FormerUnit(boot, sequence, frozenset(boots))
    skew = top.number('skew_seconds')
    report = LatestReport(from_json(latest.values), received_at, skew)
    return FormerUnit(boot, sequence, frozenset(boots), report)
