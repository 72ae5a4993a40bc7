"""The document for programs as YAML."""

from __future__ import annotations

import json

import yaml

from reconciler.saved.sweep_document import to_document
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Snapshot

from ..options import RenderOptions

# The same text in half the time, where PyYAML was built with it.
_DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


def render(sweep: Snapshot | Fleet, options: RenderOptions) -> str:
    """Return the JSON document as YAML, in ASCII as the JSON is: nothing can reorder a line."""
    document = to_document(sweep)
    try:
        text: str = yaml.dump(document, Dumper=_DUMPER, sort_keys=False)
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can say, and YAML cannot.
        sound = json.loads(json.dumps(document, ensure_ascii=False).encode(errors='replace'))
        text = yaml.dump(sound, Dumper=_DUMPER, sort_keys=False)
    return text
