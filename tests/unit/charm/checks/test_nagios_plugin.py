"""Plugins that keep the contract of Nagios, and plugins that break it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from charm.checks.conversion import Command
from charm.checks.kinds.nagios_plugin import NagiosPlugin, locate, split_output
from charm.kernel.errors import CheckError, CommandError
from charm.kernel.report import Health
from tests.support.checking import program, run
from tests.support.patience import passing_once


def plugin(tmp_path: Path, body: str, **options: Any) -> NagiosPlugin:
    return NagiosPlugin(Command((program(tmp_path, body, 'check_it'), '-w', '1')), **options)


@pytest.mark.parametrize(
    ('exit_code', 'health'),
    [(0, Health.PASSED), (1, Health.WARN), (2, Health.FAIL), (3, Health.UNKNOWN)],
)
def test_the_exit_code_is_the_verdict(tmp_path: Path, exit_code: int, health: Health) -> None:
    verdict = run(plugin(tmp_path, f'echo "IT IS - so"; exit {exit_code}'))
    assert (verdict.health, verdict.message) == (health, 'IT IS - so')
    assert verdict.data == {'exit_code': exit_code}


@pytest.mark.parametrize(
    ('body', 'said'),
    [
        ('echo fine; exit 4', 'fine; the plugin exited with 4'),
        ('echo fine; exit 255', 'the plugin exited with 255'),
        ('echo fine; exit 126', 'it is not executable'),
        ('/nonexistent/program', 'it, or a program it runs, is missing'),
        ('echo fine; kill -9 $$', 'the plugin was killed by SIGKILL'),
        ('kill -SEGV $$', 'the plugin was killed by SIGSEGV'),
        ('exit 0', 'printed nothing'),
        ('echo "  "; exit 0', 'printed nothing'),
        ('echo "|a=1"; exit 0', 'printed nothing'),
        ('echo trouble >&2; exit 0', 'printed nothing: trouble'),
    ],
)
def test_what_the_contract_has_no_word_for_is_unknown(
    tmp_path: Path, body: str, said: str
) -> None:
    verdict = run(plugin(tmp_path, body))
    assert verdict.health is Health.UNKNOWN
    assert said in verdict.message


# How interpreters end a plugin that breaks, each as it really does.
CRASHES = {
    'python': ("exec python3 -c '1/0'", 'crashed, and exited with 1.*ZeroDivisionError'),
    'python behind a word': (
        'exec python3 -c \'print("OK so far", flush=True); 1/0\'',
        'OK so far; the plugin crashed',
    ),
    'python on stdout': ("exec python3 -c '1/0' 2>&1", '^ZeroDivisionError.*; the plugin crashed'),
    'python that says 2': (
        "exec python3 -c 'import os, sys, traceback\n\ntry: 1/0\n"
        "except Exception: traceback.print_exc(); os._exit(2)'",
        'crashed, and exited with 2',
    ),
    'no module': ("exec python3 -c 'import no_such_module'", 'ModuleNotFoundError'),
    'argparse': (
        'exec python3 -c \'import argparse; argparse.ArgumentParser().parse_args(["-x"])\'',
        'printed nothing: usage',
    ),
    'shell': ("exec sh -c 'if'", 'printed nothing: .*[Ss]yntax error'),
    'perl': (
        'exec perl -e \'open(F, "/none") or die "cannot open: $!"\'',
        'printed nothing: cannot',
    ),
    'set -e': ('set -e; false; echo OK', 'printed nothing'),
    'nothing, and 2': ('exit 2', 'printed nothing'),
    'abort': ('kill -ABRT $$', 'killed by SIGABRT'),
    'behind a shell': ("sh -c 'kill -SEGV $$'; exit $?", 'exited with 139'),
}


@pytest.mark.parametrize(('body', 'said'), list(CRASHES.values()), ids=list(CRASHES))
def test_a_plugin_that_breaks_has_seen_nothing(tmp_path: Path, body: str, said: str) -> None:
    verdict = run(plugin(tmp_path, body))
    assert verdict.health is Health.UNKNOWN, verdict.message
    assert re.search(said, verdict.message), verdict.message


@pytest.mark.parametrize(
    ('body', 'health'),
    [
        ('echo "CRITICAL - gone"; echo "Traceback (most recent call last):" >&2; exit 2', 'fail'),
        ('echo "WARN: old"; echo "Traceback (most recent call last):" >&2; exit 1', 'warn'),
        ('echo "|a=1"; exit 2', 'fail'),
        ('echo; echo "second line"; exit 1', 'warn'),
        ('echo "WARNING - odd"; echo noise >&2; exit 1', 'warn'),
    ],
)
def test_one_that_speaks_is_believed_whatever_else_it_writes(
    tmp_path: Path, body: str, health: str
) -> None:
    assert run(plugin(tmp_path, body)).health is Health(health)


def test_numbers_become_data_in_base_units(tmp_path: Path) -> None:
    verdict = run(
        plugin(
            tmp_path,
            'echo "LOAD OK | time=120ms;1000;2000;0 \'free space\'=5MB;;;0;10 n=U users=3"\n'
            'echo "more words"; echo "| late=7% nonsense"',
        )
    )
    assert verdict.message == 'LOAD OK'
    numbers = verdict.data['perfdata']
    assert numbers['time']['value'] == pytest.approx(0.12)
    assert (numbers['time']['unit'], numbers['time']['warn']) == ('s', '0:1')
    assert numbers['free space'] == {
        'value': 5 * 2**20,
        'unit': 'B',
        'min': 0.0,
        'max': 10 * 2**20,
    }
    assert numbers['n'] == {'value': None, 'unit': ''}
    assert numbers['late']['value'] == 7.0
    assert verdict.data['perfdata_rejected'] == ['nonsense']
    assert verdict.data['long_output'] == 'more words'


@pytest.mark.parametrize(
    ('text', 'parts'),
    [
        ('', ('', '', '')),
        ('OK', ('OK', '', '')),
        ('OK | a=1', ('OK', '', 'a=1')),
        ('OK | a=1\nlong\nlines | b=2\nc=3', ('OK', 'long\nlines', 'a=1  b=2\nc=3')),
        ('OK\nlong', ('OK', 'long', '')),
    ],
)
def test_the_output_is_taken_apart_as_nagios_does(text: str, parts: tuple[str, ...]) -> None:
    assert split_output(text) == parts


def test_control_characters_never_reach_the_message(tmp_path: Path) -> None:
    verdict = run(plugin(tmp_path, "printf 'a\\033[31mb\\007c\\r\\n'; exit 1"))
    assert verdict.message == 'a [31mb c'


def test_a_flood_is_cut_and_its_size_is_said(tmp_path: Path) -> None:
    verdict = run(plugin(tmp_path, 'echo so; head -c 3000000 /dev/zero | tr "\\0" x; exit 1'))
    assert verdict.health is Health.WARN
    assert verdict.data['output_bytes'] == 3_000_003
    assert len(verdict.data['long_output']) <= 4000


def test_a_plugin_that_overruns_is_unknown_and_ended(tmp_path: Path) -> None:
    begun = tmp_path / 'begun'
    script = f'echo waiting >&2; touch {begun}; exec sleep 60'
    with pytest.raises(CheckError, match='did not end in time and was killed: waiting'):
        plugin(tmp_path, script).run(passing_once(begun.exists))


def test_a_plugin_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match='cannot run check_no_such_thing'):
        run(NagiosPlugin(Command(('check_no_such_thing',))))


def test_a_bare_name_is_looked_for_where_plugins_are(tmp_path: Path) -> None:
    found = program(tmp_path, 'exit 0', 'check_it')
    assert locate(('check_it', '-w'), (tmp_path / 'none', tmp_path)) == (found, '-w')
    assert locate(('true',), (tmp_path,)) == ('true',)
    assert locate(('./check_it',), (tmp_path,)) == ('./check_it',)


def test_the_environment_is_clean_and_the_same_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('COLUMNS', '300')
    monkeypatch.setenv('NOTIFY_SOCKET', '/run/systemd/notify')
    monkeypatch.setenv('JUJU_CONTEXT_ID', 'secret')
    monkeypatch.setenv('LC_ALL', 'de_DE.UTF-8')
    body = 'env | sort | tr "\\n" " "; pwd; id -u >/dev/null; read x && echo stdin; exit 0'
    said = run(plugin(tmp_path, body, environment={'MORE': 'yes'})).message
    assert 'COLUMNS=80' in said
    assert 'LC_ALL=C.UTF-8' in said
    assert 'MORE=yes' in said
    assert said.endswith(' /')
    # Beside the mark by which what it starts is found.
    assert said.count('JUJU') == said.count('JUJU_HEALTH_RUN=') == 1
    for word in ('NOTIFY_SOCKET', 'JUJU_CONTEXT_ID', 'de_DE', 'stdin'):
        assert word not in said
