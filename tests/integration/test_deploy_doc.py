"""docs/deploy.md and docs/orchestrator.md to the letter: what they say is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from charm.juju.charm_options import read_options
from charm.kernel import report_json
from charm.kernel.push_contract import derive
from charm.kernel.report import Health
from tests.charmed.archive import built
from tests.conftest import Hosts
from tests.hosts.layout import PROJECT

DEPLOY = (PROJECT / 'docs' / 'deploy.md').read_text()
ORCHESTRATOR = (PROJECT / 'docs' / 'orchestrator.md').read_text()


def blocks(text: str, kind: str) -> list[str]:
    """Return the contents of the fences of one kind, in order."""
    return re.findall(rf'^```{kind}\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)


@pytest.mark.hosts
def test_without_juju_every_command_works_and_nothing_is_left(hosts: Hosts) -> None:
    (host,) = hosts(1)
    home = host.root / 'home' / 'ubuntu'
    shutil.copy(built(), home / 'juju-health.charm')
    install, define, serve, remove = blocks(DEPLOY, 'sh without-juju')

    def follow(block: str) -> str:
        done = host.ssh(f'set -e\n{block}')
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    # The machine is called juju-0, which no application can be.
    assert re.search('^[a-z]+ +localhost/0$', follow(install), re.MULTILINE)
    assert re.search('^passed +ssh ', follow(define), re.MULTILINE)
    assert '"ssh"' in follow(serve)
    launcher = '/opt/juju-health/hooks/health-agent'
    report = host.ssh(f'until sudo {launcher} report 2>/dev/null; do sleep 0.1; done')
    checks = {one.name: one.health for one in report_json.decode(report.stdout).checks}
    assert checks['ssh'] is Health.PASSED
    follow(remove)
    found = host.must('find / -xdev -name "*juju-health*" -not -path "/proc/*"').split()
    assert found == ['/home/ubuntu/juju-health.charm']


def test_the_options_in_the_table_are_those_of_the_charm() -> None:
    declared = yaml.safe_load((PROJECT / 'config.yaml').read_text())['options']
    rows = re.findall(r'^\| `([a-z-]+)` \| (\S*) ?\|', DEPLOY, re.MULTILINE)
    defaults = {name: yaml.safe_load(text.strip('`') or '""') for name, text in rows}
    assert {name: one['default'] for name, one in declared.items()} == {
        name: value for name, value in defaults.items() if name in declared
    }


def test_the_example_of_checks_is_one_that_the_charm_takes() -> None:
    (block,) = [one for one in blocks(DEPLOY, 'sh') if 'checks.yaml' in one]
    text = block.split("<<'END'\n")[1].split('END\n')[0]
    assert read_options({'checks': text}, 'web').faults == ()
    described = yaml.safe_load((PROJECT / 'config.yaml').read_text())['options']['checks']
    example = re.search(r'\n( {4}checks:\n(?: {4}.*\n)+)', described['description'])
    assert example
    assert (
        read_options({'checks': re.sub('^    ', '', example[1], flags=re.M)}, 'web').faults == ()
    )


def test_the_actions_and_endpoints_it_names_are_there() -> None:
    actions = set(re.findall(r'juju run juju-health/0 ([a-z-]+)', DEPLOY))
    assert actions == set(yaml.safe_load((PROJECT / 'actions.yaml').read_text()))
    metadata = yaml.safe_load((PROJECT / 'metadata.yaml').read_text())
    for endpoint in metadata['requires']:
        assert f'`{endpoint}`' in DEPLOY
    assert metadata['requires']['orchestrator']['interface'] in ORCHESTRATOR


def test_the_credential_is_derived_as_the_page_says() -> None:
    made: dict[str, Any] = {
        'master_key': bytes(range(32)),
        'unit': 'postgresql/0',
        'model': '6e7a9c1e-2f1d-4b7c-8a53-0f5d2b6d9e01',
    }
    wanted = derive(made['master_key'], made['unit'], made['model'])
    examples = blocks(ORCHESTRATOR, 'python')
    assert len(examples) == 2
    for example in examples:
        names = dict(made)
        exec(compile(example, 'docs/orchestrator.md', 'exec'), names)  # noqa: S102 - our own page
        assert names['credential'] == wanted


def test_the_pages_name_only_pages_that_exist() -> None:
    for text in (DEPLOY, ORCHESTRATOR):
        for target in re.findall(r'\]\(([^)#]+)', text):
            assert (PROJECT / 'docs' / Path(target)).exists(), target
