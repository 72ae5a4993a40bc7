"""Completion in bash, of words that have colons in them."""

from __future__ import annotations

from click.shell_completion import BashComplete, CompletionItem


class Bash(BashComplete):
    """Completion where bash splits words at colons, as it does unless it was told otherwise.

    `lab:pr` comes as three words, and what is offered takes the place of the last one.
    """

    _begin = ''

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words before the one that is incomplete, and that one."""
        split, last = super().get_completion_args()
        words: list[str] = []
        for word in [*split, last]:
            glued = words and word and (word == ':' or words[-1].endswith(':'))
            words[-1:] = [words[-1] + word] if glued else [*words[-1:], word]
        *before, incomplete = words
        if incomplete != last or last == ':':
            self._begin = incomplete[: incomplete.rindex(':') + 1]
        return before, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Return what the script takes, without what bash leaves as it is."""
        return f'{item.type},{item.value.removeprefix(self._begin)}'
