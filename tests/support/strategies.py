"""Hypothesis strategies for reports and what is in them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from hypothesis import strategies as st

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report, Reporter, State, StateName
from reconciler.values.node import Node, NodeKind

HEALTHS = st.sampled_from(list(Health))
RATIOS = st.none() | st.floats(0, 1)
SECONDS = st.none() | st.floats(0, 1e9)
TEXTS = st.text(st.characters(exclude_categories=['Cs']), max_size=60)
NAMES = st.text('abcdefghijklmnopqrstuvwxyz0123456789-', min_size=1, max_size=20)
# Services have a plain name; only what is no service may be called anything.
HOSTILE_NAMES = TEXTS.filter(bool) | st.sampled_from(
    ['a+b', 'saas', 'saas x', 'machine 3', 'circle a+b', 'p/machine 3', 'collector', '/', 'x\ny ']
)
NODES = (
    st.builds(Node, st.just(NodeKind.SERVICE), NAMES | st.sampled_from(['a+b', 'saas', 'p/x']))
    | st.builds(
        Node,
        st.sampled_from([NodeKind.SAAS, NodeKind.MACHINE, NodeKind.CONTROLLER]),
        HOSTILE_NAMES,
    )
    | st.builds(Node.circle, st.lists(NAMES, min_size=1, max_size=3))
    | st.just(Node(NodeKind.COLLECTOR))
)
TIMES = st.none() | st.datetimes(
    # Hypothesis wants the bounds naive; the zone is its own argument.
    datetime(2000, 1, 1),  # noqa: DTZ001
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(timezone.utc),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
DATA = st.dictionaries(TEXTS, JSON_VALUES, max_size=3)
CHECKS = st.builds(
    CheckResult,
    name=NAMES,
    health=HEALTHS,
    qos=RATIOS,
    message=TEXTS,
    data=DATA,
    at=TIMES,
    duration=SECONDS,
)
BLOCKERS = st.lists(NAMES, max_size=3, unique=True).map(lambda names: tuple(sorted(names)))
STATES = st.builds(
    State,
    name=st.sampled_from(list(StateName)),
    duration=SECONDS,
    since=TIMES,
    message=TEXTS,
    blockers=BLOCKERS,
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Draw a report that the unit side could have made."""
    return make_report(
        draw(NAMES),
        draw(NAMES),
        draw(st.lists(CHECKS, max_size=4)),
        state=draw(st.none() | STATES),
        rollup=draw(DATA),
        requires=draw(BLOCKERS),
        provides=draw(BLOCKERS),
        reporter=draw(st.none() | st.builds(Reporter, unit=NAMES, version=NAMES)),
        boot_id=draw(TEXTS),
        sequence=draw(st.none() | st.integers(0, 2**63 - 1)),
        reported_at=draw(TIMES),
    )
