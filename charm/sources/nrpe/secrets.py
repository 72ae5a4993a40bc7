"""Find the secrets in a command line, and take them out of whatever is reported.

What is a secret is told by where it stands: after an option that plugins take one with, in the
user part of a URL, in a variable or a header that is named like one. It is a net with a fine mesh,
not a proof: a plugin that takes its password as a bare word shows it.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, List, Sequence, Tuple

MASK = '***'

_NAMED = r'(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|api[-_]?key|community'
_NAMED += r'|auth(?:entication|orization|pass)?|priv(?:ate)?[-_]?(?:key|pass\w*)|[xs]?privpasswd)'
_OPTION = re.compile(rf'--?(?:[a-z0-9]+[-_])*{_NAMED}', re.IGNORECASE)
_VARIABLE = re.compile(
    rf'(?:(?:\w+[-_.])*{_NAMED}|\w*(?:password|passwd|pwd))=(?P<value>.+)', re.IGNORECASE
)
_HEADER = re.compile(rf'(?:[\w]+-)*{_NAMED}: *(?P<value>.+)', re.IGNORECASE)
_URL_USER = re.compile(r'[a-z][a-z0-9+.-]*://(?P<value>[^/@\s]*:[^/@\s]+)@', re.IGNORECASE)
_QUERY = re.compile(rf'[?&;](?:\w+[-_.])*{_NAMED}=(?P<value>[^&;\s]+)', re.IGNORECASE)
_DIGITS = re.compile(r'[0-9.,:/-]*')

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
    for pattern in (_URL_USER, _QUERY):
        yield from (match['value'] for match in pattern.finditer(word))
    for pattern in (_VARIABLE, _HEADER):
        match = pattern.fullmatch(word.lstrip('-'))
        if match:
            yield match['value']


def _after_option(word: str, following: str, letters: str, known: bool) -> Iterable[str]:
    if not word.startswith('-') or word == '-':
        return
    if _OPTION.fullmatch(word):
        yield following
    elif word[:2] != '--':
        letter, attached = word[1:2], word[2:]
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
        for secret in secrets:
            value = _replace(value, secret)
        return value
    if isinstance(value, dict):
        return {redact(key, secrets): redact(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item, secrets) for item in value]
    return value


def _replace(text: str, secret: str) -> str:
    """Mask a secret; a very short one only where it is a whole word, or all text would go."""
    if len(secret) >= _SHORTEST_ANYWHERE:
        return text.replace(secret, MASK)
    return re.sub(rf'(?<!\w){re.escape(secret)}(?!\w)', MASK, text)
