"""The live table on a real terminal: what one sees and presses, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.standin.examples import model
from tests.support.command_line import COMMAND, run
from tests.support.patience import PATIENCE
from tests.support.screen import Screen, Terminal, terminal

pytestmark = pytest.mark.slow
# Its ssh says in a pipe that it has begun, and never ends, if there is a pipe.
_JUJU = """\
#!/bin/sh
case "$1" in
status) exec cat "$STATUS" ;;
controllers) echo '{"controllers": {"lab": {}}}'; exit ;;
models) echo '{"models": [{"name": "admin/one"}, {"name": "admin/two"}]}'; exit ;;
esac
if [ -p "$PIDS" ]; then echo $$ >> "$PIDS"; exec sleep 600; fi
echo no route to host >&2; exit 255
"""
_LEFT = Screen()


class Watched:
    """A directory with a juju of a model, and the words that watch it."""

    def __init__(self, place: Path) -> None:
        self.status, self.pids, juju = place / 'status', place / 'pids', place / 'juju'
        juju.write_text(_JUJU)
        juju.chmod(0o755)
        self.tell()
        self.words = [COMMAND, 'watch', '--juju', str(juju), '--attempts', '1', '--every', '1h']
        self.environment = {
            'STATUS': str(self.status),
            'PIDS': str(self.pids),
            'XDG_STATE_HOME': str(place),
            'NO_COLOR': '1',
        }

    def tell(self, word: str = 'active') -> None:
        """Have juju say that word of mysql/0."""
        found = model().status()
        unit = found['applications']['mysql']['units']['mysql/0']
        unit['workload-status'] = {'current': word, 'message': ''}
        self.status.write_text(json.dumps(found))

    def shown(self, *words: str, **streams: int) -> contextlib.AbstractContextManager[Terminal]:
        """Watch it on a terminal."""
        return terminal([*self.words, *words], self.environment, **streams)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def assert_left(seen: Terminal) -> None:
    """See that the terminal is as it was before."""
    screen = seen.screen
    left = (screen.alternate, screen.cursor, screen.wraps)
    assert left == (_LEFT.alternate, _LEFT.cursor, _LEFT.wraps)
    assert seen.mode() == seen.mode_before


def test_one_sees_the_table_and_what_each_key_makes_of_it(watched: Watched) -> None:
    with watched.shown() as seen:
        screen = seen.until_told('next sweep in 1h', 'mysql', 'wordpress')
        assert screen.lines[0].startswith('lab:prod  fail  3 services')
        seen.type('/mys')
        seen.until(lambda now: not any(line.startswith('wordpress') for line in now.lines))
        assert screen.lines[-1].startswith('/mys_')
        assert screen.lines[0].startswith('lab:prod  fail  3 services')
        seen.type('\x1b')
        seen.until_told('wordpress', 'q quit')
        seen.type(' ')
        seen.until_told('paused')
        watched.tell('error')
        seen.type('rc')
        seen.until_told('mysql/0', 'unknown -> fail', 'paused')
        seen.type('q')
        assert seen.exit_code() == 2
        assert_left(seen)


def test_a_sweep_follows_the_other(watched: Watched) -> None:
    with watched.shown('--every', '1s') as seen:
        seen.until_told('next sweep in', 'mysql')
        watched.tell('error')
        seen.until_told('Juju says error')
        seen.type('q')
        seen.exit_code()


def test_all_models_are_one_table(watched: Watched) -> None:
    with watched.shown('--all-models') as seen:
        screen = seen.until_told('next sweep in', 'lab:one/mysql', 'lab:two/mysql')
        assert screen.lines[0].startswith('all models  fail  6 services')
        seen.type('/two\r')
        seen.until(lambda now: 'lab:one/mysql/0' not in '\n'.join(now.lines))
        seen.type('q')
        assert seen.exit_code() == 2


def killed(number: int) -> Callable[[Terminal], None]:
    return lambda seen: seen.process.send_signal(number)


def typed(text: str) -> Callable[[Terminal], None]:
    return lambda seen: seen.type(text)


@pytest.mark.parametrize(
    'end',
    [
        typed('q'),
        typed('\x03'),
        typed('\x1c'),
        typed('\x03\x03qqq'),
        killed(signal.SIGTERM),
        killed(signal.SIGHUP),
    ],
    ids=['q', 'Ctrl-C', 'Ctrl-\\', 'impatience', 'SIGTERM', 'SIGHUP'],
)
def test_it_ends_clean_in_the_midst_of_a_sweep(
    watched: Watched, end: Callable[[Terminal], None]
) -> None:
    with pids_of(watched) as begun, watched.shown('--workers', '1') as seen:
        ssh = next(begun)
        seen.until_told('sweeping')
        end(seen)
        assert seen.exit_code() == 3, 'nothing has been seen yet'
        assert ended(ssh), 'juju ssh is left behind'
        assert_left(seen)


def test_it_ends_when_its_window_is_closed(watched: Watched) -> None:
    with pids_of(watched) as begun, watched.shown('--workers', '1') as seen:
        ssh = next(begun)
        seen.until_told('sweeping')
        seen.hang_up()
        assert seen.process.wait(PATIENCE) == 3
        assert ended(ssh), 'juju ssh is left behind'


@contextlib.contextmanager
def pids_of(watched: Watched) -> Iterator[Iterator[int]]:
    """Have ssh hang; yield a descriptor of each that has begun."""
    os.mkfifo(watched.pids)
    with os.fdopen(os.open(watched.pids, os.O_RDWR)) as file:
        yield (os.pidfd_open(int(line)) for line in file)


def ended(process: int) -> bool:
    """Return whether the process of that descriptor ends while our patience lasts."""
    found, _, _ = select.select([process], [], [], PATIENCE)
    os.close(process)
    return bool(found)


def test_a_crash_leaves_the_terminal_first_and_is_told_then() -> None:
    program = (
        'import sys\n'
        'from reconciler.cli.live.screen import Look\n'
        'from reconciler.cli.live.session import Session\n'
        'from reconciler.cli.live.terminal import Terminal\n'
        'def sweep(progress): raise ZeroDivisionError("of all things")\n'
        'Session(Terminal(0, 1, "utf-8"), sweep, 30.0, Look(), "prod").run()\n'
    )
    with terminal([sys.executable, '-c', program], stderr=subprocess.PIPE) as seen:
        # It may come and go before one looks: what it drew is there still.
        assert seen.exit_code() == 1
        assert seen.screen.lines[0].startswith('prod')
        assert seen.process.stderr
        assert b'ZeroDivisionError: of all things' in seen.process.stderr.read()
        assert_left(seen)


def test_a_sweep_that_fails_is_told_and_the_last_result_stays(watched: Watched) -> None:
    with watched.shown() as seen:
        seen.until_told('next sweep in 1h', 'mysql')
        watched.status.write_text('{}')
        seen.type('r')
        screen = seen.until_told('cannot read juju status', 'mysql')
        assert screen.lines[1].startswith('seen ')
        watched.tell()
        seen.type('r')
        seen.until(lambda now: 'cannot read' not in '\n'.join(now.lines))
        watched.status.write_text('{}')
        seen.type('r')
        seen.until_told('cannot read juju status')
        seen.type('q')
        assert seen.exit_code() == 3, 'what is now nobody knows'


def test_what_trying_again_cannot_mend_ends_it_at_once(watched: Watched) -> None:
    with watched.shown('nowhere', stderr=subprocess.PIPE) as seen:
        assert seen.exit_code() == 3
        assert seen.process.stderr
        assert b"cannot select 'nowhere'" in seen.process.stderr.read()
        assert_left(seen)


def test_what_a_sweep_says_on_stderr_is_told_above_the_table(watched: Watched) -> None:
    place = watched.status.parent / 'juju-health'
    place.mkdir()
    (place / 'maintenance.json').write_text('no JSON')
    with watched.shown() as seen:
        seen.until_told('next sweep', 'nothing in it counts')
        seen.type('q')
        seen.exit_code()


def test_it_fills_a_window_that_becomes_larger_or_smaller(watched: Watched) -> None:
    with watched.shown() as seen:
        seen.until_told('next sweep in 1h')
        seen.resize(60, 8)
        seen.until(lambda screen: screen.lines[7].startswith('/ filter'))
        seen.resize(120, 40)
        seen.until(lambda screen: screen.lines[39].startswith('/ filter'))
        seen.type('q')
        seen.exit_code()


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(watched: Watched) -> None:
    shell = ['bash', '-mc', '"$@"; read -r line; echo "[$line]"; fg', 'bash', *watched.words]
    with terminal(shell, watched.environment) as seen:
        seen.until_told('next sweep in 1h')
        seen.type('\x1a')
        seen.until(lambda screen: not screen.alternate)
        assert_left(seen)
        seen.type('\n')
        seen.until_told('next sweep in')
        seen.type('q')
        seen.exit_code()
        assert_left(seen)


def test_without_keys_it_is_shown_until_a_signal_comes(watched: Watched) -> None:
    with watched.shown(stdin=subprocess.DEVNULL) as seen:
        seen.until_told('next sweep', 'no keys, as stdin is no terminal')
        seen.process.send_signal(signal.SIGINT)
        assert seen.exit_code() == 2
        assert_left(seen)


def test_colours_are_the_terminals_unless_they_are_not_wanted(watched: Watched) -> None:
    for wanted in ('', '1'):
        watched.environment['NO_COLOR'] = wanted
        with watched.shown() as seen:
            seen.until_told('next sweep')
            assert (not seen.screen.coloured) == bool(wanted)
            seen.type('q')
            seen.exit_code()


def test_without_a_terminal_it_says_what_to_do_instead(watched: Watched) -> None:
    done = run('watch')
    assert done.returncode == 3
    assert b'cannot watch: stdout is no terminal' in done.stderr
    assert b'reconcile-health --wait-for passed' in done.stderr
    watched.environment['TERM'] = 'dumb'
    with watched.shown(stderr=subprocess.PIPE) as seen:
        assert seen.exit_code() == 3
        assert seen.process.stderr
        assert b'cannot watch: by TERM' in seen.process.stderr.read()
        assert seen.screen.received == 0


def test_no_other_command_loads_it() -> None:
    code = (
        'import sys, reconciler.cli.commands.sweep\n'
        'print([name for name in sys.modules if name.startswith("reconciler.cli.live")])'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, check=True)
    assert done.stdout == b'[]\n'
