"""What is in a history, and what was removed from it, for people."""

from __future__ import annotations

from dataclasses import asdict

from charm.kernel.safe_text import clean
from reconciler.history.examine import Examined, KeptModel
from reconciler.history.moments import to_moment
from reconciler.history.prune import Pruned
from reconciler.values.words import counted

_MEBIBYTE = 1024 * 1024


def examined_text(found: Examined) -> str:
    """Return where it is, how large, each model that is in it, and what is wrong with it."""
    size = f'{found.size_bytes / _MEBIBYTE:.1f} MiB'
    lines = [f'{clean(found.name)}  version {found.version}, {size}']
    lines += [line for model in found.models for line in _about(model)]
    if not found.models:
        lines.append('no model is in it')
    if found.suppressions:
        lines.append(f'{counted(found.suppressions, "suppression")} of operators')
    for fault in found.faults:
        lines += [f'wrong: {clean(fault.what)}', f'  {fault.mend}']
    if not found.faults:
        lines.append('nothing is wrong with it')
    return '\n'.join(lines) + '\n'


def _about(kept: KeptModel) -> list[str]:
    uuid = f' ({kept.model.uuid})' if kept.model.uuid else ''
    name = clean(f'{kept.model.name}{uuid}')
    if kept.since is None or kept.until is None:
        return [f'{name}: no sweep saw anything']
    since, until = (f'{to_moment(one):%Y-%m-%d %H:%M:%SZ}' for one in (kept.since, kept.until))
    rows = ', '.join(f'{number} {name}' for name, number in kept.rows.items())
    sweeps = counted(kept.sweeps, 'sweep')
    return [f'{name}: {sweeps} from {since} to {until}', f'  {rows}']


def pruned_text(pruned: Pruned, name: str, dry_run: bool) -> str:
    """Return what went from the history of that name, or would go."""
    went = [
        counted(number, table.removesuffix('s'))
        for table, number in asdict(pruned).items()
        if number
    ]
    told = ', '.join(went) or 'nothing'
    return clean(f'{"would remove" if dry_run else "removed"} {told} of {name}') + '\n'
