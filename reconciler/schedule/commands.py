"""Commands of this machine that keep schedules, run to their end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from charm.kernel.command import Completed, run
from charm.kernel.deadline import Deadline
from reconciler.values.errors import ScheduleError

_SECONDS = 30.0


def run_to_end(
    argv: Sequence[str], stdin: bytes = b'', environment: Mapping[str, str] | None = None
) -> Completed:
    """Run a command, in our environment and what is given beside it, to its end.

    Raises:
        CommandError: there is none such.
        ScheduleError: it does not end.
    """
    own = {**os.environ, **(environment or {})}
    done = run(argv, Deadline.after(_SECONDS), env=own, stdin=stdin)
    if done.timed_out:
        raise ScheduleError(f'cannot wait longer for {" ".join(argv)}')
    return done
