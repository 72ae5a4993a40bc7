"""Find the secrets in a command line, and take them out of whatever is reported.

What is a secret is told by where it stands: after an option that plugins take one with, in the
user part of a URL, in a variable or a header that is named like one. It is a net with a fine mesh,
not a proof: a plugin that takes its password as a bare word shows it.
"""

from __future__ import annotations

import re

from ...kernel.hints import Any, Iterable, List, Sequence, Tuple
from ...kernel.pattern import pattern

MASK = '***'

# How a name ends, after its begin or a mark, if it is one of a secret. A name and its value are
# told apart first and judged then: in one pattern, each mark would be a place to try again from.
_NAMED = r'pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|api[-_]?key|community'
_NAMED += r'|auth(?:entication|orization|pass)?|priv(?:ate)?[-_]?key|[xs]?privpasswd'
_SECRET = pattern(rf'(?:^|[-_.])(?:(?:{_NAMED})$|priv(?:ate)?[-_]?pass)', re.IGNORECASE)
_PASSWORD = pattern('(?:password|passwd|pwd)$', re.IGNORECASE)
_NAME = pattern(r'[\w.-]+')
# With one dash, what follows the first letter may be a value: `-Ppwd`.
_OPTION = pattern(r'--[\w.-]+|-[a-z0-9]+(?:[-_][a-z0-9]+)*', re.IGNORECASE)
_URL_USER = pattern(r'://(?P<value>[^/@\s:]*:[^/@\s]+)@')
_PARAMETER = pattern(r'[?&;](?P<name>[\w.-]+)=')
_VALUE = pattern(r'[^&;\s]+')
_DIGITS = pattern(r'[0-9.,:/-]*')

# Short options of the monitoring-plugins and of nagios-plugins-contrib, from their `--help`. For
# the others `-p` is a password unless it is a number, since most often it is a port then.
_SHORT = {
    'check_mysql': 'p',
    'check_mysql_query': 'p',
    'check_pgsql': 'p',
    'check_ldap': 'P',
    'check_ldaps': 'P',
    'check_snmp': 'CAX',
    'check_http': 'abP',
    'check_curl': 'abP',
    'check_radius': 'p',
    'check_disk_smb': 'p',
    'check_rabbitmq_aliveness': 'p',
    **dict.fromkeys(('check_mysql_health', 'check_game', 'check_jabber', 'check_ssh'), ''),
    **dict.fromkeys(('check_tcp', 'check_by_ssh', 'check_disk', 'check_swap', 'check_procs'), ''),
}
_OTHERS = 'p'
# Each is looked for in all of the output. No plugin takes as many.
MOST = 100
_SHORTEST_ANYWHERE = 4


def find(words: Sequence[str]) -> Tuple[str, ...]:
    """Return the secrets in a command's words, the longest first."""
    found: List[str] = []
    plugin, letters = '', ''
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ''
        name = word.rsplit('/', 1)[-1].split('.')[0]
        if not word.startswith('-') and (name.startswith('check_') or not plugin):
            plugin = name
            letters = _SHORT.get(plugin, '')
        found += _in_word(word)
        found += _after_option(word, following, letters, plugin in _SHORT)
    return tuple(sorted(set(found) - {''}, key=lambda secret: (-len(secret), secret)))


def _in_word(word: str) -> Iterable[str]:
    yield from (match['value'] for match in _URL_USER.finditer(word))
    yield from _in_query(word)
    plain = word.lstrip('-')
    name, _, value = plain.partition('=')
    if _NAME.fullmatch(name) and (_SECRET.search(name) or _PASSWORD.search(name)):
        yield value
    name, _, value = plain.partition(':')
    if _NAME.fullmatch(name) and _SECRET.search(name):
        yield value.lstrip(' ')


def _in_query(word: str) -> Iterable[str]:
    """Yield a URL's secrets; a name within a secret is a part of it."""
    end = 0
    for parameter in _PARAMETER.finditer(word):
        if parameter.start() >= end and _SECRET.search(parameter['name']):
            value = _VALUE.match(word, parameter.end())
            if value:
                yield value[0]
                end = value.end()


def _after_option(word: str, following: str, letters: str, known: bool) -> Iterable[str]:
    if not word.startswith('-') or word == '-':
        return
    named = _OPTION.fullmatch(word) and _SECRET.search(word.lstrip('-'))
    letter, attached = word[1:2], word[2:]
    if named:
        yield following
    # With one dash it may be a letter and its value all the same: `-pmy-private-pass-1`.
    if word[:2] != '--' and not (named and attached.isalpha()):
        value = attached or following
        if letter in letters and letter:
            yield value
        elif not known and letter in _OTHERS and not _DIGITS.fullmatch(value):
            # `-password` and other long options with one dash are not `-p` with a value.
            yield '' if re.fullmatch(r'[a-z]{3,}', attached) and following else value


def redact(value: Any, secrets: Sequence[str]) -> Any:
    """Return the value with every secret in its texts masked; mappings and lists in depth."""
    if not secrets:
        return value
    if isinstance(value, str):
        return _masked(value, secrets)
    if isinstance(value, dict):
        return {redact(key, secrets): redact(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item, secrets) for item in value]
    return value


def _masked(text: str, secrets: Sequence[str]) -> str:
    """Mask secrets; very short ones only where they are whole words, or all text would go."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_ANYWHERE:
            text = text.replace(secret, MASK)
    short = '|'.join(re.escape(secret) for secret in secrets if len(secret) < _SHORTEST_ANYWHERE)
    return re.sub(rf'(?<!\w)(?:{short})(?!\w)', MASK, text) if short else text
