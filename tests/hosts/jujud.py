"""A stand-in for a machine's `jujud`: it listens for each unit that a test wants, and tells of it.

What it answers has the form of Juju's own (core/machinelock, internal/worker/introspection; seen
on 4.0.15). A test sets it in files of the agent's directory: `listens` has it listen at all;
`uniter` is the state of that worker, and `lock` who holds the machine's lock; `deaf` has the agent
accept and never answer. Each line of `run` in the directory of the machine's agent is run as a
hook is: as our child.
"""

from __future__ import annotations

import shlex
import socketserver
import subprocess
import threading
import time
from pathlib import Path

AGENTS = Path('/var/lib/juju/agents')
ENGINE = """\
Dependency Engine Report

manifolds:
  agent:
    inputs: []
    start-count: 1
    started: "2026-11-25 18:00:00"
    state: started
  uniter:
{error}    inputs:
    - agent
    - api-caller
    report:
      local-state:
        installed: true
        operation-kind: continue
        operation-step: pending
        started: true
        state: unused
    start-count: 1
    started: "2026-11-25 18:00:00"
    state: {state}
  upgrader:
    inputs:
    - agent
    start-count: 1
    state: started
state: started
"""


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = self.rfile.readline().split()[1].decode()
        agent = Path(str(self.server.server_address)).parent
        while (agent / 'deaf').exists():
            time.sleep(1)
        bodies = {'/depengine': engine(agent), '/machinelock': lock(agent)}
        body = bodies.get(asked)
        status = '200 OK' if body is not None else '404 Not Found'
        text = 'not found\n' if body is None else body
        self.wfile.write(f'HTTP/1.0 {status}\r\nConnection: close\r\n\r\n{text}'.encode())


def engine(agent: Path) -> str:
    state = text(agent / 'uniter') or 'started'
    error = '' if state == 'started' else '    error: dependency not available\n'
    return ENGINE.format(state=state, error=error)


def lock(agent: Path) -> str | None:
    held = text(agent / 'lock') or '  holder: none'
    return f'{agent.name}:\n{held}\n' if agent.name.startswith('unit-') else None


def text(path: Path) -> str:
    return path.read_text().rstrip('\n') if path.exists() else ''


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main() -> None:
    """Listen wherever there is an agent's directory, and stop where there is none any more."""
    listening: dict[Path, Server] = {}
    running: dict[str, subprocess.Popen[bytes]] = {}
    while True:
        wanted = {path.with_name('introspection.socket') for path in AGENTS.glob('*/listens')}
        for path in [one for one in listening if not one.is_socket()]:
            listening[path].shutdown()
            listening.pop(path).server_close()
        for path in wanted - listening.keys():
            path.unlink(missing_ok=True)
            listening[path] = Server(str(path), Answer)
            path.chmod(0o600)
            threading.Thread(target=listening[path].serve_forever, daemon=True).start()
        for line in text(AGENTS / 'machine-0' / 'run').splitlines():
            if line not in running:
                running[line] = subprocess.Popen(shlex.split(line))
        time.sleep(0.05)


if __name__ == '__main__':
    main()
