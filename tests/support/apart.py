"""A check run by the real program in namespaces of its own, which a script sets up as root."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.patience import PATIENCE

_HOOK = Path(__file__).parents[2] / 'hooks' / 'health'


def checked_apart(
    check: str, setting: str, *arguments: str, definitions: Path | None = None
) -> dict[str, Any]:
    """Return the result of a check where a shell script has set the scene.

    Args:
        check: its name.
        setting: shell; it may change mounts, the host's name and interfaces, of which none is up.
        arguments: what the shell calls `$1` and so on.
        definitions: a directory of such, for a check that is none of the built-in.
    """
    argv = [sys.executable, str(_HOOK), '--unit', 'web/0', '--check', check]
    argv += ['--definitions', str(definitions)] if definitions else []
    script = f'set -e\nmount --make-rprivate /\n{setting}\n{shlex.join(argv)}'
    done = subprocess.run(
        ['unshare', '--mount', '--uts', '--net', 'sh', '-c', script, 'sh', *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    (result,) = json.loads(done.stdout)['checks']
    assert isinstance(result, dict)
    return result
