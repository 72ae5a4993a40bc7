"""The nodes of the graph of causes: a service, or what may explain one."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace


class NodeKind(enum.Enum):
    """The kind of a node, by its word in documents."""

    SERVICE = 'service'
    SAAS = 'saas'
    MACHINE = 'machine'
    CONTROLLER = 'controller'
    COLLECTOR = 'collector'
    CIRCLE = 'circle'


# Neither a service's name nor a model's has a blank.
_TEXT = re.compile(r'(?:(\S+?)/)??(saas|machine|controller|collector|circle)(?: (.+))?', re.DOTALL)


@dataclass(frozen=True)
class Node:
    """One node, in order of its text: `mysql`, `saas db`, `machine 3`, `circle a+b`.

    Attributes:
        kind: what it is.
        name: within its kind; empty for the collector, and for a controller without a name. Of a
            service, as `ServiceHealth` has it.
        members: the services in a circle; empty for all else.
        model: of several models told as one, that which it is in; empty for a service, whose
            name has it.
    """

    kind: NodeKind
    name: str = ''
    members: tuple[str, ...] = ()
    model: str = ''

    @classmethod
    def circle(cls, members: Sequence[str]) -> Node:
        """Return the circle of these services."""
        return cls(NodeKind.CIRCLE, '+'.join(members), tuple(members))

    @classmethod
    def read(cls, text: str, kind: str = '') -> Node:
        """Return the node with this text; its kind, where that is known, settles every doubt.

        Without it, `collector` is the collector and not a service of that name.
        """
        found = None if kind == NodeKind.SERVICE.value else _TEXT.fullmatch(text)
        if found is None:
            return cls(NodeKind.SERVICE, text)
        model, word, name = found.groups()
        if name is None and word not in (NodeKind.COLLECTOR.value, kind):
            return cls(NodeKind.SERVICE, text)
        node = cls(NodeKind(word), name or '')
        node = cls.circle(node.name.split('+')) if node.kind is NodeKind.CIRCLE else node
        return node.within(model) if model else node

    def within(self, model: str) -> Node:
        """Return the node as it is called beside those of other models."""
        if self.kind is NodeKind.SERVICE:
            return replace(self, name=f'{model}/{self.name}')
        members = tuple(f'{model}/{member}' for member in self.members)
        return replace(self, members=members, model=model)

    @property
    def service(self) -> str:
        """Return the service's name; empty for all else."""
        return self.name if self.kind is NodeKind.SERVICE else ''

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services that it stands for: itself, or the members of a circle."""
        return (self.name,) if self.kind is NodeKind.SERVICE else self.members

    def __str__(self) -> str:
        if self.kind is NodeKind.SERVICE:
            return self.name
        text = f'{self.kind.value} {self.name}' if self.name else self.kind.value
        return f'{self.model}/{text}' if self.model else text

    @property
    def order(self) -> tuple[str, str]:
        """Return a sort key; nodes themselves compare by it, and make it anew each time."""
        return str(self), self.kind.value

    def __lt__(self, other: Node) -> bool:
        return self.order < other.order

    def __hash__(self) -> int:
        # The name tells nearly all apart and has its hash at hand; an enum makes its own anew.
        return hash(self.name)
