"""A hook cut off at any change to the machine's files, and the next one that makes it good."""

from __future__ import annotations

import errno
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cut_off import Cut, Killed
from tests.support.local_unit import LocalUnit

CHECKS = 'checks:\n  web: {kind: tcp, port: 80}\n'
pytestmark = pytest.mark.timeout(600)


def after(
    event: str, root: Path, number: int, how: BaseException
) -> tuple[dict[str, str], int, LocalUnit]:
    """Return what is there after a hook was cut off there, and then was not."""
    unit = LocalUnit(root)
    unit.configure(checks=CHECKS)
    unit.relate('local-monitors:1', 'mysql', {'mysql/0': {'monitors': 'monitors: {}'}})
    if event != 'install':
        unit.hook('install')
        unit.configure(checks='', log_files=7)
        (unit.charm / 'charm' / '__init__.py').write_text("__version__ = '9'\n")
    with Cut(root, number, how) as cut, suppress(Killed):
        unit.hook(event)
    unit.leave(well=False)
    assert unit.hook(event) == 0
    return unit.tree(), cut.count, unit


@pytest.mark.parametrize('event', ['install', 'upgrade-charm', 'remove'])
@pytest.mark.parametrize('how', [Killed(), OSError(errno.ENOSPC, 'No space left on device')])
def test_a_hook_cut_off_at_any_change_is_made_good_by_the_next(
    event: str, how: BaseException, tmp_path: Path
) -> None:
    wanted, changes, whole = after(event, tmp_path / 'whole', 0, how)
    assert changes > 4
    assert whole.systemd.active is (event != 'remove')
    for number in range(1, changes + 1):
        got, _changes, unit = after(event, tmp_path / f'cut-{number}', number, how)
        left = {path for path in got if '/.' in path}
        if event == 'remove':
            assert left == set(), number
        assert {path: got[path] for path in got if path not in left} == wanted, number
        assert unit.systemd.active is whole.systemd.active, number
        # The agent runs what is there now.
        assert 'start' in unit.systemd.done, number
        assert unit.hook('remove') == 0
        assert unit.tree() == {}, number
        shutil.rmtree(tmp_path / f'cut-{number}')
