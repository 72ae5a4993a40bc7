"""What may be a name: all that real ones are made of, and nothing that a shell or ssh acts on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.values.safe_names import (
    is_application,
    is_argument,
    is_controller,
    is_host,
    is_jump,
    is_machine,
    is_model,
    is_name,
    is_unit,
    is_user,
)
from tests.support.hostile_names import hostile_names
from tests.support.patience import PATIENCE

RULES = (is_application, is_host, is_jump, is_machine, is_model, is_name, is_unit, is_user)
SHELL = 'ab9.-_:/@$`;|&<>()\'"\\ \n\t%*?~#!{}[]=^'


@pytest.mark.parametrize(
    ('rule', 'names'),
    [
        (is_host, ('10.0.0.5', 'fd00::5', '::1', 'node-1.maas', 'node_1.', 'ec2-1.aws.example')),
        (is_argument, ('i-0a1b', 'manual:', 'manual:10.0.0.5', 'manual:me@host', 'é', 'a%b')),
        (is_name, ('lab', 'my_controller.eu', 'prod-2', 'remote-0a1b', 'büro')),
        (is_controller, ('lab', 'vsphere-DC 1', 'my ctrl', 'büro')),
        (is_model, ('prod', 'admin/prod', 'ann@external/prod', 'ann+x@idp.example/prod')),
        (is_application, ('mysql', 'a-b', 'nova-cloud-controller', 'k8s', 'a-1b')),
        (is_unit, ('mysql/0', 'a-b/12')),
        (is_machine, ('0', '12', '0/lxd/1', '0/lxd/1/kvm/2')),
        (is_user, ('ubuntu', 'ann@realm', 'DOMAIN\\ann', 'host$', 'é')),
        (is_jump, ('bastion', 'ann@b:2222', 'ssh://ann@b:22', '[fd00::5]:22', 'a@r@10.0.0.5')),
    ],
)
def test_real_names_are_names(rule: Callable[[str], bool], names: tuple[str, ...]) -> None:
    assert [name for name in names if not rule(name)] == []


@pytest.mark.parametrize(
    ('rule', 'names'),
    [
        (is_host, ('fe80::1%eth0', 'a:22', 'a' * 64, 'a.' * 127, 'a..b', '.', '10.0.0.1/24', 'é')),
        (is_argument, ('a b', 'a\xa0b', 'a\x00', 'a\u2028b', 'a\u202eb', '-a', '\ud800')),
        (is_name, ('a/b', 'a:b', '..', 'a b')),
        (is_controller, ('a:b', 'a/b', ' a', '-a', 'a\tb', 'a;b', '')),
        (is_model, ('/prod', 'a/', 'a/b/c', 'lab:a/b', '../b')),
        (is_application, ('Mysql', 'a--b', 'a/0', '0a')),
        (is_unit, ('mysql', 'mysql/x', 'mysql/0/1', '../0', 'mysql/²')),
        (is_machine, ('0/lxd', 'lxd/0', '²', '0/../1', '9' * 5000)),
        (is_user, ('a\\', 'a b', 'a%r', 'a{b}')),
        (is_jump, ('a:0', 'a:65536', 'a:', 'fd00::5', '@a', 'a,b', '[a]', 'ssh://a/b', '%h')),
    ],
)
def test_what_only_looks_like_one_is_none(
    rule: Callable[[str], bool], names: tuple[str, ...]
) -> None:
    assert [name for name in names if rule(name)] == []


@pytest.mark.parametrize('rule', RULES)
def test_no_rule_takes_what_would_run(rule: Callable[[str], bool]) -> None:
    names = ('', *hostile_names(Path('/tmp/proof')))
    assert [name for name in names if rule(name)] == []


@given(st.lists(st.text(SHELL, max_size=8) | st.text(max_size=4), min_size=20, max_size=60))
def test_a_shell_that_is_given_a_host_unquoted_reads_that_host(texts: list[str]) -> None:
    hosts = ['node-1.maas', *filter(is_host, texts)]
    script = '\n'.join(f'echo {host}' for host in hosts)
    done = subprocess.run(
        ['sh', '-c', script], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.splitlines() == hosts
    assert done.stderr == ''


@given(st.text(SHELL) | st.text())
def test_no_name_is_an_option_or_two_words(text: str) -> None:
    for rule in (*RULES, is_argument):
        if rule(text):
            assert not text.startswith('-')
            assert text.split() == [text]
            assert text.isprintable()
