"""charmhelpers is imported on every Python, and what is lent to it for that is taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charm.framework.charmhelpers_import import LooseVersion
from tests.support.authors import CHARMHELPERS, PYTHONS, installed, minor_of, python_of
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

HERE = Path(sys.executable)


@pytest.fixture(scope='module', params=PYTHONS)
def libraries(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A Python, and where charmhelpers 1.2.1 as it is on PyPI is installed for it."""
    python = python_of(request.param)
    return python, installed(python, CHARMHELPERS)


IMPORT = """
import sys
sys.path[:0] = {paths!r}
from charm.framework import charmhelpers_import as helpers_import
try:
    helpers_import.import_services()
except helpers_import.HelpersError as error:
    print(error)
import collections
print(hasattr(collections, 'Iterable'), 'distutils.version' in sys.modules)
"""


def test_what_was_lent_for_the_import_is_taken_back(libraries: tuple[Path, Path]) -> None:
    python, place = libraries
    script = IMPORT.format(paths=[str(ROOT), str(place)])
    done = subprocess.run(
        [str(python), '-IS', '-c', script],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    minor = minor_of(python)
    # Up to 3.9 the name is Python's own, and up to 3.11 so is distutils.
    assert done.stdout == f'{minor < 10} {minor < 12}\n'


def test_without_pyyaml_nothing_is_installed_behind_our_back(tmp_path: Path) -> None:
    (tmp_path / 'charmhelpers').symlink_to(installed(HERE, CHARMHELPERS) / 'charmhelpers')
    script = IMPORT.format(paths=[str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, '-IS', '-c', script],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert 'cannot import charmhelpers: PyYAML is not installed' in done.stdout


@pytest.mark.parametrize(
    ('older', 'newer'),
    [('2.9.44', '2.10.1'), ('3.0-beta1', '3.0.1'), ('3.0-beta2', '3.0-beta10'), ('2', '2.1')],
)
def test_versions_are_ordered_as_people_read_them(older: str, newer: str) -> None:
    assert LooseVersion(older) < LooseVersion(newer)
    assert LooseVersion(newer) > LooseVersion(older)
    assert LooseVersion(older) != LooseVersion(newer)
    assert LooseVersion(older) <= LooseVersion(older) >= LooseVersion(older)
