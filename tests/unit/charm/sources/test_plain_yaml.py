"""Plain YAML: what is read is read as PyYAML reads it; the rest is refused with its line."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from charm.sources.plain_yaml import PlainYamlError, load

READ = [
    '',
    '# nothing\n',
    '---\n',
    '---\na: 1\n',
    'checks:\n  web:\n    kind: http   # the front\n    url: http://localhost/?a=b#c\n',
    'a:\n- 1\n- 2\nb: x\n',
    'a:\n  - b: 1\n    c: 2\n  -   d: 3\n      e: 4\n',
    '- - 1\n  - 2\n- - 3\n',
    '-\n- a\n-\n  b: 1\n',
    'a:\nb:\n  # comment\n  c: ~\nd: null\n',
    "a: 'it''s'\n'b c': \"tab\\t\\u00e9\\x41\\U0001F600\"\n\"d\" : ''\n",
    'a: [1, two, "three", [4.5, -6], {seven: 8, "nine": yes}]\nb: {}\nc: []\nd: [x, ]\n',
    'a: [check_http, -H, localhost, http://x:80/y]\n',
    'a: |\n  one\n    two\n\n  three\n\nb: >\n  folded\n  line\n\n\n  next\nc: |-\n  x\n# end\n',
    '- >-\n one\n two\n- |\n three\n',
    'a: |\n  no line end',
    'on_time: On\nb: FALSE\nc: yEs\nd: no\n',
    'a: 1.5\nb: .5\nc: 1.\nd: 1.0e+3\ne: 1e5\nf: +7\ng: -0\ni: 0o17\nj: 1.2.3\n',
    'a: x - y: z\n'.replace(': z', ':z'),
    'a: -1\nb: -x\nc: --- x\n',
    'a: b#c\nd: e # f\ng:  # h\n',
    'a: "x: y # z"\r\nb: 1\r\n',
    '[1, 2]\n',
    'just text\n',
    ' a: 1\n b: 2\n',
    'Größe: 5 µs\n',
    'x: a?b*c&d!e%f@g`h\n',
]

REFUSED = [
    ('a: &x 1\n', 1, 'anchors'),
    ('a: *x\n', 1, 'aliases'),
    ('a: !!str 1\n', 1, 'tags'),
    ('a:\n  <<: {b: 1}\n', 2, 'merge'),
    ('a: 1\n---\nb: 2\n', 2, 'one document|belong'),
    ('a: 1\n...\n', 2, 'one document|belong'),
    ('%YAML 1.1\n---\na: 1\n', 1, '%'),
    ('a:\n\tb: 1\n', 2, 'tab'),
    ('a: 1\nb: 2\na: 3\n', 3, "duplicate key 'a'"),
    ('a: {b: 1, b: 2}\n', 1, "duplicate key 'b'"),
    ('? a\n: b\n', 1, 'complex'),
    ('{[a]: b}\n', 1, 'complex'),
    ('1: a\n', 1, 'not text'),
    ('on: a\n', 1, 'not text'),
    ('a: b: c\n', 1, 'colon'),
    ('a: 0644\n', 1, 'quote'),
    ('a: 08\n', 1, 'quote'),
    ('a: 12:30\n', 1, 'quote'),
    ('a: 2026-11-23\n', 1, 'quote'),
    ('a: 1_000\n', 1, 'quote'),
    ('a: .inf\n', 1, 'quote'),
    ('a: =\n', 1, 'quote'),
    ('a: 99999999999999999999\n', 1, 'quote'),
    ('a: [1,\n  2]\n', 1, 'same line'),
    ('a: {b}\n', 1, 'key: value'),
    ('a: [1 2}\n', 1, 'comma'),
    ("a: 'x\n  y'\n", 1, 'quotes'),
    ('a: "\\q"\n', 1, 'escape'),
    ('a: "\\ud800"\n', 1, 'character'),
    ('a: "x" y\n', 1, 'follows'),
    ('a: x\n  y\n', 2, 'indentation'),
    ('a:\n  text\n', 2, 'line of its key'),
    ('a:\n    b: 1\n  c: 2\n', 3, 'indentation'),
    ('a: 1\n- b\n', 2, 'item'),
    ('a: - b\n', 1, 'item'),
    ('a: |2\n  x\n', 1, 'blocks of text'),
    ('a: |+\n  x\n', 1, 'blocks of text'),
    ('a: |\nb: 1\n', 2, 'further to the right'),
    ('a: >\n  x\n    y\n', 3, 'folded'),
    ('a: @x\n', 1, '@'),
    ('a: \x00\n', 1, 'character'),
    ('a: 1\nb: \x85\n', 2, 'character'),
    ('\ufeffa: 1\n', 1, 'character'),
    ('a: [' + '[' * 40 + ']' * 40 + ']\n', 1, 'deeper'),
    ('- ' * 40 + 'x\n', 1, 'deeper'),
    ('x' * 1200 + ': 1\n', 1, 'key of more'),
]


@pytest.mark.parametrize('text', READ)
def test_plain_yaml_is_read_as_pyyaml_reads_it(text: str) -> None:
    assert repr(load(text)) == repr(yaml.safe_load(text))


@pytest.mark.parametrize(('text', 'line', 'reason'), REFUSED)
def test_what_is_not_plain_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(PlainYamlError, match=reason) as caught:
        load(text)
    assert caught.value.line == line
    assert str(caught.value) == f'line {line}: {caught.value.reason}'


def agrees(text: str) -> None:
    """Hold the law: what is accepted, PyYAML accepts too and reads the same."""
    try:
        ours = load(text)
    except PlainYamlError:
        return
    assert repr(ours) == repr(yaml.safe_load(text)), text


# Pieces that meet each other in ways nobody thinks of.
PIECES = st.sampled_from(
    [
        *'a1-:#,.[]{}\'"\\|>?!&*%@`~=_+ex0 \n',
        *(' ', '\n', '\n  ', '\n ', ': ', ' #', '- ', '\n- '),
        *(
            'a: ',
            '\nb: ',
            '---',
            '...',
            '<<',
            'yes',
            'null',
            '1.5',
            '0x1',
            '|\n',
            '>-\n',
            '[a, b]',
        ),
        *('{a: b}', "'x'", '"y"', '\\n', 'é', '\xa0', '\r\n', '2026-11-23', '12:30', '1e5', '.5'),
    ]
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30).map(''.join))
@example('a:\n- b\n -')
def test_whatever_is_accepted_is_read_as_pyyaml_reads_it(text: str) -> None:
    agrees(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab1:-.\'"#[]{}, \n|>x', max_size=40))
def test_any_text_of_few_letters_is_read_as_pyyaml_reads_it(text: str) -> None:
    agrees(text)


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r'[-+]?[0-9_.:eExob+\-]{0,12}', fullmatch=True))
def test_any_number_is_read_as_pyyaml_reads_it_or_refused(word: str) -> None:
    agrees(f'a: {word}\n')
    agrees(f'a: [{word}]\n')


SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20)
DOCUMENTS = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.booleans())
def test_what_pyyaml_writes_is_read_the_same_or_refused(document: object, flow: bool) -> None:
    agrees(yaml.safe_dump(document, default_flow_style=flow, width=10**6))


def test_the_depth_and_size_of_a_document_do_not_hang_the_reader() -> None:
    assert len(load('a: [' + 'x, ' * 200_000 + 'x]\n')['a']) == 200_001
    assert len(load('a: |\n x\n' + ''.join(f'b{n}: |\n x\n' for n in range(20_000)))) == 20_001
