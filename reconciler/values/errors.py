"""Errors of the orchestrator side.

ReconcilerError
├── UsageError        what the operator asked for cannot be done as asked
│   └── NothingSelected    a name or glob is of nothing in the model (carries it)
├── StillRuns         another sweep of the same does, and only one may
├── PingError         nobody took the signal of a sweep
├── ScheduleError     sweeps cannot be scheduled so on this machine
├── JujuError         the juju command failed (carries exit code and stderr)
│   ├── JujuMissing        there is no juju command
│   ├── JujuTimeout        it did not end by its deadline
│   ├── NotLoggedIn        the controller does not know us
│   ├── PermissionDenied   it does, but we may not
│   ├── ModelNotFound      there is no such model, or none is chosen
│   ├── ControllerMissing  nor such a controller, or none is chosen
│   │   └── NoController
│   ├── ControllerUnreachable
│   └── NotThere           the unit or machine that was named is not there any more
├── StatusError       its status output cannot be read (carries the path inside)
├── SavedError        a saved sweep cannot be read (carries the path inside)
└── ConfigError       the configuration cannot be used (carries every problem with its line)
"""

from __future__ import annotations

from collections.abc import Sequence

from .advice import NO_ADVICE, Advice, grant, juju

_NAME_ONE = 'then name one with --model'


class ReconcilerError(Exception):
    """Root of every error this side raises on purpose; `str()` of it starts with "cannot".

    Attributes:
        retryable: whether trying again may help.
        advice: what the operator may do next; false where there is nothing.
    """

    retryable = False
    advice: Advice = NO_ADVICE

    @property
    def lines(self) -> tuple[str, ...]:
        """Return what to print of it: the error, and what to do if that is known."""
        return (str(self), *([str(self.advice)] if self.advice else []))


class UsageError(ReconcilerError):
    """What the operator asked for cannot be done as asked."""


class NothingSelected(UsageError):
    """The operator named something that the model does not have.

    Attributes:
        pattern: the name or glob.
    """

    def __init__(self, pattern: str, model: str, hint: str = '') -> None:
        self.pattern = pattern
        super().__init__(
            f'cannot select {pattern!r}: no application, unit or machine of '
            f'{model or "the model"} has that name{hint}'
        )


class StillRuns(ReconcilerError):
    """Only one sweep may run, and another does."""


class PingError(ReconcilerError):
    """The signal of a sweep was not taken where it was sent."""

    def __init__(self, message: str, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(message)


class ScheduleError(ReconcilerError):
    """Sweeps cannot be scheduled so on this machine, or their schedules not be seen."""

    def __init__(self, message: str, advice: Advice = NO_ADVICE) -> None:
        self.advice = advice
        super().__init__(message)


class JujuError(ReconcilerError):
    """The juju command failed.

    Attributes:
        exit_code: what it exited with; `None` if it never ran to an end.
        stderr: what it said, shortened.
    """

    def __init__(
        self, message: str, exit_code: int | None = None, stderr: str = '', model: str = ''
    ) -> None:
        self.exit_code = exit_code
        self.stderr = stderr
        self.advice = self._advise(model)
        super().__init__(message)

    def _advise(self, model: str) -> Advice:
        """Return what to do about it in the model, named as for `-m`."""
        return NO_ADVICE


class JujuMissing(JujuError):
    """There is no juju command to run."""

    def _advise(self, model: str) -> Advice:
        return Advice('install it (snap install juju), or name it with --juju PATH')


class JujuTimeout(JujuError):
    """The juju command did not end by its deadline."""

    retryable = True

    def _advise(self, model: str) -> Advice:
        what = 'give it longer: --deadline; or see where its controller is'
        return Advice(what, juju(model, 'show-controller'))


class NotLoggedIn(JujuError):
    """The controller does not know us."""

    def _advise(self, model: str) -> Advice:
        return Advice('log in', juju(model, 'login'))


class PermissionDenied(JujuError):
    """The controller knows us, but we may not do this."""

    def _advise(self, model: str) -> Advice:
        return Advice('ask its admin', grant(model))


class ModelNotFound(JujuError):
    """There is no such model, or none is chosen."""

    def _advise(self, model: str) -> Advice:
        return Advice('list them', juju(model, 'models'), remark=_NAME_ONE)


class ControllerMissing(JujuError):
    """There is no such controller here, or none is chosen."""

    def _advise(self, model: str) -> Advice:
        return Advice('see which there are', juju(model, 'controllers'), remark=_NAME_ONE)


class NoController(ControllerMissing):
    """There is no controller here at all."""

    def _advise(self, model: str) -> Advice:
        return Advice("with what a controller's owner gave you", juju(model, 'register', 'TOKEN'))


class ControllerUnreachable(JujuError):
    """No controller answered."""

    retryable = True

    def _advise(self, model: str) -> Advice:
        what = 'is the network or VPN up? where the controller should be'
        return Advice(what, juju(model, 'show-controller'))


class NotThere(JujuError):
    """There is no such unit, or machine: it went since the status was read."""

    def _advise(self, model: str) -> Advice:
        return Advice('see what there is now', juju(model, 'status'))


class StatusError(ReconcilerError):
    """What `juju status` printed cannot be read.

    Attributes:
        path: where in the document, such as `applications.mysql.units`, or the line.
        reason: what is wrong there.
    """

    def __init__(self, path: str, reason: str, file: str = 'juju status') -> None:
        self.path = path
        self.reason = reason
        where = f'{path}: ' if path else ''
        super().__init__(f'cannot read {file}: {where}{reason}')


class SavedError(ReconcilerError):
    """A saved sweep cannot be read.

    Attributes:
        path: where in the document, such as `services[0].units[2].health`.
        reason: what is wrong there.
    """

    advice = Advice('save one with', ('reconcile-health', '--format', 'json', '-o', 'sweep.json'))

    def __init__(self, path: str, reason: str, file: str = 'the saved sweep') -> None:
        self.path = path
        self.reason = reason
        where = f'{path}: ' if path else ''
        super().__init__(f'cannot read {file}: {where}{reason}')


class ConfigError(ReconcilerError):
    """The configuration cannot be used.

    Attributes:
        file: which.
        problems: each as (line, key, reason); line 0 and an empty key for the file as a whole.
    """

    advice = Advice('mend it, and see that it is right', ('reconcile-health', 'config', 'check'))

    def __init__(self, file: str, problems: Sequence[tuple[int, str, str]]) -> None:
        self.file = file
        self.problems = tuple(problems)
        told = [
            ': '.join(filter(None, [f'line {line}' if line else '', key, reason]))
            for line, key, reason in self.problems
        ]
        if len(told) == 1:
            super().__init__(f'cannot use {file}: {told[0]}')
        else:
            lines = '\n  '.join(told)
            super().__init__(f'cannot use {file}, for {len(told)} reasons:\n  {lines}')
