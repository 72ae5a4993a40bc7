"""Parks of machines come up in seconds and leave nothing behind, however they end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.hosts.cgroups import hierarchies
from tests.hosts.park import SLOTS, Park, why_not
from tests.hosts.shell import HostError
from tests.standin.builder import JUJU
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT


def runs(pid: str) -> bool:
    """Return whether a process is there, and not only its remains that nobody collects."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def names_of(slot: int) -> set[str]:
    """Return all that a park in the slot has on this computer."""
    links = Path('/sys/class/net')
    seen = {str(path) for name in (f'jh{slot}-*', f'jhbr{slot}') for path in links.glob(name)}
    seen |= {str(path) for path in Path('/run/netns').glob(f'jh{slot}-*')}
    seen |= {str(path) for root in hierarchies() for path in root.glob(f'jh{slot}-*')}
    mounts = Path('/proc/mounts').read_text()
    seen |= set(re.findall(rf'/run/juju-health-test-hosts/{slot}\b\S*', mounts))
    routes = subprocess.run(['ip', 'route'], capture_output=True, text=True, check=True).stdout
    return seen | set(re.findall(rf'10\.213\.{slot}\.\S+', routes))


def test_twelve_machines_are_up_together_and_leave_nothing(
    park: Park, record_property: object
) -> None:
    before = time.monotonic()
    with Park(12) as twelve:
        seconds = time.monotonic() - before
        slot = int(twelve.directory.name)
        assert [host.ssh('true').returncode for host in twelve.hosts] == [0] * 12
        assert len(names_of(slot)) > 12
        print(f'12 machines were up after {seconds:.1f} s')
        if callable(record_property):
            record_property('seconds_for_12_machines', seconds)
        twelve.hosts[1].freeze()
        twelve.hosts[2].partition()
        twelve.hosts[3].power_off()
    assert names_of(slot) == set()


def test_an_up_that_fails_half_way_leaves_nothing(park: Park, tmp_path: Path) -> None:
    class Broken(Park):
        def need(self, count: int) -> tuple[object, ...]:  # type: ignore[override]
            super().need(count)
            raise HostError(f'cannot go on in slot {self.directory.name}')

    with pytest.raises(HostError) as raised, Broken(1):
        pytest.fail('it went on')
    assert names_of(int(str(raised.value).split()[-1])) == set()


def test_what_a_killed_run_left_is_removed_by_the_next(park: Park) -> None:
    program = (
        'from tests.hosts.park import Park\n'
        'with Park(1) as park:\n'
        '    print(park.hosts[0].run("echo up").stdout.decode().strip(), flush=True)\n'
        '    print(park.directory.name, park.hosts[0].pid, flush=True)\n'
        '    input()\n'
    )
    with subprocess.Popen(
        [sys.executable, '-c', program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == 'up\n'
        slot, pid = killed.stdout.readline().split()
        killed.kill()
    assert runs(pid)
    with ExitStack() as parks:
        # Other runs on this computer may take the slot before us, and then clean it as well.
        for _ in range(SLOTS):
            taken = parks.enter_context(Park())
            if taken.directory.name == slot or not runs(pid):
                break
        assert not runs(pid)


def test_without_root_the_reason_is_spoken() -> None:
    if os.geteuid() != 0:
        assert 'root' in why_not()
        return
    python = shutil.which('python3', path='/usr/bin') or sys.executable
    program = 'import sys; sys.path.insert(0, "."); from tests.hosts.park import why_not'
    done = subprocess.run(
        [python, '-Bc', f'{program}; print(why_not())'],
        cwd=ROOT,
        user='nobody',
        capture_output=True,
        text=True,
        check=False,
    )
    if 'Permission denied' in done.stderr or 'No module named' in done.stderr:
        pytest.skip('nobody may not read this directory')
    assert done.stdout == 'test machines need root: run the tests with sudo to include them\n'


@pytest.mark.parametrize('stop', [signal.SIGINT, signal.SIGTERM])
def test_the_playground_answers_reconcile_health_and_goes_at_ctrl_c(
    park: Park, stop: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, '-m', 'tests.hosts', 'up', '--count', '2'],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as playing:
        assert playing.stdout is not None
        said = ''
        while 'Ctrl-C removes' not in said:
            line = playing.stdout.readline()
            assert line, said
            said += line
        found = re.search(r'JUJU_DATA=(/run/juju-health-test-hosts/(\d+)/juju)', said)
        assert found, said
        done = subprocess.run(
            [str(JUJU), 'ssh', '--pty=false', 'juju-health/1', '--', 'hostname'],
            env={**os.environ, 'JUJU_DATA': found[1]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.returncode) == ('juju-1\n', 0), done.stderr
        playing.send_signal(stop)
        assert playing.wait(PATIENCE) == 0
    assert names_of(int(found[2])) == set()
