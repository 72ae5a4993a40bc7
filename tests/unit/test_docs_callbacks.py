"""The file of callbacks in the documentation is one, and does what is said of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from charm.checks.settling_rule import SettlingRule
from charm.kernel.deadline import Deadline
from charm.reporting import plan
from charm.sources import callback_loading
from charm.sources.found import FoundChecks
from tests.support.called_apart import hook
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS

SECTION = re.search(
    r'^## Files of callbacks\n(.*?)^## ', (DOCS / 'checks.md').read_text(), re.M | re.S
)
assert SECTION
(EXAMPLE,) = re.findall(r'```python\n(.*?)```', SECTION[1], re.DOTALL)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'callbacks.d'
    made.mkdir()
    (made / 'site.py').write_text(EXAMPLE)
    return made


def planned(directory: Path, unit: str) -> plan.Plan:
    return plan.make_plan(
        unit,
        unit,
        directory=directory / 'none',
        plug_ins=directory,
        find=lambda _unit, _reporter: FoundChecks(),
        deadline=Deadline.after(PATIENCE),
    )


def test_the_example_runs_on_the_units_that_it_says(directory: Path) -> None:
    web, mail = planned(directory, 'web/0'), planned(directory, 'mail-in/0')
    assert web.faults == mail.faults == ()
    assert set(mail.names) - set(web.names) == {'spool-length'}
    assert 'in_rotation' in web.names
    assert mail.settling == {'spool-length': SettlingRule(fail_after=3)}


def test_the_hook_runs_the_example(directory: Path) -> None:
    checks = {check['name']: check for check in hook(directory, '--unit', 'mail-in/0')['checks']}
    assert checks['in_rotation']['health'] == 'passed'
    assert checks['in_rotation']['message'] == 'mail-in takes requests'
    assert checks['spool-length']['health'] == 'unknown'
    assert 'FileNotFoundError' in checks['spool-length']['message']


@pytest.mark.parametrize(('given', 'patterns'), [('[in_rotation]', ['*']), ('spool', ['*'])])
def test_a_table_may_be_a_list_or_a_function_for_every_unit(
    directory: Path, given: str, patterns: list[str]
) -> None:
    (directory / 'site.py').write_text(f'{EXAMPLE}\nCALLBACKS = {given}\n')
    table, faults = callback_loading.load(directory, Deadline.after(PATIENCE))
    assert (list(table), faults) == (patterns, ())


@pytest.mark.parametrize('mode', [0o664, 0o646])
def test_who_else_may_write_it_has_it_refused(directory: Path, mode: int) -> None:
    (directory / 'site.py').chmod(mode)
    (fault,) = planned(directory, 'web/0').faults
    assert 'others may write it' in fault.reason


def test_the_time_that_a_file_has_to_be_read_is_documented() -> None:
    assert SECTION is not None
    assert f'**{callback_loading.READ_SECONDS:g} s to be read**' in SECTION[1]
