"""The built charm, and what a unit agent does with it: unpack it, lay upgrades over it."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.hosts.layout import PROJECT
from tests.support.tree import TESTS

ARCHITECTURES = {'amd64', 'arm64', 'ppc64el', 'riscv64', 's390x'}
BUILD = PROJECT / '.ci' / 'build_charm.py'
_HOOKS = (
    *('install', 'start', 'config-changed', 'upgrade-charm', 'update-status', 'stop', 'remove'),
    *('leader-elected', 'leader-deposed', 'secret-changed', 'collect-metrics'),
)


def build(output: Path, **environment: str) -> Path:
    """Build the charm from this tree into the file, and return it."""
    command = [sys.executable, str(BUILD), '--output', str(output)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return output


@lru_cache(maxsize=1)
def built() -> Path:
    """Return the charm, built once for this test run, and removed at its end."""
    directory = PROJECT / 'build' / f'tests-{os.getpid()}'
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return build(directory / 'juju-health.charm')


def built_before(output: Path) -> Path:
    """Write the charm of before its modules moved, as Juju has it on machines, and return it."""
    data = TESTS / 'data' / 'charm-before-rooms.tar.xz'
    with tarfile.open(data) as kept, zipfile.ZipFile(output, 'w') as archive:
        for member in filter(tarfile.TarInfo.isfile, kept):
            content = kept.extractfile(member)
            assert content is not None
            info = zipfile.ZipInfo(member.name.removeprefix('./'))
            info.external_attr = (stat.S_IFREG | member.mode) << 16
            archive.writestr(info, content.read())
    return output


def undeployable(manifest: Mapping[str, Any]) -> list[str]:
    """Return why Juju 3.6 or 4.0 does not deploy a charm with this manifest; empty if both do.

    3.6 takes the architectures it knows, and `all` is none (core/arch); 4.0 demands bases
    (domain/deployment/charm/charmarchive.go), and 4.0.15, asked to deploy a charm with several
    architectures, says `cannot insert application with an empty architecture` (observed).
    """
    bases = manifest.get('bases') or []
    told = [] if bases else ['no bases: charm metadata without bases in manifest not valid']
    told += [f'base {one}: no channel' for one in bases if not one.get('channel')]
    named = {arch for one in bases for arch in one.get('architectures', ())}
    told += [f'{arch!r} is no architecture' for arch in sorted(named - ARCHITECTURES)]
    if len(named) > 1:
        told.append(f'several architectures: {", ".join(sorted(named))}')
    return told


def unpack(archive: Path, charm: Path) -> None:
    """Lay the charm into its directory, in place: files are overwritten one by one, modes kept.

    Files of the last revision that are not in this one go, those that nobody shipped stay: Juju
    keeps the list of what it laid out (worker/uniter/charm/manifest_deployer.go).
    """
    listed = charm.parent / 'state' / 'manifests'
    before = set(listed.read_text().splitlines()) if listed.exists() else set()
    deploying = charm.parent / 'state' / 'deploying'
    deploying.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    deploying.write_text(f'{archive.name}\n')
    charm.mkdir(mode=0o755, parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as zipped:
        for name in sorted(before - set(zipped.namelist())):
            (charm / name).unlink(missing_ok=True)
        for member in zipped.infolist():
            path = charm / member.filename
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.write_bytes(zipped.read(member))
            path.chmod(_mode(member))
        listed.write_text('\n'.join(zipped.namelist()))
    deploying.unlink()


def _mode(member: zipfile.ZipInfo) -> int:
    """Return the mode that a file gets: that of the archive, and x for the hooks Juju knows."""
    mode = (member.external_attr >> 16) & 0o777
    directory, _, name = member.filename.rpartition('/')
    known = name in _HOOKS or '-relation-' in name
    return mode | 0o100 if directory == 'hooks' and known else mode


def variant(archive: Path, output: Path, changes: dict[str, bytes | None]) -> Path:
    """Write a charm that differs from another: files with other contents, or without them."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(output, 'w') as new:
        for member in old.infolist():
            content = changes.get(member.filename, old.read(member))
            if content is not None:
                new.writestr(member, content)
    return output
