"""The manual page and the completion: made of the help, and taken by what reads them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.commands.completion import SHELLS
from reconciler.cli.commands.man import escape, page
from reconciler.cli.main import COMMANDS
from tests.support.tree import DOCS

PAGE = DOCS / 'reconcile-health.1'
COMMAND = str(Path(sys.executable).parent / 'reconcile-health')


def test_the_manual_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), 'write it anew with: make man'


@pytest.mark.skipif(shutil.which('mandoc') is None, reason='apt-get install mandoc')
def test_mandoc_finds_nothing_wrong_with_it() -> None:
    done = subprocess.run(
        ['mandoc', '-T', 'lint', '-W', 'warning', str(PAGE)], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.decode()) == (0, '')


@pytest.mark.skipif(shutil.which('mandoc') is None, reason='apt-get install mandoc')
def test_its_reader_sees_every_command_and_option_as_one_types_it() -> None:
    done = subprocess.run(
        ['mandoc', '-T', 'utf8', str(PAGE)], capture_output=True, check=True, text=True
    )
    # Bold is a letter struck twice.
    shown = re.sub('.\x08', '', done.stdout)
    for name in COMMANDS:
        assert name in shown
    for option in COMMANDS['sweep'].params:
        assert option.param_type_name == 'argument' or option.opts[0] in shown


def test_no_line_becomes_a_request() -> None:
    assert escape('.so /etc/passwd\n.B x') == '\\&.so /etc/passwd\n\\&.B x'
    assert escape('a\\fB --x') == 'a\\(rsfB \\-\\-x'


@pytest.mark.parametrize('shell', SHELLS)
def test_the_script_is_for_our_name(shell: str) -> None:
    done = subprocess.run([COMMAND, 'completion', shell], capture_output=True, check=True)
    assert b'_RECONCILE_HEALTH_COMPLETE' in done.stdout
    assert b'reconcile-health' in done.stdout


def complete(*words: str) -> list[str]:
    """Return what bash is offered for the last word."""
    environment = {
        **os.environ,
        '_RECONCILE_HEALTH_COMPLETE': 'bash_complete',
        'COMP_WORDS': ' '.join(['reconcile-health', *words]),
        'COMP_CWORD': str(len(words)),
    }
    done = subprocess.run(
        [COMMAND], env=environment, capture_output=True, check=True, text=True, timeout=60
    )
    return [line.partition(',')[2] for line in done.stdout.splitlines()]


def test_bash_is_offered_commands_options_and_choices() -> None:
    assert set(complete('d')) >= {'diff', 'doctor'}
    assert '--wait-for' in complete('--wa')
    assert complete('--format', 'health') == ['health-json']
    assert set(complete('completion', '')) == set(SHELLS)


def test_bash_itself_takes_the_script() -> None:
    script = f'eval "$({COMMAND} completion bash)"; complete -p reconcile-health'
    done = subprocess.run(['bash', '-c', script], capture_output=True, check=True, text=True)
    assert '_reconcile_health_completion' in done.stdout
