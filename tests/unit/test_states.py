"""States outlive the hook, the reboot, the clock and `kill -9`, and say since when they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm import wire
from charm.errors import FileError
from charm.identity import IdentityError
from charm.merge import make_report
from charm.report import StateName
from charm.state_record import ORDER, Moment, Record, decode, encode, enter, furthest
from charm.states import States, StatesError, clean, directory
from reconciler import collate

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
LASTING = [name for name in StateName if name is not StateName.UNKNOWN]


class Clock:
    """A machine's clocks, which a test moves."""

    def __init__(self) -> None:
        self.wall, self.boot_id, self.boot_seconds = START, 'first', 1000.0

    def __call__(self) -> Moment:
        return Moment(self.wall, self.boot_id, self.boot_seconds)

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.boot_seconds += seconds

    def jump(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def reboot(self, down_seconds: float = 60.0) -> None:
        self.wall += timedelta(seconds=down_seconds)
        self.boot_id, self.boot_seconds = f'{self.boot_id}+', 5.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def states(tmp_path: Path, clock: Clock, said: list[str]) -> States:
    return States('web/0', tmp_path / 'states', clock, said.append)


def duration(states: States, service: str = 'web') -> float:
    seconds = states.states()[service].duration
    assert seconds is not None
    return seconds


def test_nothing_recorded_is_no_state(states: States) -> None:
    assert (states.read(), states.state()) == ({}, None)


def test_a_state_set_again_keeps_its_beginning_and_takes_the_new_message(
    states: States, clock: Clock
) -> None:
    states.set('web', StateName.BLOCKED, 'no database', ['db'])
    clock.pass_time(90)
    states.set('web', StateName.BLOCKED, 'no cache', ['cache', 'cache'])
    found = states.state()
    assert found is not None
    assert (found.duration, found.since) == (90.0, START)
    assert (found.message, found.blockers) == ('no cache', ('cache',))


def test_a_recovery_leaves_neither_message_nor_blockers(states: States, clock: Clock) -> None:
    states.set('web', StateName.ERROR, 'boom')
    states.set('web', StateName.BLOCKED, blockers=['db'])
    clock.pass_time(1)
    states.set('web', StateName.UP)
    found = states.state()
    assert found is not None
    assert (found.message, found.blockers, found.duration) == ('', (), 0.0)


def test_a_clock_jump_moves_no_duration(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(100)
    for seconds in (86400, -2 * 86400):
        clock.jump(seconds)
        assert duration(states) == 100.0


def test_a_duration_goes_on_across_a_reboot(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(100)
    clock.reboot(down_seconds=30)
    assert duration(states) == 130.0


def test_a_clock_set_back_by_a_reboot_makes_no_duration_negative(
    states: States, clock: Clock
) -> None:
    states.set('web', StateName.UP)
    clock.reboot(down_seconds=-86400)
    assert duration(states) == 0.0


def test_a_kernel_without_a_boot_id_is_never_taken_for_the_same_boot(tmp_path: Path) -> None:
    assert Moment.now(tmp_path / 'none').boot_id == ''
    first = Moment(START, '', 5.0)
    assert first.seconds_until(Moment(START + timedelta(seconds=7), '', 900.0)) == 7.0


def test_real_clocks_give_a_growing_duration(tmp_path: Path) -> None:
    states = States('web/0', tmp_path)
    states.set('web', StateName.UP)
    first = duration(states)
    assert 0.0 <= first <= duration(states) < 60.0


def test_churning_for_a_while_leaves_the_beginning_of_up(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    for _ in range(3):
        clock.pass_time(300)
        states.set('web', StateName.CHURNING, passing=True)
        assert duration(states) == 0.0
        clock.pass_time(2)
        states.set('web', StateName.UP)
    assert duration(states) == 906.0


def test_churning_that_ends_elsewhere_begins_anew(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(300)
    states.set('web', StateName.CHURNING, passing=True)
    states.set('web', StateName.ERROR, 'boom')
    assert duration(states) == 0.0
    clock.pass_time(10)
    states.set('web', StateName.UP)
    assert duration(states) == 0.0


STEPS = st.lists(st.tuples(st.sampled_from(LASTING), st.booleans()), max_size=12)


def play(steps: list[tuple[StateName, bool]]) -> Record | None:
    record = None
    for index, (name, passing) in enumerate(steps):
        moment = Moment(START + timedelta(seconds=index), 'boot', float(index))
        record = enter(record, Record(name, moment), passing)
    return record


@given(STEPS, st.sampled_from(LASTING), st.booleans())
def test_entering_a_state_twice_is_entering_it_once(
    steps: list[tuple[StateName, bool]], name: StateName, passing: bool
) -> None:
    once = play([*steps, (name, passing)])
    again = play([*steps, (name, passing), (name, passing)])
    assert once is not None
    assert again is not None
    assert (again.name, again.began) == (once.name, once.began)


@given(STEPS, st.sampled_from(LASTING))
def test_whatever_passes_leaves_the_lasting_state_as_it_was(
    passing: list[tuple[StateName, bool]], name: StateName
) -> None:
    steps = [(name, False), *((other, True) for other, _ in passing), (name, False)]
    record = play(steps)
    assert record is not None
    assert record.began.wall == START


@given(STEPS)
def test_a_service_was_up_once_it_was(steps: list[tuple[StateName, bool]]) -> None:
    record = play(steps)
    expected = any(name is StateName.UP for name, _ in steps)
    assert (record is not None and record.ever_up) == expected


@given(st.dictionaries(st.text(st.characters(exclude_categories=['Cs'])), STEPS, max_size=3))
def test_reading_undoes_writing(played: dict[str, list[tuple[StateName, bool]]]) -> None:
    records = {name: record for name, steps in played.items() if (record := play(steps))}
    services = {name: encode(record) for name, record in records.items()}
    document = {'schema': 1, 'unit': 'web/0', 'services': services}
    assert decode(json.loads(json.dumps(document))) == records


def test_the_unit_is_its_service_furthest_from_up(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    states.set('worker', StateName.BLOCKED, 'no queue', ['queue'])
    clock.pass_time(5)
    states.set('mailer', StateName.BLOCKED, 'no relay', ['relay', 'queue'])
    found = states.state()
    assert found is not None
    assert (found.name, found.duration) == (StateName.BLOCKED, 5.0)
    assert found.message == 'worker: no queue'
    assert found.blockers == ('queue', 'relay')


def test_both_sides_order_states_alike() -> None:
    assert ORDER == collate._STATE_ORDER
    assert set(ORDER) == set(StateName)


@given(st.dictionaries(st.sampled_from('abc'), st.sampled_from(list(StateName)), min_size=1))
def test_no_service_is_further_from_up_than_its_unit(names: dict[str, StateName]) -> None:
    now = Moment(START, 'boot', 1.0)
    whole = furthest({service: Record(name, now) for service, name in names.items()}, now)
    assert whole is not None
    assert ORDER.index(whole.name) == max(ORDER.index(name) for name in names.values())


@given(st.text())
def test_any_message_can_be_reported(message: str) -> None:
    line = clean(message)
    state = Record(StateName.ERROR, Moment(START, '', 0.0), line).state(Moment(START, '', 0.0))
    report = wire.decode(wire.encode(make_report('web', 'web/0', (), state=state)).encode())
    assert report.state == state
    assert line == clean(line)
    assert '\n' not in line


def test_only_a_blocked_service_has_blockers(states: States) -> None:
    with pytest.raises(StatesError, match='only `blocked` has them'):
        states.set('web', StateName.UP, blockers=['db'])


@pytest.mark.parametrize('name', ['', 'a\nb', 'x' * 201])
def test_a_service_has_to_have_a_name(states: States, name: str) -> None:
    with pytest.raises(StatesError, match='not the name of a service'):
        states.set(name, StateName.UP)


def test_a_unit_has_to_have_a_name(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match='not a unit name'):
        States('../../etc/passwd', tmp_path)


def test_clearing_forgets_one_service_or_all(states: States) -> None:
    for service in ('web', 'worker', 'mailer'):
        states.set(service, StateName.UP)
    states.clear('worker')
    assert set(states.read()) == {'web', 'mailer'}
    with pytest.raises(StatesError, match="'worker': it has no state; known: mailer, web"):
        states.clear('worker')
    states.clear()
    assert states.read() == {}


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'not JSON'),
        (b'{"schema":1,"services":{"web":', 'not JSON'),
        (b'[]', 'an array where an object belongs'),
        (b'{"schema":2}', 'schema: 2 where 1 belongs'),
        (b'{"schema":1,"services":{"web":{"name":"up"}}}', 'since: missing'),
        (b'{"schema":1,"services":{"web":{"name":"up","since":"noon"}}}', "'noon' is not a time"),
        (b'\xff', 'not UTF-8'),
        (b'[' * 5000, 'nested deeper'),
        (b'{"schema":1,"services":{"\\ud800":{"name":"up"}}}', 'surrogate'),
    ],
)
def test_a_corrupt_file_is_said_by_the_reader_and_set_aside_by_the_writer(
    states: States, said: list[str], content: bytes, reason: str
) -> None:
    states.path.parent.mkdir()
    states.path.write_bytes(content)
    with pytest.raises(StatesError, match=reason):
        states.read()
    assert states.path.read_bytes() == content
    states.set('web', StateName.UP)
    (line,) = said
    assert reason in line
    (aside,) = states.path.parent.glob('*.corrupt-*')
    assert str(aside) in line
    assert aside.read_bytes() == content
    assert set(states.read()) == {'web'}


def test_what_cannot_be_read_at_all_is_not_overwritten(states: States) -> None:
    states.path.mkdir(parents=True)
    with pytest.raises(FileError, match='cannot read'):
        states.set('web', StateName.UP)
    assert states.path.is_dir()


def test_a_set_that_changes_nothing_writes_nothing(states: States) -> None:
    states.set('web', StateName.UP)
    before = states.path.stat()
    states.set('web', StateName.UP)
    assert states.path.stat().st_ino == before.st_ino


def test_many_writers_at_once_lose_no_record(tmp_path: Path) -> None:
    def write(number: int) -> None:
        States('web/0', tmp_path).set(f'service-{number}', StateName.UP)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(States('web/0', tmp_path).read()) == 8


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from charm.report import StateName
from charm.states import States
states, left = States('web/0', Path({place!r})), {step}
outside = 'open write flush fsync close rename replace unlink fchmod flock mkdir scandir'.split()
def watch(frame, event, argument):
    global left
    if event in ('c_call', 'c_return') and argument.__name__ in outside:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(watch)
states.set('web', StateName.ERROR, 'boom')
"""


def test_a_kill_at_any_step_leaves_the_old_records_or_the_new_ones(tmp_path: Path) -> None:
    place = tmp_path / 'states'
    States('web/0', place).set('web', StateName.UP)
    found, step = set(), 0
    while True:
        step += 1
        script = KILLED.format(root=str(ROOT), place=str(place), step=step)
        done = subprocess.run([sys.executable, '-c', script], check=False, timeout=60)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        found.add(States('web/0', place).read()['web'].name)
        # The next writer is neither locked out nor hindered by what the dead one left.
        States('web/0', place).set('web', StateName.UP)
        assert sorted(os.listdir(place)) == ['web-0.json', 'web-0.json.lock']
    assert step > 30
    assert found == {StateName.UP, StateName.ERROR}


def test_a_full_disk_leaves_the_old_records(states: States) -> None:
    states.set('web', StateName.UP)
    script = (
        'import resource, signal, sys\n'
        f'sys.path.insert(0, {str(ROOT)!r})\n'
        'from charm import health_status\n'
        'signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n'
        f'sys.exit(health_status.main(["set", "error", "--unit", "web/0", "--directory", '
        f'{str(states.path.parent)!r}]))'
    )
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 3
    assert f'cannot write {states.path}: File too large' in done.stderr
    assert states.read()['web'].name is StateName.UP


def test_the_environment_says_where_states_are() -> None:
    assert directory({}) == Path('/var/lib/juju-health/states')
    assert directory({'JUJU_HEALTH_STATE': '/srv/states'}) == Path('/srv/states')
