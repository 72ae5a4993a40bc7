"""Look for an operator's regular expression in a process of its own, which can be ended.

Some patterns look for longer than anybody lives, such as `(a+)+b`, or `a.*b` in a megabyte of one
line; and while it looks, `re` holds the lock of the whole interpreter: no thread of ours could
answer, or even tell the time.
"""

from __future__ import annotations

import json
import re
import sys
from typing import List, Sequence

from ..kernel.command import run
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from .child_process import ENVIRONMENT, describe_exit, tail
from .options import OptionError

_PROGRAM = """
import json, re, sys
pattern, texts = json.load(sys.stdin)
search = re.compile(pattern).search
json.dump([search(text) is not None for text in texts], sys.stdout)
"""


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
    given = json.dumps([pattern, list(texts)]).encode()
    done = run(argv, deadline, env=ENVIRONMENT, stdin=given)
    if done.timed_out:
        raise CheckError(f'cannot tell: to look for {pattern!r} took too long and was ended')
    if done.exit_code != 0:
        ended = describe_exit(done.exit_code)
        raise CheckError(f'cannot look for {pattern!r}: it {ended}{tail(done)}')
    found: List[bool] = json.loads(done.stdout)
    return found
