"""The hosts of files of callbacks, one for each, in one process that nothing else is in."""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Mapping, NoReturn, Sequence, Tuple

from ...checks.settling_rule import settled_by
from ...kernel.deadline import Deadline
from ...kernel.errors import DefinitionError
from ..callback_files import read_file
from ..callbacks import Callback, own_name
from .host import ENDING, flush, own_streams, serve

# A host whose control socket has ended goes at once, unless its file still holds it.
_LEAVE_SECONDS = 1.0
_PAUSE_SECONDS = 0.005


def serve_files(files: Mapping[str, int], life: int, patience_seconds: float) -> NoReturn:
    """Be the hosts of files, one each, until `life` ends; the descriptors are of sockets.

    A file is read by its host, which the kernel ends if that takes longer than `patience_seconds`.
    """
    own_streams()
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    living = socket.socket(fileno=life)
    controls = {path: socket.socket(fileno=descriptor) for path, descriptor in files.items()}
    hosts: List[int] = []
    for path, control in controls.items():
        pid = os.fork()
        if pid == 0:
            living.close()
            for other in controls.values():
                if other is not control:
                    other.close()
            os.setsid()
            _serve_file(Path(path), control, patience_seconds)
        hosts.append(pid)
    for control in controls.values():
        control.close()
    living.recv(1)
    _end(hosts)
    os._exit(0)


def _serve_file(path: Path, control: socket.socket, patience_seconds: float) -> NoReturn:
    # What ends us is the kernel: code that holds the interpreter's lock runs no handler of ours.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, patience_seconds)
    callbacks: List[Callback] = []
    try:
        table = read_file(path)
    except DefinitionError as error:
        about: Any = {'fault': [error.source, error.key, error.reason]}
    else:
        about = {'table': [_described(pattern, table[pattern]) for pattern in table]}
        callbacks = [callback for pattern in table for callback in table[pattern]]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    flush()
    serve(control, callbacks, about)


def _described(pattern: str, callbacks: Sequence[Callback]) -> Tuple[str, List[Any]]:
    """Return what the near side has to know of callbacks: their names, and how they settle."""
    return pattern, [
        [own_name(callback), settled_by(callback).name, _options(callback)]
        for callback in callbacks
    ]


def _options(callback: Callback) -> Dict[str, Any]:
    rule = settled_by(callback).rule
    return {} if rule is None else asdict(rule)


def _end(hosts: Sequence[int]) -> None:
    """Wait for the hosts to go, and kill those that do not."""
    waiting = set(hosts)
    soon = Deadline.after(_LEAVE_SECONDS)
    while waiting:
        for pid in list(waiting):
            if os.waitpid(pid, os.WNOHANG)[0]:
                waiting.discard(pid)
        if soon.passed:
            for pid in waiting:
                os.kill(pid, signal.SIGKILL)
        if waiting:
            time.sleep(_PAUSE_SECONDS)
