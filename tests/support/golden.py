"""Golden files: what is printed, byte for byte; `make golden` writes them anew."""

from __future__ import annotations

import os

from tests.support.tree import TESTS


def check_golden(name: str, text: str) -> None:
    """Fail unless the golden file says the same; with `REWRITE_GOLDEN=1`, write it first."""
    path = TESTS / 'golden' / name
    if os.environ.get('REWRITE_GOLDEN') == '1':
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text, f'{path} differs; see `make golden`'
