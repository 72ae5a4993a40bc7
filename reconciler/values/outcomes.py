"""How asking one unit may end, in words, and what the operator can do about it."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .advice import NO_ADVICE, Advice, grant, integrate, juju, reconcile_health, there
from .model import HEALTH_CHARM, Model, Unit


class Outcome(enum.Enum):
    """How asking one unit ended; every value but `REPORTED` is a reason for having no report.

    Two of those are good ones: `VOUCHED`, the report is another unit's, and this one made it; and
    `PROBED`, its machine and its agent were looked at.
    """

    REPORTED = 'reported'
    VOUCHED = 'vouched'
    PROBED = 'probed'
    NOT_SHIPPED = 'no-hook'
    LEAVING = 'leaving'
    UNASSIGNED = 'unassigned'
    UNREACHABLE = 'unreachable'
    REFUSED_KEY = 'refused-key'
    HOST_KEY = 'host-key'
    NO_LOGIN = 'no-login'
    NOT_LOGGED_IN = 'not-logged-in'
    NO_PERMISSION = 'no-permission'
    JUJU_FAILED = 'juju-failed'
    ILL = 'machine-ill'
    HOOK_MISSING = 'hook-missing'
    HOOK_BROKEN = 'hook-broken'
    TIMEOUT = 'timeout'
    INVALID = 'unreadable'
    DEADLINE = 'deadline'
    NO_AGENT = 'no-agent'
    NOT_PUSHED = 'not-pushed'
    STALE = 'stale'
    NOT_SAVED = 'not-saved'


class Depth(enum.Enum):
    """How deep a unit was looked at: what its health rests on."""

    OWN = 'own'
    MACHINE = 'machine'
    JUJU = 'juju'
    NONE = 'none'


# Those by which a unit is known to work, or not: a report of its own, or another's.
HEARD = frozenset({Outcome.REPORTED, Outcome.VOUCHED})
# What the check of a unit's own Juju agent is called.
AGENT = 'agent'
# Those by which something was seen of a unit: also its machine and its agent.
SEEN = HEARD | {Outcome.PROBED}
# Those by which a machine is known to be up: something on it answered.
ANSWERED = SEEN | {Outcome.HOOK_MISSING, Outcome.HOOK_BROKEN, Outcome.INVALID}
# Those that kept us from asking: they tell of the way to the machine, not of the service.
NOT_REACHED = frozenset(
    {
        Outcome.UNREACHABLE,
        Outcome.REFUSED_KEY,
        Outcome.HOST_KEY,
        Outcome.NO_LOGIN,
        Outcome.NOT_LOGGED_IN,
        Outcome.NO_PERMISSION,
        Outcome.JUJU_FAILED,
        Outcome.DEADLINE,
    }
)
# Those that are a matter of the very machine, whether we were there or kept away.
OF_MACHINE = frozenset({Outcome.UNREACHABLE, Outcome.HOST_KEY, Outcome.NO_LOGIN, Outcome.ILL})


# Juju 4 makes a key for itself, and adds it to no model (juju/utils v4, clientkeys.go).
_JUJU_4_KEY = '"${JUJU_DATA:-$HOME/.local/share/juju}/ssh/juju_id_ed25519.pub"'


@dataclass(frozen=True)
class SilentUnit:
    """A unit without a report of its own: what advice about it names.

    Attributes:
        model: which model it is of.
        unit: which.
        hook: the path of its health hook.
    """

    model: Model
    unit: Unit
    hook: str

    def juju(self, name: str, *words: str) -> tuple[str, ...]:
        """Return a juju command for its model."""
        return juju(self.model.full_name, name, *words)

    def there(self, *words: str) -> tuple[str, ...]:
        """Return the command that runs another one where it is."""
        return there(self.model.full_name, self.unit.name, *words)

    @property
    def status(self) -> tuple[str, ...]:
        """Return what shows what Juju says of it."""
        return self.juju('status', self.unit.name)

    @property
    def look(self) -> tuple[str, ...]:
        """Return what shows its machine, or a pod, which has none."""
        machine = self.unit.machine
        return self.juju('show-machine', machine) if machine else self.status

    @property
    def key_line(self) -> str:
        """Return what adds our ssh key to its model; a shell reads the key."""
        key = _JUJU_4_KEY if self.model.major >= 4 else '~/.ssh/id_ed25519.pub'
        return f'{shlex.join(self.juju("add-ssh-key"))} "$(cat {key})"'

    @property
    def agent(self) -> tuple[str, ...]:
        """Return what shows its agent."""
        return self.there('--', 'sudo', 'systemctl', 'status', 'juju-health-agent')


# What each outcome means.
WORDS: Mapping[Outcome, str] = {
    Outcome.REPORTED: 'the unit reported',
    Outcome.VOUCHED: 'its report for its principal shows that it works',
    Outcome.PROBED: 'no health hook is shipped with it; its machine and its agent were looked at',
    Outcome.NOT_SHIPPED: 'no health hook is shipped with it; this is what juju status says',
    Outcome.LEAVING: 'juju is removing it',
    Outcome.UNASSIGNED: 'it has no machine yet',
    Outcome.UNREACHABLE: 'its machine did not answer',
    Outcome.REFUSED_KEY: 'its machine refused our ssh key',
    Outcome.HOST_KEY: (
        'its machine showed another host key than the controller knows, or none is known'
    ),
    Outcome.NO_LOGIN: 'its machine lets our user not in now, or not become root',
    Outcome.NOT_LOGGED_IN: 'juju is not logged in',
    Outcome.NO_PERMISSION: 'this user may not ssh in this model',
    Outcome.JUJU_FAILED: 'juju ssh failed before it reached the machine',
    Outcome.ILL: 'its machine can run nothing: it lacks memory, room or files of its own',
    Outcome.HOOK_MISSING: 'its health hook is not where the charm should have put it',
    Outcome.HOOK_BROKEN: 'its health hook failed instead of reporting',
    Outcome.TIMEOUT: 'its health hook did not end in time',
    Outcome.INVALID: 'what its health hook printed is not a report',
    Outcome.DEADLINE: 'the sweep ended before it answered',
    Outcome.NO_AGENT: 'no health agent gives its report',
    Outcome.NOT_PUSHED: 'it has pushed no report to the inbox',
    Outcome.STALE: 'its last report is too old to say how it is now',
    Outcome.NOT_SAVED: 'what was saved holds no report of it',
}
# What to do about each; nothing about those that are not here.
_ADVICE: Mapping[Outcome, Callable[[SilentUnit], Advice]] = {
    Outcome.PROBED: lambda of: Advice(
        'see what became of its agent', of.juju('show-status-log', of.unit.name)
    ),
    Outcome.NOT_SHIPPED: lambda of: (
        # The health charm is a subordinate for machines: it goes beside principals.
        NO_ADVICE
        if of.model.is_k8s or of.unit.principal
        else Advice(
            'deploy the health charm beside it',
            integrate(of.model.full_name, of.model.major, HEALTH_CHARM, of.unit.application),
        )
    ),
    Outcome.LEAVING: lambda of: Advice('see whether it goes', of.status),
    Outcome.UNASSIGNED: lambda of: Advice(
        'see whether juju can tell now' if of.unit.is_untold else 'see what it waits for',
        of.status,
    ),
    Outcome.UNREACHABLE: lambda of: Advice('see whether it is up', of.look),
    Outcome.REFUSED_KEY: lambda of: Advice('add the key', line=of.key_line),
    Outcome.HOST_KEY: lambda of: Advice(
        'find out why the key changed before you trust it', of.look
    ),
    Outcome.NO_LOGIN: lambda of: Advice('see whether it boots', of.look),
    Outcome.NOT_LOGGED_IN: lambda of: Advice('log in', of.juju('login')),
    Outcome.NO_PERMISSION: lambda of: Advice('ask its admin', grant(of.model.full_name)),
    Outcome.JUJU_FAILED: lambda of: Advice(
        'look what it rests on, one by one', reconcile_health(of.model.full_name, 'doctor')
    ),
    Outcome.ILL: lambda of: Advice('look after it, or reboot it', of.look),
    Outcome.HOOK_MISSING: lambda of: Advice('look for it', of.there('ls', '-l', of.hook)),
    Outcome.HOOK_BROKEN: lambda of: Advice('run it', of.there(of.hook, '--pretty')),
    Outcome.TIMEOUT: lambda of: Advice(
        'see which check hangs', of.there(of.hook, '--pretty'), remark='or raise --timeout'
    ),
    Outcome.INVALID: lambda of: Advice('look at it', of.there(of.hook)),
    Outcome.DEADLINE: lambda of: Advice('raise --deadline or --workers'),
    Outcome.NO_AGENT: lambda of: Advice('ask without it: --ask auto; or see why', of.agent),
    Outcome.NOT_PUSHED: lambda of: Advice(
        'have it push',
        reconcile_health(of.model.full_name, 'enrol', of.unit.name),
        remark='or ask it: --ask auto',
    ),
    Outcome.STALE: lambda of: Advice(
        'ask its hook: --ask hook; or see why none came since', of.agent
    ),
    Outcome.NOT_SAVED: lambda of: Advice(
        f'save it too: /var/log/juju-health of its machine, or what {of.hook} prints'
    ),
}


def meant(outcome: Outcome, unit: Unit) -> str:
    """Return what the outcome means of this unit."""
    if outcome is Outcome.UNASSIGNED and unit.is_untold:
        return 'juju could not tell which machine it is on'
    return WORDS[outcome]


def advise(outcome: Outcome, model: Model, unit: Unit, hook: str = '') -> Advice:
    """Return what the operator may do about a unit that was asked with that outcome."""
    say = _ADVICE.get(outcome)
    return say(SilentUnit(model, unit, hook or 'HOOK')) if say else NO_ADVICE
