"""One truth: whichever mode a report comes by, it says the same; and each mode fails by name."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hosts
from tests.hosts.shell import wait_until

from .asking import Lab, normalised

UNITS = ('web/0', 'db/0')
# Give another reach a name here, and its words for the command line.
REACHES: dict[str, tuple[str, ...]] = {'juju ssh': (), 'direct ssh': ('--reach', 'direct')}
MODES: dict[str, tuple[str, ...]] = {
    'hook': ('--ask', 'hook'),
    'agent': ('--ask', 'agent'),
    'agent log': ('--ask', 'log'),
}


@pytest.fixture
def lab(hosts: Hosts, tmp_path: Path) -> Lab:
    return Lab(hosts(1)[0], tmp_path)


def outcomes(found: dict[str, Any]) -> set[str]:
    return {found[unit]['outcome'] for unit in UNITS}


def wait_for(lab: Lab, *words: str) -> dict[str, Any]:
    """Return the units once both have reported."""
    found: dict[str, Any] = {}

    def reported() -> bool:
        found.update(lab.ask(*words))
        return outcomes(found) == {'reported'}

    wait_until(reported, f'reports by {words}')
    return found


def test_every_mode_over_every_reach_gives_the_same_report(lab: Lab) -> None:
    with lab.receiver() as url:
        enrolled = lab.enrol(url)
        assert (enrolled.returncode, enrolled.stderr) == (0, '')
        wait_for(lab, '--ask', 'agent')
        found = {
            f'{reach}, {mode}': lab.ask(*way, *words)
            for reach, way in REACHES.items()
            for mode, words in MODES.items()
        }
        found['tls, agent'] = lab.ask(*lab.over_tls)
        found['push'] = wait_for(lab, '--ask', 'push')
    for via, units in found.items():
        for unit in UNITS:
            assert units[unit]['outcome'] == 'reported', (via, units[unit])
            assert units[unit]['via'] == via
    truth = {unit: normalised(found['juju ssh, hook'][unit]['report']) for unit in UNITS}
    assert {check['name'] for check in truth['web/0']['checks']} >= {'ssh', 'words', 'flag'}
    assert [truth[unit]['reporter']['unit'] for unit in UNITS] == ['health/0', 'health/1']
    for via, units in found.items():
        for unit in UNITS:
            assert normalised(units[unit]['report']) == truth[unit], via
            assert units[unit]['age'] < 60


def test_who_reports_for_principals_is_known_to_work_by_their_reports_alone(lab: Lab) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url, 'web', 'db').returncode == 0
        pushed = wait_for(lab, '--ask', 'push')
        alone = lab.ask('--ask', 'push', 'health')
    over_tls = lab.ask(*lab.over_tls)
    for found, via in ((pushed, 'push'), (alone, 'push'), (over_tls, 'tls, agent')):
        for own, principal in (('health/0', 'web/0'), ('health/1', 'db/0')):
            assert (found[own]['outcome'], found[own]['health']) == ('vouched', 'passed')
            assert (found[own]['message'], found[own]['via']) == (f'reports for {principal}', via)
    assert set(alone) == {'health/0', 'health/1'}
    away = ('--inbox', str(lab.directory / 'none'))
    found = lab.ask('--ask', 'push', *away)
    assert {one['outcome'] for one in found.values()} == {'not-pushed'}
    assert {one['health'] for one in found.values()} == {'unknown'}


def test_what_happened_between_two_sweeps_is_in_what_was_reaped(lab: Lab) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
    wait_for(lab, '--ask', 'log')
    for code in ('2', '0'):
        (lab.host.root / 'srv/flag').write_text(f'{code}\n')
        health = {'2': 'fail', '0': 'passed'}[code]
        wait_until(partial(flag_is, lab, health), f'the flag to be {health}')
    assert lab.ask('--ask', 'log')['web/0']['outcome'] == 'reported'
    reaped = lab.state / 'reaped/lab/prod/web-0/log'
    text = ''.join(path.read_text() for path in sorted(reaped.glob('agent-*')))
    lines = [json.loads(line) for line in text.splitlines()]
    seen = [
        line['result']['health']
        for line in lines
        if line['kind'] == 'result' and line['check'] == 'flag'
    ]
    assert re.fullmatch('(passed )+(fail )+(passed )+', ''.join(f'{one} ' for one in seen)), seen


def flag_is(lab: Lab, health: str) -> bool:
    """Return whether the agent, asked on the machine itself, has seen this health of the flag."""
    client = '/var/lib/juju/agents/unit-health-0/charm/hooks/health-agent'
    checks = json.loads(lab.host.must([client, 'report', '--unit', 'web/0']))['checks']
    return {'flag': health} in ({one['name']: one['health']} for one in checks)


@pytest.mark.parametrize('reach', list(REACHES))
def test_the_credential_is_in_one_file_that_only_root_may_read(lab: Lab, reach: str) -> None:
    with lab.receiver() as url:
        enrolled = lab.enrol(url, 'web', *REACHES[reach])
        assert enrolled.stdout == 'web/0: enrolled\n', enrolled.stderr
    path = lab.host.root / 'etc/juju-health/units.d/web-0.json'
    document = json.loads(path.read_text())
    assert (document['unit'], document['reporter']) == ('web/0', 'health/0')
    assert path.stat().st_mode & 0o777 == 0o600
    assert not (path.parent / 'db-0.json').exists()
    credential = document['push']['credential']
    said = lab.host.run('journalctl --no-pager 2>/dev/null; cat /var/log/*.log /proc/*/cmdline')
    assert credential.encode() not in said.stdout
    assert credential.encode() not in (lab.host.ssh(['cat', str(path)]).stdout)


def test_an_agent_that_is_gone_or_hangs_is_named_and_auto_does_without(lab: Lab) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
    found = wait_for(lab, '--ask', 'auto')
    assert {found[unit]['via'] for unit in UNITS} == {'push'} or all(
        found[unit]['via'] in ('push', 'juju ssh, agent', 'juju ssh, hook') for unit in UNITS
    )
    wait_for(lab, '--ask', 'log')
    lab.host.must('systemctl kill --signal=STOP juju-health-agent')
    away = ('--inbox', str(lab.directory / 'none'))
    found = lab.ask('--ask', 'auto', '--max-age', '2', *away)
    assert {found[unit]['via'] for unit in UNITS} == {'juju ssh, hook'}
    assert outcomes(found) == {'reported'}
    lab.host.must(
        'systemctl kill --signal=CONT juju-health-agent; systemctl stop juju-health-agent'
    )
    found = lab.ask('--ask', 'agent')
    assert outcomes(found) == {'no-agent'}
    assert 'cannot ask the agent' in found['web/0']['message']
    found = lab.ask(*lab.over_tls)
    assert outcomes(found) == {'unreachable'}
    found = lab.ask('--ask', 'log', '--max-age', '1')
    assert outcomes(found) == {'stale'}
    assert (found['web/0']['report'], found['web/0']['health']) == (None, 'unknown')
    assert found['web/0']['last']['unit'] == 'web/0'
    assert found['web/0']['age'] > 1
    found = lab.ask('--ask', 'auto', *away)
    assert {found[unit]['via'] for unit in UNITS} == {'juju ssh, hook'}


def test_auto_takes_what_the_agent_has_if_it_is_fresh_in_one_connection(lab: Lab) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
    wait_for(lab, '--ask', 'agent')
    mark = logins(lab)
    found = lab.ask('--ask', 'auto', '--inbox', str(lab.directory / 'none'))
    assert {found[unit]['via'] for unit in UNITS} == {'juju ssh, agent'}
    assert logins(lab) == mark + 1


def logins(lab: Lab) -> int:
    """Return how often somebody has logged in over ssh."""
    lab.host.must('journalctl --flush; journalctl --sync')
    return lab.host.must('journalctl -u ssh --no-pager').count('Accepted publickey')


def test_checks_are_run_by_name_by_the_agent_if_it_runs_else_by_the_hook(lab: Lab) -> None:
    by_hook = lab.run('run', 'web/0', 'words', '--format', 'json')
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
    wait_for(lab, '--ask', 'agent')
    by_agent = lab.run('run', 'web/0', 'words', '--format', 'json')
    for done, via in ((by_hook, 'juju ssh, hook'), (by_agent, 'juju ssh, agent')):
        assert done.returncode == 1, done.stderr
        (service,) = json.loads(done.stdout)['services']
        (unit,) = service['units']
        assert unit['via'] == via
        (check,) = unit['report']['checks']
        assert (check['name'], check['health']) == ('words', 'warn')
    unknown = lab.run('run', 'web/0', 'wrods')
    assert unknown.returncode == 3
    assert "web/0 has no such check; did you mean 'words'?" in unknown.stderr
    for name in ('--list', 'x; reboot', '$(id)', ''):
        refused = lab.run('run', 'web/0', '--', name)
        assert refused.returncode == 3
        assert 'not the name of a check' in refused.stderr
    assert 'no such unit' in lab.run('run', 'web/7', 'words').stderr


@pytest.mark.parametrize('what', ['token', 'authority'])
def test_over_tls_who_is_not_trusted_gets_and_gives_nothing(lab: Lab, what: str) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
        wait_for(lab, *lab.over_tls)
        if what == 'token':
            (lab.agents / 'token').write_text('another-token-altogether')
        else:
            ours = (lab.state / 'receive/ca.pem').read_bytes()
            (lab.agents / 'ca.pem').write_bytes(ours)
        found = lab.ask(*lab.over_tls)
    assert outcomes(found) == {'no-agent'}
    said = {'token': '401', 'authority': 'cannot trust the agent'}[what]
    assert said in found['web/0']['message']


@pytest.mark.parametrize(('ask', 'via'), [('log', 'juju ssh, agent log'), ('push', 'push')])
def test_an_outage_between_two_recorded_sweeps_is_in_the_timeline_of_its_unit(
    lab: Lab, ask: str, via: str
) -> None:
    with lab.receiver() as url:
        assert lab.enrol(url).returncode == 0
        wait_for(lab, '--ask', ask)
        for _ in range(2):
            lab.ask('--ask', ask, '--record')
        for code, health in (('2', 'fail'), ('0', 'passed')):
            (lab.host.root / 'srv/flag').write_text(f'{code}\n')
            wait_until(partial(flag_is, lab, health), f'the flag to be {health}')
            wait_until(partial(has_reported, lab, reports(lab) + 3), 'three more reports')
        found = lab.ask('--ask', ask, '--record')
    assert (found['web/0']['health'], found['web/0']['via']) == ('warn', via)
    told = json.loads(lab.run('timeline', 'web', '--format', 'json').stdout)['happened']
    flips = {
        name: [one['after'] for one in told if one['kind'] == 'flip' and one['name'] == name]
        for name in ('web', 'web/0', 'web/0 flag')
    }
    assert flips['web/0 flag'] == ['fail', 'passed']
    assert flips['web/0'] == ['warn', 'fail', 'warn']
    # The service is what sweeps saw of it.
    assert flips['web'] == ['warn']


def has_reported(lab: Lab, wanted: int) -> bool:
    return reports(lab) >= wanted


def reports(lab: Lab) -> int:
    """Return how many reports of the unit its agent has logged."""
    logs = (lab.host.root / 'var/log/juju-health').glob('agent-*.jsonl')
    text = ''.join(path.read_text() for path in logs)
    return sum('"kind":"report"' in line and '"web/0"' in line for line in text.splitlines())
