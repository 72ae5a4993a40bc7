"""Messages by Apprise, in its own process, to a receiver of one of its protocols."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import AppriseSettings
from reconciler.config.secrets import Secret
from reconciler.notify.channels import apprise as channel
from reconciler.notify.channels.base import Delivery
from reconciler.notify.deliver import deliver
from tests.support.notices import FIRING, RECOVERED
from tests.support.patience import PATIENCE
from tests.support.posted import answered, receiver, trickled

SHORT_SECONDS = 3.0


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('NO_PROXY', '*')


def urls(monkeypatch: pytest.MonkeyPatch, *texts: str) -> AppriseSettings:
    for number, text in enumerate(texts):
        monkeypatch.setenv(f'APPRISE_{number}', text)
    return AppriseSettings(urls=tuple(Secret('env', f'APPRISE_{n}') for n in range(len(texts))))


def test_a_message_arrives_with_title_text_and_type(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(answered(200)) as one:
        settings = urls(monkeypatch, f'json://me:hunter2@127.0.0.1:{one.port}/')
        found = [deliver(settings, n, Deadline.after(PATIENCE)) for n in (FIRING, RECOVERED)]
    assert found == [Delivery(True, '1 of 1 took it')] * 2
    first, second = (json.loads(request.body) for request in one.requests)
    assert first['title'].startswith('fail: mysql in lab:prod')
    assert 'It likely explains 2 services:' in first['message']
    assert (first['type'], second['type']) == ('failure', 'success')


def test_each_that_did_not_take_it_is_named_without_its_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiver(answered(200)) as good, receiver(answered(500)) as bad:
        settings = urls(
            monkeypatch,
            f'json://127.0.0.1:{good.port}/hunter2',
            f'json://127.0.0.1:{bad.port}/hunter2',
            'nosuch://hunter2',
        )
        done = deliver(settings, FIRING, Deadline.after(PATIENCE))
    assert (done.accepted, done.retryable) == (False, True)
    assert 'the secret in $APPRISE_1: ' in done.answer
    assert 'the secret in $APPRISE_2: it is no URL that Apprise knows' in done.answer
    assert 'APPRISE_0' not in done.answer
    assert 'hunter2' not in done.answer


def test_one_that_trickles_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    # Apprise's own limits are for each read.
    with receiver(trickled(b'HTTP/1.1 200 OK\r\nX: ', b'y')) as one:
        settings = urls(monkeypatch, f'json://127.0.0.1:{one.port}/')
        done = deliver(settings, FIRING, Deadline.after(SHORT_SECONDS))
    assert done == Delivery(False, 'Apprise did not end in time', True)


def test_where_apprise_is_missing_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel, 'find_spec', lambda _name: None)
    done = deliver(urls(monkeypatch, 'json://x'), FIRING, Deadline.after(PATIENCE))
    assert done == Delivery(
        False,
        "cannot send by apprise: apprise is not installed; pip install 'juju-health[apprise]'",
        True,
    )


def test_a_program_that_breaks_says_nothing_of_the_urls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / 'apprise'
    broken.mkdir()
    (broken / '__init__.py').write_text('import sys; sys.exit(sys.stdin.read())')
    monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
    done = deliver(urls(monkeypatch, 'json://hunter2'), FIRING, Deadline.after(PATIENCE))
    assert done == Delivery(False, 'Apprise exited with 1', True)
