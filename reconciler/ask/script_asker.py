"""Ask by running a script where the units are, over any reach."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.reach.base import Reach, ReachError, RemoteCommand, last_line
from reconciler.reach.refusals import refused
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import DEFAULT_TIME, TimeBudget

from . import far_script, frames, orphans
from .base import MachineAnswer
from .frames import Request, UnitAnswer
from .modes import BY_AGENT
from .whole import WholeAnswers

# base64 and the frames around it.
_FRAMED = 1.5
_MOST_SAID = 200
# As `health-agent report --envelope` prints it. The report inside is cut out as it is, so that it
# is decoded once and with all bounds.
_ENVELOPE = re.compile(rb'\s*\{"age": ([0-9][0-9.eE+-]{0,30}), "report": (.*)\}\s*', re.DOTALL)


@dataclass(frozen=True)
class ScriptAsker:
    """An asker that runs one script on a machine, over any reach.

    Attributes:
        reach: how bytes travel.
        time: how long each command may take over there.
    """

    reach: Reach
    time: TimeBudget = DEFAULT_TIME

    @property
    def name(self) -> str:
        """Return the reach's name."""
        return self.reach.name

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        """Ask all of them in one connection."""
        nonce = secrets.token_hex(8)
        command = RemoteCommand(
            far_script.command(requests, nonce, self.time),
            int(sum(request.cap_bytes for request in requests) * _FRAMED),
            b''.join(piece for request in requests for piece in request.stdin),
            WholeAnswers(nonce, len(requests)),
        )
        fault: ReachError | None = None
        try:
            completed = self.reach.run(target, command, deadline)
        except ReachError as error:
            fault, completed = error, error.completed
        output = completed.stdout
        answers = frames.read(output, nonce, len(requests))
        if nonce.encode() not in output and _is_other(completed):
            fault = _something_else(output)
        if not all(answer.complete for answer in answers):
            fault = refused(completed, nonce) or fault
        told = tuple(map(_told, requests, answers))
        left = orphans.read(output, nonce)
        return MachineAnswer(told, fault, left, completed.spoke_seconds)


def _is_other(completed: Completed) -> bool:
    """Return whether what was run there ended by itself, with words and no complaint."""
    ended = completed.exit_code != 255 and not completed.timed_out
    return ended and bool(completed.stdout.strip()) and not completed.stderr.strip()


def _something_else(output: bytes) -> ReachError:
    """Return the error of a machine that ran something, and not what it was asked to."""
    said = clean(last_line(output), _MOST_SAID)
    message = (
        f'what it ran is not what was asked: it said {said!r}; is a command forced on our key?'
    )
    return ReachError(Outcome.REFUSED_KEY, message)


def _told(request: Request, answer: UnitAnswer) -> UnitAnswer:
    by_agent = answer.first or request.by == BY_AGENT
    return unwrap(answer) if by_agent and answer.exit_code == 0 else answer


def unwrap(answer: UnitAnswer) -> UnitAnswer:
    """Return the answer with the report out of its envelope, and with its age; else unchanged."""
    found = _ENVELOPE.fullmatch(answer.stdout)
    if found is None:
        return replace(answer, by=BY_AGENT)
    try:
        age: float | None = float(found[1])
    except ValueError:
        age = None
    return replace(answer, stdout=found[2], held_seconds=age, by=BY_AGENT)
