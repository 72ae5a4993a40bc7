"""How asking one unit may end, in words, and what the operator can do about it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Outcome(enum.Enum):
    """How asking one unit ended; every value but `REPORTED` is a reason for having no report.

    `VOUCHED` is a good one: the report is another unit's, and this one made it.
    """

    REPORTED = 'reported'
    VOUCHED = 'vouched'
    NOT_SHIPPED = 'no-hook'
    UNASSIGNED = 'unassigned'
    UNREACHABLE = 'unreachable'
    REFUSED_KEY = 'refused-key'
    HOST_KEY = 'host-key'
    NOT_LOGGED_IN = 'not-logged-in'
    NO_PERMISSION = 'no-permission'
    JUJU_FAILED = 'juju-failed'
    HOOK_MISSING = 'hook-missing'
    HOOK_BROKEN = 'hook-broken'
    TIMEOUT = 'timeout'
    INVALID = 'unreadable'
    DEADLINE = 'deadline'
    NO_AGENT = 'no-agent'
    NOT_PUSHED = 'not-pushed'
    STALE = 'stale'
    NOT_SAVED = 'not-saved'


# Those that kept us from asking: they tell of the way to the machine, not of the service.
NOT_REACHED = frozenset(
    {
        Outcome.UNREACHABLE,
        Outcome.REFUSED_KEY,
        Outcome.HOST_KEY,
        Outcome.NOT_LOGGED_IN,
        Outcome.NO_PERMISSION,
        Outcome.JUJU_FAILED,
        Outcome.DEADLINE,
    }
)


@dataclass(frozen=True)
class OutcomeWords:
    """What an outcome means, and what to do about it; `{unit}` and `{machine}` are filled in."""

    meaning: str
    advice: str


WORDS: Mapping[Outcome, OutcomeWords] = {
    Outcome.REPORTED: OutcomeWords('the unit reported', ''),
    Outcome.VOUCHED: OutcomeWords('its report for its principal shows that it works', ''),
    Outcome.NOT_SHIPPED: OutcomeWords(
        'no health hook is shipped with it; this is what juju status says',
        'deploy the health charm beside it: juju integrate juju-health {application}',
    ),
    Outcome.UNASSIGNED: OutcomeWords(
        'it has no machine yet', 'see what it waits for: juju status {unit}'
    ),
    Outcome.UNREACHABLE: OutcomeWords(
        'its machine did not answer', 'see whether it is up: juju show-machine {machine}'
    ),
    Outcome.REFUSED_KEY: OutcomeWords(
        'its machine refused our ssh key',
        'add the key: juju add-ssh-key "$(cat ~/.ssh/id_ed25519.pub)"',
    ),
    Outcome.HOST_KEY: OutcomeWords(
        'its machine showed another host key than the controller knows, or none is known',
        'find out why the key changed before you trust it: juju show-machine {machine}',
    ),
    Outcome.NOT_LOGGED_IN: OutcomeWords('juju is not logged in', 'log in: juju login'),
    Outcome.NO_PERMISSION: OutcomeWords(
        'this user may not ssh in this model',
        'ask its admin: juju grant USER admin MODEL',
    ),
    Outcome.JUJU_FAILED: OutcomeWords(
        'juju ssh failed before it reached the machine',
        'look what it rests on, one by one: reconcile-health doctor',
    ),
    Outcome.HOOK_MISSING: OutcomeWords(
        'its health hook is not where the charm should have put it',
        'look for it: juju ssh {unit} ls -l {hook}',
    ),
    Outcome.HOOK_BROKEN: OutcomeWords(
        'its health hook failed instead of reporting', 'run it: juju ssh {unit} {hook} --pretty'
    ),
    Outcome.TIMEOUT: OutcomeWords(
        'its health hook did not end in time',
        'see which check hangs: juju ssh {unit} {hook} --pretty; or raise --timeout',
    ),
    Outcome.INVALID: OutcomeWords(
        'what its health hook printed is not a report', 'look at it: juju ssh {unit} {hook}'
    ),
    Outcome.DEADLINE: OutcomeWords(
        'the sweep ended before it answered', 'raise --deadline or --workers'
    ),
    Outcome.NO_AGENT: OutcomeWords(
        'no health agent gives its report',
        'ask without it: --ask auto; or see why: juju ssh {unit} -- sudo systemctl status '
        'juju-health-agent',
    ),
    Outcome.NOT_PUSHED: OutcomeWords(
        'it has pushed no report to the inbox',
        'have it push: reconcile-health enrol {unit}; or ask it: --ask auto',
    ),
    Outcome.STALE: OutcomeWords(
        'its last report is too old to say how it is now',
        'ask its hook: --ask hook; or see why none came since: juju ssh {unit} -- sudo systemctl '
        'status juju-health-agent',
    ),
    Outcome.NOT_SAVED: OutcomeWords(
        'what was saved holds no report of it',
        'save it too: /var/log/juju-health of its machine, or what {hook} prints',
    ),
}
