"""One file per format: pure functions from a snapshot to text."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Renderer, RenderOptions
from .people import html, markdown, summary, table, tree
from .programs import document, health_json, junit, nagios, openmetrics, tap

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

__all__ = ['RENDERERS', 'RenderOptions', 'Renderer']
