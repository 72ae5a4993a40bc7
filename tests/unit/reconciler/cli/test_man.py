"""The manual page and the completion: made of the help, and taken by what reads them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest

from charm import __version__
from reconciler.cli.main import COMMANDS
from reconciler.cli.man_page import escape, page
from reconciler.cli.usage.completion import SHELLS
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

COMMAND = str(Path(sys.executable).parent / 'reconcile-health')


def build(tree: Path, hook: str) -> Path:
    """Return what a hook of our build backend makes of a tree."""
    code = f'import sys; sys.path.insert(0, ".ci"); import build_backend as b; b.{hook}("dist")'
    subprocess.run([sys.executable, '-c', code], cwd=tree, capture_output=True, check=True)
    (built,) = (tree / 'dist').iterdir()
    return built


def is_shown(one: click.Parameter) -> bool:
    return isinstance(one, click.Option) and not one.hidden


@pytest.fixture(scope='module')
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page in a file."""
    path = tmp_path_factory.mktemp('man') / 'reconcile-health.1'
    path.write_text(page())
    return path


@pytest.fixture(scope='module')
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is made of this tree for those who build the package of it."""
    tree = tmp_path_factory.mktemp('tree')
    for name in ('charm', 'reconciler', '.ci'):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('pyproject.toml', 'setup.cfg', 'MANIFEST.in', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, tree)
    return build(tree, 'build_sdist')


@pytest.mark.slow
@pytest.mark.parametrize('hook', ['build_wheel', 'build_editable'])
def test_whoever_installs_the_package_has_its_manual(
    archive: Path, tmp_path: Path, hook: str
) -> None:
    shutil.unpack_archive(archive, tmp_path)
    (tree,) = tmp_path.iterdir()
    with zipfile.ZipFile(build(tree, hook)) as found:
        (name,) = (name for name in found.namelist() if name.endswith('.1'))
        assert name == f'juju_health-{__version__}.data/data/share/man/man1/reconcile-health.1'
        assert found.read(name).decode() == page()


@pytest.mark.skipif(shutil.which('mandoc') is None, reason='apt-get install mandoc')
def test_mandoc_finds_nothing_wrong_with_it(manual: Path) -> None:
    done = subprocess.run(
        ['mandoc', '-T', 'lint', '-W', 'warning', str(manual)], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.decode()) == (0, '')


@pytest.mark.skipif(shutil.which('mandoc') is None, reason='apt-get install mandoc')
def test_its_reader_sees_every_command_and_option_as_one_types_it(manual: Path) -> None:
    done = subprocess.run(
        ['mandoc', '-T', 'utf8', str(manual)], capture_output=True, check=True, text=True
    )
    # Bold is a letter struck twice.
    shown = re.sub('.\x08', '', done.stdout)
    for name in COMMANDS:
        assert name in shown
    for option in COMMANDS['sweep'].params:
        assert not is_shown(option) or option.opts[0] in shown


def test_no_line_becomes_a_request() -> None:
    assert escape('.so /etc/passwd\n.B x') == '\\&.so /etc/passwd\n\\&.B x'
    assert escape('a\\fB --x') == 'a\\(rsfB \\-\\-x'


@pytest.mark.slow
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
        [COMMAND], env=environment, capture_output=True, check=True, text=True, timeout=PATIENCE
    )
    return [line.partition(',')[2] for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_bash_is_offered_commands_options_and_choices() -> None:
    assert set(complete('d')) >= {'diff', 'doctor'}
    assert '--wait-for' in complete('--wa')
    assert complete('--format', 'health') == ['health-json']
    assert set(complete('completion', '')) == set(SHELLS)


@pytest.mark.slow
def test_bash_itself_takes_the_script() -> None:
    script = f'eval "$({COMMAND} completion bash)"; complete -p reconcile-health'
    done = subprocess.run(['bash', '-c', script], capture_output=True, check=True, text=True)
    assert '_reconcile_health_completion' in done.stdout
