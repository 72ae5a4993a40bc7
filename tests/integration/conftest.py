"""Fixtures: an agent as a process and its receiver, charmed machines, a lab, and databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.history.database import Database
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_juju_health, add_unit
from tests.hosts.shell import wait_until
from tests.support.databases import PostgresServer, postgresql, why_no_postgresql
from tests.support.tls import Certificates

from .agents import Agent, Receiver
from .reaches import Lab


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    one = Agent(tmp_path / 'agent')
    yield one
    one.close()


@pytest.fixture
def receiver(tmp_path: Path, certificates: Certificates) -> Iterator[Receiver]:
    one = Receiver(tmp_path / 'inbox', certificates)
    yield one
    one.stop()


@pytest.fixture
def charmed_host(hosts: Hosts) -> Host:
    """Start a machine with web/0 and its subordinate health/0."""
    (one,) = hosts(1)
    add_unit(one, 'web/0')
    add_juju_health(one, 'health/0')
    wait_until(lambda: b'running' in one.run('systemctl is-system-running').stdout, 'systemd')
    return one


@pytest.fixture
def lab(hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make what a model of the first machine is reached with, and Juju's data beside it."""
    monkeypatch.setenv('JUJU_DATA', str(tmp_path / 'juju'))
    return Lab(tmp_path, hosts(1)[0].identity)


@pytest.fixture(scope='session')
def postgres() -> Iterator[PostgresServer]:
    """Start the server of this run."""
    reason = why_no_postgresql()
    if reason:
        pytest.skip(reason)
    with postgresql() as server:
        yield server


@pytest.fixture(params=['sqlite', 'postgresql'])
def history_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database that is new, of each kind."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/history/history.db'
    server: PostgresServer = request.getfixturevalue('postgres')
    return server.new_database()


@pytest.fixture
def database(history_url: str) -> Database:
    """Give the door to it."""
    return Database(history_url)
