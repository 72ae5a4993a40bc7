"""The door to channels: whatever happens behind it comes back as a value, without secrets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import (
    SETTINGS,
    AlertmanagerSettings,
    ChannelSettings,
    CommandSettings,
    WebhookSettings,
)
from reconciler.notify import deliver as door
from reconciler.notify.channels import CHANNELS
from reconciler.notify.channels.base import Delivery
from reconciler.notify.deliver import channel_of, deliver
from reconciler.notify.notice import Notice
from reconciler.values.errors import UsageError
from tests.support.notices import FIRING
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT


class Broken:
    """A channel with a fault that nobody expected."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @property
    def resend_seconds(self) -> None:
        return None

    def send(self, _notice: Notice, _deadline: Deadline) -> Delivery:
        raise self.error


@pytest.mark.parametrize(
    ('error', 'answer', 'retryable'),
    [
        (KeyError('hunter2'), 'cannot send: KeyError in test_deliver.py:', True),
        (RecursionError('hunter2'), 'cannot send: RecursionError in ', True),
        (UsageError('cannot do that'), 'cannot do that', False),
        (
            ModuleNotFoundError('no', name='httpx'),
            "cannot send by command: httpx is not installed; pip install 'juju-health[alerts]'",
            True,
        ),
    ],
)
def test_no_error_leaves_and_none_tells_what_may_be_secret(
    monkeypatch: pytest.MonkeyPatch, error: Exception, answer: str, retryable: bool
) -> None:
    monkeypatch.setattr(door, 'channel_of', lambda _settings: Broken(error))
    done = deliver(CommandSettings(argv=('x',)), FIRING, Deadline.after(PATIENCE))
    assert done.answer.startswith(answer)
    assert (done.accepted, done.retryable) == (False, retryable)
    assert 'hunter2' not in done.answer


def test_only_what_is_to_be_sent_again_says_how_often() -> None:
    given: tuple[ChannelSettings, ...] = (
        AlertmanagerSettings(urls=('http://x',), resend_seconds=30.0),
        WebhookSettings(url='http://x'),
        CommandSettings(argv=('x',)),
    )
    assert [channel_of(one).resend_seconds for one in given] == [30.0, None, None]


def test_a_kind_is_loaded_when_it_is_used_and_apprise_never_here() -> None:
    code = (
        'import sys\n'
        'from reconciler.notify import deliver, routing\n'
        'print([name for name in ("httpx", "smtplib", "apprise") if name in sys.modules])\n'
        f'for kind in {list(SETTINGS)}: deliver.CHANNELS[kind]\n'
        'print("apprise" in sys.modules)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split('\n')[:2] == ['[]', 'False']
    assert len(CHANNELS) == len(SETTINGS)
