"""Where a client finds the agent is where the agent's own reader says that it listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.agent import config
from charm.agent.socket_path import AGENT_YAML, COUNTS, SECONDS, SOCKET, plain_socket
from charm.kernel.errors import DefinitionError
from charm.kernel.paths import HERE

KEYS = st.sampled_from([*COUNTS, *SECONDS, 'socket', 'socket_group', 'log', 'sokcet', 'intervals'])
VALUES = st.one_of(
    st.integers(-1, 2**41).map(str),
    st.sampled_from(['/run/a.sock', '/run/a b', '"/x"', '0644', '1e3', '٣', '', '/']),
    st.text(st.sampled_from('/ab.-_ #:\'"0'), max_size=8),
)
LINES = st.one_of(
    st.builds('{}: {}'.format, KEYS, VALUES),
    st.sampled_from(['', '# a comment', '---', '  indented: 1', 'word', '{}', '[]']),
)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_it_knows_the_paths_of_the_house() -> None:
    assert str(HERE.agent_config) == AGENT_YAML
    assert str(config.Config().socket) == SOCKET


def test_what_the_charm_writes_is_plain(tmp_path: Path) -> None:
    text = '# Ours.\ninterval: 60\nlog_bytes: 10485760\nsocket: /run/x/agent.sock\n'
    assert plain_socket(write(tmp_path / 'agent.yaml', text)) == '/run/x/agent.sock'
    assert plain_socket(write(tmp_path / 'agent.yaml', 'report: 5\n')) == SOCKET


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=4).map('\n'.join))
def test_it_agrees_with_the_reader_of_it_all_or_leaves_it_to_that(
    tmp_path: Path, text: str
) -> None:
    path = write(tmp_path / 'agent.yaml', text)
    found = plain_socket(path)
    if found is not None:
        assert str(config.load(Path(path)).socket) == found


def test_a_file_that_others_may_write_is_refused_in_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / 'agent.yaml'
    path.write_text('interval: 5\n')
    path.chmod(0o666)
    said = []
    for read in (lambda: plain_socket(str(path)), lambda: config.load(path)):
        with pytest.raises(DefinitionError) as caught:
            read()
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_another_file_that_is_absent_is_left_to_the_reader(tmp_path: Path) -> None:
    assert plain_socket(str(tmp_path / 'none')) is None


@pytest.mark.parametrize('comment', [b'# caf\xe9', b'# caf\xc3\xa9', b'# a\rb', b'# a\0b'])
def test_what_may_be_no_text_is_left_to_who_reads_all(tmp_path: Path, comment: bytes) -> None:
    path = tmp_path / 'agent.yaml'
    path.write_bytes(comment + b'\nsocket: /run/x/agent.sock\n')
    path.chmod(0o600)
    assert plain_socket(str(path)) is None
