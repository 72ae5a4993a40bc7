"""The built charm before judges that others wrote: charm-proof and charmcraft, from PyPI."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.charmed.archive import built, variant
from tests.hosts.layout import PROJECT

# They and what they need are a hundred packages, installed the first time.
pytestmark = pytest.mark.timeout(600)


def judge(charm: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / '.ci' / 'validate_charm'), str(charm)]
    return subprocess.run(command, capture_output=True, text=True, timeout=590, check=False)


def test_charm_proof_and_charmcraft_find_nothing_wrong() -> None:
    done = judge(built())
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'juju-config: ok' in done.stdout
    assert done.stdout.endswith('charmcraft.yaml: ok\n')


@pytest.mark.parametrize(
    ('file', 'content', 'said'),
    [
        ('metadata.yaml', b'name: juju-health\nsummary: s\n', 'E: '),
        ('config.yaml', b'options: {x: {type: words}}\n', 'x'),
        ('actions.yaml', b'- not\n- a mapping\n', 'actions'),
    ],
)
def test_they_would_have_found_it(file: str, content: bytes, said: str, tmp_path: Path) -> None:
    done = judge(variant(built(), tmp_path / 'wrong.charm', {file: content}))
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
