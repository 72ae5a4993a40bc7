#!/usr/bin/env python3
"""Build the charm: one zip that Juju deploys as it is, with the same bytes from the same files.

Nothing is downloaded, and nothing is vendored: the unit side needs Python and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASES = ('20.04', '22.04', '24.04', '26.04')
PATTERNS = (
    *('README.md', 'metadata.yaml', 'config.yaml', 'actions.yaml'),
    *('actions/*', 'charm/**/*.py', 'charm/*.json', 'docs/*.md', 'hooks/*'),
)
EXECUTABLE = ('actions', 'hooks')
# No zip file holds an earlier time.
EPOCH = 315532800


def manifest() -> str:
    """Return manifest.yaml, which Juju 4 demands: where the charm may be deployed.

    It names no architecture, which is any. Juju 4.0.15 deploys no charm that names several
    (`cannot insert application with an empty architecture`), and 3.6 cannot read `all`.
    """
    bases = [{'name': 'ubuntu', 'channel': channel} for channel in BASES]
    # JSON is YAML.
    return json.dumps({'bases': bases}, indent=2) + '\n'


def version() -> str:
    """Return the version that the package says it is."""
    text = (ROOT / 'charm' / '__init__.py').read_text()
    return next(line.split("'")[1] for line in text.splitlines() if line.startswith('__version__'))


def members() -> Iterator[tuple[str, bytes, int]]:
    """Yield each file's name in the charm, its content and its mode, in order."""
    paths = sorted({path for pattern in PATTERNS for path in ROOT.glob(pattern)})
    for path in paths:
        if path.is_symlink() or not path.is_file():
            if path.is_symlink():
                raise SystemExit(f'cannot build the charm: {path} is a symbolic link')
            continue
        name = path.relative_to(ROOT)
        mode = 0o755 if name.parts[0] in EXECUTABLE else 0o644
        yield str(name), path.read_bytes(), mode
    # Charms say their licence in a file of this name.
    yield 'copyright', (ROOT / 'LICENSE').read_bytes(), 0o644
    yield 'manifest.yaml', manifest().encode(), 0o644
    yield 'version', f'{version()}\n'.encode(), 0o644


def build(output: Path, epoch: int) -> None:
    """Write the charm; every file in it is from `epoch`, in seconds, UTC."""
    date = time.gmtime(max(epoch, EPOCH))[:6]
    output.parent.mkdir(parents=True, exist_ok=True)
    half = output.with_name(f'.{output.name}.{os.getpid()}')
    try:
        with zipfile.ZipFile(half, 'w') as archive:
            for name, content, mode in members():
                info = zipfile.ZipInfo(name, date)
                info.create_system = 3
                info.external_attr = (stat.S_IFREG | mode) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content, compresslevel=9)
        half.replace(output)
    finally:
        half.unlink(missing_ok=True)


def main() -> int:
    """Build it where the command line says, and say so."""
    parser = argparse.ArgumentParser(description='Build the charm.')
    parser.add_argument(
        '--output',
        metavar='FILE',
        type=Path,
        default=ROOT / 'build' / 'juju-health.charm',
        help='where to (default: build/juju-health.charm)',
    )
    output: Path = parser.parse_args().output
    build(output, int(os.environ.get('SOURCE_DATE_EPOCH', EPOCH)))
    print(output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
