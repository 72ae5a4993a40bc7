"""One file per format: pure functions from a snapshot to text."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    document,
    health_json,
    html,
    junit,
    markdown,
    nagios,
    openmetrics,
    summary,
    table,
    tap,
    tree,
)
from .base import Options, Renderer

RENDERERS: Mapping[str, Renderer] = {
    'table': table.render,
    'tree': tree.render,
    'summary': summary.render,
    'markdown': markdown.render,
    'html': html.render,
    'json': document.render_json,
    'jsonl': document.render_jsonl,
    'yaml': document.render_yaml,
    'nagios': nagios.render,
    'openmetrics': openmetrics.render,
    'textfile': openmetrics.render_textfile,
    'junit': junit.render,
    'tap': tap.render,
    'health-json': health_json.render,
}

__all__ = ['RENDERERS', 'Options', 'Renderer']
