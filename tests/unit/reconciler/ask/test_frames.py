"""The far script, run by a real shell on real programs: each answer is told apart."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ask import far_script, frames
from reconciler.ask.frames import Request, UnitAnswer
from tests.support.far_machine import NONCE, PATIENT, SHELLS, Machine
from tests.support.patience import PATIENCE


@pytest.mark.parametrize('shell', SHELLS)
def test_stdout_stderr_and_exit_code_come_back_apart(machine: Machine, shell: str) -> None:
    machine.add('echo out; echo err >&2; exit 3')
    machine.add('printf "%s|" "$@"', "it's", 'a  b', '$HOME', '`id`')
    machine.install('sh', shell)
    first, second = machine.ask()
    assert first == UnitAnswer(b'out\n', b'err\n', 3, True)
    assert second.stdout == b"it's|a  b|$HOME|`id`|"


@pytest.mark.slow
def test_a_hook_that_hangs_is_ended_and_delays_no_other(machine: Machine) -> None:
    hung = machine.add('echo started; exec sleep 1000')
    quick = machine.add('echo quick')
    started = time.monotonic()
    answers = machine.ask(timeout_seconds=3)
    assert time.monotonic() - started < PATIENCE
    assert answers[hung].timed_out
    assert answers[hung].stdout == b'started\n'
    assert answers[quick] == UnitAnswer(b'quick\n', b'', 0, True)


def test_the_quick_answer_is_out_before_the_slow_hook_ends(machine: Machine) -> None:
    stop = machine.directory / 'stop'
    machine.add(f'until [ -e {stop} ]; do sleep 0.05; done')
    machine.add('echo quick')
    process = subprocess.Popen(
        ['sh', '-c', machine.command()], stdout=subprocess.PIPE, env=machine.environment()
    )
    try:
        assert process.stdout is not None
        seen = b''
        while not frames.read(seen, NONCE, 2)[1].complete:
            seen += process.stdout.readline()
        assert frames.read(seen, NONCE, 2)[1].stdout == b'quick\n'
        assert process.poll() is None
    finally:
        stop.touch()
        process.communicate(timeout=PATIENCE)


def test_a_missing_hook_is_127_and_one_that_may_not_run_is_126(machine: Machine) -> None:
    machine.requests.append(Request('web/0', '/no/such/hook'))
    machine.add('echo never', mode=0o644)
    missing, forbidden = machine.ask()
    assert (missing.exit_code, missing.complete) == (127, True)
    assert (forbidden.exit_code, forbidden.complete) == (126, True)


def test_a_flood_is_cut_over_there_and_the_hook_runs_to_its_end(machine: Machine) -> None:
    machine.add('head -c 30000000 /dev/zero; echo done >&2; exit 4')
    (answer,) = machine.ask(timeout_seconds=PATIENCE)
    assert len(answer.stdout) == frames.STDOUT_CAP_BYTES
    assert (answer.stderr, answer.exit_code) == (b'done\n', 4)


def test_binary_noise_comes_back_as_it_is(machine: Machine) -> None:
    machine.add(r"printf '\000\377\033[31m\r\n'")
    (answer,) = machine.ask()
    assert answer.stdout == b'\x00\xff\x1b[31m\r\n'


@pytest.mark.slow
def test_an_answer_counts_although_a_process_left_behind_holds_the_pipe(machine: Machine) -> None:
    machine.add('setsid sleep 1000 & echo $!; exit 0')
    (answer,) = machine.ask(timeout_seconds=3)
    os.kill(int(answer.stdout), signal.SIGKILL)
    assert (answer.exit_code, answer.complete) == (0, True)


@pytest.mark.slow
def test_many_large_answers_at_once_never_mix(machine: Machine) -> None:
    for number in range(8):
        machine.add(f'yes unit-{number} | head -c 300000')
    for number, answer in enumerate(machine.ask(timeout_seconds=PATIENCE)):
        assert answer.stdout == (f'unit-{number}\n'.encode() * 50_000)[:300_000]


def test_noise_of_a_login_script_is_passed_over(machine: Machine) -> None:
    machine.add('echo answer')
    done = machine.run(f'printf "Welcome to the machine"; {machine.command()}; echo bye')
    assert machine.answers(done.stdout) == [UnitAnswer(b'answer\n', b'', 0, True)]


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_cut_or_mangled_output_is_read_without_an_error(noise: bytes, cut: int) -> None:
    frame = f'{NONCE} 0 o aGVsbG8=\n{NONCE} 0 x 0\n{NONCE} 0 z\n{NONCE} 7 z\n{NONCE} 0\n'.encode()
    (answer,) = frames.read((frame + noise + b'\n' + frame)[: len(frame) + cut], NONCE, 1)
    assert answer.stdout.startswith(b'hello')


def test_half_a_frame_is_no_frame() -> None:
    (answer,) = frames.read(f'{NONCE} 0 o aGVsbG8=\n{NONCE} 0 x 12'.encode(), NONCE, 1)
    assert answer == UnitAnswer(b'hello', b'', None, False)


def test_a_forged_frame_without_the_nonce_counts_for_nothing() -> None:
    assert frames.read(b'deadbeef 0 x 0\n', NONCE, 1) == (UnitAnswer(),)


def test_the_whole_script_travels_as_one_shell_word() -> None:
    command = far_script.command([Request('web/0', '/x')], NONCE, PATIENT)
    shown = subprocess.run(
        ['sh', '-c', f'printf %s {command[len("sh -c ") :]}'], capture_output=True, env=os.environ
    )
    assert shown.stdout.decode() == far_script.script([Request('web/0', '/x')], NONCE, PATIENT)
