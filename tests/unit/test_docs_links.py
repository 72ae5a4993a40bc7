"""Links between the pages: each leads to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.tree import ROOT

PROJECT = ROOT
PAGES = sorted(
    page.relative_to(PROJECT)
    for page in (*PROJECT.glob('*.md'), *PROJECT.glob('docs/**/*.md'), *PROJECT.glob('.ci/*.md'))
)
_FENCE = re.compile(r'^(```+|~~~+).*?^\1 *$', re.MULTILINE | re.DOTALL)
_CODE = re.compile(r'(`+)(?!`).+?(?<!`)\1(?!`)', re.DOTALL)
_LINK = re.compile(r'\[[^]]*\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^]]+\]:\s*(\S+)', re.MULTILINE)
_HEADING = re.compile(r'^#+ +(.+?) *#*$', re.MULTILINE)


def links(text: str) -> Iterator[str]:
    """Yield where the links of a page lead, but for those in code."""
    prose = _CODE.sub('', _FENCE.sub('', text))
    for inline, reference in _LINK.findall(prose):
        yield inline or reference


def anchors(text: str) -> set[str]:
    """Return the names of a page's headings, made as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub('', text)):
        name = re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        found[name] = found.get(name, -1) + 1
    return {
        name if n == 0 else f'{name}-{n}' for name, most in found.items() for n in range(most + 1)
    }


def broken(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    lost = []
    for link in links(page.read_text()):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = page.parent / unquote(parts.path) if parts.path else page
        leads = target.exists() and (
            not parts.fragment or parts.fragment in anchors(target.read_text())
        )
        if not leads:
            lost.append(link)
    return lost


@pytest.mark.parametrize('page', PAGES, ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken(PROJECT / page) == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [PROJECT / 'README.md']
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != '.md':
            continue
        reached.add(page)
        paths = (urlsplit(link).path for link in links(page.read_text()) if '://' not in link)
        waiting += [(page.parent / path).resolve() for path in paths if path]
    assert {PROJECT / page for page in PAGES if page.parts[0] == 'docs'} <= reached


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / 'there.md').write_text('# A `b`, c\n## Twice\n## Twice\n```\n# none\n```\n')
    page = tmp_path / 'page.md'
    page.write_text(
        '[a](there.md) [b](there.md#a-b-c) [c](there.md#twice-1) [d](#none) `[e](code.md)`\n'
        '[f](gone.md) [g](there.md#none) [h](https://example.com/x)\n[i]: lost.md\n'
    )
    assert broken(page) == ['#none', 'gone.md', 'there.md#none', 'lost.md']
