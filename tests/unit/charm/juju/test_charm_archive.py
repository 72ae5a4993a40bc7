"""The built charm: what Juju demands of it, and the same bytes each time."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from charm.juju.actions import ACTIONS
from charm.juju.main import HOOKS, REMOVALS
from tests.charmed.archive import build, built, undeployable, unpack
from tests.hosts.layout import PROJECT
from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE

EVENTS = ('created', 'joined', 'changed', 'departed', 'broken')
OURS = ('health', 'health-agent', 'health-status')


@pytest.fixture
def archive() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(built()) as opened:
        yield opened


def mode(archive: zipfile.ZipFile, name: str) -> int:
    return archive.getinfo(name).external_attr >> 16


def names_in(archive: zipfile.ZipFile, directory: str) -> set[str]:
    return {name.split('/')[1] for name in archive.namelist() if name.startswith(f'{directory}/')}


def test_two_builds_are_the_same_bytes(tmp_path: Path) -> None:
    one = build(tmp_path / 'one.charm').read_bytes()
    assert build(tmp_path / 'elsewhere' / 'two.charm').read_bytes() == one
    later = build(tmp_path / 'later.charm', SOURCE_DATE_EPOCH='1700000000')
    assert later.read_bytes() != one
    with zipfile.ZipFile(later) as opened:
        assert {info.date_time for info in opened.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_every_file_is_a_regular_one_and_only_launchers_are_programs(
    archive: zipfile.ZipFile,
) -> None:
    for info in archive.infolist():
        assert stat.S_ISREG(info.external_attr >> 16), info.filename
        wanted = 0o755 if info.filename.startswith(('hooks/', 'actions/')) else 0o644
        assert stat.S_IMODE(info.external_attr >> 16) == wanted, info.filename


def test_its_manifest_has_the_bases_that_charmcraft_packs_for(archive: zipfile.ZipFile) -> None:
    bases = yaml.safe_load(archive.read('manifest.yaml'))['bases']
    assert [base['channel'] for base in bases] == ['20.04', '22.04', '24.04', '26.04']
    charmcraft = yaml.safe_load((PROJECT / 'charmcraft.yaml').read_text())
    platforms = {tuple(name.replace('@', ':').split(':')) for name in charmcraft['platforms']}
    assert {(base['name'], base['channel']) for base in bases} == {one[:2] for one in platforms}


def test_its_manifest_is_one_that_juju_3_6_and_4_0_deploy(archive: zipfile.ZipFile) -> None:
    manifest = yaml.safe_load(archive.read('manifest.yaml'))
    assert undeployable(manifest) == []
    ubuntu = {'name': 'ubuntu', 'channel': '24.04'}
    several = {'bases': [{**ubuntu, 'architectures': ['amd64', 'arm64']}]}
    spread = {'bases': [{**ubuntu, 'architectures': [one]} for one in ('amd64', 'arm64')]}
    for wrong, said in (
        (several, 'several architectures'),
        (spread, 'several architectures'),
        ({'bases': [{**ubuntu, 'architectures': ['all']}]}, "'all'"),
        ({'bases': []}, 'no bases'),
        ({'bases': [{'name': 'ubuntu'}]}, 'no channel'),
    ):
        (found,) = undeployable(wrong)
        assert said in found


def test_charmcraft_stages_what_is_built(archive: zipfile.ZipFile) -> None:
    part = yaml.safe_load((PROJECT / 'charmcraft.yaml').read_text())['parts']['juju-health']
    staged = {
        str(path.relative_to(PROJECT))
        for pattern in part['stage']
        for path in PROJECT.glob(pattern)
        if path.is_file() and '__pycache__' not in path.parts
    }
    assert part['organize'] == {'LICENSE': 'copyright'}
    made_here = {'manifest.yaml', 'version', 'copyright'}
    assert staged == set(archive.namelist()) - made_here


def test_it_is_a_subordinate_that_juju_accepts(archive: zipfile.ZipFile) -> None:
    metadata = yaml.safe_load(archive.read('metadata.yaml'))
    assert metadata['subordinate'] is True
    assert metadata['requires']['juju-info'] == {'interface': 'juju-info', 'scope': 'container'}
    # Juju 4 refuses both in a charm of format 2.
    assert not {'series', 'min-juju-version'} & set(metadata)


def test_each_hook_has_one_launcher_and_each_launcher_one_hook(archive: zipfile.ZipFile) -> None:
    # With a dispatch there, Juju would run that, and none of these.
    assert 'dispatch' not in archive.namelist()
    assert names_in(archive, 'hooks') == {*HOOKS, *REMOVALS, *OURS}
    assert names_in(archive, 'actions') == set(ACTIONS)
    assert set(yaml.safe_load(archive.read('actions.yaml'))) == set(ACTIONS)


def test_hooks_of_relations_are_of_endpoints_that_are_declared(archive: zipfile.ZipFile) -> None:
    endpoints = yaml.safe_load(archive.read('metadata.yaml'))['requires']
    known = {f'{endpoint}-relation-{event}' for endpoint in endpoints for event in EVENTS}
    of_relations = {name for name in HOOKS if '-relation-' in name}
    assert of_relations <= known
    assert {name.split('-relation-')[0] for name in of_relations} == set(endpoints)


@pytest.mark.parametrize('version', PYTHONS)
def test_the_unpacked_charm_answers_on_every_python_with_nothing_but_it(
    version: str, tmp_path: Path
) -> None:
    charm = tmp_path / 'unit-juju-health-0' / 'charm'
    unpack(built(), charm)
    command = [str(python_of(version)), '-I', '-S', str(charm / 'hooks' / 'health'), '--list']
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert 'disk' in done.stdout.split()
    # And the side of the hooks can be imported there.
    code = 'import sys; sys.path.insert(0, sys.argv[1]); import charm.juju.main'
    command = [str(python_of(version)), '-I', '-S', '-W', 'error', '-c', code, str(charm)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, '')


def test_an_upgrade_removes_what_is_no_longer_shipped_and_nothing_else(tmp_path: Path) -> None:
    charm = tmp_path / 'charm'
    unpack(built(), charm)
    (charm / 'left-by-a-hook').touch()
    older = tmp_path / 'older.charm'
    with zipfile.ZipFile(older, 'w') as archive:
        archive.writestr(zipfile.ZipInfo('metadata.yaml'), 'name: x\n')
    unpack(older, charm)
    assert {one.name for one in charm.rglob('*') if one.is_file()} == {
        'metadata.yaml',
        'left-by-a-hook',
    }


def test_the_version_is_the_packages(archive: zipfile.ZipFile) -> None:
    said = subprocess.run(
        [sys.executable, '-c', 'import charm; print(charm.__version__)'],
        capture_output=True,
        cwd=PROJECT,
        check=True,
    )
    assert archive.read('version') == said.stdout
    assert json.loads(archive.read('manifest.yaml'))
