"""What units left on a machine that Juju has removed: found by the copies of their charms' code.

The charm keeps such a copy for each unit (`charm/juju/code_copies.py`), and Juju a directory for
its agent. The frame is one line, `<nonce> - g <directory>`, such as `unit-juju-health-0`.
"""

from __future__ import annotations

import re

CODE = '/usr/local/lib/juju-health'
AGENTS = '/var/lib/juju/agents'
# Where the directories of agents, the machine's own too, cannot be seen, nothing is concluded.
_LOOK = """\
for m in {agents}/machine-*; do
[ -e "$m" ] && for d in {code}/unit-*; do
[ -d "$d" ] && [ ! -e {agents}/"${{d##*/}}" ] && echo "$N - g ${{d##*/}}"
done
break
done"""
_NAME = re.compile(rb'unit-([a-z][a-z0-9-]*)-([0-9]{1,9})')


def look(code: str = CODE, agents: str = AGENTS) -> str:
    """Return the shell commands that look; `N` has to be the nonce there."""
    return _LOOK.format(code=code, agents=agents)


def read(output: bytes, nonce: str) -> tuple[str, ...]:
    """Return the units, such as `juju-health/0`, in the order in which they were found."""
    prefix = nonce.encode() + b' - g '
    found: dict[str, None] = {}
    for line in output.split(b'\n')[:-1]:
        _noise, mark, name = line.partition(prefix)
        whole = _NAME.fullmatch(name.strip()) if mark else None
        if whole:
            found[f'{whole[1].decode()}/{whole[2].decode()}'] = None
    return tuple(found)
