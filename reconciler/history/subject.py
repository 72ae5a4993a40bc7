"""What has a history: a model, and what is in it."""

from __future__ import annotations

from typing import NamedTuple

# The kinds of subjects, from the whole to its parts.
MODEL, VIEW, SERVICE, UNIT, CHECK, MACHINE = 'model', 'view', 'service', 'unit', 'check', 'machine'
KINDS = (MODEL, VIEW, SERVICE, UNIT, CHECK, MACHINE)


class Subject(NamedTuple):
    """What has a history, within its model.

    Attributes:
        kind: one of `KINDS`.
        name: such as `mysql`, `mysql/0`, `mysql/0 disk`, `0/lxd/1`; of the model, empty.
    """

    kind: str
    name: str

    @property
    def title(self) -> str:
        """Return what people call it."""
        return f'machine {self.name}' if self.kind == MACHINE else self.name or 'the model'
