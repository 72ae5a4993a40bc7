"""What bash offers for a word, asked as bash asks: names come from juju, and no complaint ever."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from tests.standin.examples import model
from tests.support.command_line import COMMAND
from tests.support.patience import PATIENCE
from tests.support.tree import TESTS

SCRIPT = """
eval "$(reconcile-health completion bash)"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_reconcile_health_completion reconcile-health
printf '%s\\n' "${COMPREPLY[@]}"
"""
STATUS = str(TESTS / 'data' / 'juju-status' / 'machines-3.6.json')


def offered(environment: Mapping[str, str], *words: str) -> list[str]:
    """Return what real bash is offered for the last of the words, as it splits them."""
    listed = ' '.join(map(shlex.quote, ('reconcile-health', *words)))
    path = f'{Path(COMMAND).parent}:{environment.get("PATH", os.environ["PATH"])}'
    done = subprocess.run(
        ['bash', '--norc', '-c', f'COMP_WORDS=({listed})\n{SCRIPT}'],
        env={**os.environ, **environment, 'PATH': path},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        text=True,
    )
    # Before bash 4.4 `complete` takes no nosort, of which it tells.
    assert done.stderr == ''
    return done.stdout.split()


@pytest.fixture
def lab(tmp_path: Path) -> Mapping[str, str]:
    """A controller `lab` with the models prod and test, and what leads to them."""
    world = replace(model(), beside=(replace(model(), name='test'),))
    return world.write(tmp_path / 'juju')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('words', 'names'),
    [
        (('my',), ['mysql']),
        (('ex',), ['explain']),
        (('sweep', ''), ['health', 'mysql', 'wordpress']),
        (('sweep', '1'), ['1']),
        (('--attempts', '1', 'mysql/'), ['mysql/0']),
        (('--unit', 'w'), ['wordpress/0']),
        (('explain', 'word'), ['wordpress']),
        (('run', 'mysql'), ['mysql/0']),
        (('run', 'mysql/0', ''), sorted(BUILT_IN_CHECKS)),
        (('run', 'mysql/0', 'load', 'di'), ['disk']),
        (('enrol', 'mysql', 'wo'), ['wordpress']),
        (('maintain', 'my'), ['mysql']),
        (('-m', 'p'), ['prod']),
        (('-m', 'admin/t'), ['admin/test']),
        (('ack', '--model', ''), ['prod', 'test']),
        (('--controller', ''), ['lab']),
        (('help', 'exp'), ['explain']),
        (('help', 'config', ''), ['check', 'show']),
        (('--format', 'js'), ['json', 'jsonl']),
        # Bash splits at colons, and puts what is offered after the last one.
        (('-m', 'lab', ':', 'te'), ['test']),
        (('-m', 'lab', ':'), ['prod', 'test']),
        (('-m', 'lab', ':', 'test', 'explain', 'my'), ['mysql']),
        (('ack', 'mysql', ':', 'no'), ['no-report']),
        # Where it was told not to split there, it takes the whole.
        (('-m', 'lab:te'), ['lab:test']),
        (('ack', 'mysql:di'), ['mysql:disk']),
    ],
)
def test_bash_is_offered_what_is_there(
    words: tuple[str, ...], names: list[str], lab: Mapping[str, str]
) -> None:
    assert sorted(offered(lab, *words)) == names


@pytest.mark.slow
def test_a_saved_status_is_asked_instead_of_juju(tmp_path: Path) -> None:
    nowhere = {'JUJU_DATA': str(tmp_path)}
    assert offered(nowhere, '--status', STATUS, 'mys') == ['mysql']
    assert offered(nowhere, '--status', '-', 'mys') == []


@pytest.mark.slow
@pytest.mark.parametrize('fault', ['logged-out', 'unreachable', 'no-juju', 'hangs', 'nonsense'])
@pytest.mark.parametrize('words', [('my',), ('--unit', ''), ('-m', ''), ('--controller', 'x')])
def test_where_nothing_can_be_learnt_nothing_is_offered_and_nothing_said(
    fault: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    scripts = {'hangs': 'sleep 600', 'nonsense': 'echo "[1, {"'}
    environment = replace(model(), fault=fault if fault[0] in 'lu' else '').write(tmp_path / 'w')
    juju = 'juju' if fault[0] in 'lu' else str(tmp_path / 'juju')
    if fault in scripts:
        Path(juju).write_text(f'#!/bin/sh\n{scripts[fault]}\n')
        Path(juju).chmod(0o755)
    assert (
        offered(environment, 'sweep', '--juju', juju, *words[-2 if words[0][0] == '-' else -1 :])
        == []
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    'words', [('replay', ''), ('-o', ''), ('explain', '--saved', 'x'), ('--config', '')]
)
def test_files_are_left_to_the_shell(words: tuple[str, ...]) -> None:
    environment = {
        **os.environ,
        '_RECONCILE_HEALTH_COMPLETE': 'bash_complete',
        'COMP_WORDS': '\n'.join(('reconcile-health', *words)),
        'COMP_CWORD': str(len(words)),
    }
    done = subprocess.run([COMMAND], env=environment, capture_output=True, check=True, text=True)
    assert done.stdout.startswith('file,')
