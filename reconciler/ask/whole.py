"""When all that was asked of a machine has come, although what was run there does not end.

Whoever made a report may never end, as one that waits for a disk that is gone, and neither may
what it left behind, or the connection itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel import report_json
from charm.kernel.errors import ReportError

from . import frames
from .frames import UnitAnswer


def has_report(answer: UnitAnswer) -> bool:
    """Return whether the answer is a report that is not cut off."""
    try:
        return bool(report_json.decode(answer.stdout.strip()))
    except ReportError:
        return False


@dataclass
class WholeAnswers:
    """Whether nothing more is worth waiting for; asked about once a second while answers come.

    It is so once every answer has ended, or is a report; what ends by itself is given until the
    next time. So an attempt ends a second or two after its last report, and reports of those who
    end in time are not decoded twice.

    Attributes:
        nonce, count: of the requests; see `frames.read`.
    """

    nonce: str
    count: int
    _size: int = 0
    _whole: bool = False

    def __call__(self, stdout: bytes) -> bool:
        """Return whether what came has been enough since the last time."""
        if self._whole or len(stdout) == self._size:
            return self._whole
        self._size = len(stdout)
        answers = frames.read(stdout, self.nonce, self.count)
        self._whole = all(answer.complete or has_report(answer) for answer in answers)
        return False
