"""What every reach promises, on a real machine through a real sshd; each test runs on each way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.base import Reach, ReachError, RemoteCommand
from reconciler.values.readings import Outcome
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.shell import wait_until
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import CAP_BYTES, DIRECT, EVERY, REMOTE, Fault, Lab, refusal, run, world_of

Way = tuple[Reach, Host]


@pytest.fixture
def host(hosts: Hosts) -> Host:
    return hosts(1)[0]


def _way(name: str, lab: Lab, host: Host) -> Iterator[Way]:
    model = lab.write(world_of(Machine.of(host, '0')))
    with EVERY[name](lab, model) as reach:
        yield reach, host


@pytest.fixture(params=list(EVERY))
def every(request: pytest.FixtureRequest, lab: Lab, host: Host) -> Iterator[Way]:
    yield from _way(request.param, lab, host)


@pytest.fixture(params=list(REMOTE))
def remote(request: pytest.FixtureRequest, lab: Lab, host: Host) -> Iterator[Way]:
    yield from _way(request.param, lab, host)


def test_bytes_arrive_exactly_and_stderr_apart(every: Way) -> None:
    reach, _ = every
    done = run(reach, r"printf 'a\0\377\r\n b'; printf 'said \351' >&2")
    assert (done.exit_code, done.stdout, done.stderr) == (0, b'a\0\xff\r\n b', b'said \xe9')
    assert (done.stdout_bytes, done.stderr_bytes, done.timed_out) == (7, 6, False)


@pytest.mark.parametrize('code', [0, 1, 3, 126, 127, 200])
def test_the_exit_code_is_the_commands(every: Way, code: int) -> None:
    reach, _ = every
    done = run(reach, f'echo out; exit {code}')
    assert (done.exit_code, done.stdout) == (code, b'out\n')


def test_the_command_is_one_shell_string_with_its_quotes_as_they_are(every: Way) -> None:
    reach, _ = every
    done = run(reach, """x='a  "b"'; echo "$x" '$x' | cat; echo `echo c`""")
    assert done.stdout == b'a  "b" $x\nc\n'


def test_stdin_is_at_its_end(every: Way) -> None:
    reach, _ = every
    assert run(reach, 'cat; echo ended').stdout == b'ended\n'


def test_a_flood_is_kept_up_to_the_cap_and_drained_to_its_end(every: Way) -> None:
    reach, _ = every
    # The exit code after it says that nothing blocked on a full pipe.
    done = run(reach, 'head -c 100000000 /dev/zero; echo err >&2; exit 7')
    assert (done.exit_code, done.stdout, done.stderr) == (7, bytes(CAP_BYTES), b'err\n')
    assert done.stdout_bytes == 100_000_000
    assert done.truncated


def test_both_streams_may_flood_at_once(every: Way) -> None:
    reach, _ = every
    done = run(reach, 'head -c 5000000 /dev/zero >&2 & head -c 5000000 /dev/zero; wait')
    assert (done.stdout_bytes, done.stderr_bytes) == (5_000_000, 5_000_000)
    assert len(done.stdout) == len(done.stderr) == CAP_BYTES


def test_a_command_that_hangs_ends_by_the_deadline_with_what_it_said(every: Way) -> None:
    reach, _ = every
    started = time.monotonic()
    error = refusal(reach, 'echo first; sleep 1000', seconds=10)
    assert time.monotonic() - started < PATIENCE
    assert error.outcome is Outcome.TIMEOUT
    assert not error.retryable
    assert error.completed.stdout == b'first\n'
    assert error.completed.timed_out


def test_a_command_that_hangs_ends_once_what_came_is_enough(every: Way) -> None:
    reach, _ = every
    command = RemoteCommand(
        'echo first; echo rest; sleep 1000',
        CAP_BYTES,
        enough=lambda stdout: stdout.endswith(b'rest\n'),
    )
    done = reach.run('web/0', command, Deadline.after(2 * PATIENCE))
    assert (done.stdout, done.enough, done.timed_out) == (b'first\nrest\n', True, False)
    assert run(reach, 'echo again').stdout == b'again\n'


def test_a_trickle_that_never_pauses_ends_by_the_deadline(every: Way) -> None:
    reach, _ = every
    started = time.monotonic()
    error = refusal(reach, 'while :; do echo x; sleep 0.1; done', seconds=10)
    assert time.monotonic() - started < PATIENCE
    assert error.outcome is Outcome.TIMEOUT
    assert error.completed.stdout.startswith(b'x\nx\n')


def test_output_that_a_leftover_holds_open_does_not_hold_us(every: Way) -> None:
    reach, _ = every
    started = time.monotonic()
    # OpenSSH's client waits for the output's end, up to the deadline; the answer comes anyway.
    done = run(reach, 'echo answer; sleep 1000 & exit 0', seconds=10)
    assert done.stdout == b'answer\n'
    assert time.monotonic() - started < PATIENCE


FAULTS: dict[str, tuple[Fault, Outcome, bool]] = {
    'stopped-sshd': (Host.stop_sshd, Outcome.UNREACHABLE, True),
    'partition': (Host.partition, Outcome.UNREACHABLE, True),
    'frozen': (Host.freeze, Outcome.UNREACHABLE, True),
    'powered-off': (Host.power_off, Outcome.UNREACHABLE, True),
    'refused-key': (Host.refuse_key, Outcome.REFUSED_KEY, False),
    'new-host-key': (Host.new_host_key, Outcome.HOST_KEY, False),
}


@pytest.mark.parametrize('fault', list(FAULTS))
@pytest.mark.parametrize('name', ['juju', *DIRECT])
def test_each_fault_has_its_outcome(lab: Lab, host: Host, name: str, fault: str) -> None:
    model = lab.write(world_of(Machine.of(host, '0')))
    with EVERY['warm'](lab, model):
        pass  # So that the host key is known, as it is to the controller.
    cause, outcome, retryable = FAULTS[fault]
    cause(host)
    with EVERY[name](lab, model) as reach:
        started = time.monotonic()
        error = refusal(reach)
        assert time.monotonic() - started < PATIENCE
    assert (error.outcome, error.retryable) == (outcome, retryable), error
    assert str(error).startswith('cannot ')


@pytest.mark.parametrize('fault', ['partition', 'frozen'])
def test_a_machine_that_falls_silent_meanwhile_ends_by_the_deadline(
    remote: Way, fault: str
) -> None:
    reach, host = remote

    def strike() -> None:
        wait_until((host.root / 'home/ubuntu/started').exists, 'the command')
        FAULTS[fault][0](host)

    error = _while_running(reach, 'touch started; sleep 1000', strike)
    assert error.outcome is Outcome.UNREACHABLE


def _while_running(reach: Reach, command: str, strike: Callable[[], None]) -> ReachError:
    thread = threading.Thread(target=strike)
    thread.start()
    try:
        return refusal(reach, command, seconds=10)
    finally:
        thread.join()
