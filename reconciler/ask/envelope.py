"""A report that an agent had at hand, in the envelope that says how old it is."""

from __future__ import annotations

import re
from dataclasses import replace

from .frames import UnitAnswer

BY_AGENT = 'agent'
# As `health-agent report --envelope` prints it. The report inside is cut out as it is, so that it
# is decoded once and with all bounds.
_ENVELOPE = re.compile(rb'\s*\{"age": ([0-9][0-9.eE+-]{0,30}), "report": (.*)\}\s*', re.DOTALL)


def unwrap(answer: UnitAnswer) -> UnitAnswer:
    """Return the answer with the report out of its envelope, and with its age; else unchanged."""
    found = _ENVELOPE.fullmatch(answer.stdout)
    if found is None:
        return replace(answer, by=BY_AGENT)
    try:
        age: float | None = float(found[1])
    except ValueError:
        age = None
    return replace(answer, stdout=found[2], held_seconds=age, by=BY_AGENT)
