"""The text of a relation is read whichever of three ways a charm has written it."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.sources.monitors.text import parse

# charm-nrpe's README, "Monitors yaml".
README = """\
version: '0.3'
monitors:
  local:
    procrunning:
      nagios3: {min: 1, max: 1, executable: nagios3}
    processcount:
      procs: {min: 1, max: 400}
    disk:
      root: {path: /srv}
    custom:
      x: {check: check_foo, plugin_path: /a/b, desc: words, params: "-w 1 'a b'"}
  remote:
    http:
      nagios: {port: 80, path: /nagios3/, status: 'HTTP/1.1 401', host: www.x}
    tcp:
      ssh: {port: 22, string: 'SSH.*', warning: 2, critical: 10, timeout: 12}
    mysql:
      basic: {username: monitors, password: geheim}
    nrpe:
      apache2: {command: check_apache2}
"""


def test_the_three_ways_in_which_charms_write_it_read_the_same() -> None:
    document = yaml.safe_load(README)
    expected = parse(README).monitors
    assert parse(json.dumps(document)).monitors == expected
    assert parse(repr(document)).monitors == expected
    assert parse(yaml.safe_dump(document)).monitors == expected
    assert (
        parse(yaml.safe_dump(document, default_flow_style=True, width=10**6)).monitors == expected
    )


def test_before_a_charm_has_said_anything_there_is_nothing() -> None:
    for text in ('', ' \n', '{}', 'monitors: {}', "version: '0.3'", 'monitors:\n'):
        assert parse(text).monitors == {}


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_monitors_or_a_clear_refusal(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse(text).monitors, dict)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('- a', 'not a mapping'),
        ('{1: 2', 'neither JSON'),
        ("{'a': print('x'), 'b'}", 'neither JSON'),
        ('{"monitors": 7}', 'not a mapping with the parts'),
        ('a: &x 1', 'line 1: anchors are not read'),
        ('{' * 1000, 'nested deeper'),
        ("{'a':" + '-' * 60_000 + '1}', 'neither JSON'),
        ('x' * 70_000, 'the limit is 65536'),
    ],
)
def test_what_is_none_of_them_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


def test_nothing_in_it_is_ever_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse("{'local': print('ran')}").monitors == {'local': "print('ran')"}
    assert capsys.readouterr().out == ''
