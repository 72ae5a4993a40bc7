"""A pattern is compiled once, by who first uses it, and is then as any other."""

from __future__ import annotations

import re

import pytest

from charm.kernel.pattern import pattern


def test_it_is_compiled_once_and_only_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    real = re.compile

    def counting(text: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(text)
        return real(text, flags)

    monkeypatch.setattr('charm.kernel.pattern.re.compile', counting)
    made = pattern('a(b)?', re.IGNORECASE)
    assert compiled == []
    found = made.fullmatch('AB')
    assert found is not None
    assert found[1] == 'B'
    assert made.sub('-', 'xaby') == 'x-y'
    assert compiled == ['a(b)?']


def test_it_says_what_it_was_made_of() -> None:
    made = pattern(rb'x+', re.MULTILINE)
    assert (made.pattern, made.flags, made.groups) == (rb'x+', re.MULTILINE, 0)


def test_one_that_cannot_be_compiled_says_so_when_it_is_used() -> None:
    with pytest.raises(re.error):
        pattern('(').match('')
