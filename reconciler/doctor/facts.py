"""What the doctor asks of machines: as whom we are there, and what a hook there lacks."""

from __future__ import annotations

import enum
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from charm import __version__
from charm.kernel.deadline import Deadline
from charm.kernel.lines import lines

from ..ask import orphans
from ..ask.errands import MachineRequest, hook_path
from ..collect import removed_units
from ..reach.base import Reach, ReachError, RemoteCommand
from ..values.advice import NO_ADVICE, Advice, integrate, juju, there
from ..values.model import HEALTH_CHARM, Model
from ..values.outcomes import Outcome, advise
from ..values.time_budget import TimeBudget
from ..values.words import first_few, fold_units

OLDEST_PYTHON = (3, 8)
_CAP_BYTES = 64 * 1024
_SUDO = "echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-ubuntu"


class LookResult(enum.Enum):
    """How one look ended, from the best to the worst; `SKIPPED` says nothing."""

    OK = 'ok'
    SKIPPED = 'skipped'
    WARN = 'warn'
    FAIL = 'fail'


@dataclass(frozen=True)
class DoctorFinding:
    """A finding: one thing that was looked at, and what mends it.

    Attributes:
        name: what.
        result: how it is.
        message: one line.
        mend: the command that mends it, or what to do; false if nothing is to be done.
    """

    name: str
    result: LookResult
    message: str
    mend: Advice = NO_ADVICE


@dataclass(frozen=True)
class MachineFacts:
    """The facts that a machine told of itself.

    Attributes:
        user: as whom we are there.
        sudo: whether that user may run anything as root without a password.
        python: such as `3.10`; empty if there is none.
        hooks: by unit, `yes`, `sudo` (root alone may run it) or `no`.
        version: what the health charm's hook says it is; empty if there is none.
        agent: what systemd says of the agent; empty without systemd.
        orphans: units that Juju has removed, and whose files are there still.
    """

    user: str = ''
    sudo: bool = False
    python: str = ''
    hooks: tuple[tuple[str, str], ...] = ()
    version: str = ''
    agent: str = ''
    orphans: tuple[str, ...] = ()


_SCRIPT = """\
N={nonce}
say() {{ echo "$N $*"; }}
say user "$(id -un)"
if sudo -n true 2>/dev/null; then s='sudo -n'; say sudo yes; else s=; say sudo no; fi
say python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
say agent "$(systemctl is-active juju-health-agent.service 2>/dev/null)"
look() {{
if [ -x "$2" ]; then say hook "$1" yes
elif [ -n "$s" ] && $s test -x "$2"; then say hook "$1" sudo
else say hook "$1" no; return; fi
[ "$3" = health ] || return 0
say version "$($s timeout {version} "$2" --version 2>/dev/null </dev/null | head -n 1)"
}}
{looks}
{orphans}
say end
"""


def ask_facts(reach: Reach, errand: MachineRequest, deadline: Deadline) -> MachineFacts:
    """Return what a machine says of itself.

    Raises:
        ReachError: it cannot be reached, or did not answer whole.
    """
    nonce = secrets.token_hex(8)
    looks = []
    for asked in errand.asked:
        unit, path = asked.unit.name, asked.request.path
        whose = 'charm' if path == hook_path(unit) else 'health'
        looks.append(shlex.join(['look', unit, path, whose]))
    script = _SCRIPT.format(
        nonce=nonce,
        looks='\n'.join(looks),
        version=TimeBudget.version_seconds,
        orphans=orphans.look(),
    )
    command = RemoteCommand(shlex.join(['sh', '-c', script]), _CAP_BYTES)
    completed = reach.run(errand.target, command, deadline)
    told = [
        line[line.index(nonce) :].split()[1:]
        for line in lines(completed.stdout.decode(errors='replace'))
        if nonce in line
    ]
    if ['end'] not in told:
        raise ReachError(Outcome.INVALID, 'cannot read its answer: it ended early', completed)
    facts = {words[0]: words[1:] for words in told if words[0] not in ('hook', 'end')}
    return MachineFacts(
        user=' '.join(facts.get('user', [])),
        sudo=facts.get('sudo') == ['yes'],
        python=' '.join(facts.get('python', [])),
        hooks=tuple((w[1], w[2]) for w in told if w[0] == 'hook' and len(w) == 3),
        version=next(iter(facts.get('version', [])[-1:]), ''),
        agent=' '.join(facts.get('agent', [])),
        orphans=orphans.read(completed.stdout, nonce),
    )


def reached(
    model: Model,
    chosen: Sequence[MachineRequest],
    facts_of: Mapping[str, MachineFacts | ReachError],
    total: int,
) -> Iterator[DoctorFinding]:
    """Yield whether machines were reached: what failed alike as one finding."""
    late = ReachError(Outcome.DEADLINE, 'no answer by the deadline')
    alike: dict[Outcome, list[tuple[MachineRequest, ReachError]]] = {}
    for errand in chosen:
        found = facts_of.get(errand.place, late)
        if isinstance(found, ReachError):
            alike.setdefault(found.outcome, []).append((errand, found))
    reached = len(chosen) - sum(map(len, alike.values()))
    asked = f'{len(chosen)} of {total} machines' if len(chosen) < total else f'{total} machines'
    if reached or not alike:
        result = LookResult.OK if not alike else LookResult.WARN
        yield DoctorFinding('ssh', result, f'{reached} answered, of {asked} asked')
    for outcome, failed in alike.items():
        errand, error = failed[0]
        places = first_few([errand.place for errand, _ in failed], 10)
        unit = errand.asked[0].unit
        mend = (error.advice or advise(outcome, model, unit)).mend
        if outcome is Outcome.JUJU_FAILED and not error.advice:
            # The general advice is to ask the doctor.
            mend = Advice(argv=juju(model.full_name, 'ssh', '--debug', unit.name, 'true'))
        yield DoctorFinding('ssh', LookResult.FAIL, f'machine {places}: {error}', mend)


def over_there(
    model: Model, answered: Mapping[str, MachineFacts], charm: str = ''
) -> Iterator[DoctorFinding]:
    """Yield what the machines that answered lack; `charm` is the health charm's application."""
    yield _lacking(
        'sudo',
        [unit for unit, found in answered.items() if not (found.sudo or model.is_k8s)],
        "root can be asked for where a hook is root's alone",
        'the ssh user may not use sudo without a password, which hooks of root need',
        lambda unit: Advice(line=_SUDO, remark='on the machine'),
    )
    named = '.'.join(map(str, OLDEST_PYTHON))
    yield _lacking(
        'python',
        [unit for unit, found in answered.items() if _is_old(found.python)],
        f'{named} or later',
        f'python3 is missing or older than {named}, which the health charm and the probe need',
        lambda unit: _as_root(model, unit, 'apt-get', 'install', '-y', 'python3'),
    )
    yield _version(model, {unit: found.version for unit, found in answered.items()}, charm)
    yield from _agent(model, {unit: found.agent for unit, found in answered.items()})
    for unit, found in answered.items():
        if found.orphans:
            message = f'beside {unit}: {removed_units.whose(found.orphans)}'
            mend = removed_units.mend(model, unit, found.orphans)
            yield DoctorFinding('orphans', LookResult.WARN, message, mend)


def hooks(model: Model, without: Sequence[str], looks: bool) -> DoctorFinding:
    """Return whether each unit that should report has a hook, or its machine is looked at."""
    if without and looks:
        message = f'{fold_units(without)}: no health hook is there: their machines are looked at'
        return DoctorFinding('hook', LookResult.OK, message)
    return _lacking(
        'hook',
        without,
        'a health hook is there for every unit asked that should report',
        'no health hook is there: juju status is all that is known',
        lambda unit: (
            Advice('ship hooks/health with the charm, or have its word be enough in health.yaml')
            if model.is_k8s
            else Advice(
                argv=integrate(model.full_name, model.major, HEALTH_CHARM, 'APPLICATION'),
                remark='or ship hooks/health with the charm, or expect its word in health.yaml',
            )
        ),
    )


def _version(model: Model, told: Mapping[str, str], charm: str) -> DoctorFinding:
    if not any(told.values()):
        return DoctorFinding(
            'version', LookResult.SKIPPED, 'no health charm is there that could tell its own'
        )
    other = [unit for unit, version in told.items() if version not in ('', __version__)]
    versions = ', '.join(sorted({told[unit] for unit in other}))
    return _lacking(
        'version',
        other,
        f'{__version__}, as here',
        f'another version of the health charm than here ({__version__}): {versions}',
        lambda unit: Advice(
            argv=juju(model.full_name, 'refresh', charm or 'APPLICATION'),
            remark='or upgrade reconcile-health',
        ),
    )


def _agent(model: Model, told: Mapping[str, str]) -> Iterator[DoctorFinding]:
    # Without the agent all is collected the same, so only where others have it is it missed.
    if {'active', 'failed'} & set(told.values()):
        yield _lacking(
            'agent',
            [unit for unit, word in told.items() if word in ('failed', 'inactive')],
            'runs everywhere',
            'the agent does not run; the hook is asked instead',
            lambda unit: _as_root(model, unit, 'systemctl', 'restart', 'juju-health-agent'),
        )


def _as_root(model: Model, unit: str, *command: str) -> Advice:
    return Advice(argv=there(model.full_name, unit, '--', 'sudo', *command))


def _lacking(
    name: str, units: Sequence[str], fine: str, message: str, mend: Callable[[str], Advice]
) -> DoctorFinding:
    """Return that all is fine, or which units lack it, and what mends the first of them."""
    if not units:
        return DoctorFinding(name, LookResult.OK, fine)
    told = f'{fold_units(units)}: {message}'
    return DoctorFinding(name, LookResult.WARN, told, mend(units[0]))


def _is_old(python: str) -> bool:
    parts = python.split('.')
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        return True
    return (int(parts[0]), int(parts[1])) < OLDEST_PYTHON
