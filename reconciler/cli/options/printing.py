"""How a document is printed, for every command that prints one: format, file, and exit code."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import click

from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE
from reconciler.judge.sweep_exit_code import exit_code, leave_out
from reconciler.render import RenderOptions
from reconciler.render.pieces import pieces
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import UsageError
from reconciler.values.readings import Snapshot

from .output import colour, write_document

# Formats whose definitions say so, and whose readers would not know an escape.
_IN_UTF8 = (
    *('html', 'json', 'jsonl', 'yaml', 'openmetrics', 'textfile', 'junit', 'tap', 'health-json'),
)


@dataclass(frozen=True)
class PrintOptions:
    """The options of the document.

    Attributes:
        form: a key of `RENDERERS`.
        output: the file to write to; empty for stdout.
        fail_on: the least health that is not exit code 0.
        maintenance_is_ok, ack_is_ok: see `exit_code`.
        blame: causes come first.
        everything: what is alike is not folded.
    """

    form: str = 'table'
    output: str = ''
    fail_on: str = 'warn'
    maintenance_is_ok: bool = False
    ack_is_ok: bool = False
    blame: bool = False
    everything: bool = False

    @property
    def is_for_programs(self) -> bool:
        """Return whether a program reads it, which then has to get one whatever happens."""
        return self.form not in ('table', 'tree')

    @property
    def is_default(self) -> bool:
        """Return whether it goes to stdout, and nobody said how."""
        return self.form == 'table' and self.output in ('', '-')

    @property
    def excused(self) -> tuple[str, ...]:
        """Return the kinds of suppressions that the exit code leaves out."""
        kinds = ((MAINTENANCE, self.maintenance_is_ok), (ACKNOWLEDGED, self.ack_is_ok))
        return tuple(kind for kind, chosen in kinds if chosen)

    def show(
        self, found: Snapshot | Fleet, unit_detail: bool = False, at: datetime | None = None
    ) -> int:
        """Print what was found, with ages as they were `at`, and return its exit code.

        Raises:
            UsageError: the file cannot be written.
        """
        if self.form == 'textfile' and self.output not in ('', '-'):
            refuse_other_names(self.output)
        options = replace(
            view(self.output, unit_detail, at), blame=self.blame, everything=self.everything
        )
        write_document(pieces(found, self.form, options), self.output, utf8=self.form in _IN_UTF8)
        _say_if_empty(found)
        return self.exit_code(found)

    def exit_code(self, found: Snapshot | Fleet) -> int:
        """Return the exit code that tells of what was found."""
        return exit_code(self.counted(found), Health(self.fail_on))

    def counted(self, found: Snapshot | Fleet) -> Snapshot:
        """Return one snapshot, of all models if there are several, without what is excused."""
        if not isinstance(found, Fleet):
            return leave_out(found, self.excused)
        # Model by model, since the names in what is merged are not those that were covered.
        own = {
            name: leave_out(snapshot, self.excused) for name, snapshot in found.snapshots.items()
        }
        return replace(found, snapshots=own).merged()


def refuse_other_names(output: str) -> None:
    """Refuse a file for metrics that nobody would read; what is no plain file is none.

    Raises:
        UsageError: it is such a file.
    """
    path = Path(output)
    if path.suffix != '.prom' and (path.is_file() or not path.exists()):
        reason = 'node exporter reads only names ending in .prom'
        raise UsageError(f'cannot write {output}: {reason}')


def _say_if_empty(found: Snapshot | Fleet) -> None:
    """Say on stderr where there was nothing to ask, which is no fault of the way there."""
    for one in found.snapshots.values() if isinstance(found, Fleet) else (found,):
        if not (one.model.applications or one.services or one.faults):
            what = f'the model {one.model.title} has no applications: nothing to ask'
            click.echo(f'reconcile-health: {clean(what)}', err=True)


def view(output: str = '', unit_detail: bool = False, at: datetime | None = None) -> RenderOptions:
    """Return the options for rendering as of `at`, or of now, to stdout or to a file."""
    return RenderOptions(
        colour=colour() and not output,
        width=shutil.get_terminal_size((100, 24)).columns,
        unit_detail=unit_detail,
        now=at or datetime.now(timezone.utc),
    )
