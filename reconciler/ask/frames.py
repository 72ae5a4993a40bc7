"""Ask many units at once: one shell script per machine that runs what each of them is asked.

That is the health hook or the agent's client, or the client first and the hook if the client has
nothing fresh: both in one connection. Stdout and stderr come back in frames, so that every answer,
exit code and stray noise is told apart, and a unit that answered is known while another one still
hangs. A frame is one line

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
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ..values.time_budget import TimeBudget
from . import orphans

STDOUT_CAP_BYTES = 1024 * 1024 + 1
STDERR_CAP_BYTES = 4096
# Exit codes of timeout(1): it ended the command, by SIGTERM or by SIGKILL.
TIMED_OUT = (124, 137)
NOT_FOUND = 127
NOT_EXECUTABLE = 126
# What a pipe holds (pipe(7)).
_PIECE_BYTES = 65536


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


# The hook runs as the ssh user where that user may run it, else through sudo; then `timeout` runs
# through sudo as well, since it could not kill a process of root. What the hook prints past the
# cap is read and dropped, so that it never blocks on a full pipe; a process that the hook left
# behind may hold the pipe open, so reading is bounded in time as well. What the whole script reads
# is kept as 5, since what runs in the background has no stdin. dd takes what is there, and base64
# alone would wait for the end: so a report is under way while whoever made it still hangs. base64
# wraps its lines, and echo writes each at once, which keeps frames whole.
_SCRIPT = """\
N={nonce}
exec 5<&0
tag() {{
timeout {drain} cat | {{ c=$3
while [ "$c" -gt 0 ]; do
b={piece}; [ "$c" -lt "$b" ] && b=$c
p=$(dd bs="$b" count=1 2>/dev/null | base64 -w 2000)
[ -n "$p" ] || break
for l in $p; do
echo "$N $1 $2 $l"
c=$((c - ${{#l}} / 4 * 3))
done
case $l in *==) c=$((c + 2)) ;; *=) c=$((c + 1)) ;; esac
done
cat >/dev/null; }}
}}
gone() {{ echo "$N $i x $1"; echo "$N $i z"; }}
way() {{
s= w=
if [ "$(id -u)" != 0 ] && {{ [ "$1" = r ] || [ ! -x "$2" ]; }}; then
w=$(sudo -n test -x "$2" 2>&1) && {{ s='sudo -n'; return 0; }}
fi
[ -x "$2" ] && return 0
if [ -e "$2" ] || sudo -n test -e "$2" 2>/dev/null; then return 126; fi
return 127
}}
first() {{
i=$1; c=$2; m=$3; h=$4; shift 4
way r "$h" || return 1
t={timeout}; [ -z "$m" ] || t={first}
o=$($s timeout -k {kill_after} "$t" "$h" "$@" 2>/dev/null </dev/null)
[ $? = 0 ] || return 1
if [ -n "$m" ]; then
case $o in '{{"age": '[0-9]*', "report": {{'*'}}}}') ;; *) return 1 ;; esac
a=${{o#'{{"age": '}}; a=${{a%%,*}}
case $a in *[!0-9.e-]*) return 1 ;; esac
[ "${{a%%[!0-9]*}}" -lt "$m" ] || return 1
fi
printf '%s\\n' "$o" | tag "$i" o "$c"
echo "$N $i c"; gone 0
}}
run() {{
{{ {{ {{ $s timeout -k {kill_after} {timeout} "$@" 2>&3 3>&- 4>&- 5<&-
echo "$N $i x $?" >&4; }} | tag "$i" o "$c" >&4; }} 3>&1 | tag "$i" e {stderr_cap} >&4; \
}} 4>&1
echo "$N $i z"
}}
ask() {{
i=$1; c=$2; r=$3; h=$4; shift 4
way "$r" "$h" || {{
r=$?; [ "$r" = 127 ] || case $w in sudo:*) echo "$w" | tag "$i" e {stderr_cap} ;; esac
gone "$r"; return
}}
run "$h" "$@" </dev/null
}}
look() {{
i=$1; c=$2; n=$3; h=$4; m=; shift 4
while [ "$n" -gt 0 ]; do
[ -n "$m" ] || {{ way - "$1"; [ $? != 127 ] || m=1; }}
shift; n=$((n - 1))
done
[ -n "$m" ] || {{ gone 0; return; }}
s=; h=$(command -v "$h") || {{ gone 127; return; }}
run "$h" "$@" <&5
}}
{{ {calls}
{orphans}
wait; }} | cat
"""


def script(requests: Sequence[Request], nonce: str, time: TimeBudget) -> str:
    """Return the POSIX shell script that runs all the requests at once, for `sh -c`.

    Each hook is ended over there, when its share of `time` is over.
    """
    return _SCRIPT.format(
        nonce=nonce,
        kill_after=time.kill_after_seconds,
        timeout=time.timeout_seconds,
        first=time.first_seconds,
        drain=time.drain_seconds,
        piece=_PIECE_BYTES,
        stderr_cap=STDERR_CAP_BYTES,
        calls='\n'.join(_call(index, request) for index, request in enumerate(requests)),
        orphans=orphans.look(),
    )


def _call(index: int, request: Request) -> str:
    """Return the line that asks one request, in the background."""
    number, cap = str(index), str(request.cap_bytes)
    if request.unless:
        words = (str(len(request.unless)), request.path, *request.unless, *request.arguments)
        return f'{shlex.join(["look", number, cap, *words])} &'
    kind = 'r' if request.as_root else '-'
    call = shlex.join(['ask', number, cap, kind, request.path, *request.arguments])
    if request.first is None:
        return f'{call} &'
    program = request.first
    limit = '' if program.fresh_seconds is None else str(math.ceil(program.fresh_seconds))
    first = shlex.join(['first', number, cap, limit, program.path, *program.arguments])
    return f'{{ {first} || {call}; }} &'


def command(requests: Sequence[Request], nonce: str, time: TimeBudget) -> str:
    """Return the one string to hand to `juju ssh`: the script under `sh -c`.

    The login shell over there may be any; only its quoting of single quotes is relied on.
    """
    return shlex.join(['sh', '-c', script(requests, nonce, time)])


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
