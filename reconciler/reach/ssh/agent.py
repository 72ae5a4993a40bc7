"""The ssh agent: one connection to it, and the keys that it has."""

from __future__ import annotations

import socket
from typing import Any

import paramiko
from paramiko.agent import AgentKey, AgentSSH
from paramiko.message import Message

# draft-miller-ssh-agent, section 5.1.
_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = b'\x0b', 12
# None takes longer to tell what it has; to sign may take a touch of the operator's.
_SECONDS = 10.0


class Agent(AgentSSH):
    """An agent at a socket; one without any keys where nobody listens there.

    paramiko's own goes by $SSH_AUTH_SOCK alone, and one key that it cannot read costs it all.
    """

    def __init__(self, path: str) -> None:
        """Ask for its keys; `fault` says why there are none, where it does not tell them."""
        super().__init__()
        self.keys: list[_Key] = []
        self.fault = ''
        self._conn: socket.socket | None = _connected(path)
        if self._conn is None:
            return
        try:
            self._ask()
        except (paramiko.SSHException, OSError, TypeError) as error:
            self.close()
            # As ssh does, we go on with files; it matters only where none of them is accepted.
            self.keys = []
            self.fault = f'cannot use the ssh agent at {path}: {error}'

    def _ask(self) -> None:
        kind, answer = self._send_message(_REQUEST_IDENTITIES)  # type: ignore[attr-defined]
        if kind != _IDENTITIES_ANSWER:
            raise paramiko.SSHException('it does not tell its keys')
        for _ in range(answer.get_int()):
            blob, _comment = answer.get_binary(), answer.get_binary()
            self.keys.append(_Key(self, blob))
        if self._conn is not None:
            self._conn.settimeout(None)

    def close(self) -> None:
        """End the connection; nothing happens the second time."""
        self._close()  # type: ignore[attr-defined]


def _connected(path: str) -> socket.socket | None:
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        conn.settimeout(_SECONDS)
        conn.connect(path)
    except (OSError, ValueError):
        conn.close()
        return None
    return conn


class _Key(AgentKey):
    """A key of which nothing but its blob is known, which is all that logging in takes.

    paramiko's own reads what is in it, and so takes a certificate for the key that it is of, and
    fails for what it does not know, such as a security key.
    """

    def __init__(self, agent: Agent, blob: bytes) -> None:
        self.public_blob, self.inner_key = None, None
        self.agent, self.blob, self.comment = agent, blob, ''
        self.name = Message(blob).get_binary().decode('ascii', 'replace')

    def sign_ssh_data(self, data: Any, algorithm: str | None = None) -> Message:
        """Return the agent's signature; where it will not sign, one that nobody accepts.

        That costs one try, as with ssh. paramiko would end the connection, and so keep all other
        keys from being offered.
        """
        try:
            return super().sign_ssh_data(data, algorithm)
        except paramiko.SSHException:
            unsigned = Message()
            unsigned.add_string(algorithm or self.get_name())
            unsigned.add_string(b'')
            return unsigned
