"""What the two databases call differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class least(GenericFunction[int]):
    """The least of several numbers; SQLite calls it `min`."""

    type = BigInteger()
    inherit_cache = True


class greatest(GenericFunction[int]):
    """The greatest of several numbers; SQLite calls it `max`."""

    type = BigInteger()
    inherit_cache = True


@compiles(least, 'sqlite')
def _min(element: least, compiler: Any, **options: Any) -> str:
    return f'min({compiler.process(element.clauses, **options)})'


@compiles(greatest, 'sqlite')
def _max(element: greatest, compiler: Any, **options: Any) -> str:
    return f'max({compiler.process(element.clauses, **options)})'


class first_word(GenericFunction[str]):
    """What a text has before its first space, or all of it."""

    type = Text()
    inherit_cache = True


@compiles(first_word, 'sqlite')
def _before_space(element: first_word, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"substr({text}, 1, instr({text} || ' ', ' ') - 1)"


@compiles(first_word, 'postgresql')
def _first_part(element: first_word, compiler: Any, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, ' ', 1)"
