"""The program that hosts of files of callbacks are: one process for each file, and one for all."""

from __future__ import annotations

import signal
import socket
from functools import partial
from pathlib import Path

from ...checks.settling_rule import settled_by
from ...kernel.errors import DefinitionError
from ...kernel.facts import asdict
from ...kernel.hints import Any, Dict, List, Mapping, NoReturn, Sequence, Tuple
from ..callback_files import read_file
from ..callbacks import Callback, own_name
from .host import keep_hosts, serve
from .run import flush


def serve_files(files: Mapping[str, int], life: int, patience_seconds: float) -> NoReturn:
    """Be the hosts of files, one each, until `life` ends; the descriptors are of sockets.

    A file is read by its host, which the kernel ends if that takes longer than `patience_seconds`.
    """
    hosts = {
        socket.socket(fileno=number): partial(_serve_file, Path(path), patience_seconds)
        for path, number in files.items()
    }
    keep_hosts(socket.socket(fileno=life), hosts)


def _serve_file(path: Path, patience_seconds: float, control: socket.socket) -> NoReturn:
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
