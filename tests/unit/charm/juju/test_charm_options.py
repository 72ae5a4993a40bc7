"""Options that cannot be used are said by name, key and reason."""

from __future__ import annotations

from typing import Any

import pytest

from charm.juju.charm_options import MARK, read_options

GOOD: dict[str, Any] = {
    'agent': True,
    'checks': '',
    'rollup': '',
    'check-interval': 60,
    'report-interval': 60,
    'log-file-megabytes': 10,
    'log-files': 5,
}


def test_the_defaults_become_the_agents_file_and_no_checks() -> None:
    wanted = read_options(GOOD, 'web')
    assert wanted.faults == ()
    assert wanted.checks == b''
    assert wanted.rollup == b''
    assert wanted.agent_config == (
        f'{MARK}\ninterval: 60\nreport: 60\nlog_bytes: 10485760\nlog_files: 5\n'.encode()
    )


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'checks': 'checks: [1]'}, 'checks: it is not a mapping of names to checks'),
        ({'checks': 'cheks: {}'}, "cheks: no such key; did you mean 'checks'?"),
        ({'checks': 'disk'}, 'it is not a mapping with the key `checks`'),
        ({'checks': 'checks:\n\tdisk: {}'}, 'line 2: a tab; use spaces'),
        (
            {'checks': 'checks: {a: {kind: tpc}}'},
            "checks.a.kind: 'tpc' is not a kind; did you mean 'tcp'?",
        ),
        ({'checks': 'checks: {a: {kind: tcp, prot: 1}}'}, 'checks.a.prot: '),
        ({'rollup': '[1]'}, 'it is neither a rule, such as `at-least 2`, nor a mapping'),
        ({'rollup': 'count: 2'}, 'it is neither a rule, such as `at-least 2`, nor a mapping'),
        ({'log-files': 1}, 'cannot use the option `log-files`: 1 is not a number from 2 to 1000'),
        ({'check-interval': 0}, 'cannot use the option `check-interval`: 0 is not a number from'),
        ({'log-file-megabytes': 0}, 'cannot use the option `log-file-megabytes`: '),
    ],
)
def test_a_mistake_is_said_where_it_is(options: dict[str, Any], said: str) -> None:
    wanted = read_options({**GOOD, **options}, 'web')
    (fault,) = wanted.faults
    assert said in str(fault)
    assert str(fault).startswith('cannot use the option `')
    # What the last good value became stays, and the other option is none the worse.
    read = {'checks': wanted.checks, 'rollup': wanted.rollup, 'agent': wanted.agent_config}
    (option,) = options
    spoilt = option if option in read else 'agent'
    assert [name for name, content in read.items() if content is None] == [spoilt]
