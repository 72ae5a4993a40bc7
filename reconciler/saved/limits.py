"""How large what was saved may be."""

from __future__ import annotations

MAX_BYTES = 256 * 1024 * 1024
