"""The laws of recorded states: entering, leaving, and which service counts for its unit."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import StateName
from charm.kernel.safe_text import clean
from charm.reporting.state_record import Moment, Record, decode, encode, enter, furthest
from tests.support.clocks import START

LASTING = [name for name in StateName if name is not StateName.UNKNOWN]


def test_a_kernel_without_a_boot_id_is_never_taken_for_the_same_boot(tmp_path: Path) -> None:
    assert Moment.now(tmp_path / 'none').boot_id == ''
    first = Moment(START, '', 5.0)
    assert first.seconds_until(Moment(START + timedelta(seconds=7), '', 900.0)) == 7.0


STEPS = st.lists(st.tuples(st.sampled_from(LASTING), st.booleans()), max_size=12)


def play(steps: list[tuple[StateName, bool]]) -> Record | None:
    record = None
    for index, (name, passing) in enumerate(steps):
        moment = Moment(START + timedelta(seconds=index), 'boot', float(index))
        record = enter(record, Record(name, moment), passing)
    return record


@given(STEPS, st.sampled_from(LASTING), st.booleans())
def test_entering_a_state_twice_is_entering_it_once(
    steps: list[tuple[StateName, bool]], name: StateName, passing: bool
) -> None:
    once = play([*steps, (name, passing)])
    again = play([*steps, (name, passing), (name, passing)])
    assert once is not None
    assert again is not None
    assert (again.name, again.began) == (once.name, once.began)


@given(STEPS, st.sampled_from(LASTING))
def test_whatever_passes_leaves_the_lasting_state_as_it_was(
    passing: list[tuple[StateName, bool]], name: StateName
) -> None:
    steps = [(name, False), *((other, True) for other, _ in passing), (name, False)]
    record = play(steps)
    assert record is not None
    assert record.began.wall == START


@given(STEPS)
def test_a_service_was_up_once_it_was(steps: list[tuple[StateName, bool]]) -> None:
    record = play(steps)
    expected = any(name is StateName.UP for name, _ in steps)
    assert (record is not None and record.ever_up) == expected


@given(st.dictionaries(st.text(st.characters(exclude_categories=['Cs'])), STEPS, max_size=3))
def test_reading_undoes_writing(played: dict[str, list[tuple[StateName, bool]]]) -> None:
    records = {name: record for name, steps in played.items() if (record := play(steps))}
    services = {name: encode(record) for name, record in records.items()}
    document = {'schema': 1, 'unit': 'web/0', 'services': services}
    assert decode(json.loads(json.dumps(document))) == records


@pytest.mark.parametrize('path', ['services.web.since', 'services.web.beneath.since'])
def test_a_time_that_is_missing_is_named_with_its_path(path: str) -> None:
    passing = Record(StateName.CHURNING, Moment(START, 'boot', 1.0))
    beneath = enter(None, Record(StateName.UP, Moment(START, 'boot', 0.0)))
    document = {'schema': 1, 'services': {'web': encode(enter(beneath, passing, passing=True))}}
    decode(document)
    place: Any = document
    *within, last = path.split('.')
    for key in within:
        place = place[key]
    del place[last]
    with pytest.raises(ReportError, match=re.escape(path)):
        decode(document)


def test_every_state_has_its_own_distance_from_up() -> None:
    assert StateName.UP.distance == 0
    assert {name.distance for name in StateName} == set(range(len(StateName)))


@given(st.dictionaries(st.sampled_from('abc'), st.sampled_from(list(StateName)), min_size=1))
def test_no_service_is_further_from_up_than_its_unit(names: dict[str, StateName]) -> None:
    now = Moment(START, 'boot', 1.0)
    whole = furthest({service: Record(name, now) for service, name in names.items()}, now)
    assert whole is not None
    assert whole.name.distance == max(name.distance for name in names.values())


@given(st.text())
def test_any_message_can_be_reported(message: str) -> None:
    line = clean(message)
    state = Record(StateName.ERROR, Moment(START, '', 0.0), line).state(Moment(START, '', 0.0))
    report = report_json.decode(
        report_json.encode(make_report('web', 'web/0', (), state=state)).encode()
    )
    assert report.state == state
    assert line == clean(line)
    assert '\n' not in line
