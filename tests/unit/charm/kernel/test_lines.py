"""Lines are what the kernel and the tools of Unix take for lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.lines import lines, lines_of

# All that str.splitlines() breaks lines at.
SEPARATORS = '\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029'
TEXTS = st.text(st.sampled_from(SEPARATORS) | st.characters(codec='utf-8'))


@given(TEXTS)
def test_lines_end_where_those_of_a_binary_file_end(text: str) -> None:
    binary = [line.rstrip(b'\n').decode() for line in io.BytesIO(text.encode())]
    assert lines(text) == binary


@given(st.lists(st.text(st.characters(codec='utf-8', blacklist_characters='\n'))))
def test_what_was_written_as_lines_is_read_as_the_same_lines(written: list[str]) -> None:
    assert lines(''.join(f'{line}\n' for line in written)) == written


@pytest.mark.parametrize('separator', [each for each in SEPARATORS if each != '\n'])
def test_a_file_is_read_without_more_ends_than_it_has(tmp_path: Path, separator: str) -> None:
    path = tmp_path / 'file'
    path.write_bytes(f'a{separator}b\n\n'.encode() + b'\xff')
    assert lines_of(path) == [f'a{separator}b', '', '\udcff']
