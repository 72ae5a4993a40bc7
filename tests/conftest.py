"""Fixtures that every test may ask for: real machines, and a juju that knows them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.hosts.host import Host
from tests.hosts.park import Park, at_once, why_not
from tests.hosts.rootfs import Rootfs, RootfsError
from tests.standin.examples import Juju, caller
from tests.support.tls import Certificates, make_certificates

# How long an example takes is the machine's business: it is measured in bench/, never asserted.
settings.register_profile(
    'here',
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get('CI')),
    max_examples=100 if os.environ.get('CI') else 40,
)
settings.load_profile('here')
# No program from below /tmp is trusted, and the tests write programs to be run.
os.environ.setdefault('PYTEST_DEBUG_TEMPROOT', str(Path.home()))
# Who is started in the background of a script is born deaf to Ctrl-C, and so are its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

Hosts = Callable[[int], 'tuple[Host, ...]']


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for machines, so that `-m 'not hosts'` leaves it out."""
    for item in items:
        if 'park' in getattr(item, 'fixturenames', ()):
            item.add_marker(pytest.mark.hosts)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the machines' root file system before the tests' own time limits run."""
    wanted = any(item.get_closest_marker('hosts') for item in session.items)
    if wanted and not session.config.option.collectonly and not why_not():
        # The tests that need it will fail with the reason.
        with suppress(RootfsError):
            Rootfs().ready()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that CI has failed for what it skipped: there, every test has what it needs."""
    if _skipped_in_ci(terminalreporter):
        terminalreporter.line('FAILED: CI runs every test, and some were skipped', red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let CI fail for what it skipped."""
    reporter = session.config.pluginmanager.get_plugin('terminalreporter')
    if reporter is not None and _skipped_in_ci(reporter) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped_in_ci(reporter: pytest.TerminalReporter) -> bool:
    return bool(os.environ.get('CI') and reporter.stats.get('skipped'))


@pytest.fixture(scope='session')
def park() -> Iterator[Park]:
    """The machines of this test run; ask for `hosts` rather, which are as new."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with Park() as standing:
        yield standing


@pytest.fixture(scope='session')
def _used(park: Park) -> set[Host]:
    return set()


@pytest.fixture
def hosts(park: Park, _used: set[Host]) -> Hosts:
    """Give so many machines, such as `hosts(3)`, the way they first were."""
    mine: set[Host] = set()

    def give(count: int) -> tuple[Host, ...]:
        given = park.need(count)
        at_once(Host.renew, [host for host in given if host in _used and host not in mine])
        _used.update(given)
        mine.update(given)
        return given

    return give


@pytest.fixture
def juju(tmp_path: Path) -> Juju:
    """Run the stand-in in a world: `juju(world, 'status', …, identity=KEY)`."""
    return caller(tmp_path / 'juju')


@pytest.fixture(scope='session')
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for localhost."""
    return make_certificates(tmp_path_factory.mktemp('tls'))
