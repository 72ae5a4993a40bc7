"""Names that run something, wherever a shell or a command takes them for more than a name."""

from __future__ import annotations

from pathlib import Path


def hostile_names(proof: Path) -> tuple[str, ...]:
    """Return names each of which makes the file `proof`, if it is let."""
    touch = f'touch {proof}'
    return (
        f'x$({touch})',
        f'x`{touch}`',
        f'x;{touch}',
        f'x\n{touch}',
        f'x|{touch}',
        f'x&{touch}',
        f'x$(touch${{IFS}}{proof})',
        f"x';{touch};'",
        f'x";{touch};"',
        f'-oProxyCommand={touch}',
        f'-oProxyCommand=touch${{IFS}}{proof}',
        f'%r;{touch}',
        f'x\\;{touch}',
    )
