"""One file per format: pure functions from a snapshot to text."""

from __future__ import annotations

from collections.abc import Mapping

from . import document, table, tree
from .base import Options, Renderer

RENDERERS: Mapping[str, Renderer] = {
    'table': table.render,
    'tree': tree.render,
    'json': document.render_json,
    'jsonl': document.render_jsonl,
    'yaml': document.render_yaml,
}

__all__ = ['RENDERERS', 'Options', 'Renderer']
