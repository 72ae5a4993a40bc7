"""Rules of other packages are held to the laws of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from charm.kernel.report import Health
from reconciler.rollups import RollupError, RollupResult, Verdict, Vote, custom, read_rule

P, U, F = Health.PASSED, Health.UNKNOWN, Health.FAIL


def fewest_fails(votes: Sequence[Vote], options: Mapping[str, Any]) -> RollupResult:
    if options.get('break'):
        raise KeyError('on purpose')
    failed = sum(vote.health is F for vote in votes)
    return Verdict(F if failed > options['most'] else P, f'{failed} failed')


def no_verdict(votes: Sequence[Vote], options: Mapping[str, Any]) -> str:
    return 'passed'


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with three rules, one of which cannot be imported."""
    points = [
        EntryPoint('fewest-fails', f'{__name__}:fewest_fails', custom.GROUP),
        EntryPoint('no-verdict', f'{__name__}:no_verdict', custom.GROUP),
        EntryPoint('lost', 'tests.unit.no_such_module:rule', custom.GROUP),
    ]
    monkeypatch.setattr(
        'importlib.metadata.entry_points',
        lambda group, **only: [p for p in points if p.matches(**only)],
    )
    custom.names.cache_clear()
    monkeypatch.setattr(custom, 'names', lambda: tuple(point.name for point in points))


@pytest.mark.usefixtures('installed')
def test_a_rule_of_another_package_judges_and_what_it_breaks_is_said() -> None:
    rule = read_rule({'rule': 'fewest-fails', 'most': 1}, allow_custom=True)
    assert rule.judge([Vote('a/0', F), Vote('a/1', P)]) == RollupResult(P, '1 failed')
    told = '0 failed; but no member is better than unknown'
    assert rule.judge([Vote('a/0', U)]) == RollupResult(U, told)
    assert rule.judge([]).health is U
    assert (rule.words, rule.document['most']) == ('fewest-fails most=1', 1)
    broken = read_rule({'rule': 'fewest-fails', 'break': True}, allow_custom=True)
    verdict = broken.judge([Vote('a/0', P)])
    assert verdict.health is U
    assert verdict.because == "the rule fewest-fails broke: KeyError: 'on purpose'"
    amiss = read_rule('no-verdict', allow_custom=True).judge([Vote('a/0', P)])
    assert amiss == RollupResult(U, 'the rule no-verdict returned str, no verdict')


@pytest.mark.usefixtures('installed')
def test_only_the_operator_may_name_a_rule_of_another_package() -> None:
    with pytest.raises(RollupError, match="'fewest-fails' is not a rule"):
        read_rule('fewest-fails')
    with pytest.raises(RollupError, match="cannot load 'lost'"):
        read_rule('lost', allow_custom=True)
