"""Whether the kernel's clock is kept in step with the time of the world."""

from __future__ import annotations

import os

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Callable
from ...kernel.report import Health
from ..check import Verdict
from ..options import OUTSIDE, require_severity
from ..virtualization import Virtualization, detect

# The kernel lets the error grow to this while nobody disciplines the clock. timedatectl's "System
# clock synchronized" goes by it alone, since systemd 243: some, such as chrony without `rtcsync`,
# leave STA_UNSYNC set on purpose, so that the kernel keeps off the hardware clock.
_MAX_ERROR_SECONDS = 16.0


@dataclass(frozen=True)
class KernelClock:
    """The kernel's clock, as adjtimex(2) has it.

    Attributes:
        state: what the call returned, 5 (TIME_ERROR) when the clock is not synchronised.
        status: the STA_ bits; see adjtimex(2).
        max_error_seconds: the largest error the clock can have.
    """

    state: int
    status: int
    max_error_seconds: float

    @property
    def synchronised(self) -> bool:
        """Return whether somebody keeps the clock."""
        return self.max_error_seconds < _MAX_ERROR_SECONDS


def read_kernel_clock() -> KernelClock:
    """Ask the kernel; it needs no privilege, no daemon and no bus.

    Raises:
        OSError: the kernel, or a filter in front of it, refuses.
    """
    # Imported here since it costs a quarter of our start, which other checks need not pay.
    import ctypes

    class Timex(ctypes.Structure):
        _fields_ = (
            ('modes', ctypes.c_uint),
            ('offset', ctypes.c_long),
            ('freq', ctypes.c_long),
            ('maxerror', ctypes.c_long),
            ('esterror', ctypes.c_long),
            ('status', ctypes.c_int),
            # The rest of struct timex is not of interest; the kernel writes into it.
            ('rest', ctypes.c_byte * 256),
        )

    answer = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer))
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return KernelClock(state, answer.status, answer.maxerror / 1e6)


@dataclass(frozen=True)
class ClockSync:
    """Warn when nothing keeps the clock.

    A container has no clock of its own: it reads its host's, and there nobody inside can mend it,
    so a clock that is out of step passes in a container, with a note.

    Attributes:
        severity: `warn` or `fail`: what an unsynchronised clock means.
    """

    severity: str = 'warn'
    read: Callable[[], KernelClock] = field(default=read_kernel_clock, metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict on the kernel's clock."""
        around = self.around()
        try:
            clock = self.read()
        except (OSError, AttributeError) as error:
            if around.container:
                note = 'the host keeps the clock of this container, and does not let us ask'
                data = {'scope': around.kernel_scope, 'container': True, 'synchronised': None}
                return Verdict(Health.PASSED, note, data)
            raise CheckError(f'cannot ask the kernel about its clock: {error}') from error
        return self._judge(clock, around)

    def _judge(self, clock: KernelClock, around: Virtualization) -> Verdict:
        data = {
            'scope': around.kernel_scope,
            'container': around.container,
            'synchronised': clock.synchronised,
            'max_error_seconds': clock.max_error_seconds,
        }
        if clock.synchronised:
            text = f'synchronised, at most {clock.max_error_seconds:.3f} s off'
            return Verdict(Health.PASSED, text, data)
        if around.container:
            note = 'not synchronised, but a container has no clock of its own: see its host'
            return Verdict(Health.PASSED, note, data)
        return Verdict(Health(self.severity), 'nothing synchronises the clock', data)
