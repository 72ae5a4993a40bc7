"""Lines of NRPE's do what `sh -c` makes of them, which is how NRPE runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.checks import command_line
from charm.checks.child_process import ENVIRONMENT
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from charm.sources.nrpe.commands import NrpeCommand, needs_shell
from tests.support.checking import program, run
from tests.support.patience import PATIENCE

SHOW = 'for word; do printf "[%s]" "$word"; done; echo " LC=$LC_TEST"'
LINES = [
    'P a b',
    "P 'a b' \"c d\" e\\ f it\\'s",
    'P "a\\"b" "c\\\\d" "e\\nf" \'g\\\'',
    'P\ttab\tbed',
    'P -w 10% -c 5% -e "%b%t" a=b --x=y,z @file +1 ^ :',
    'P Größe "€ uro"',
    "P '' \"\" x''y",
    'exec P a',
    'command P a',
    'command -- P a',
    'LC_TEST=x P a',
    'LC_TEST="x y" P a',
    'exec env LC_TEST=x P a',
    'export LC_TEST=x; P a',
    'umask 022 && P a',
    'cd / && P a',
    '. /dev/null; P a',
    'if true; then P a; fi',
    'if P a\nthen P b\nfi',
    'for x in 1 2; do P $x; done',
    'case a in a) P a;; esac',
    'while P a; do break; done',
    '! P a',
    '{ P a; }',
    '(P a)',
    'f() { P a; }; f',
    'test -x P && P a',
    '[ -x P ] && P a',
    'eval P a',
    'set -- a b; P "$@"',
    'trap "P bye" EXIT; P a',
    'true && P a || P b',
    'P a | cat',
    'P a 2>&1',
    'P a >/dev/null; echo else',
    'P $HOME "$HOME" \'$HOME\'',
    'P `echo a`',
    'P $((1+2))',
    'P ~ ~/x',
    'P a # comment',
    'P a#b',
    'P {a,b}',
    'P a; exit 2',
    'echo OK',
    'printf "OK %s\\n" a',
    'echo "a\\tb"',
    'type P',
    'P a\rb',
    'P a\x0bb\x0cc',
    'nosuchprogram a',
]


def both(line: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """Return exit code and first line of what we make of a line, and of what `sh -c` does."""
    verdict = run(NrpeCommand(line))
    done = subprocess.run(
        ['/bin/sh', '-c', line],
        capture_output=True,
        timeout=PATIENCE,
        cwd='/',
        stdin=subprocess.DEVNULL,
        env={**ENVIRONMENT, 'USER': 'x'},
        check=False,
    )
    text = done.stdout.decode().strip().partition('\n')[0]
    shown = verdict.message if text else ''
    return (verdict.data['exit_code'], shown.partition(';')[0]), (
        done.returncode,
        ' '.join(text.split()).partition(';')[0],
    )


@pytest.fixture(scope='module')
def plugin(tmp_path_factory: pytest.TempPathFactory) -> str:
    return program(tmp_path_factory.mktemp('p'), SHOW, 'show')


@pytest.mark.parametrize('line', LINES)
def test_a_line_does_what_the_shell_makes_of_it(plugin: str, line: str) -> None:
    ours, shells = both(line.replace('P', plugin))
    assert ours == shells


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.text('ab \t\r\'"\\#=~%!{},.:@+^-é', max_size=14))
def test_any_arguments_are_those_that_the_shell_makes(plugin: str, words: str) -> None:
    line = f'{plugin} {words}'
    try:
        command_line.split(line)
    except ValueError:
        return
    ours, shells = both(line)
    assert ours == shells


@pytest.mark.parametrize('word', ['exec', 'command', 'LC_TEST=x', 'env'])
@pytest.mark.skipif(os.geteuid() != 0, reason='only root is held to this')
def test_what_stands_before_a_program_does_not_hide_whose_it_is(tmp_path: Path, word: str) -> None:
    path = program(tmp_path, 'echo OK')
    Path(path).chmod(0o777)
    with pytest.raises(CheckError, match='others may write'):
        run(NrpeCommand(f'{word} {path} a'))


def test_a_plain_line_costs_no_shell() -> None:
    for line, wanted in (('/bin/x a "b c"', False), ('x a', True), ('/bin/x $A', True)):
        assert needs_shell(line, command_line.split(line)) is wanted


def test_a_command_of_the_shell_that_fails_without_a_word_is_unknown() -> None:
    assert run(NrpeCommand('test -e /nonexistent')).health is Health.UNKNOWN
