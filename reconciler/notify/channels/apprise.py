"""The services that Apprise speaks to, each by one of its URLs.

It runs in a process of its own: its plugins have no deadline, and what is left of one that hangs
ends with the process. The URLs, which hold tokens, travel by its stdin.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from charm.kernel import command
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from charm.kernel.report import Health

from ...config.channel_settings import AppriseSettings
from .. import words
from ..notice import Notice
from .base import Delivery

_PROGRAM = 'reconciler.notify.channels.apprise_program'
_TYPES = {Health.WARN: 'warning', Health.UNKNOWN: 'failure', Health.FAIL: 'failure'}


@dataclass(frozen=True)
class AppriseChannel:
    """Sends by Apprise; it is accepted if every service took it."""

    settings: AppriseSettings

    @property
    def resend_seconds(self) -> None:
        return None

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        if find_spec('apprise') is None:
            raise ModuleNotFoundError('apprise is not installed', name='apprise')
        job = {
            'urls': [url.read() for url in self.settings.urls],
            'title': words.subject(notice),
            'body': words.text(notice),
            'type': 'success' if notice.recovered else _TYPES.get(notice.health, 'info'),
        }
        # The program finds this package where this one did.
        env = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
        try:
            done = command.run(
                [sys.executable, '-m', _PROGRAM],
                deadline,
                env=env,
                stdin=json.dumps(job).encode(),
            )
        except CommandError as error:
            return Delivery.later(str(error))
        if done.timed_out:
            return Delivery.later('Apprise did not end in time')
        return self._judge(done)

    def _judge(self, done: command.Completed) -> Delivery:
        try:
            answer = json.loads(done.stdout)
            faults = [(int(one['at']), str(one['fault'])) for one in answer]
        except (ValueError, KeyError, TypeError):
            # What it said on stderr may be anybody's, and hold a URL.
            return Delivery.later(f'Apprise exited with {done.exit_code}')
        told = '; '.join(f'{self.settings.urls[at]}: {fault}' for at, fault in faults)
        count = len(self.settings.urls)
        return Delivery.later(told) if faults else Delivery.taken(f'{count} of {count} took it')
