"""Secrets of a command line are found by where they stand, and masked wherever they show."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.sources.nrpe.secrets import MASK, find, redact

# Parts of words, which may stand in any order.
MARKS = ('a', 'A', '_', '-', '.', '=', '?', '&', ':', '/', '@', ' ', 'x1', '://')
NAMES = ('pwd', 'pass', 'token', 'Password', 'priv-pass', 'api_key')


@pytest.mark.parametrize(
    ('line', 'secrets'),
    [
        # charm-rabbitmq-server, hooks/rabbit_utils.py
        ('check_rabbitmq.py --user nagios --password s3cret --vhost v', ['s3cret']),
        ('check_rabbitmq.py --password=s3cret', ['s3cret']),
        ('check_mysql -H db -u root -p s3cret', ['s3cret']),
        ('check_mysql -ps3cret', ['s3cret']),
        ('check_http -I 10.0.0.1 -p 8080 -a admin:s3cret', ['admin:s3cret']),
        ('check_http -H x -k "Authorization: Bearer s3cret"', ['Bearer s3cret']),
        ('check_snmp -H x -C public -p 161', ['public']),
        ('check_tcp -H x -p 22', []),
        ('check_by_ssh -p 22 -H x', []),
        ('check_foo -p 5432', []),
        ('check_foo -p hunter2', ['hunter2']),
        ('curl https://user:s3cret@host/path', ['user:s3cret']),
        ('curl https://host/?token=s3cret&a=b', ['s3cret']),
        ('env PGPASSWORD=s3cret check_pgsql -H x', ['s3cret']),
        ('env api_key=s3cret check_x', ['s3cret']),
        ('check_x --auth-token s3cret --client-secret t0p', ['s3cret', 't0p']),
        ('check_disk -w 20% -c 10% -p /srv', []),
        ('check_procs -w 1: -C apache2', []),
        ('check_swap -w 20% -c 10%', []),
        ('/usr/lib/nagios/plugins/check_mysql -p s3cret', ['s3cret']),
        ('sudo check_mysql -p s3cret', ['s3cret']),
        ('check_x --password', []),
    ],
)
def test_a_secret_is_told_by_where_it_stands(line: str, secrets: list[str]) -> None:
    assert sorted(find(shlex.split(line))) == sorted(secrets)


def test_a_secret_is_masked_at_any_depth() -> None:
    value = {'a s3cret': ['x s3cret y', {'b': ('s3cret',)}], 'n': 7, 't': None}
    assert redact(value, ('s3cret',)) == {
        f'a {MASK}': [f'x {MASK} y', {'b': [MASK]}],
        'n': 7,
        't': None,
    }


def test_a_very_short_secret_is_masked_only_as_a_word() -> None:
    assert redact('a password: a cat sat', ('a',)) == f'{MASK} password: {MASK} cat sat'


def test_the_longer_of_two_secrets_goes_first() -> None:
    found = find(['check_x', '--password', 'abcd', '--token', 'abcdefgh'])
    assert redact('abcdefgh abcd', found) == f'{MASK} {MASK}'


WORDS = st.lists(st.text(min_size=1, max_size=12), max_size=6)


@given(WORDS, st.text('abcXYZ019%$', min_size=4, max_size=12), WORDS)
def test_no_secret_after_an_option_survives(
    before: list[str], secret: str, after: list[str]
) -> None:
    words = [*before, '--password', secret, *after]
    assert secret not in redact(' '.join(words), find(words)).replace(MASK, '')


@given(WORDS, st.text(max_size=60))
def test_without_secrets_nothing_changes(words: list[str], text: str) -> None:
    if not find(words):
        assert redact(text, find(words)) == text


# What a secret is, in patterns that may take for ever: as short as these words are, they do not.
_NAMED = r'(?:pass(?:word)?|pwd|token|api[-_]?key|priv[-_]?pass\w*)'
_OPTION = rf'--?(?:[a-z0-9]+[-_])*{_NAMED}'
_VALUES = (
    rf'-*(?:(?:\w+[-_.])*{_NAMED}|\w*(?:password|pwd))=(?P<value>.+)',
    rf'-*(?:\w+-)*{_NAMED}: *(?P<value>[^ ].*)',
)
_WITHIN = (
    r'[a-z][a-z0-9+.-]*://(?P<value>[^/@\s]*:[^/@\s]+)@',
    rf'[?&;](?:\w+[-_.])*{_NAMED}=(?P<value>[^&;\s]+)',
)


@given(st.lists(st.sampled_from(MARKS + NAMES), max_size=8).map(''.join))
def test_what_stands_where_a_secret_stands_is_found(word: str) -> None:
    ways = [re.finditer(within, word, re.IGNORECASE) for within in _WITHIN]
    ways += [re.finditer(rf'\A{value}\Z', word, re.IGNORECASE) for value in _VALUES]
    expected = {found['value'] for way in ways for found in way}
    if re.fullmatch(_OPTION, word, re.IGNORECASE):
        expected.add('following')
    assert expected <= {*find(['check_tcp', word, 'following'])}


@given(st.lists(st.sampled_from((*MARKS, 'word')), max_size=8).map(''.join))
def test_where_nothing_is_named_like_a_secret_none_is_found(word: str) -> None:
    found = {*find(['check_tcp', word, 'following'])}
    assert not found or '://' in word


@pytest.mark.parametrize(
    'part', ['A_', 'aA_-.', '?pwd=', '://a:', '--pass-', 'priv_pass_', 'pwd=', ': ', '&a=']
)
def test_a_hostile_word_of_a_megabyte_does_not_hang(part: str) -> None:
    # Each place to try again from doubled the time, or made it square.
    find([part * (1_000_000 // len(part)) + '!'])


def test_very_short_secrets_are_masked_together() -> None:
    assert redact('a b ab abc', ('abc', 'a', 'b')) == f'{MASK} {MASK} ab {MASK}'


def test_a_letter_with_a_value_that_looks_like_an_option_is_hidden() -> None:
    words = ['/usr/lib/nagios/plugins/check_foo', '-H', 'h', '-pmy-private-pass-1']
    assert 'my-private-pass-1' in find(words)
    assert find(['check_mysql', '-password', 'hidden-one']) == ('hidden-one',)
