"""What is read of the kernel's table of mounts, and of what should be in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.mounts import parse_mountinfo
from charm.checks.wanted_mounts import Wanted, read_wanted, unit_name
from charm.kernel.lines import lines
from tests.support.mount_tables import escape, mountinfo
from tests.support.patience import PATIENCE

# All that a file name may hold, with what other readers take for the end of a line.
NAMES = st.text(
    st.characters(codec='utf-8', blacklist_characters='/\0')
    | st.sampled_from('\n\r\f\v\x85\u2028\u2029 \t\\#'),
    min_size=1,
)


@given(st.lists(NAMES, min_size=1, unique=True))
def test_every_mount_is_read_whatever_its_path_is_called(names: list[str]) -> None:
    rows = (f'/dev/vdb{i} /{escape(name)} ext4 rw' for i, name in enumerate(names))
    table = parse_mountinfo(mountinfo(*rows))
    assert list(table.by_path) == [f'/{name}' for name in names]
    assert table.unreadable_lines == 0


@given(st.text())
def test_no_line_is_dropped_without_a_trace(text: str) -> None:
    table = parse_mountinfo(text)
    assert len(table.by_path) <= len(lines(text))
    if not table.by_path:
        assert table.unreadable_lines == len(lines(text))


def test_mounts_of_this_machine_are_read_as_findmnt_reads_them() -> None:
    table = parse_mountinfo(Path('/proc/self/mountinfo').read_bytes().decode())
    found = subprocess.run(
        ['findmnt', '--list', '--json', '--output', 'TARGET'],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    mounted = json.loads(found.stdout)['filesystems']
    assert set(table.by_path) == {mount['target'] for mount in mounted}
    assert table.unreadable_lines == 0


@pytest.mark.parametrize('path', ['/a', '/etc/x', '/x/y'])
def test_the_mount_that_holds_a_path_is_the_nearest_above(path: str) -> None:
    table = parse_mountinfo(mountinfo('/dev/a / ext4 rw', '/dev/b /x ext4 rw'))
    assert table.holder(path).path == ('/x' if path.startswith('/x/') else '/')


PATHS = ['/', '/srv', '/srv/pg-data', '/srv/my data', '/.hidden/x', '/ünter/ω', '/a_b:c.d', '/x.y']


@pytest.mark.parametrize('path', PATHS)
def test_a_mount_unit_is_named_as_systemd_escape_names_it(path: str) -> None:
    asked = ['systemd-escape', '--path', path]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert unit_name(path) == found.stdout.strip()


def test_fstab_is_read_as_its_manual_says(tmp_path: Path) -> None:
    fstab = tmp_path / 'fstab'
    rows = ['# /dev/x /x ext4', '', ' UUID=1\t /a/  ext4 ro,nofail 0 2', '/swap none swap sw 0 0']
    rows += [
        '/dev/y /later xfs noauto',
        '/dev/z /wanted xfs noauto,x-systemd.automount',
        '/dev/z /short xfs',
        'nonsense',
        '/dev/q /u\u2028v xfs rw',
    ]
    fstab.write_text('\n'.join(rows))
    wanted = read_wanted(fstab, tmp_path)
    assert set(wanted.of_fstab) == {'/a', '/short', '/u\u2028v', '/wanted'}
    assert wanted.at('/a') == Wanted(str(fstab), ('ro', 'nofail'))
    assert [wanted.of_fstab[path].read_only for path in ('/a', '/short')] == [True, False]
    assert read_wanted(tmp_path / 'none').of_fstab == {}


@pytest.mark.parametrize(
    ('text', 'more', 'options'),
    [
        ('[Mount]\nWhere=/srv/v\n', '', ()),
        ('[Mount]\nOptions = ro,nofail\n', '', ('ro', 'nofail')),
        ('[Mount]\nOptions=ro\n', '[Mount]\nOptions=defaults\n', ('defaults',)),
    ],
)
def test_an_enabled_mount_unit_wants_its_mount_as_it_says(
    tmp_path: Path, text: str, more: str, options: tuple[str, ...]
) -> None:
    name = 'srv-v.mount'
    (tmp_path / name).write_text(text)
    (tmp_path / f'{name}.d').mkdir()
    (tmp_path / f'{name}.d' / 'more.conf').write_text(more)
    wanted = read_wanted(tmp_path / 'none', tmp_path)
    assert wanted.at('/srv/v') is None
    (tmp_path / 'local-fs.target.requires').mkdir()
    (tmp_path / 'local-fs.target.requires' / name).symlink_to(f'../{name}')
    assert wanted.at('/srv/v') == Wanted(name, options)
    assert (wanted.missing('/srv/v/data', '/'), wanted.missing('/srv', '/')) == (name, '')
