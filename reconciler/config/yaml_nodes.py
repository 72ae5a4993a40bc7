"""YAML that knows where each value stands: every complaint has its line and its key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from charm.kernel.names import nearest
from charm.kernel.safe_text import clean

MAX_BYTES = 1 << 20
_KINDS = {'scalar': 'a word', 'sequence': 'a list', 'mapping': 'a mapping'}


class YamlProblems:
    """The problems of a file, and the lines of what it says.

    Attributes:
        problems: what is wrong, as (line, key, reason), in the order found.
        lines: where each key stands, from 1.
    """

    def __init__(self) -> None:
        self.problems: list[tuple[int, str, str]] = []
        self.lines: dict[str, int] = {}


def parse(text: str, notes: YamlProblems) -> YamlNode | None:
    """Return the root of the one document in the text; `None` if it is empty or not YAML."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        reason = getattr(error, 'problem', None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 1
        notes.problems.append((line, '', f'not YAML: {clean(str(reason))}'))
        return None
    return None if node is None else YamlNode(node, '', notes)


class YamlNode:
    """A value in the file: typed looks at it, which note what is wrong and go on."""

    def __init__(
        self, node: yaml.Node, path: str, notes: YamlProblems, line: int | None = None
    ) -> None:
        self._node = node
        self._notes = notes
        self.path = path
        self.line: int = line or node.start_mark.line + 1
        notes.lines.setdefault(path, self.line)

    @property
    def kind(self) -> str:
        """Return `null`, `scalar`, `sequence` or `mapping`."""
        if self._node.tag == 'tag:yaml.org,2002:null':
            return 'null'
        if isinstance(self._node, yaml.ScalarNode):
            return 'scalar'
        return 'mapping' if isinstance(self._node, yaml.MappingNode) else 'sequence'

    def refuse(self, reason: str, key: str = '') -> None:
        """Note what is wrong with it, or with the value of `key` in it."""
        path = f'{self.path}.{key}' if key else self.path
        line = self._notes.lines.get(path, self.line)
        self._notes.problems.append((line, path, clean(reason)))

    def items(self, known: Collection[str] | None = None) -> Iterator[tuple[str, YamlNode]]:
        """Yield the keys and values of a mapping, those of `known` keys only; nothing of null."""
        if self.kind == 'null':
            return
        if not isinstance(self._node, yaml.MappingNode):
            self.refuse(f'{_KINDS[self.kind]} where a mapping belongs')
            return
        seen: dict[str, int] = {}
        for key, value in self._node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or not key.value:
                self._notes.problems.append((line, self.path, 'a key that is no word'))
                continue
            name = str(key.value)
            path = f'{self.path}.{name}' if self.path else name
            if name in seen:
                reason = f'it stands there twice, first in line {seen[name]}'
                self._notes.problems.append((line, path, reason))
            elif known is not None and name not in known:
                hint = nearest(name, known, 'the keys here are ')
                self._notes.problems.append((line, path, f'no such key{hint}'))
            else:
                yield name, YamlNode(value, path, self._notes, line)
            seen.setdefault(name, line)

    def each(self) -> Iterator[YamlNode]:
        """Yield the items of a list; a single word or mapping is a list of one."""
        if isinstance(self._node, yaml.SequenceNode):
            for index, node in enumerate(self._node.value):
                yield YamlNode(node, f'{self.path}[{index}]', self._notes)
        elif self.kind != 'null':
            yield self

    def text(self) -> str:
        """Return a word as it is written, whatever YAML would make of it; empty if it is none."""
        if self.kind == 'scalar' and self._node.value.strip():
            return str(self._node.value).strip()
        self.refuse(f'{_KINDS.get(self.kind, "nothing")} where a word belongs')
        return ''

    def texts(self) -> tuple[str, ...]:
        """Return a list of words, or one word as such a list."""
        return tuple(text for item in self.each() if (text := item.text()))

    def plain(self) -> Any:
        """Return the value as Python has it; `None` for what cannot be made one."""
        for _ in self.items() if self.kind == 'mapping' else ():
            pass  # So that the lines of its keys are known, and double ones refused.
        try:
            return SafeConstructor().construct_document(self._node)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.refuse(f'no value: {str(error).splitlines()[0]}')
            return None
