"""What Juju's words about a unit mean for its health: a pure table, one ceiling a word.

Evidence that passes never lifts a unit above the ceiling of what Juju says, and evidence that is
worse stays; `judge.cap_by_juju` sees to it, `docs/juju-status.md` shows the table. The words are
those of Juju 2.9 to 4.0 (core/status/status.go).
"""

from __future__ import annotations

from dataclasses import dataclass

from charm.kernel.report import Health

# A hook takes minutes, an upgrade of packages half an hour.
LONG_SECONDS = 3600.0


@dataclass(frozen=True)
class Ceiling:
    """One row of the table: how well a unit is at best of which Juju says this word.

    Attributes:
        of: whose word it is: `workload`, `agent`, `machine`, `instance` or `model`.
        word: Juju's; `executing` counts from an hour on.
        health: the best that the unit may be.
        why: the argument for it, one sentence.
        key: what `health.yaml` calls it; the word itself unless that means two things.
    """

    of: str
    word: str
    health: Health
    why: str
    key: str = ''

    @property
    def name(self) -> str:
        """Return what the configuration calls it."""
        return self.key or self.word


_P, _W, _U, _F = Health.PASSED, Health.WARN, Health.UNKNOWN, Health.FAIL
CEILINGS: tuple[Ceiling, ...] = (
    Ceiling('workload', 'active', _P, 'the charm says that it serves'),
    Ceiling('workload', 'unknown', _P, 'the charm never says anything; many do not'),
    Ceiling('workload', 'maintenance', _W, 'it is being worked on, and may stop at any moment'),
    Ceiling('workload', 'waiting', _W, 'it is not done: it waits for another, of which it tells'),
    Ceiling('workload', 'blocked', _F, 'the charm says that somebody has to step in'),
    Ceiling('workload', 'error', _F, 'a hook failed: what it was to do is undone'),
    Ceiling('workload', 'allocating', _W, 'Juju has yet to give it what it runs on'),
    Ceiling('workload', 'terminated', _U, 'the unit is gone: what answers is not it'),
    Ceiling('agent', 'idle', _P, 'it has nothing to do'),
    Ceiling('agent', 'executing', _W, 'a hook that has run for an hour hangs', 'executing'),
    Ceiling('agent', 'allocating', _W, 'it has yet to be set up'),
    Ceiling('agent', 'rebooting', _W, 'its machine is about to go, or to come back'),
    Ceiling('agent', 'lost', _W, 'it may serve, yet Juju can change nothing of it'),
    Ceiling('agent', 'failed', _F, 'it could not be set up'),
    Ceiling('agent', 'error', _F, 'a hook failed: what it was to do is undone'),
    Ceiling('machine', 'started', _P, 'its agent runs'),
    Ceiling('machine', 'pending', _W, 'it has yet to be set up'),
    Ceiling('machine', 'down', _W, 'it may serve, yet Juju can change nothing on it'),
    Ceiling('machine', 'stopped', _W, 'its agent was stopped'),
    Ceiling('machine', 'error', _F, 'it could not be set up', 'machine-error'),
    Ceiling('instance', 'provisioning error', _F, 'it was never made', 'provisioning-error'),
    Ceiling('model', 'available', _P, 'Juju does in it what it is told'),
    Ceiling('model', 'busy', _W, 'it is being moved, or upgraded'),
    Ceiling('model', 'destroying', _W, 'it is about to go, with all that is in it'),
    Ceiling('model', 'suspended', _W, 'its cloud no longer knows us: Juju can change nothing'),
    Ceiling('model', 'error', _W, 'something in it is not as it was told to be'),
)
# Of what Juju is removing these say that it will not go by itself. Any other word is no wonder
# then: its relations go, so that it is blocked, and it is stopped.
STUCK = frozenset(
    {
        ('workload', 'error'),
        ('agent', 'executing'),
        ('agent', 'error'),
        ('agent', 'failed'),
        ('agent', 'lost'),
        ('machine', 'down'),
        ('machine', 'error'),
        ('instance', 'provisioning error'),
    }
)
# Of those, what is no wonder either where the machine goes as well.
GOES_ALONG = frozenset({('agent', 'lost'), ('machine', 'down')})
# Juju itself said that it cannot tell; or a word that is not in the table.
UNREADABLE = Ceiling('', 'status-error', _U, 'Juju itself cannot tell', 'unreadable')
UNRECOGNISED = Ceiling('', '', _U, 'nobody knows what it means', 'unrecognised')
# What a word is called by who has it count otherwise, for a service.
_OF_SERVICES = [row for row in CEILINGS if row.of != 'model']
KEYS = tuple(dict.fromkeys(row.name for row in (*_OF_SERVICES, UNREADABLE, UNRECOGNISED)))
