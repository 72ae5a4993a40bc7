"""The service manager hears of us, and of nobody else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from charm.agent.notify import Notifier
from charm.agent.systemd_unit import unit_text
from tests.support.patience import PATIENCE


@pytest.mark.parametrize('abstract', [False, True])
def test_it_says_ready_alive_reloading_and_stopping(tmp_path: Path, abstract: bool) -> None:
    address = '@' + str(tmp_path / 'n') if abstract else str(tmp_path / 'n')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind('\0' + address[1:] if abstract else address)
        manager.settimeout(PATIENCE)
        environment = {'NOTIFY_SOCKET': address, 'WATCHDOG_USEC': '3000000', 'PATH': '/bin'}
        notifier = Notifier.take(environment)
        assert environment == {'PATH': '/bin'}
        assert notifier.watchdog_seconds == 3.0
        notifier.ready('6 checks\nof web/0')
        assert manager.recv(1000) == b'READY=1\nSTATUS=6 checks of web/0'
        notifier.alive()
        assert manager.recv(1000) == b'WATCHDOG=1'
        notifier.reloading()
        assert manager.recv(1000).startswith(b'RELOADING=1\nMONOTONIC_USEC=')
        notifier.stopping()
        assert manager.recv(1000) == b'STOPPING=1'


def test_without_a_manager_or_with_one_that_has_gone_nothing_happens(tmp_path: Path) -> None:
    Notifier().ready('x')
    Notifier(str(tmp_path / 'none')).alive()


@pytest.mark.parametrize(
    'environment',
    [
        {'WATCHDOG_USEC': '5'},
        {'NOTIFY_SOCKET': '/x', 'WATCHDOG_USEC': 'soon'},
        {'NOTIFY_SOCKET': '/x', 'WATCHDOG_USEC': '0'},
        {'NOTIFY_SOCKET': '/x', 'WATCHDOG_USEC': '5000000', 'WATCHDOG_PID': '1'},
    ],
)
def test_a_watchdog_that_is_not_for_us_is_not_fed(environment: dict[str, str]) -> None:
    assert Notifier.take(environment).watchdog_seconds is None


def test_the_unit_quotes_what_systemd_would_read() -> None:
    text = unit_text(Path('/a b/50%$x/hooks/health-agent'), Path('/etc/c.yaml'))
    assert 'ExecStart=/usr/bin/python3 -I "/a b/50%%$$x/hooks/health-agent" serve' in text


def test_the_unit_leaves_out_what_would_show_checks_another_machine() -> None:
    settings = [line.partition('=')[0] for line in unit_text(Path('/x'), Path('/y')).splitlines()]
    assert not {
        *('ProtectSystem', 'ProtectHome', 'PrivateTmp', 'ProtectClock', 'ProtectProc'),
        *('ProtectKernelTunables', 'ProtectControlGroups', 'PrivateNetwork'),
    } & set(settings)
