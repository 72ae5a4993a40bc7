"""A receiver that serves on loopback, and what units send to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import uvicorn

from charm.agent.ship.post import PushReply, pinned, post
from charm.agent.ship.push import headers_for
from charm.agent.units import Push
from charm.kernel.deadline import Deadline
from charm.kernel.merge_checks import make_report
from charm.kernel.push_contract import PATH, derive
from charm.kernel.report import Report
from charm.kernel.report_json import encode
from reconciler.inbox.receive import application, server_config
from reconciler.inbox.store import Inbox
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

MASTER = b'm' * 32
NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def report(sequence: int = 1, unit: str = 'web/0', boot: str = 'boot-1') -> Report:
    service = unit.split('/')[0]
    return make_report(service, unit, (), boot_id=boot, sequence=sequence, reported_at=NOW)


def lines(*reports: Report) -> bytes:
    return b''.join(encode(one).encode() + b'\n' for one in reports)


@dataclass(frozen=True)
class Running:
    """A receiver that serves on loopback."""

    url: str
    ca: str
    inbox: Inbox
    root: Path
    revoked: set[str]

    def push_of(self, unit: str, model: str = '') -> Push:
        return Push(self.url, self.ca, derive(MASTER, unit, model), model)

    def send(self, unit: str, push: Push, body: bytes, **headers: str) -> PushReply:
        made = {**headers_for(unit, push, body, datetime.now(timezone.utc)), **headers}
        return post(self.url + PATH, pinned(push.ca), made, body, Deadline.after(PATIENCE))


@contextmanager
def serving(tmp_path: Path, certificates: Certificates) -> Iterator[Running]:
    inbox = Inbox(tmp_path / 'inbox')
    revoked: set[str] = set()
    app = application(MASTER, inbox, lambda _model, unit: unit not in revoked)
    config = server_config(app, '127.0.0.1', 0, certificates.certificate, certificates.key)
    server = uvicorn.Server(config)
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(100)
    thread = threading.Thread(target=server.run, kwargs={'sockets': [listener]}, daemon=True)
    thread.start()
    try:
        url = f'https://localhost:{listener.getsockname()[1]}'
        yield Running(url, certificates.ca.read_text(), inbox, tmp_path / 'inbox', revoked)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()
