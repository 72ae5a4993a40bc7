"""Measure how many pushes a second `reconcile-health receive` takes, beside peers in one run.

    .venv/bin/python -m bench.receive [--seconds 5] [--rounds 3] [--connections 20 100 500]

Units push reports of ten checks over connections that stay open, each signed and each the next of
its unit. What the receiver has answered is on disk. Its peers are `starlette`, which reads the
body, answers as much and keeps nothing, over the same TLS and uvicorn; and Prometheus's
Pushgateway, which keeps the last push of each group in memory, and in a file now and then. The
latter takes part if it is installed:

    sudo apt-get install --no-install-recommends prometheus-pushgateway

Servers and the one client share the machine. Rounds go through all of them in turn, so that what
else the computer does falls on all alike. A connection has one push under way at a time; with many
of them that is overload. An answer other than an acceptance or "later" ends the measurement, as
does a push that the receiver does not answer, and a report that was accepted and is not the unit's
latest in the end. On a busy machine rates tell little, and the server's CPU time for a push the
more.

Prints one JSON object: medians of the rounds with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.inbox.certificates import CertificateFiles, make_missing
from reconciler.inbox.store import Inbox

from .pushes import MASTER, MODEL, Pushes

PATIENCE_SECONDS = 20.0
_STARLETTE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def take(request):
    await request.body()
    return JSONResponse({'accepted': 1, 'duplicate': 0, 'refused': []})
app = Starlette(routes=[Route('/v1/reports', take, methods=['POST'])])
uvicorn.run(app, port=int(sys.argv[1]), ssl_certfile=sys.argv[2], ssl_keyfile=sys.argv[3],
            access_log=False)
"""


@dataclass
class Server:
    """A server under measurement."""

    process: subprocess.Popen[str]
    port: int
    push: Callable[[], tuple[str, int, bytes]]

    def cpu_seconds(self) -> float:
        fields = Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf('SC_CLK_TCK')


@dataclass
class Tally:
    """What one series came to."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    accepted: dict[str, int] = field(default_factory=dict)


class Line:
    """A connection with at most one push under way."""

    def __init__(self, server: Server, context: ssl.SSLContext, watch: select.epoll) -> None:
        self.server, self.context, self.watch = server, context, watch
        self.connect()

    def connect(self) -> None:
        plain = socket.create_connection(('127.0.0.1', self.server.port), 60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = self.context.wrap_socket(plain, server_hostname='localhost')
        self.tls.settimeout(0)
        self.watch.register(self.tls.fileno(), select.EPOLLIN)

    def send(self) -> None:
        self.unit, self.number, request = self.server.push()
        self.begun = time.monotonic()
        self.tls.send(request)
        self.answer = b''

    def take(self, tally: Tally) -> bool:
        """Take what has come, and return whether the answer is whole."""
        try:
            data = self.tls.recv(65536)
        except ssl.SSLWantReadError:
            return False
        except (ConnectionError, ssl.SSLError):
            data = b''
        if not data:
            # A connection lasts a minute at most; another push is sent on another.
            self.tls.close()
            self.connect()
            self.send()
            return False
        self.answer += data
        head, end, body = self.answer.partition(b'\r\n\r\n')
        if not end or len(body) < int((re.search(rb'(?i)length: *(\d+)', head) or [0, 0])[1]):
            return False
        status = int(head.split(b' ', 2)[1])
        if status == 503:
            tally.refused += 1
        else:
            assert status in (200, 202), self.answer
            assert not body or json.loads(body)['accepted'] + json.loads(body)['duplicate'] == 1
            tally.seconds.append(time.monotonic() - self.begun)
            tally.accepted[self.unit] = self.number
        return True


def series(
    server: Server, ca: Path, connections: int, seconds: float, accepted: dict[str, int]
) -> dict[str, float]:
    """Push over so many connections for so long, and return what it came to."""
    context = ssl.create_default_context(cafile=str(ca))
    watch, tally = select.epoll(), Tally(accepted=accepted)
    made = [Line(server, context, watch) for _ in range(connections)]
    lines = {line.tls.fileno(): line for line in made}
    for line in made:
        line.send()
    busy = len(made)
    begun, spent = time.monotonic(), server.cpu_seconds()
    while busy and time.monotonic() < begun + seconds + PATIENCE_SECONDS:
        over = time.monotonic() > begun + seconds
        for number, _ in watch.poll(1.0):
            line = lines.pop(number)
            if line.take(tally):
                if over:
                    busy -= 1
                else:
                    line.send()
            lines[line.tls.fileno()] = line
    wall, cpu = time.monotonic() - begun, server.cpu_seconds() - spent
    for line in made:
        line.tls.close()
    # One that answers nothing took as long as it was waited for.
    times = sorted(tally.seconds) or [wall]
    return {
        'pushes_per_second': len(tally.seconds) / wall,
        'refused_per_second': tally.refused / wall,
        'unanswered': busy,
        'p50_ms': times[len(times) // 2] * 1000,
        'p99_ms': times[len(times) * 99 // 100] * 1000,
        'server_cpu_ms_per_push': cpu / len(times) * 1000,
    }


def free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(
    words: list[str], port: int, push: Callable[[], tuple[str, int, bytes]]
) -> Iterator[Server]:
    """Start a server, wait until it takes connections, and end it afterwards."""
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, text=True)
    try:
        while True:
            assert process.poll() is None, words
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield Server(process, port, push)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def commands(root: Path, files: CertificateFiles) -> dict[str, Callable[[int], list[str]]]:
    """Return how to start each server, given its port."""
    where = [str(files.certificate), str(files.key)]
    found: dict[str, Callable[[int], list[str]]] = {
        'receive': lambda port: [
            *(sys.executable, '-c', 'from reconciler.cli import main; main()', 'receive'),
            *('--listen', f'127.0.0.1:{port}', '--state-dir', str(root)),
        ],
        'starlette': lambda port: [sys.executable, '-c', _STARLETTE, str(port), *where],
    }
    gateway = shutil.which('prometheus-pushgateway')
    if gateway:
        config = root / 'web.yml'
        config.write_text(
            f'tls_server_config: {{cert_file: {where[0]}, key_file: {where[1]}}}\n'
            'http_server_config: {http2: false}\n'
        )
        found['pushgateway'] = lambda port: [
            *(gateway, f'--web.listen-address=127.0.0.1:{port}', f'--web.config.file={config}'),
            *(f'--persistence.file={root / "gateway"}', '--persistence.interval=1s'),
            # It would compare each push with all others.
            '--push.disable-consistency-check',
        ]
    else:
        print('the Pushgateway is not installed, and left out', file=sys.stderr)
    return found


def measure(root: Path, rounds: int, seconds: float, connections: list[int]) -> dict[str, object]:
    """Return the medians of all series, with the lowest and the highest of the rounds."""
    files = CertificateFiles(root / 'receive')
    make_missing(files, ['localhost'])
    key = root / 'receive' / 'master.key'
    key.write_text(MASTER.hex())
    key.chmod(0o600)
    pushes = Pushes()
    taken: dict[tuple[str, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        servers = {}
        for name, command in commands(root, files).items():
            push = pushes.metrics if name == 'pushgateway' else pushes.next
            port = free_port()
            servers[name] = stack.enter_context(running(command(port), port, push))
        for _ in range(rounds):
            for many in connections:
                for name, server in servers.items():
                    one = series(server, files.ca, many, seconds, pushes.accepted[name])
                    assert name != 'receive' or not one['unanswered'], one
                    taken.setdefault((name, many), []).append(one)
    check(Inbox(root / 'inbox'), pushes.accepted['receive'])
    found: dict[str, object] = {}
    for (name, many), rows in taken.items():
        figures = {key: spread([row[key] for row in rows]) for key in rows[0]}
        rate = statistics.median(row['pushes_per_second'] for row in rows)
        base = statistics.median(row['pushes_per_second'] for row in taken['starlette', many])
        found[f'{name}, {many} connections'] = {**figures, 'rate_to_starlette': rate / base}
    return found


def spread(values: list[float]) -> list[float]:
    """Return the median, the lowest and the highest."""
    return [round(one, 3) for one in (statistics.median(values), min(values), max(values))]


def check(inbox: Inbox, accepted: dict[str, int]) -> None:
    """Refuse figures of a receiver that has not kept what it accepted."""
    for unit, number in accepted.items():
        latest = inbox.latest(unit, MODEL)
        assert latest is not None, unit
        assert (latest.report.sequence or 0) >= number, unit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=5.0)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--connections', type=int, nargs='+', default=[20, 100, 500])
    parser.add_argument('--place', type=Path, help='where files go; this decides what fsync costs')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.place) as place:
        found = measure(Path(place), arguments.rounds, arguments.seconds, arguments.connections)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())
