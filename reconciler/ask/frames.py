"""What each unit is asked, and the frames in which the answers of one machine come back.

Asked is the health hook or the agent's client, or the client first and the hook if the client has
nothing fresh: all units of a machine in one connection, by `far_script.py`. Stdout and stderr come
back in frames, so that every answer, exit code and stray noise is told apart, and a unit that
answered is known while another one still hangs. A frame is one line

    <nonce> b                      what was asked begins here
    <nonce> <index> o <base64>     a piece of unit <index>'s stdout
    <nonce> <index> e <base64>     a piece of its stderr
    <nonce> <index> x <exit code>  its hook has exited
    <nonce> <index> c              what was asked first has answered, so the hook was not run
    <nonce> <index> z              nothing more will come of it

shorter than PIPE_BUF (4096 bytes, pipe(7)), so lines of units that run side by side never mix.
What removed units left there is told in a frame of its own; see `orphans.py`.
Lines without the nonce are noise: a banner, a login script, a lecture of sudo.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

STDOUT_CAP_BYTES = 1024 * 1024 + 1
STDERR_CAP_BYTES = 4096
# Exit codes of timeout(1): it ended the command, by SIGTERM or by SIGKILL.
TIMED_OUT = (124, 137)
NOT_FOUND = 127
NOT_EXECUTABLE = 126


@dataclass(frozen=True)
class Command:
    """A program to run for one unit: names only travel in the arguments, never commands.

    Attributes:
        path: the program there.
        arguments: what it is given.
        as_root: run it through sudo where there is one: only root may talk to the agent.
        fresh_seconds: take its answer if it is a cached report of this age at most; `None` takes
            whatever it answers with exit code 0.
    """

    path: str
    arguments: tuple[str, ...] = ()
    as_root: bool = False
    fresh_seconds: float | None = None


@dataclass(frozen=True)
class Request:
    """A question about one unit.

    Attributes:
        unit: the unit asked about.
        path: the hook's path there, or that of the agent's client.
        arguments: what it is given; names only, never commands.
        as_root: as in `Command`.
        first: what to run before it; if that answers, it is not run.
        by: what readings call who answers: `hook`, `agent`, `agent log`, `probe`.
        cap_bytes: how much of its stdout is wanted.
        stdin: the pieces of what it reads; at most one of a script's requests may have any.
        unless: it is not needed, and answers nothing, where all of these are there.
    """

    unit: str
    path: str
    arguments: tuple[str, ...] = ()
    as_root: bool = False
    first: Command | None = None
    by: str = 'hook'
    cap_bytes: int = STDOUT_CAP_BYTES
    stdin: tuple[bytes, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnitAnswer:
    """The answer to one request.

    Attributes:
        stdout: what the hook printed, up to the cap.
        stderr: the first of what it complained.
        exit_code: what it exited with; `None` if that never arrived.
        complete: nothing more can come of it.
        first: it is of what was asked first.
        held_seconds: how old the report in it was over there; `None` if that cannot be told.
        by: who answered; empty for who was asked.
    """

    stdout: bytes = b''
    stderr: bytes = b''
    exit_code: int | None = None
    complete: bool = False
    first: bool = False
    held_seconds: float | None = 0.0
    by: str = ''

    @property
    def timed_out(self) -> bool:
        """Return whether the far `timeout` ended the hook."""
        return self.exit_code in TIMED_OUT


def read(output: bytes, nonce: str, count: int) -> tuple[UnitAnswer, ...]:
    """Return the answers in the output, one for each of `count` requests, in order.

    Never raises: a line that is cut off or mangled is left out, and its answer stays incomplete.
    """
    pieces: list[dict[str, list[bytes]]] = [{'o': [], 'e': []} for _ in range(count)]
    codes: list[int | None] = [None] * count
    complete, first = [False] * count, [False] * count
    prefix = nonce.encode() + b' '
    lines = output.split(b'\n')
    for line in lines[:-1]:  # what follows the last line end is no whole line
        start = line.find(prefix)
        if start < 0:
            continue
        fields = line[start + len(prefix) :].strip().split(b' ')
        index = _index(fields, count)
        if index is None:
            continue
        kind = fields[1]
        if kind == b'z':
            complete[index] = True
        elif kind == b'c':
            first[index] = True
        elif kind == b'x' and len(fields) == 3:
            codes[index] = _integer(fields[2])
        elif kind in (b'o', b'e') and len(fields) == 3:
            pieces[index][kind.decode()].append(_decoded(fields[2]))
    return tuple(
        UnitAnswer(
            b''.join(kept['o']), b''.join(kept['e']), codes[index], complete[index], first[index]
        )
        for index, kept in enumerate(pieces)
    )


def _index(fields: list[bytes], count: int) -> int | None:
    number = _integer(fields[0]) if len(fields) >= 2 else None
    return number if number is not None and 0 <= number < count else None


def _integer(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) < 10 else None


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b''
