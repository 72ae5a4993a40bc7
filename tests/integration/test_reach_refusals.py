"""Real machines that let the user in no more: what a real sshd says then is told, on each way."""

from __future__ import annotations

import pytest

from charm.kernel.deadline import Deadline
from reconciler.ask.frames import Request
from reconciler.ask.script_asker import ScriptAsker
from reconciler.values.readings import Outcome
from tests.conftest import Hosts
from tests.standin.builder import Machine
from tests.support.patience import PATIENCE

from .reaches import DIRECT, EVERY, Lab, refusal, world_of

REFUSALS: dict[str, tuple[str, Outcome]] = {
    'shell': ('usermod -s /usr/sbin/nologin ubuntu', Outcome.NO_LOGIN),
    'password': ('chage -d 0 ubuntu', Outcome.NO_LOGIN),
    'no shell': ('usermod -s /bin/gone ubuntu', Outcome.REFUSED_KEY),
}


@pytest.mark.parametrize('case', REFUSALS)
@pytest.mark.parametrize('name', ['juju', *DIRECT])
def test_a_machine_that_lets_the_user_in_no_more_says_so(
    lab: Lab, hosts: Hosts, name: str, case: str
) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with EVERY['warm'](lab, model):
        pass  # So that the host key is known.
    command, outcome = REFUSALS[case]
    host.must('cp -p /etc/passwd /etc/shadow /root')
    try:
        host.must(command)
        with EVERY[name](lab, model) as reach:
            came = ScriptAsker(reach).ask(
                'web/0', [Request('web/0', '/no/such')], Deadline.after(PATIENCE)
            )
    finally:
        host.must('cp -p /root/passwd /root/shadow /etc')
    assert came.fault is not None
    assert came.fault.outcome is outcome, came.fault


@pytest.mark.parametrize('name', ['juju', *DIRECT])
def test_a_machine_that_boots_says_so_where_its_banner_is_told(
    lab: Lab, hosts: Hosts, name: str
) -> None:
    (host,) = hosts(1)
    model = lab.write(world_of(Machine.of(host, '0')))
    with EVERY['warm'](lab, model):
        pass
    nologin = host.root / 'etc/nologin'
    nologin.write_text(
        'System is booting up. Unprivileged users are not permitted to log in yet.\n'
    )
    try:
        with EVERY[name](lab, model) as reach:
            error = refusal(reach)
    finally:
        nologin.unlink()
    assert error.outcome is (Outcome.NO_LOGIN if name in DIRECT else Outcome.UNREACHABLE), error
