"""What a Pebble says of itself and its checks, and what is no answer of one."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from charm.sources.pebble import PebbleCheck, PebbleHealth
from charm.sources.pebble_sockets import find
from tests.support.checking import run, silent, trickling
from tests.support.pebble import Serve, answer, listening, pebble, raw

UP = {'name': 'http', 'level': 'ready', 'startup': 'enabled', 'status': 'up', 'threshold': 3}
FAILING = {**UP, 'name': 'db', 'failures': 2}
DOWN = {**UP, 'name': 'disk', 'level': 'alive', 'status': 'down', 'failures': 5}
STOPPED = {**UP, 'name': 'idle', 'status': 'inactive'}


def test_health_is_what_pebble_says_of_itself(tmp_path: Path) -> None:
    with listening(tmp_path / 's', pebble(UP, STOPPED)) as path:
        assert run(PebbleHealth(path)).health is Health.PASSED
    with listening(tmp_path / 't', pebble(UP, DOWN)) as path:
        verdict = run(PebbleHealth(path))
    assert (verdict.health, verdict.message) == (Health.FAIL, 'Pebble is not healthy: disk down')
    assert verdict.data == {'healthy': False, 'down': ['disk'], 'services': {}}


RUNNING = {'name': 'web', 'startup': 'enabled', 'current': 'active'}
TOOL = {'name': 'tool', 'startup': 'disabled', 'current': 'inactive'}
BACKOFF = {**RUNNING, 'name': 'grafana', 'current': 'backoff'}
BROKEN = {**RUNNING, 'name': 'db', 'current': 'error'}
NEVER = {**UP, 'successes': 0, 'failures': 0}
KNOWN_BY = {
    'an enabled service in backoff': ([], [RUNNING, BACKOFF], Health.FAIL, 'grafana is backoff'),
    'a broken one, whatever its checks say': ([UP], [BROKEN], Health.FAIL, 'db is error'),
    'both': ([DOWN], [BACKOFF], Health.FAIL, 'grafana is backoff, disk down'),
    'one that is not to run': ([], [RUNNING, TOOL], Health.PASSED, 'services that run: 1'),
    'no checks and no services': ([], [TOOL], Health.UNKNOWN, 'checks that ran: 0'),
    'a check that never ran': ([NEVER], [], Health.UNKNOWN, 'checks that ran: 0'),
    'one that did': ([{**NEVER, 'successes': 1}], [], Health.PASSED, 'checks that ran: 1'),
}


@pytest.mark.parametrize(
    ('checks', 'services', 'health', 'said'), list(KNOWN_BY.values()), ids=list(KNOWN_BY)
)
def test_that_it_is_healthy_counts_for_what_it_rests_on(
    tmp_path: Path, checks: Any, services: Any, health: Health, said: str
) -> None:
    with listening(tmp_path / 's', pebble(*checks, services=services)) as path:
        verdict = run(PebbleHealth(path))
    assert verdict.health is health
    assert said in verdict.message


def test_a_check_that_is_off_until_it_is_started_is_not_asked_for(tmp_path: Path) -> None:
    off = {**STOPPED, 'startup': 'disabled'}
    with listening(tmp_path / 's', pebble(UP, off)) as path:
        names = [spec.name for spec in find({}, path, tmp_path / 'none').specs]
    assert names == ['pebble', 'pebble-http']


@pytest.mark.parametrize(
    ('check', 'health', 'said'),
    [
        (UP, Health.PASSED, 'up'),
        (FAILING, Health.WARN, 'up, 2 of 3 failures'),
        (DOWN, Health.FAIL, 'down, 5 of 3 failures'),
        (STOPPED, Health.UNKNOWN, 'inactive: nobody looks'),
        ({**UP, 'status': 'dancing'}, Health.UNKNOWN, 'dancing'),
        (NEVER, Health.UNKNOWN, 'up, and has not run yet'),
    ],
)
def test_each_status_of_a_check_has_its_verdict(
    tmp_path: Path, check: dict[str, Any], health: Health, said: str
) -> None:
    with listening(tmp_path / 's', pebble(check, {**UP, 'name': 'other'})) as path:
        verdict = run(PebbleCheck(path, check['name']))
    assert (verdict.health, verdict.message) == (health, said)
    assert verdict.data['status'] == check['status']


def test_a_check_that_pebble_has_no_more_is_unknown(tmp_path: Path) -> None:
    gone = pytest.raises(CheckError, match="has no check 'gone' any more")
    with listening(tmp_path / 's', pebble(UP)) as path, gone:
        run(PebbleCheck(path, 'gone'))


@pytest.mark.parametrize(
    ('serve', 'said'),
    [
        (silent, 'did not end in time|timed out'),
        (trickling(b'HTTP/1.1 200 OK\r\nX: '), 'did not end in time|timed out'),
        (raw(b''), 'cannot ask Pebble'),
        (raw(b'hello\r\n\r\n'), 'cannot ask Pebble'),
        (raw(answer(b'hello')), 'not JSON'),
        (raw(answer(b'[' * 100 + b']' * 100)), 'not JSON'),
        (raw(answer([])), 'not as Pebble does'),
        (raw(answer({'type': 'sync', 'result': {}})), 'without `healthy`'),
        (raw(answer({'type': 'sync', 'result': {'healthy': 'yes'}})), 'without `healthy`'),
        (raw(answer({'type': 'error', 'result': {'message': 'no'}})), 'Pebble refuses: no'),
        (raw(answer(b'x' * 1_200_000)), 'more than'),
    ],
    ids=['silent', 'drip', 'empty', 'noise', 'text', 'deep', 'list', 'bare', 'word', 'no', 'big'],
)
def test_what_is_no_answer_of_pebble_is_unknown(tmp_path: Path, serve: Serve, said: str) -> None:
    with listening(tmp_path / 's', serve) as path, pytest.raises(CheckError) as caught:
        PebbleHealth(path).run(Deadline.after(0.5))
    assert any(words in str(caught.value) for words in said.split('|')), caught.value


def test_a_socket_that_nobody_serves_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='cannot ask Pebble at'):
        run(PebbleHealth(tmp_path / 'none'))


def test_all_are_found_with_their_checks(tmp_path: Path) -> None:
    containers = tmp_path / 'c'
    own = tmp_path / 'default' / 's'
    with contextlib.ExitStack() as stack:
        for path, serve in (
            (own, pebble(UP)),
            (containers / 'web' / 'pebble.socket', pebble({**UP, 'name': 'Front End'})),
            (containers / 'db' / 'pebble.socket', raw(b'')),
        ):
            stack.enter_context(listening(path, serve))
        found = find({}, own, containers)
    assert [spec.name for spec in found.specs] == [
        'pebble',
        'pebble-http',
        'pebble-db',
        'pebble-web',
        'pebble-web-front-end',
    ]
    assert found.faults == ()


def test_the_environment_says_where_pebble_is(tmp_path: Path) -> None:
    none = tmp_path / 'none'
    with listening(tmp_path / '.pebble.socket', pebble()) as path:
        for environment in ({'PEBBLE_SOCKET': str(path)}, {'PEBBLE': str(tmp_path)}):
            found = find(environment, none, none)
            assert [spec.source for spec in found.specs] == [str(path)]
    (tmp_path / 'file').write_text('')
    assert find({'PEBBLE_SOCKET': str(tmp_path / 'file')}, none, none).specs == ()
