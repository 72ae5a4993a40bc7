"""What is written for systemd and cron: they read the command that was given, and nothing else."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.schedule import cron_lines, systemd_units
from reconciler.schedule.cron_lines import blocks, file_text, with_block, without
from reconciler.schedule.schedule import (
    Schedule,
    full_name,
    mark,
    marked,
    name_for,
    refuse_unwritable,
)
from reconciler.schedule.systemd_units import service_text, timer_text
from reconciler.values.errors import UsageError
from tests.support.golden import check_golden
from tests.support.patience import PATIENCE

SYSTEM = Schedule(
    name='juju-health-lab-prod',
    asked='lab:prod',
    argv=('/opt/jh/bin/reconcile-health', 'sweep', '--record', '--model', 'lab:ann/100%$x', 'a b'),
    environment=(('JUJU_DATA', '/srv/juju data'),),
    minutes=5,
    limit_seconds=180,
    user='ann',
    system=True,
    kind='systemd',
    last_run='/home/ann/.local/state/juju-health/schedules/juju-health-lab-prod.json',
)
OWN = replace(SYSTEM, system=False, minutes=360, ping_file='/home/ann/x.ping', lingers=True)
WORDS = st.text(
    st.characters(exclude_categories=['C', 'Zl', 'Zp', 'Zs']) | st.sampled_from(' %\\\'"$`;#!~*&'),
    max_size=12,
).filter(str.isprintable)
SCHEDULES = st.builds(
    Schedule,
    name=st.from_regex(r'juju-health-[A-Za-z0-9_-]{1,80}', fullmatch=True),
    asked=WORDS,
    argv=st.lists(WORDS, min_size=1, max_size=4).map(tuple),
    environment=st.just(()),
    minutes=st.just(5),
    limit_seconds=st.integers(1, 10**6),
    user=st.just('ann'),
    system=st.booleans(),
    kind=st.just('cron'),
    last_run=WORDS,
)


def read_by_cron(line: str, halves: bool) -> str:
    """Return the command of a line; `halves`: two backslashes make one, as in cronie."""
    read = ''
    escaped = False
    for one in line:
        if escaped:
            if one == '%' or (halves and one == '\\'):
                read = read[:-1]
            read += one
            escaped = False
            continue
        assert one != '%', 'the command ends here'
        read += one
        escaped = one == '\\'
    return read


def read_by_systemd(line: str) -> list[str]:
    """Return the words of ExecStart= as systemd.service(5) says, of words in double quotes."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', line)
    assert ' '.join(f'"{word}"' for word in words) == line
    plain = [re.sub(r'\\(.)', r'\1', word) for word in words]
    assert not any(re.search(r'(?<!%)(%%)*%(?!%)|(?<!\$)(\$\$)*\$(?!\$)', word) for word in plain)
    return [word.replace('%%', '%').replace('$$', '$') for word in plain]


@given(words=st.lists(WORDS, min_size=1, max_size=4), halves=st.booleans())
def test_cron_and_the_shell_read_the_words_that_were_given(words: list[str], halves: bool) -> None:
    line = ' '.join(map(cron_lines.quoted, words))
    assert '\n' not in line
    script = f"printf '%s\\0' {read_by_cron(line, halves)}"
    done = subprocess.run(
        ['/bin/sh', '-c', script], capture_output=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.decode() == ''.join(f'{word}\0' for word in words)


@given(words=st.lists(WORDS, min_size=1, max_size=4))
def test_systemd_reads_the_words_that_were_given(words: list[str]) -> None:
    line = ' '.join(map(systemd_units.quoted, words))
    assert '\n' not in line
    assert read_by_systemd(line) == words


@given(schedule=SCHEDULES)
def test_a_file_tells_of_its_schedule_and_each_line_is_one(schedule: Schedule) -> None:
    assert list(marked(mark(schedule))) == [schedule]
    assert list(marked(service_text(schedule))) == [schedule]
    assert list(marked(timer_text(schedule))) == [schedule]
    for line in (*service_text(schedule).splitlines(), *timer_text(schedule).splitlines()):
        assert not line.endswith('\\')
    assert service_text(schedule).count('\nExecStart=') == 1


@given(schedule=SCHEDULES, other=SCHEDULES, rest=st.lists(st.text(max_size=9), max_size=4))
def test_a_crontab_keeps_what_is_not_ours(
    schedule: Schedule, other: Schedule, rest: list[str]
) -> None:
    before = ''.join(f'{line}\n' for line in rest)
    once = with_block(before, schedule, 1)
    assert with_block(once, schedule, 1) == once
    assert without(once, schedule.name) == before
    if other.name != schedule.name:
        both = with_block(once, other, 1)
        assert blocks(both) == (schedule, other)
        assert without(both, schedule.name) == with_block(before, other, 1)


def test_of_a_block_that_was_cut_by_hand_nothing_else_is_taken() -> None:
    whole = with_block('', OWN, 1) + 'MAILTO=ann\n'
    cut = '\n'.join(line for line in whole.split('\n') if 'health end' not in line)
    assert without(cut, OWN.name) == cut
    assert without('0 0 * * * x', OWN.name) == '0 0 * * * x'
    assert with_block('0 0 * * * x', OWN, 1).startswith('0 0 * * * x\n#')


def test_the_texts_are_the_golden_ones() -> None:
    for place, schedule in (('system', SYSTEM), ('user', OWN)):
        check_golden(f'schedule-{place}.service', service_text(schedule))
        check_golden(f'schedule-{place}.timer', timer_text(schedule))
    check_golden('schedule-system.cron', file_text(SYSTEM, 7))
    check_golden('schedule-user.cron', with_block('MAILTO=ann\n', OWN, 7))


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    # It looks whether the command is there.
    for schedule in (replace(SYSTEM, user='root'), OWN):
        paths = [tmp_path / f'{schedule.name}.{kind}' for kind in ('service', 'timer')]
        paths[0].write_text(service_text(schedule))
        paths[1].write_text(timer_text(schedule))
        done = subprocess.run(
            ['systemd-analyze', 'verify', '--man=no', *map(str, paths)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert [line for line in done.stderr.splitlines() if tmp_path.name in line] == []


@pytest.mark.parametrize(
    ('asked', 'name'),
    [
        ('lab:prod', 'lab-prod'),
        ('lab:ann/prod_1', 'lab-ann-prod_1'),
        ('../../etc', 'etc'),
        ('ü\n*', 'sweep'),
        ('a' * 200, 'a' * 80),
        ('all-models', 'all-models'),
    ],
)
def test_a_name_is_one_of_a_unit_and_of_a_file_that_cron_reads(asked: str, name: str) -> None:
    assert name_for(asked) == f'juju-health-{name}' == full_name(name)


@pytest.mark.parametrize('name', ['', 'a b', 'a/b', 'a.b', 'a\n', 'ä', 'x' * 81, '..'])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match='as the name of a schedule'):
        full_name(name)


@pytest.mark.parametrize('words', [('a', 'b\nc'), ('a', '\x1b'), ('a', '\ud800'), ('/a=b/c',)])
def test_words_that_no_line_takes_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match='cannot schedule'):
        refuse_unwritable(words)


def test_a_command_that_cron_would_cut_is_refused() -> None:
    with pytest.raises(UsageError, match=r'it has 1[0-9]{3} bytes, and it takes 998'):
        file_text(replace(OWN, argv=('/x', 'y' * 990)), 1)


@pytest.mark.parametrize('line', ['{}', '[', '{"name": "../x"}', mark(OWN)[:-30]])
def test_a_damaged_line_tells_of_nothing(line: str) -> None:
    assert list(marked(f'# juju-health schedule: {line}')) == []
