"""Programs that tests give our output to, and a web server that notes what it is asked for."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import PATIENCE


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(('127.0.0.1', 0))
        port: int = asked.getsockname()[1]
        return port


@contextlib.contextmanager
def running(*command: str) -> Generator[None, None, None]:
    """Run a program until the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def fetch(url: str, wanted: Callable[[str], bool]) -> str:
    """Return what is at the URL once it is what is wanted; in the end, whatever it is."""
    end = time.monotonic() + PATIENCE
    text = ''
    while time.monotonic() < end and not wanted(text):
        with contextlib.suppress(OSError):
            text = _get(url)
        time.sleep(0.05)
    return text


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body.decode()


class Site:
    """A web server of one page that notes what it is asked for."""

    def __init__(self) -> None:
        self.page = b''
        self.kind = 'text/html; charset=utf-8'
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                self.send_response(200)
                self.send_header('Content-Type', site.kind)
                self.end_headers()
                self.wfile.write(site.page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_ICINGA = """
library "livestatus"
object FileLogger "log" {{ severity = "information", path = "{0}/log/icinga2.log" }}
object ExternalCommandListener "command" {{ command_path = "{0}/run/command" }}
object LivestatusListener "livestatus" {{ socket_type = "unix", socket_path = "{0}/run/live" }}
object CheckCommand "never" {{ command = [ "/bin/true" ] }}
object Host "juju" {{ check_command = "never", enable_active_checks = false }}
object Service "model" {{
  host_name = "juju", check_command = "never"
  enable_active_checks = false, max_check_attempts = 1
}}
"""
_PLACES = {
    'DataDir': 'data',
    'LogDir': 'log',
    'CacheDir': 'cache',
    'SpoolDir': 'spool',
    'InitRunDir': 'run',
    'PidPath': 'run/pid',
    'StatePath': 'data/state',
    'ObjectsPath': 'cache/objects',
    'VarsPath': 'cache/vars',
}


class Icinga:
    """An Icinga 2 of its own that takes passive results and tells what it made of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in ('data', 'log', 'cache', 'spool', 'run'):
            (directory / name).mkdir()
        (directory / 'icinga2.conf').write_text(_ICINGA.format(directory))
        defines = {**{key: str(directory / name) for key, name in _PLACES.items()}}
        defines.update(RunAsUser='root', RunAsGroup='root')
        options = [part for k, v in defines.items() for part in ('-D', f'Configuration.{k}={v}')]
        with (directory / 'out').open('wb') as out:
            self._process = subprocess.Popen(
                ['icinga2', 'daemon', '-c', str(directory / 'icinga2.conf'), *options],
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End it and its children."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _until(self, ready: Any) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            found = ready()
            if found:
                return found
            time.sleep(0.05)
        pytest.fail((self.directory / 'out').read_text()[-2000:])

    def take(self, command: str) -> None:
        """Write one external command."""
        pipe = self.directory / 'run' / 'command'
        self._until(pipe.exists)
        with pipe.open('w') as file:
            file.write(command)

    def service(self) -> list[Any]:
        """Return state, output, long output and performance data, once there is a result."""
        found: list[Any] = self._until(self._ask)
        return found

    def _ask(self) -> list[Any]:
        query = (
            'GET services\nColumns: state plugin_output long_plugin_output perf_data\n'
            'Filter: has_been_checked = 1\nOutputFormat: json\n\n'
        )
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.connect(str(self.directory / 'run' / 'live'))
                asked.sendall(query.encode())
                asked.shutdown(socket.SHUT_WR)
                with asked.makefile('rb') as answer:
                    rows: list[list[Any]] = json.loads(answer.read() or b'[]')
        except (FileNotFoundError, ConnectionRefusedError):
            return []
        return rows[0] if rows else []
