"""Metrics for Prometheus: OpenMetrics, and the classic text for node exporter's textfile.

Formats: OpenMetrics 1.0 and the Prometheus text format 0.0.4. Health and state are state sets,
one series per possible value, 1 for the one that holds. No message becomes a label. There are no
timestamps, as node exporter refuses them.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.values.by_name import load
from reconciler.values.readings import Snapshot

from ..options import RenderOptions
from .metrics import Family, families


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot as OpenMetrics text."""
    return text_of(families(snapshot), 'openmetrics')


def render_textfile(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot in the classic text format, for node exporter's textfile collector."""
    return text_of(families(snapshot), 'textfile')


def text_of(found: Iterable[Family], form: str) -> str:
    """Return families in a format, `openmetrics` or `textfile`."""
    # By its name, since the metrics of all formats need not wait for prometheus_client to load.
    text: str = load('reconciler.render.programs.exposition:write')(found, form)
    return text
