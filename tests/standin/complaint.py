"""What the stand-in fails with: juju's own words, and juju's own exit codes."""

from __future__ import annotations


class Complaint(Exception):
    """juju says `ERROR …` and exits with 1."""

    exit_code = 1


class UsageError(Complaint):
    """juju does not understand its command line, and exits with 2."""

    exit_code = 2


class EarlyComplaint(UsageError):
    """juju does not find the controller or model while it reads its command line: no document."""


class NotModelled(Exception):
    """The stand-in does not do what was asked: a test must not take that for juju's answer."""

    exit_code = 70
