"""Names of hosts for libc, beside what Python makes of the same; and of units, there and back."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.names import host_bytes, tag_of, unit_of_slug, unit_of_tag


@pytest.mark.parametrize(
    ('host', 'wanted'),
    [
        ('a' * 64, b'a' * 64),
        ('my_host', b'my_host'),
        ('.x', b'.x'),
        ('web..x', b'web..x'),
        ('', b''),
        ('bücher.example', b'xn--bcher-kva.example'),
        ('ü' * 64, ('ü' * 64).encode()),
        ('\udcff', b'\xff'),
    ],
)
def test_a_host_s_name_is_bytes_that_libc_can_look_up(host: str, wanted: bytes) -> None:
    assert host_bytes(host) == wanted


@given(st.text(max_size=80) | st.from_regex('[a-z0-9._-]{0,300}', fullmatch=True))
def test_whatever_python_can_encode_it_encodes_as_python_does(host: str) -> None:
    try:
        wanted = host.encode('idna')
    except UnicodeError:
        assert host_bytes(host) == host.encode()
    else:
        assert host_bytes(host).lower() == wanted.lower()


@pytest.mark.parametrize('host', ['a' * 64, '.x', 'web..x', 'a' * 300, 'ü' * 64])
def test_of_a_name_that_is_none_libc_says_so(host: str) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(host_bytes(host), 80, flags=socket.AI_NUMERICHOST)


def test_a_unit_is_told_from_its_tag_and_its_slug() -> None:
    assert tag_of('a-b/12') == 'unit-a-b-12'
    assert (unit_of_tag('unit-a-b-12'), unit_of_slug('a-b-12')) == ('a-b/12', 'a-b/12')
    assert unit_of_tag('machine-0') == ''
