"""`reconcile-health enrol`: give units a credential of their own, and tell them where to push."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.inbox.enrolment import EnrolTerms, enrol_units
from reconciler.inbox.keys import files_in, master_key_path, read_master_key, reading
from reconciler.sweeps.one_model import select
from reconciler.values.errors import UsageError

from ..options.output import print_document
from ..options.sweeping import SweepOptions
from ..options.told import told_by


def enrol(
    names: tuple[str, ...], url: str, ca: Path | None, master_key_file: Path | None, **given: Any
) -> int:
    """Give each of the units its credential, and return 3 if any has none."""
    asking = replace(told_by(SweepOptions, given), again=True)
    if asking.is_local:
        raise UsageError('cannot enrol with --reach local: name a model and units of it')
    if urlsplit(url).scheme != 'https' or not urlsplit(url).hostname:
        raise UsageError(f'cannot enrol with {url!r}: reports travel to an https:// URL only')
    key = read_master_key(master_key_file or master_key_path(asking.state))
    authority = _read(ca or files_in(asking.state).ca)
    until = Deadline.after(asking.deadline)
    model = asking.inventory(until)
    units = select(model, names)
    if not units:
        raise UsageError(f'cannot enrol: the model {model.title} has no units of these names')
    uuid = asking.door.model_uuid(model.controller, model.name, until)
    terms = EnrolTerms(url, authority, key, uuid)
    failed = 0
    for result in enrol_units(model, units, terms, asking.way(model), until, asking.workers):
        if result.error:
            failed += 1
            click.echo(clean(f'{result.unit}: {result.error}'), err=True)
        else:
            print_document(f'{result.unit}: enrolled')
    return 3 if failed else 0


def _read(path: Path) -> str:
    with reading(path, '--ca'):
        text = path.read_text('utf-8')
    if '-----BEGIN CERTIFICATE-----' not in text:
        raise UsageError(f'cannot use {path} as --ca: it is not a PEM certificate')
    return text
