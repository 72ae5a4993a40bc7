"""The shell script that asks all units of one machine at once, and prints frames of what they say.

Each unit is asked by a call, a line of shell that uses the functions below. Two things run the
calls and frame what they print: `framer.py`, one process for all units of a machine, and where
the machine has no Python that can do so, the shell itself, at a dozen processes a unit more. A
call is run with the unit's stdout as 1, its stderr as 3, the frames as 4 and what the whole script
reads as 5; what its own shell complains of goes to the script's stderr.
"""

from __future__ import annotations

import functools
import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..values.time_budget import TimeBudget
from . import orphans
from .frames import STDERR_CAP_BYTES, Request

# What a pipe holds (pipe(7)).
_PIECE_BYTES = 65536
# The machine's own; another that comes first on its PATH may be anything, and slow to start.
PYTHON = '/usr/bin/python3'
# The hook runs as the ssh user where that user may run it, else through sudo; then `timeout` runs
# through sudo as well, since it could not kill a process of root.
_FUNCTIONS = """\
N={nonce}
said() {{ echo "$N $i x $1" >&4; }}
way() {{
s= w=
if {{ [ "$1" = r ] || [ ! -x "$2" ]; }} && [ "$(id -u)" != 0 ]; then
w=$(sudo -n test -x "$2" 2>&1) && {{ s='sudo -n'; return 0; }}
fi
[ -x "$2" ] && return 0
if [ -e "$2" ] || sudo -n test -e "$2" 2>/dev/null; then return 126; fi
return 127
}}
first() {{
i=$1; m=$2; h=$3; shift 3
way r "$h" || return 1
t={timeout}; [ -z "$m" ] || t={first}
o=$($s timeout -k {kill_after} "$t" "$h" "$@" 2>/dev/null </dev/null 3>&- 4>&- 5<&-)
[ $? = 0 ] || return 1
if [ -n "$m" ]; then
case $o in '{{"age": '[0-9]*', "report": {{'*'}}}}') ;; *) return 1 ;; esac
a=${{o#'{{"age": '}}; a=${{a%%,*}}
case $a in *[!0-9.e-]*) return 1 ;; esac
[ "${{a%%[!0-9]*}}" -lt "$m" ] || return 1
fi
echo "$N $i c" >&4
printf '%s\\n' "$o"
said 0
}}
run() {{
$s timeout -k {kill_after} {timeout} "$@" 2>&3 3>&- 4>&- 5<&-
said $?
}}
ask() {{
i=$1; r=$2; h=$3; shift 3
way "$r" "$h" || {{
r=$?; [ "$r" = 127 ] || case $w in sudo:*) echo "$w" >&3 ;; esac
said "$r"; return
}}
run "$h" "$@" </dev/null
}}
look() {{
i=$1; n=$2; h=$3; m=; shift 3
while [ "$n" -gt 0 ]; do
[ -n "$m" ] || {{ way - "$1"; [ $? != 127 ] || m=1; }}
shift; n=$((n - 1))
done
[ -n "$m" ] || {{ said 0; return; }}
s=; h=$(command -v "$h") || {{ said 127; return; }}
run "$h" "$@" <&5
}}
"""
# What runs in the background has no stdin, hence 5; mksh hands on only what each command is given.
# Python says in 7 that it has begun, so that a broken one changes nothing. In the shell, what the
# hook prints past the cap is read and dropped, so that it never blocks on a full pipe; a process
# that the hook left behind may hold the pipe open, so reading is bounded in time as well. dd takes
# what is there, and base64 alone would wait for the end: so a report is under way while whoever
# made it still hangs. base64 wraps its lines, and echo writes each at once, which keeps frames
# whole; so does the pipe to cat, whatever stdout is.
_SCRIPT = """\
F={functions}
P={framer}
p={python}; [ -x "$p" ] || p=python3
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
[ "$c" -gt 0 ] || cat >/dev/null; }}
}}
framed() {{
{{ eval "$3" | tag "$1" o "$2" >&4 3>&-; }} 3>&1 | tag "$1" e {stderr_cap} >&4
echo "$N $1 z" >&4
}}
each() {{
k=0
while [ $# -gt 0 ]; do
framed "$k" "$1" "$2" &
k=$((k + 1)); shift 2
done
wait
}}
eval "$F"
set -- {calls}
{{ echo "$N b"
{{
{{ b=$("$p" -I -S -B -c "$P" "$N" {drain} {stderr_cap} "${{LC_CTYPE-}}" "$F" "$@" \
</dev/null 7>&1 >&4 4>&4 5<&5 6>&6); }} 6>&2 2>/dev/null
[ -n "$b" ] || each "$@"
}} &
{orphans}
wait; }} 4>&1 5<&0 | cat
"""


def script(requests: Sequence[Request], nonce: str, time: TimeBudget) -> str:
    """Return the POSIX shell script that runs all the requests at once, for `sh -c`.

    Each hook is ended over there, when its share of `time` is over.
    """
    functions = _FUNCTIONS.format(
        nonce=nonce,
        kill_after=time.kill_after_seconds,
        timeout=time.timeout_seconds,
        first=time.first_seconds,
    )
    with_agent = any(request.first is not None for request in requests)
    return _SCRIPT.format(
        functions=shlex.quote(functions),
        framer=shlex.quote(_framer()),
        python=PYTHON,
        drain=time.drain_with_agent_seconds if with_agent else time.drain_seconds,
        piece=_PIECE_BYTES,
        stderr_cap=STDERR_CAP_BYTES,
        calls=shlex.join(
            word
            for index, request in enumerate(requests)
            for word in (str(request.cap_bytes), _call(index, request))
        ),
        orphans=orphans.look(),
    )


def command(requests: Sequence[Request], nonce: str, time: TimeBudget) -> str:
    """Return the one string to hand to `juju ssh`: the script under `sh -c`.

    The login shell over there may be any; only its quoting of single quotes is relied on.
    """
    return shlex.join(['sh', '-c', script(requests, nonce, time)])


@functools.cache
def _framer() -> str:
    return Path(__file__).with_name('framer.py').read_text(encoding='utf-8')


def _call(index: int, request: Request) -> str:
    """Return the shell that asks one request."""
    number = str(index)
    if request.unless:
        words = (str(len(request.unless)), request.path, *request.unless, *request.arguments)
        return shlex.join(['look', number, *words])
    kind = 'r' if request.as_root else '-'
    call = shlex.join(['ask', number, kind, request.path, *request.arguments])
    if request.first is None:
        return call
    program = request.first
    limit = '' if program.fresh_seconds is None else str(math.ceil(program.fresh_seconds))
    first = shlex.join(['first', number, limit, program.path, *program.arguments])
    return f'{first} || {call}'
