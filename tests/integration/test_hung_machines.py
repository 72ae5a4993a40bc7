"""Machines that hang, frozen or half-open, keep no worker from those that are well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.running import kill_running
from reconciler.ask.errands import plan_errands
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.fanout import FanoutLimits, run_errands
from reconciler.values.time_budget import TimeBudget
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_unit
from tests.hosts.shell import wait_until
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import REMOTE, Lab, world_of

# Nobody who hangs ends by itself: only that he steps aside lets the others answer.
TIME = TimeBudget(2 * PATIENCE, int(2 * PATIENCE), int(2 * PATIENCE))
WELL = b'#!/bin/sh\necho well\n'
ENDLESS = b'#!/bin/sh\ntouch /tmp/started\nsleep 1000\n'


@contextmanager
def cut_off_while_it_runs(host: Host) -> Iterator[None]:
    """Leave a connection half-open, once the hook that never ends has begun."""

    def cut() -> None:
        wait_until(lambda: host.run('test -e /tmp/started').returncode == 0, 'the hook')
        host.partition()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        yield
    finally:
        cutting.join()


@pytest.mark.parametrize('aside_each', [0, 3])
@pytest.mark.parametrize('name', list(REMOTE))
def test_every_healthy_machine_answers_while_others_hang(
    hosts: Hosts, lab: Lab, name: str, aside_each: int
) -> None:
    machines = hosts(8)
    for number, host in enumerate(machines):
        add_unit(host, f'web/{number}', WELL)
    model = lab.write(
        world_of(*(Machine.of(host, str(number)) for number, host in enumerate(machines)))
    )
    errands = plan_errands(model, model.units(), TIME.hook_seconds)
    limits = FanoutLimits(2, time=TIME, aside_each=aside_each)
    with REMOTE[name](lab, model) as reach:
        asker = ScriptAsker(reach, TIME)
        # So that the host keys are known, as they are to the controller.
        known = list(run_errands(errands, asker, limits, Deadline.after(PATIENCE)))
        assert [one.fault for one in known] == [None] * len(machines)
        add_unit(machines[0], 'web/0', ENDLESS)
        for host in machines[1:3]:
            host.freeze()
        with cut_off_while_it_runs(machines[0]):
            asked = run_errands(errands, asker, limits, Deadline.after(2 * PATIENCE))
            found = [next(asked) for _ in machines[3:]]
        asked.close()  # type: ignore[attr-defined]
        kill_running()
    assert {one.errand.place for one in found} == {'3', '4', '5', '6', '7'}
    assert all(answer.stdout == b'well\n' for one in found for answer in one.answers)
