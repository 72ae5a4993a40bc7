"""The doctor's list: each thing a sweep rests on, looked at in turn, with what mends it.

What rests on something that is broken is skipped, so that one fault is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather
from charm.kernel.names import service_of

from ..ask.errands import MachineRequest, is_health_charm, plan_errands
from ..collect.removed_units import absent
from ..config.settings import NOTHING, Config
from ..juju.command import Juju
from ..reach.base import Reach, ReachError
from ..values.advice import Advice, integrate, juju, reconcile_health, steps
from ..values.errors import (
    ControllerMissing,
    ControllerUnreachable,
    JujuError,
    JujuMissing,
    ModelNotFound,
    NotLoggedIn,
    ReconcilerError,
)
from ..values.model import HEALTH_CHARM, Model
from ..values.time_budget import TimeBudget
from .facts import (
    DoctorFinding,
    LookResult,
    MachineFacts,
    ask_facts,
    hooks,
    over_there,
    reached,
)

OK, WARN, FAIL = LookResult.OK, LookResult.WARN, LookResult.FAIL


@dataclass(frozen=True)
class Doctor:
    """An examination of one model, from the juju command to its hooks.

    Attributes:
        juju: the door to the juju command.
        way: how to get to a model's machines.
        inventory: gets the model.
        workers: machines asked at once.
        most: how many machines to ask at the most.
        config: what the operator expects of services: what needs no report lacks no hook.
        looks: machines are looked at where no hook answers, so that nothing has to be deployed.
    """

    juju: Juju
    way: Callable[[Model], Reach]
    inventory: Callable[[Deadline], Model]
    workers: int = 16
    most: int = 12
    config: Config = NOTHING
    looks: bool = False

    def examine(self, deadline: Deadline) -> Iterator[DoctorFinding]:
        """Yield what was found, from the juju command to the hooks over there."""
        names = ('juju', 'controller', 'login', 'model', 'health charm', 'ssh', 'sudo')
        done: set[str] = set()
        model: Model | None = None
        for look in (self._juju, self._controller, self._login):
            finding = look(deadline)
            done.add(finding.name)
            yield finding
            if finding.result is FAIL:
                break
        else:
            found, model = self._model(deadline)
            done.add(found.name)
            yield found
        if model is not None:
            done.update(names)
            yield self._charm(model)
            yield from self._machines(model, deadline)
        for name in names:
            if name not in done:
                yield DoctorFinding(
                    name, LookResult.SKIPPED, 'not looked at, since it rests on the above'
                )

    def _juju(self, deadline: Deadline) -> DoctorFinding:
        try:
            return DoctorFinding('juju', OK, f'version {self.juju.version(deadline)}')
        except JujuMissing as error:
            install = ('sudo', 'snap', 'install', 'juju')
            mend = Advice(argv=install, remark='or name it: --juju /snap/bin/juju')
            return DoctorFinding('juju', FAIL, str(error), mend)
        except JujuError as error:
            mend = self._run('version')
            if 'snap cgroup' in error.stderr:
                # juju/juju#23305: a strict snap started outside of a session, such as by cron.
                scope = ('systemd-run', '--user', '--scope', *reconcile_health(self.juju.model))
                mend = Advice(argv=scope, remark='or a juju without snap')
            return DoctorFinding('juju', FAIL, str(error), mend)

    def _controller(self, deadline: Deadline) -> DoctorFinding:
        try:
            known = self.juju.controllers(deadline)
        except JujuError as error:
            return DoctorFinding('controller', FAIL, str(error), self._run('controllers'))
        if not known:
            whence = 'who owns a controller gives you the token'
            mend = self._run('register', 'TOKEN', remark=whence)
            return DoctorFinding('controller', FAIL, 'no controller is registered', mend)
        wanted = self.juju.controller
        if wanted and wanted not in known:
            message = f'there is no controller {wanted!r}: there are {", ".join(known)}'
            return DoctorFinding('controller', FAIL, message, self._run('controllers'))
        return DoctorFinding('controller', OK, f'{len(known)} known: {", ".join(known)}')

    def _login(self, deadline: Deadline) -> DoctorFinding:
        try:
            who = self.juju.whoami(deadline)
        except NotLoggedIn as error:
            return DoctorFinding('login', FAIL, str(error), error.advice.mend)
        except JujuError as error:
            return DoctorFinding('login', FAIL, str(error), self._run('whoami'))
        if not who.get('user'):
            return DoctorFinding('login', FAIL, 'no user is logged in', self._run('login'))
        return DoctorFinding('login', OK, f'{who["user"]} on {who.get("controller", "?")}')

    def _run(self, name: str, *words: str, remark: str = '') -> Advice:
        """Return the juju command of that name as advice, for the model that was asked for."""
        return Advice(argv=juju(self.juju.model, name, *words), remark=remark)

    def _model(self, deadline: Deadline) -> tuple[DoctorFinding, Model | None]:
        try:
            model = self.inventory(TimeBudget.status(deadline))
        except ReconcilerError as error:
            return DoctorFinding('model', FAIL, str(error), self._choice(error)), None
        count = sum(1 for _ in model.units())
        message = f'{model.controller}:{model.name}, Juju {model.version}, {count} units'
        if not count:
            return DoctorFinding('model', WARN, f'{message}: nothing to ask'), None
        if model.faults:
            told = f'{message}; {len(model.faults)} parts of its status cannot be read'
            return DoctorFinding('model', WARN, f'{told}: {model.faults[0]}'), model
        return DoctorFinding('model', OK, message), model

    def _choice(self, error: ReconcilerError) -> Advice:
        """Return what to do where the model could not be had: choose another, or mend that."""
        named = self.juju.model
        if isinstance(error, ModelNotFound):
            model = f'{self.juju.controller}:MODEL' if self.juju.controller else 'MODEL'
            return Advice(line=steps(juju(named, 'models'), juju(named, 'switch', model)))
        if isinstance(error, ControllerMissing):
            switch = juju(named, 'switch', 'CONTROLLER')
            return Advice(line=steps(juju(named, 'controllers'), switch))
        if isinstance(error, ControllerUnreachable):
            return self._run('show-controller', remark='is the network or VPN up?')
        if isinstance(error, NotLoggedIn):
            return error.advice.mend
        return error.advice or self._run('status', '--format', 'json')

    def _charm(self, model: Model) -> DoctorFinding:
        """Say which applications have no health charm beside them; they may ship a hook."""
        if model.is_k8s:
            message = 'pods have none beside them: charms ship their hooks themselves'
            return DoctorFinding('health charm', OK, message)
        beside = {
            unit.principal.rpartition('/')[0]
            for application in model.applications.values()
            if is_health_charm(application)
            for unit in application.units
        }
        deployed, spared = _health_charms(model), self.config.spared(model)
        bare = [
            application.name
            for application in model.applications.values()
            if application.units
            and not application.subordinate_to
            and application.name not in beside
            and application.name not in spared
        ]
        named = model.full_name
        if not bare:
            message = f'{deployed[0]}, beside every application' if deployed else 'none is needed'
            return DoctorFinding('health charm', OK, message)
        if self.looks:
            message = f'none beside {", ".join(bare[:10])}: their machines are looked at instead'
            return DoctorFinding('health charm', OK, message)
        if not deployed:
            deploy = juju(named, 'deploy', './build/juju-health.charm')
            relate = integrate(named, model.major, HEALTH_CHARM, 'APP')
            mend = Advice(line=steps(('make', 'charm'), deploy, relate))
            message = 'no health charm is deployed: only hooks that charms ship are asked'
            return DoctorFinding('health charm', WARN, message, mend)
        steps_of = (
            integrate(named, model.major, deployed[0], application) for application in bare[:5]
        )
        message = f'no health charm beside {", ".join(bare[:10])}'
        return DoctorFinding('health charm', WARN, message, Advice(line=steps(*steps_of)))

    def _machines(self, model: Model, deadline: Deadline) -> Iterator[DoctorFinding]:
        errands = plan_errands(model, model.units(), 0.0)
        if not errands:
            mend = Advice(argv=juju(model.full_name, 'status'))
            yield DoctorFinding('ssh', WARN, 'no unit has a machine yet', mend)
            return
        chosen = _spread(errands, self.most)
        reach = self.way(model)
        calls: dict[str, Callable[[], MachineFacts]] = {
            errand.place: partial(
                ask_facts, reach, errand, deadline.within(TimeBudget.examine_seconds)
            )
            for errand in chosen
        }
        facts_of: dict[str, MachineFacts | ReachError] = {}
        for done in gather(calls, deadline, self.workers):
            if isinstance(done.error, ReachError):
                facts_of[done.key] = done.error
            elif done.error is not None:
                raise done.error
            elif done.value is not None:
                orphans = absent(model, done.value.orphans)
                facts_of[done.key] = replace(done.value, orphans=orphans)
        yield from reached(model, chosen, facts_of, len(errands))
        answered = {
            errand.target: found
            for errand in chosen
            if isinstance(found := facts_of.get(errand.place), MachineFacts)
        }
        if answered:
            charm = next(iter(_health_charms(model)), '')
            yield from over_there(model, answered, charm)
            spared = self.config.spared(model)
            hookless = [
                unit
                for found in answered.values()
                for unit, there in found.hooks
                if there == 'no' and service_of(unit) not in spared
            ]
            yield hooks(model, hookless, self.looks)


def _health_charms(model: Model) -> list[str]:
    return [name for name, known in model.applications.items() if is_health_charm(known)]


def _spread(errands: Sequence[MachineRequest], most: int) -> list[MachineRequest]:
    """Return at most so many of them, from all over the model."""
    step = max(1, -(-len(errands) // most))
    return list(errands[::step])
