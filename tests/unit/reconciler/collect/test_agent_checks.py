"""A unit's own checks, by what was seen of all that are on its machine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import CheckResult, Health
from reconciler.collect.agent_checks import checks_of
from reconciler.juju.ceiling_table import LONG_SECONDS
from reconciler.values.model import Unit

WELL = {'answers': True, 'uniter': 'started', 'error': None, 'holds': None, 'waits': None}
LONG = {'doing': 'uniter (run start hook)', 'seconds': LONG_SECONDS}
SHORT = {**LONG, 'seconds': LONG_SECONDS - 1}


def seen(
    agents: Any = None,
    running: Any = (),
    silent: Any = (),
    health: Health = Health.PASSED,
    answering: Any = (80, 443),
) -> dict[str, CheckResult]:
    told = {
        'agents': {'agents': {'unit-db-0': WELL} if agents is None else agents},
        'hooks': {'running': running if not isinstance(running, tuple) else list(running)},
        'listening': {
            'silent': silent if not isinstance(silent, tuple) else list(silent),
            'answering': answering if not isinstance(answering, tuple) else list(answering),
        },
    }
    return {
        name: CheckResult(name, health, message=f'no {name}', data=data)
        for name, data in told.items()
    }


def check(name: str, found: dict[str, CheckResult], *ports: str) -> tuple[Health, str]:
    unit = Unit('db/0', 'db', '3', open_ports=ports)
    named = {one.name: one for one in checks_of(unit, found, 'on machine 3')}
    return named[name].health, named[name].message


def test_an_agent_that_listens_runs() -> None:
    assert check('agent', seen()) == (Health.PASSED, 'its agent runs')
    unasked = {'unit-db-0': {**WELL, 'answers': None, 'uniter': None}}
    assert check('agent', seen(unasked)) == (Health.PASSED, 'its agent runs')


def test_one_that_was_not_seen_is_no_evidence() -> None:
    others = {'unit-db-1': WELL, 'machine-3': WELL}
    assert check('agent', seen(others)) == (
        Health.UNKNOWN,
        'its agent was not seen running on machine 3',
    )


def test_one_that_does_not_answer_or_runs_no_hooks_is_a_warning() -> None:
    deaf = {'unit-db-0': {**WELL, 'answers': False}}
    assert check('agent', seen(deaf)) == (Health.WARN, 'its agent listens, and does not answer')
    ill = {'unit-db-0': {**WELL, 'uniter': 'stopped', 'error': 'dependency not available'}}
    assert check('agent', seen(ill)) == (
        Health.WARN,
        'its agent runs no hooks: stopped: dependency not available',
    )
    without = {'unit-db-0': {**WELL, 'uniter': 'missing'}}
    assert check('agent', seen(without))[0] is Health.WARN


def test_where_nobody_could_look_the_reason_is_told() -> None:
    assert check('agent', seen(health=Health.UNKNOWN)) == (Health.UNKNOWN, 'no agents')
    assert check('agent', {}) == (Health.UNKNOWN, 'nobody looked for its agent')


HANGING = {
    'its own, by the lock': (
        {'unit-db-0': {**WELL, 'holds': LONG}},
        [],
        'its agent has held the lock of its machine for 1h: uniter (run start hook)',
    ),
    'one it waits for': (
        {'unit-db-0': {**WELL, 'waits': LONG}, 'unit-my-app-12': {**WELL, 'holds': LONG}},
        [],
        'its agent has waited for the lock of its machine for 1h, which my-app/12 holds: uniter '
        '(run start hook)',
    ),
    'one of the machine itself': (
        {'unit-db-0': {**WELL, 'waits': LONG}, 'machine-3': {**WELL, 'holds': LONG}},
        [],
        'its agent has waited for the lock of its machine for 1h, which machine-3 holds: uniter '
        '(run start hook)',
    ),
    'its own, by the process': (
        None,
        [{'agent': 'unit-db-0', 'hook': 'start', 'seconds': LONG_SECONDS}],
        'its start has been running for 1h',
    ),
    'somebody’s, as far as it can be seen': (
        None,
        [{'agent': '', 'hook': '', 'seconds': LONG_SECONDS}],
        'a hook has been running for 1h on machine 3',
    ),
}
FINE = {
    'short': ({'unit-db-0': {**WELL, 'holds': SHORT, 'waits': SHORT}}, []),
    'another’s': ({'unit-db-0': WELL, 'unit-x-0': {**WELL, 'holds': LONG}}, []),
    'another’s process': (None, [{'agent': 'unit-x-0', 'hook': 'start', 'seconds': 9e9}]),
    'somebody’s, where the lock tells whose': (
        {'unit-db-0': WELL, 'unit-x-0': {**WELL, 'holds': LONG}},
        [{'agent': '', 'hook': '', 'seconds': LONG_SECONDS}],
    ),
}


@pytest.mark.parametrize(
    ('agents', 'running', 'message'), list(HANGING.values()), ids=list(HANGING)
)
def test_a_hook_that_hangs_is_told(agents: Any, running: Any, message: str) -> None:
    assert check('hook', seen(agents, running)) == (Health.WARN, message)


@pytest.mark.parametrize(('agents', 'running'), list(FINE.values()), ids=list(FINE))
def test_no_other_hook_is(agents: Any, running: Any) -> None:
    assert check('hook', seen(agents, running)) == (Health.PASSED, 'no hook of it runs for long')


def test_ports_that_it_opened_and_on_which_nobody_answers_are_told() -> None:
    ports = ('80/tcp', '443/tcp', '8000-8010/tcp', '53/udp', 'icmp')
    assert check('open-ports', seen(silent=[80, 8001, 53]), *ports) == (
        Health.WARN,
        'nobody answers on 80/tcp, which it opened',
    )
    assert check('open-ports', seen(silent=[8001, 53]), *ports) == (
        Health.PASSED,
        'somebody answers on 80/tcp, 443/tcp',
    )


def test_of_ports_that_nobody_was_asked_about_nothing_is_said() -> None:
    unit = Unit('db/0', 'db', '3', open_ports=('80/tcp', '9000/tcp'))
    (told,) = (one for one in checks_of(unit, seen(), '') if one.name == 'open-ports')
    assert told.message == 'somebody answers on 80/tcp'
    for answering in ((), None, 'x'):
        names = [one.name for one in checks_of(unit, seen(answering=answering), '')]
        assert names == ['agent', 'hook']


def test_what_could_not_be_seen_is_no_check() -> None:
    unit = Unit('db/0', 'db', '3', open_ports=('80/tcp',))
    nothing = seen(health=Health.UNKNOWN)
    assert [one.name for one in checks_of(unit, nothing, 'there')] == ['agent']
    assert [one.name for one in checks_of(Unit('db/0', 'db'), seen(), '')] == ['agent', 'hook']


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
HOSTILE = st.dictionaries(st.sampled_from([*WELL, 'seconds', 'agent', 'hook']), JSON)


@given(JSON | st.dictionaries(st.just('unit-db-0'), HOSTILE), JSON | st.lists(HOSTILE), JSON)
def test_whatever_a_far_side_says_it_cannot_break_us(
    agents: Any, running: Any, silent: Any
) -> None:
    unit = Unit('db/0', 'db', '3', open_ports=('80/tcp',))
    found = checks_of(unit, seen(agents, running, silent), 'there')
    assert [one.name for one in found][:2] == ['agent', 'hook']
    assert all('\n' not in one.message for one in found)
