"""Read the plain part of YAML, with the standard library alone.

Definitions are read where nothing but Python may be installed. What people write in them is a
small part of YAML: mappings, sequences and scalars, nested by indentation; flow collections on one
line; blocks of text after `|` and `>`. That part is read as PyYAML's `safe_load` reads it (YAML
1.1), which a test holds it to. All else is refused with the line and a reason, and so are scalars
that YAML turns into what few mean: `0644`, `12:30`, `1_000`, `2026-11-23`.
"""

from __future__ import annotations

from ...kernel.hints import Any, Dict, List, Optional
from ...kernel.pattern import pattern
from .line import MAX_DEPTH, Refused, add_key, end_of_line, key_at, spaces_at, value_at

_REFUSED = pattern('[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]')
_BREAKS = pattern('[\x85\u2028\u2029]')
_BLOCK_HEADER = pattern(r'(?P<style>[|>])(?P<strip>-?)(?: +#.*| *)')


class PlainYamlError(ValueError):
    """The text is not YAML, or not plain; `str()` of it is `line N: reason`, counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f'line {line}: {reason}')


def load(text: str) -> Any:
    """Return the value of the one document in `text`; `None` if there is nothing in it.

    Raises:
        PlainYamlError: it is not YAML, or more than plain.
    """
    reader = _Reader(text.replace('\r\n', '\n'))
    try:
        return reader.document()
    except Refused as error:
        raise PlainYamlError(reader.line, str(error)) from error


class _Reader:
    """The lines of a document and where we are in them."""

    def __init__(self, text: str) -> None:
        for found in (_REFUSED.search(text), _BREAKS.search(text)):
            if found:
                what = 'a tab; use spaces' if found[0] == '\t' else f'the character {found[0]!a}'
                raise PlainYamlError(text.count('\n', 0, found.start()) + 1, what)
        self._lines = text.split('\n')
        self._at = 0

    @property
    def line(self) -> int:
        """Return the number, from 1, of the line we are at."""
        return min(self._at + 1, len(self._lines))

    def document(self) -> Any:
        """Return the document's value, having read all of it."""
        if self._next() is not None and self._lines[self._at].startswith('---'):
            end_of_line(self._lines[self._at], 3)
            self._at += 1
        indent = self._next()
        value = None if indent is None else self._block(indent, 0)
        if self._next() is not None:
            raise Refused('it does not belong to what stands above; look at its indentation')
        return value

    def _next(self) -> Optional[int]:
        """Go to the next line with content; return its indentation, `None` at the end."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            content = line.lstrip(' ')
            if content and not content.startswith('#'):
                return len(line) - len(content)
            self._at += 1
        return None

    def _block(self, indent: int, depth: int) -> Any:
        """Return the value of the block that begins here, at this indentation."""
        if depth > MAX_DEPTH:
            raise Refused(f'nested deeper than {MAX_DEPTH} levels')
        line = self._lines[self._at]
        if _is_item(line[indent:]):
            return self._sequence(indent, depth)
        if key_at(line, indent) is not None:
            return self._mapping(indent, depth)
        value = value_at(line, indent)
        self._at += 1
        return value

    def _sequence(self, indent: int, depth: int) -> List[Any]:
        items: List[Any] = []
        while self._next() == indent and _is_item(self._lines[self._at][indent:]):
            line = self._lines[self._at]
            start = indent + 1 + spaces_at(line, indent + 1)
            compact = start < len(line) and line[start] not in '#|>'
            if compact and (_is_item(line[start:]) or key_at(line, start) is not None):
                # `- key: value`: a block of its own, at the column where it begins.
                self._lines[self._at] = ' ' * start + line[start:]
                items.append(self._block(start, depth + 1))
            else:
                items.append(self._value(line, start, indent, depth, in_mapping=False))
        return items

    def _mapping(self, indent: int, depth: int) -> Dict[str, Any]:
        pairs: Dict[str, Any] = {}
        while self._next() == indent:
            line = self._lines[self._at]
            if _is_item(line[indent:]):
                raise Refused('an item of a sequence where a key belongs')
            found = key_at(line, indent)
            if found is None:
                raise Refused('there is no `key:` here')
            key, start = found
            add_key(pairs, key)
            start += spaces_at(line, start)
            pairs[key] = self._value(line, start, indent, depth, in_mapping=True)
        return pairs

    def _value(self, line: str, start: int, indent: int, depth: int, in_mapping: bool) -> Any:
        """Return the value after a key or a dash, which may be all of the lines below it."""
        if start < len(line) and line[start] in '|>':
            return self._text(line[start:], indent)
        if start < len(line) and line[start] != '#':
            value = value_at(line, start)
            self._at += 1
            return value
        self._at += 1
        below = self._next()
        if below is None or below < indent:
            return None
        if below == indent:
            # A key's sequence may stand as far to the left as the key itself.
            is_sequence = in_mapping and _is_item(self._lines[self._at][indent:])
            return self._sequence(indent, depth + 1) if is_sequence else None
        first = self._lines[self._at]
        if not _is_item(first[below:]) and key_at(first, below) is None:
            raise Refused('put the value on the line of its key or dash')
        return self._block(below, depth + 1)

    def _text(self, header: str, indent: int) -> str:
        """Return a block of text: `|` keeps its line ends, `>` folds them into spaces."""
        style = _BLOCK_HEADER.fullmatch(header)
        if style is None:
            raise Refused('of blocks of text, | |- > and >- are read')
        self._at += 1
        first = self._lines[self._at] if self._at < len(self._lines) else ''
        inner = spaces_at(first, 0)
        if not first.strip(' ') or inner <= indent:
            raise Refused('the text has to begin on the next line, further to the right')
        lines: List[str] = []
        end = self._at
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip(' ') and spaces_at(line, 0) < inner:
                break
            if len(line) > inner and not line.strip(' '):
                raise Refused('spaces at the end of a line of text')
            if style['style'] == '>' and line[inner:].startswith(' '):
                raise Refused('a line of folded text cannot be further to the right')
            lines.append(line[inner:])
            self._at += 1
            end = self._at if line.strip(' ') else end
        while not lines[-1]:
            lines.pop()
        text = '\n'.join(lines) if style['style'] == '|' else _fold(lines)
        # The last line of a file may lack its line end, and so does the text then.
        return text if style['strip'] or end == len(self._lines) else text + '\n'


def _fold(lines: List[str]) -> str:
    text = ''
    for line in lines:
        if not text or not line:
            text += line or '\n'
        else:
            text += line if text.endswith('\n') else f' {line}'
    return text


def _is_item(text: str) -> bool:
    return text == '-' or text.startswith('- ')
