"""Look for an operator's regular expression in a process of its own, which can be ended.

Some patterns look for longer than anybody lives, such as `(a+)+b`, or `a.*b` in a megabyte of one
line; and while it looks, `re` holds the lock of the whole interpreter: no thread of ours could
answer, or even tell the time.
"""

from __future__ import annotations

import json
import math
import re
import sys

from ..kernel.command import run
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.hints import List, Sequence
from .child_process import ENVIRONMENT, describe_exit, tail
from .options import OptionError

# It ends by itself where nobody is left to end it: who started it may have been killed.
_PROGRAM = """
import json, re, resource, sys
pattern, texts, seconds = json.load(sys.stdin)
most = resource.getrlimit(resource.RLIMIT_CPU)[1]
most = seconds if most == resource.RLIM_INFINITY else min(seconds, most)
resource.setrlimit(resource.RLIMIT_CPU, (most, most))
search = re.compile(pattern).search
json.dump([search(text) is not None for text in texts], sys.stdout)
"""

# Deadlines are shorter.
_MOST_SECONDS = 86400.0


def check_pattern(option: str, pattern: str) -> None:
    """Refuse what is not a regular expression.

    Raises:
        OptionError: with the option's name.
    """
    try:
        re.compile(pattern)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise OptionError(option, f'not a regular expression: {error}') from error


def search(pattern: str, texts: Sequence[str], deadline: Deadline) -> List[bool]:
    """Return of each text whether the pattern is found in it.

    Raises:
        CheckError: that cannot be told, or not by the deadline.
        CommandError: no process can be started.
    """
    if not pattern or not texts:
        return [True] * len(texts)
    argv = (sys.executable, '-I', '-S', '-c', _PROGRAM)
    seconds = math.ceil(min(deadline.remaining_seconds, _MOST_SECONDS)) + 1
    given = json.dumps([pattern, list(texts), seconds]).encode()
    done = run(argv, deadline, env=ENVIRONMENT, stdin=given)
    if done.timed_out:
        raise CheckError(f'cannot tell: to look for {pattern!r} took too long and was ended')
    if done.exit_code != 0:
        ended = describe_exit(done.exit_code)
        raise CheckError(f'cannot look for {pattern!r}: it {ended}{tail(done)}')
    found: List[bool] = json.loads(done.stdout)
    return found
