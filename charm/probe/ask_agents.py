"""A program on its own: what agents answer on their sockets, which root alone may ask.

It is run by its text, so it imports nothing of ours. Its arguments are seconds and sockets, `@`
before a name that is no file's; it prints what each answers to each of `PATHS` as JSON, `null` for
no answer. All are asked at once: one that is deaf costs the others nothing. It ends by itself, as
who started it may not be able to end it.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from typing import Dict, Optional

# How the agent's workers are, and who holds the machine's lock (worker/introspection).
PATHS = ('/depengine', '/machinelock')
_MOST_BYTES = 256 * 1024


def main() -> None:
    """Ask every agent, for so many seconds."""
    until = time.monotonic() + float(sys.argv[1])
    said: Dict[str, Dict[str, Optional[str]]] = {one: {} for one in sys.argv[2:]}

    def ask_all(address: str, answers: Dict[str, Optional[str]]) -> None:
        for path in PATHS:
            # Older versions know the latter with a slash behind it, and point there.
            answers[path] = ask(address, path, until) or ask(address, f'{path}/', until)

    threads = [threading.Thread(target=ask_all, args=one, daemon=True) for one in said.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_left(until) + 0.5)
    print(
        json.dumps({one: {path: heard.get(path) for path in PATHS} for one, heard in said.items()})
    )


def ask(address: str, path: str, until: float) -> Optional[str]:
    """Return the body of the answer that says 200; `None` if there is no such answer in time."""
    answer = b''
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.settimeout(_left(until))
            sock.connect('\0' + address[1:] if address.startswith('@') else address)
            sock.sendall(f'GET {path} HTTP/1.0\r\nHost: agent\r\n\r\n'.encode())
            piece = b'.'
            while piece and len(answer) < _MOST_BYTES and time.monotonic() < until:
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
