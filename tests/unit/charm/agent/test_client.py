"""What the client makes of an agent that answers before it has read all, or not at all."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from charm.agent.serve.client import AgentError, AgentReply, ask
from charm.kernel.deadline import Deadline
from tests.support.patience import PATIENCE

BODY = {'checks': ['x' * 1000] * 1000}
REFUSAL = b'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nbusy'


def answered(tmp_path: Path, *said: bytes) -> AgentReply:
    """Return what the client is told by an agent that reads nothing of what it is asked."""
    place = tmp_path / 'agent.sock'

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            for piece in said:
                connection.sendall(piece)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            return ask(str(place), 'POST', '/v1/run', BODY, Deadline.after(PATIENCE))
        finally:
            thread.join()


def test_a_refusal_counts_though_nothing_was_read(tmp_path: Path) -> None:
    assert answered(tmp_path, REFUSAL) == AgentReply(429, b'busy')


def test_an_answer_may_come_in_pieces(tmp_path: Path) -> None:
    pieces = [REFUSAL[at : at + 7] for at in range(0, len(REFUSAL), 7)]
    assert answered(tmp_path, *pieces).body == b'busy'


@pytest.mark.parametrize('said', [b'', b'HTTP/1.1 200 OK\r\n', REFUSAL[:-1], b'nonsense\r\n\r\n'])
def test_half_an_answer_is_none(tmp_path: Path, said: bytes) -> None:
    with pytest.raises(AgentError, match='cannot ask the agent'):
        answered(tmp_path, said)
