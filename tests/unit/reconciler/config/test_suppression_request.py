"""What operators write of outages and troubles: each target gets its entry, or none gets one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.suppression_request import SuppressionRequest, model_name
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE
from reconciler.juju.command import Juju
from reconciler.values.errors import UsageError

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
LONGEST = timedelta(days=3660)


def request(*targets: str, kind: str = MAINTENANCE, lasts: float = 60.0) -> SuppressionRequest:
    return SuppressionRequest(kind, targets, 'a disk is changed', 'ann', lasts_seconds=lasts)


def test_each_target_has_its_entry_with_its_check() -> None:
    web, disk = request('web', 'machine 0:disk').entries(NOW)
    assert (web.target, web.check) == ('web', '')
    assert (disk.target, disk.check) == ('machine 0', 'disk')
    assert web.until == disk.until == NOW + timedelta(minutes=1)
    assert web.state(NOW) == 'active'
    assert web.state(web.until) == 'ended'


@given(st.floats(0, 1e12))
def test_what_is_taken_ends_later_than_now_and_within_ten_years(lasts: float) -> None:
    try:
        (entry,) = request('web', lasts=lasts).entries(NOW)
    except UsageError:
        assert lasts < 1e-6 or timedelta(seconds=lasts) > LONGEST
    else:
        assert NOW < entry.until <= NOW + LONGEST


@pytest.mark.parametrize('spoilt', ['a b', '../a', 'x' * 501, ''])
def test_one_target_that_cannot_be_meant_refuses_them_all(spoilt: str) -> None:
    with pytest.raises(UsageError, match='cannot use'):
        request('web', spoilt).entries(NOW)


def test_a_trouble_is_known_by_its_check_alone() -> None:
    with pytest.raises(UsageError, match="'web' as a whole"):
        request('db:disk', 'web', kind=ACKNOWLEDGED).entries(NOW)
    assert len(request('db:disk', 'web:*', kind=ACKNOWLEDGED).entries(NOW)) == 2


@pytest.mark.parametrize(
    ('written', 'known'),
    [('prod', 'prod'), ('lab:prod', 'lab:prod'), ('lab:ann/prod', 'lab:prod'), ('ann/p', 'p')],
)
def test_a_model_goes_by_the_name_that_a_sweep_knows(written: str, known: str) -> None:
    assert model_name(written, Juju('/nonexistent/juju')) == known


def test_without_a_model_and_without_juju_none_is_meant() -> None:
    with pytest.raises(UsageError, match='cannot tell which model is meant'):
        model_name('', Juju('/nonexistent/juju'))
