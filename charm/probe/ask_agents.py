"""A program on its own: what agents answer on their sockets, which root alone may ask.

It is run by its text, so it imports nothing of ours. Its arguments are sockets, `@` before a name
that is no file's; it prints what each answers to each of `PATHS` as JSON, `null` for no answer.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Optional

# How the agent's workers are, and who holds the machine's lock (worker/introspection).
PATHS = ('/depengine', '/machinelock')
_MOST_BYTES = 256 * 1024
# For one agent, which answers from memory, and for all: who started us may not be able to end us.
_SECONDS = 2.0
_ALL_SECONDS = 8.0


def main() -> None:
    """Ask every agent, one after the other."""
    said = {}
    end = time.monotonic() + _ALL_SECONDS
    for address in sys.argv[1:]:
        until = min(end, time.monotonic() + _SECONDS)
        # Older versions know the latter with a slash behind it, and point there.
        said[address] = {
            path: ask(address, path, until) or ask(address, f'{path}/', until) for path in PATHS
        }
    json.dump(said, sys.stdout)


def ask(address: str, path: str, until: float) -> Optional[str]:
    """Return the body of the answer that says 200; `None` if there is no such answer in time."""
    answer = b''
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.settimeout(_left(until))
            sock.connect('\0' + address[1:] if address.startswith('@') else address)
            sock.sendall(f'GET {path} HTTP/1.0\r\nHost: agent\r\n\r\n'.encode())
            piece = b'.'
            while piece and len(answer) < _MOST_BYTES:
                sock.settimeout(_left(until))
                piece = sock.recv(65536)
                answer += piece
        except OSError:
            return None
    head, _, body = answer.partition(b'\r\n\r\n')
    return body.decode('utf-8', 'replace') if b' 200 ' in head.split(b'\r\n')[0] else None


def _left(until: float) -> float:
    return max(0.01, until - time.monotonic())


if __name__ == '__main__':
    main()
