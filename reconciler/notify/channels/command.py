"""A command of the operator's: a message as JSON on its stdin, and in short in its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from charm.kernel import command
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from charm.kernel.fields import format_time
from charm.kernel.safe_text import clean

from ...config.channel_settings import CommandSettings
from .. import words
from ..document import encode
from ..notice import Notice
from .base import Delivery

_OUTPUT_BYTES = 4096


@dataclass(frozen=True)
class CommandChannel:
    """Runs a command, without a shell, that takes the message by exiting with 0."""

    settings: CommandSettings

    @property
    def resend_seconds(self) -> None:
        return None

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        argv = self.settings.argv
        try:
            done = command.run(
                argv,
                deadline,
                env={**os.environ, **environment(notice)},
                cap_bytes=_OUTPUT_BYTES,
                stdin=encode(notice),
            )
        except CommandError as error:
            return Delivery.later(str(error))
        if done.timed_out:
            return Delivery.later(f'{argv[0]} did not end in time')
        said = (done.stdout if done.exit_code == 0 else done.stderr or done.stdout).decode(
            errors='replace'
        )
        told = f'{argv[0]} exited with {done.exit_code}'
        told = f'{told}: {said}' if said.strip() else told
        return Delivery.taken(told) if done.exit_code == 0 else Delivery.later(told)


def environment(notice: Notice) -> Mapping[str, str]:
    """Return the main facts as variables; what is not known is empty."""
    facts = {
        'SUBJECT': words.subject(notice),
        'KIND': notice.kind.value,
        'INCIDENT': notice.incident,
        'NUMBER': str(notice.number),
        'HEALTH': notice.health.value,
        'SEVERITY': notice.severity,
        'CAUSE': str(notice.cause),
        'CONTROLLER': notice.topology.controller,
        'MODEL': notice.topology.model,
        'APPLICATION': notice.topology.application,
        'UNIT': notice.topology.unit,
        'MACHINE': notice.topology.machine,
        'SINCE': format_time(notice.since) or '',
        'UNTIL': format_time(notice.until) or '',
    }
    return {f'JUJU_HEALTH_{name}': clean(value) for name, value in facts.items()}
