"""`reconcile-health alerts test`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Done, run

YAML = """
alerts:
  channels:
    good: {{kind: command, command: ['{python}', -c, '{keep}']}}
    bad: {{kind: command, command: [/bin/false]}}
    web: {{kind: webhook, url: 'http://127.0.0.1:9/secret-path', secret: {{env: NO_SUCH}}}}
  routes:
    - {{name: databases, channels: [good], escalate: [{{after: 30m, channels: [bad]}}]}}
"""
KEEP = 'import sys; print(sys.stdin.read(), file=open(r"{place}", "a"))'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / 'health.yaml'
    keep = KEEP.format(place=tmp_path / 'kept')
    path.write_text(YAML.format(python=sys.executable, keep=keep))
    return path


def alerts_test(config: Path, *words: str) -> Done:
    return run('alerts', 'test', '--config', str(config), *words)


def test_a_trial_and_its_end_are_sent_by_the_channel_that_is_named(config: Path) -> None:
    done = alerts_test(config, 'good')
    assert done.returncode == 0, done
    told = [json.loads(line) for line in (config.parent / 'kept').read_text().split('\n') if line]
    assert [each['kind'] for each in told] == ['firing', 'recovered']
    assert len({each['incident'] for each in told}) == 1
    assert done.stdout.decode().count('good: ') == 2


def test_a_route_means_its_channels_and_one_that_fails_costs_the_others_nothing(
    config: Path,
) -> None:
    done = alerts_test(config, 'databases')
    assert done.returncode == 2
    lines = done.stdout.decode().split('\n')
    assert [line.split(': ')[:2] for line in lines if line] == [
        ['good', 'firing'],
        ['good', 'recovered'],
        ['bad', 'firing'],
    ]


def test_without_a_name_all_are_tried_and_no_secret_is_printed(config: Path) -> None:
    done = alerts_test(config)
    assert done.returncode == 2
    assert b'web: firing: not taken' in done.stdout
    assert b'secret-path' not in done.stdout + done.stderr


def test_a_dry_run_sends_nothing(config: Path) -> None:
    done = alerts_test(config, '--dry-run', 'good')
    assert done.returncode == 0
    assert b'to good (command):' in done.stdout
    assert b'nothing is wrong' in done.stdout
    assert not (config.parent / 'kept').exists()


def test_what_is_none_is_refused_with_the_nearest(config: Path) -> None:
    done = alerts_test(config, 'godo')
    assert done.returncode == 3
    assert b"did you mean 'good'?" in done.stderr
    config.write_text('services: {}\n')
    assert b'health.yaml has none under alerts' in alerts_test(config).stderr
