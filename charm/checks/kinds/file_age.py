"""How old a file is: a backup, a log, a stamp."""

from __future__ import annotations

import glob
import os
import time

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Callable, Optional, Tuple
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, OptionError, require_order
from ..phrases import size, span
from ..thresholds import Range, judge

# File systems round times, and the clock that stamps a file on a server is not ours.
_TOLERANCE_SECONDS = 5.0


@dataclass(frozen=True)
class FileAge:
    """Fail when a file is missing, too old or too small.

    Attributes:
        path: absolute; with `*`, `?` or `[`, the newest file that matches counts.
        warn_seconds, fail_seconds: the age above which it is too old; `None` for no limit.
        minimum_bytes: a smaller file fails.
    """

    path: str
    warn_seconds: Optional[float] = None
    fail_seconds: Optional[float] = None
    minimum_bytes: int = 0
    now: Callable[[], float] = field(default=time.time, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if not self.path.startswith('/'):
            raise OptionError('path', f'{self.path!r} is not an absolute path')
        require_order(self.warn_seconds, self.fail_seconds, '_seconds')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the file, or on the newest of those that match."""
        newest = self._read()
        if newest is None:
            return Verdict(Health.FAIL, f'{self.path} does not exist', {'age_seconds': None})
        return self._judge(*newest)

    def _read(self) -> Optional[Tuple[str, os.stat_result]]:
        found = [
            (path, status)
            for path in (glob.glob(self.path) if glob.has_magic(self.path) else [self.path])
            for status in [self._stat(path)]
            if status is not None
        ]
        return max(found, key=lambda item: item[1].st_mtime, default=None)

    def _stat(self, path: str) -> Optional[os.stat_result]:
        try:
            return os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise CheckError(f'cannot look at {path}: {error.strerror}') from error

    def _judge(self, path: str, status: os.stat_result) -> Verdict:
        age_seconds = self.now() - status.st_mtime
        data = {
            'path': path.encode('utf-8', 'replace').decode('utf-8'),
            'age_seconds': round(age_seconds, 3),
            'size_bytes': status.st_size,
        }
        if status.st_size < self.minimum_bytes:
            least = size(self.minimum_bytes)
            return Verdict(Health.FAIL, f'{path} has {size(status.st_size)} of {least}', data)
        if age_seconds < -_TOLERANCE_SECONDS:
            text = f'{path} is {span(-age_seconds)} in the future: it or our clock is wrong'
            return Verdict(Health.WARN, text, data)
        warn, fail = Range.at_most(self.warn_seconds), Range.at_most(self.fail_seconds)
        text = f'{path} is {span(max(0.0, age_seconds))} old'
        return Verdict(judge(age_seconds, warn, fail), text, data)
