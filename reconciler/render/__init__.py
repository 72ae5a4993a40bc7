"""One file per format: pure functions from a snapshot to text."""

from __future__ import annotations

from ..values.by_name import ByName
from .options import Renderer, RenderOptions

# A format loads only what it takes to write it.
RENDERERS = ByName[Renderer](
    {
        'table': 'reconciler.render.people.table:render',
        'tree': 'reconciler.render.people.tree:render',
        'summary': 'reconciler.render.people.summary:render',
        'markdown': 'reconciler.render.people.markdown:render',
        'html': 'reconciler.render.people.html:render',
        'json': 'reconciler.render.programs.document:render_json',
        'jsonl': 'reconciler.render.programs.document:render_jsonl',
        'yaml': 'reconciler.render.programs.document_yaml:render',
        'nagios': 'reconciler.render.programs.nagios:render',
        'openmetrics': 'reconciler.render.programs.openmetrics:render',
        'textfile': 'reconciler.render.programs.openmetrics:render_textfile',
        'junit': 'reconciler.render.programs.junit:render',
        'tap': 'reconciler.render.programs.tap:render',
        'health-json': 'reconciler.render.programs.health_json:render',
    }
)

__all__ = ['RENDERERS', 'RenderOptions', 'Renderer']
