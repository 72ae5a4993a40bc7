"""Errors of the unit side.

HealthError
├── ReportError      a report, or a part of one, is not what the schema says (carries its path)
├── DefinitionError  a check definition is wrong (carries file, key and reason)
├── CheckError       a check cannot determine an answer: its result is `unknown`
│   └── OverrunError it did not end by its deadline
├── CommandError     a command cannot be started or did not end by its deadline
└── FileError        a file cannot be read or written
"""

from __future__ import annotations


class HealthError(Exception):
    """Root of every error this side raises on purpose; `str()` of it starts with "cannot"."""

    retryable = False


class ReportError(HealthError):
    """A report is not what the schema says, for this reason.

    `path` says where, as in `checks[0].health`; it is empty for the document itself.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f'cannot read the report: {self.fault}')

    @property
    def fault(self) -> str:
        """Return the reason, behind its path if it has one."""
        return f'{self.path}: {self.reason}' if self.path else self.reason


class DefinitionError(HealthError):
    """A check definition is wrong.

    Attributes:
        source: the file, as given.
        key: the key inside it, such as `checks.web.port`, or `line 3`; empty for the whole file.
        reason: what is wrong there; if we may only not read it (`denied`), that root may.
    """

    def __init__(self, source: str, key: str, reason: str, denied: bool = False) -> None:
        self.source = source
        self.key = key
        self.reason = f'{reason}; root may' if denied else reason
        where = f'{source}: {key}' if key else source
        super().__init__(f'cannot use {where}: {self.reason}')


class CheckError(HealthError):
    """A check cannot determine an answer; the runner turns it into an `unknown` result."""


class OverrunError(CheckError):
    """A check did not end by its deadline; the runner says which that was.

    `said` is `: ` and the end of what it wrote until then, made safe, or empty.
    """

    def __init__(self, reason: str, said: str = '') -> None:
        self.said = said
        super().__init__(f'{reason}{said}')


class CommandError(HealthError):
    """A command cannot be started, or did not end by its deadline."""


class FileError(HealthError):
    """A file cannot be read or written as it should be."""


def said_of(error: BaseException) -> str:
    """Return what to say of whatever a check or a callback raised."""
    if isinstance(error, HealthError):
        return str(error)
    if isinstance(error, SystemExit):
        return f'it exited with {error.code!r}'
    return f'{type(error).__name__}: {error}'
