"""Installing, finding and removing: what is done is undone, and what stands beside stays."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.schedule import keeping
from reconciler.schedule.by_cron import ByCron
from reconciler.schedule.by_systemd import BySystemd
from reconciler.schedule.place import Place
from reconciler.schedule.schedule import Schedule
from reconciler.values.errors import ScheduleError

NAME = 'juju-health-lab-prod'


@dataclass
class Systemd:
    """A systemd that keeps what it was told, and refuses what it was not told to expect."""

    refused: Mapping[str, str] = field(default_factory=dict)
    told: list[tuple[str, ...]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    _verbs = (
        *('daemon-reload', 'enable', 'restart', 'disable', 'stop', 'reset-failed'),
        *('enable-linger', 'disable-linger'),
    )

    def __call__(
        self, argv: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[int, str, str]:
        words = tuple(word for word in argv[1:] if word not in ('--user', '--no-ask-password'))
        assert argv[0] == ('loginctl' if 'linger' in words[0] else 'systemctl')
        assert ('--user' in argv) == ('XDG_RUNTIME_DIR' in environment)
        if words[0] == 'show':
            return 0, self.shown.get(words[1], ''), ''
        assert words[0] in self._verbs, words
        self.told.append(words)
        said = self.refused.get(words[0], '')
        return (1 if said else 0), '', said


@dataclass
class Crontab:
    """A user's crontab; `None` where there is none."""

    text: str | None = None
    fault: str = ''

    def __call__(self, argv: Sequence[str], stdin: bytes) -> tuple[int, str, str]:
        if self.fault:
            return 1, '', self.fault
        if list(argv) == ['crontab', '-l']:
            return (1, '', 'no crontab for ann') if self.text is None else (0, self.text, '')
        if list(argv) == ['crontab', '-r']:
            assert self.text is not None
            self.text = None
            return 0, '', ''
        assert list(argv) == ['crontab', '-']
        self.text = stdin.decode()
        return 0, '', ''


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / 'etc/cron.d').mkdir(parents=True)
    return Place('root', tmp_path / 'home', True, tmp_path)


def schedule(place: Place, **changes: object) -> Schedule:
    one = Schedule(
        name=NAME,
        asked='lab:prod',
        argv=('/bin/true',),
        environment=(),
        minutes=5,
        limit_seconds=180,
        user=place.user,
        system=place.system,
        kind='systemd',
        last_run=str(place.root / 'state' / 'schedules' / f'{NAME}.json'),
        ping_file=str(place.pings / f'{NAME}.ping'),
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob('*') if path.is_file()}


def test_what_was_installed_is_found_and_all_of_it_removed(place: Place) -> None:
    systemd = Systemd()
    keeper = BySystemd(place, systemd)
    wanted = schedule(place)
    said = list(keeping.install(wanted, keeper, (), 'https://hc/secret'))
    assert files(place.root) == {
        f'etc/systemd/system/{NAME}.service',
        f'etc/systemd/system/{NAME}.timer',
        f'etc/juju-health/schedules/{NAME}.ping',
    }
    assert systemd.told == [
        ('daemon-reload',),
        ('enable', '--quiet', f'{NAME}.timer'),
        ('restart', f'{NAME}.timer'),
    ]
    assert not any('secret' in line for line in said)
    secret = Path(wanted.ping_file)
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == (
        'https://hc/secret\n',
        0o600,
    )
    assert list(keeper.found()) == [wanted]
    Path(wanted.last_run).parent.mkdir(parents=True)
    Path(wanted.last_run).write_text('{}')
    stamp = place.root / f'var/lib/systemd/timers/stamp-{NAME}.timer'
    stamp.parent.mkdir(parents=True)
    stamp.touch()
    del systemd.told[:]
    removed = list(keeping.remove(wanted, keeper))
    assert files(place.root) == set()
    assert sum(line.startswith('removed ') for line in removed) == 5
    assert systemd.told[0] == ('disable', '--now', '--quiet', f'{NAME}.timer')
    assert ('daemon-reload',) in systemd.told
    assert list(keeper.found()) == []


def test_installed_again_it_is_replaced_whoever_kept_it(place: Place) -> None:
    systemd = BySystemd(place, Systemd())
    cron = ByCron(place)
    list(keeping.install(schedule(place), systemd, (cron,), 'https://hc/secret'))
    changed = schedule(place, minutes=10, ping_file='')
    list(keeping.install(changed, systemd, (cron,), ''))
    assert list(systemd.found()) == [changed]
    assert not any('ping' in name for name in files(place.root))
    list(keeping.install(changed, cron, (systemd,), ''))
    assert files(place.root) == {f'etc/cron.d/{NAME}'}
    list(keeping.install(changed, systemd, (cron,), ''))
    assert list(cron.found()) == []


def test_the_name_of_something_else_is_not_taken(place: Place) -> None:
    keeper = BySystemd(place, Systemd())
    list(keeping.install(schedule(place), keeper, (), ''))
    with pytest.raises(ScheduleError, match='schedule of lab:prod: give this one a name'):
        list(keeping.install(schedule(place, asked='lab-prod'), ByCron(place), (keeper,), ''))
    assert not files(place.root / 'etc/cron.d')


def test_where_systemd_refuses_nothing_is_left(place: Place) -> None:
    keeper = BySystemd(place, Systemd(refused={'restart': 'no such thing'}))
    with pytest.raises(ScheduleError, match=r'cannot have systemd restart .*: no such thing'):
        list(keeper.install(schedule(place)))
    assert files(place.root) == set()


def test_a_crontab_that_cannot_be_read_is_not_written(place: Place) -> None:
    own = replace(place, system=False)
    crontab = Crontab('0 0 * * * backup\n', 'you are not allowed to use this program')
    keeper = ByCron(own, crontab)
    with pytest.raises(ScheduleError, match='cannot read the crontab: you are not allowed'):
        list(keeper.install(schedule(own)))
    assert list(keeper.found()) == []
    assert crontab.text == '0 0 * * * backup\n'


@pytest.mark.parametrize('before', [None, '0 0 * * * backup\n'])
def test_a_crontab_is_afterwards_what_it_was(place: Place, before: str | None) -> None:
    own = replace(place, system=False)
    crontab = Crontab(before)
    keeper = ByCron(own, crontab)
    list(keeper.install(schedule(own)))
    assert list(keeper.found()) == [schedule(own)]
    assert (before or '') in (crontab.text or '')
    list(keeper.remove(schedule(own)))
    assert crontab.text == before


def test_without_cron_it_is_said_what_to_install(place: Place) -> None:
    (place.root / 'etc/cron.d').rmdir()
    with pytest.raises(ScheduleError, match=r'there is no .*cron\.d') as refused:
        list(ByCron(place).install(schedule(place)))
    assert 'apt install cron' in str(refused.value.advice)
    absent = ByCron(replace(place, system=False), lambda argv, stdin: (127, '', 'none'))
    assert list(absent.found()) == []
    with pytest.raises(ScheduleError, match='there is no crontab command'):
        list(absent.install(schedule(place)))


def test_a_user_whose_systemd_does_not_run_is_told_how_it_would(place: Place) -> None:
    keeper = BySystemd(replace(place, system=False), Systemd())
    with pytest.raises(ScheduleError, match='cannot reach the systemd of root') as refused:
        list(keeper.install(schedule(place)))
    assert 'sudo loginctl enable-linger root' in str(refused.value.advice)
    assert '--with cron' in str(refused.value.advice)


def test_lingering_is_turned_on_once_and_a_refusal_told(place: Place) -> None:
    own = replace(place, system=False)
    assert BySystemd(own, Systemd()).linger() == (True, '')
    refusing = Systemd(refused={'enable-linger': 'Access denied\n'})
    assert BySystemd(own, refusing).linger() == (False, 'Access denied')
    own.lingering.parent.mkdir(parents=True)
    own.lingering.touch()
    untouched = Systemd()
    assert BySystemd(own, untouched).linger() == (False, '')
    assert BySystemd(place, untouched).linger() == (False, '')
    assert untouched.told == []


@pytest.mark.parametrize(
    ('active', 'result', 'trouble'),
    [
        ('active', 'Result=success\nExecMainStatus=0\n', ''),
        ('active', 'Result=exit-code\nExecMainStatus=3\n', ''),
        ('active', '', ''),
        (
            'active',
            'ExecMainStatus=203\nResult=exit-code\n',
            'systemd could not run the last one: exit-code 203',
        ),
        (
            'active',
            'Result=timeout\nExecMainStatus=3\n',
            'systemd could not run the last one: timeout 3',
        ),
        ('inactive', '', f'{NAME}.timer is not active'),
    ],
)
def test_what_systemd_knows_of_a_run_is_told(
    place: Place, active: str, result: str, trouble: str
) -> None:
    systemd = Systemd(shown={'--property=ActiveState': active, '--property=Result': result})
    assert BySystemd(place, systemd).trouble(schedule(place)) == trouble


def test_the_next_run_is_what_systemd_says(place: Place) -> None:
    known = Systemd(shown={'--property=NextElapseUSecRealtime': 'Mon 2026-11-30 22:30:00 UTC\n'})
    at = datetime(2026, 11, 30, 22, 30, tzinfo=timezone.utc)
    assert BySystemd(place, known).next_run(schedule(place)) == at
    for told in ('', 'n/a', 'infinity', 'Mon 2026-11-31 22:30:00 UTC'):
        unknown = Systemd(shown={'--property=NextElapseUSecRealtime': told})
        assert BySystemd(place, unknown).next_run(schedule(place)) is None


@pytest.mark.parametrize(('daemon', 'trouble'), [('cron', ''), ('bash', 'no cron daemon')])
def test_whether_a_cron_runs_is_looked_up(place: Place, daemon: str, trouble: str) -> None:
    (place.root / 'proc/17').mkdir(parents=True)
    (place.root / 'proc/17/comm').write_text(f'{daemon}\n')
    said = ByCron(place, proc=place.root / 'proc').trouble(schedule(place))
    assert said.startswith(trouble)
    assert bool(said) == bool(trouble)
