"""Which certificates a server's clients need: as OpenSSL judges chains of every shape."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.chain import best_path, read_message, readable
from charm.checks.check import Verdict
from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.kernel.report import Health
from tests.support.authors import PYTHONS, python_of
from tests.support.checking import run
from tests.support.issued import Chain, Party, chains
from tests.support.patience import PATIENCE
from tests.support.tls import shown
from tests.support.tree import ROOT

SHAPES = chains()


def verified(chain: Chain, port: int, directory: Path, verify: bool = True) -> Verdict:
    """Return what is found of the server with what its clients trust."""
    options: dict[str, Any] = {
        'server_name': 'localhost',
        'ca_file': chain.trusted(directory),
        'verify': verify,
    }
    return run(TlsExpiry(host='127.0.0.1', port=port, **options))


@pytest.mark.parametrize('name', SHAPES)
def test_a_chain_is_good_for_as_long_as_openssl_trusts_it(name: str, tmp_path: Path) -> None:
    chain, days = SHAPES[name]
    path = best_path(readable(chain.sent), readable(chain.roots))
    until = min(item.not_after for item in path)
    assert round((until - datetime.now(timezone.utc)).total_seconds() / 86400) == days
    minute = timedelta(minutes=1)
    assert chain.openssl_trusts(tmp_path, until - minute)
    assert not chain.openssl_trusts(tmp_path, until + minute)


@pytest.mark.parametrize('name', SHAPES)
def test_a_server_is_judged_by_the_chain_that_its_clients_need(name: str, tmp_path: Path) -> None:
    chain, days = SHAPES[name]
    with shown(chain.served(tmp_path)) as port:
        verdict = verified(chain, port, tmp_path)
    assert round(verdict.data['days_left']) == days
    assert len(verdict.data['chain']) == len(chain.sent)
    assert verdict.data['whole_chain'] is True
    needless = [item for item in verdict.data['chain'] if not item['needed']]
    expired = any(item['days_left'] < 0 for item in needless)
    best = Health.WARN if expired else Health.PASSED
    assert verdict.health is (Health.FAIL if days < 7 else best), verdict.message
    assert ('which expired and is not needed' in verdict.message) is expired


def test_whom_nobody_here_trusts_is_judged_by_the_best_of_the_ways_sent(tmp_path: Path) -> None:
    for name in ('intermediate twice, renewed', 'expired cross-signature and root'):
        chain, days = SHAPES[name]
        with shown(chain.served(tmp_path)) as port:
            verdict = run(TlsExpiry(host='127.0.0.1', port=port))
        assert round(verdict.data['days_left']) == days
    chain, _days = SHAPES['old root sent, clients have it renewed']
    with shown(chain.served(tmp_path)) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.FAIL
    assert "root 'new root' expired 10 days ago" in verdict.message


def test_the_intermediate_that_ends_first_is_named(tmp_path: Path) -> None:
    chain, _days = SHAPES['intermediate ends soon']
    with shown(chain.served(tmp_path)) as port:
        for verify in (False, True):
            verdict = verified(chain, port, tmp_path, verify)
            assert verdict.health is Health.FAIL
            assert "intermediate 'intermediate' is good for 3 more days" in verdict.message
    assert [item['role'] for item in verdict.data['chain']] == ['leaf', 'intermediate']


@given(st.data())
def test_the_path_is_made_of_what_is_there_and_never_worse_than_another(
    data: st.DataObject,
) -> None:
    chain = data.draw(st.sampled_from([chain for chain, _days in SHAPES.values()]))
    rest = data.draw(st.permutations(chain.sent[1:] * 2))
    sent, roots = readable([chain.sent[0], *rest]), readable(chain.roots)
    path = best_path(sent, roots)
    assert path[0] == sent[0]
    assert all(lower.issued_by(upper) for lower, upper in zip(path, path[1:], strict=False))
    fewer = best_path(sent[: data.draw(st.integers(1, len(sent)))], roots)
    complete = fewer[-1] in roots
    ends = [min(item.not_after for item in way) for way in (path, fewer)]
    assert not complete or ends[0] >= ends[1]


def test_a_hundred_that_all_sign_each_other_cost_no_time() -> None:
    crowd = Party('crowd')
    many = [Party('crowd').certified(crowd, day) for day in range(100)]
    assert len(best_path(readable([Party('web').certified(crowd, 9), *many]), ())) == 2


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans())
def test_the_certificates_of_a_message_are_found(bodies: list[bytes], modern: bool) -> None:
    after = b'\0\0' if modern else b''
    listed = b''.join(len(body).to_bytes(3, 'big') + body + after for body in bodies)
    message = (b'\0' if modern else b'') + len(listed).to_bytes(3, 'big') + listed
    assert read_message(message, modern) == tuple(bodies)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_message_or_end_it(message: bytes, modern: bool) -> None:
    assert sum(map(len, read_message(message, modern))) <= len(message)


def test_a_chain_of_one_is_its_own(tmp_path: Path) -> None:
    alone = Party('localhost')
    chain = Chain((alone.certified(alone, 50),), alone.key_pem(), ())
    with shown(chain.served(tmp_path)) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert (verdict.health, verdict.data['chain'][0]['role']) == (Health.PASSED, 'leaf')


def test_an_authority_that_is_no_root_may_be_trusted(tmp_path: Path) -> None:
    straight, _days = SHAPES['straight']
    chain = Chain(straight.sent, straight.key, straight.sent[1:])
    with shown(chain.served(tmp_path)) as port:
        verdict = verified(chain, port, tmp_path)
    assert (verdict.health, verdict.data['trusted']) == (Health.PASSED, True), verdict.message


@pytest.mark.parametrize(
    'name', ['expired cross-signature', 'old root sent, clients have it renewed']
)
def test_the_system_s_authorities_tell_what_is_not_needed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, _days = SHAPES[name]
    store = tmp_path / 'certs'
    store.mkdir()
    chain.trusted(store)
    subprocess.run(['openssl', 'rehash', store], check=True, capture_output=True, timeout=PATIENCE)
    # As Debian has them: a directory, of which OpenSSL reads what it needs.
    monkeypatch.setenv('SSL_CERT_DIR', str(store))
    monkeypatch.setenv('SSL_CERT_FILE', str(tmp_path / 'none'))
    with shown(chain.served(tmp_path)) as port:
        verdict = run(TlsExpiry(host='127.0.0.1', port=port))
    assert verdict.health is Health.WARN, verdict.message
    assert round(verdict.data['days_left']) == 200


LOOK = """
import json, sys
from pathlib import Path
from charm.checks.kinds.tls_expiry import TlsExpiry
from charm.kernel.deadline import Deadline
port, ca_file, seconds = sys.argv[1:]
asked = {'port': int(port), 'verify': True, 'ca_file': Path(ca_file)}
verdict = TlsExpiry(host='localhost', **asked).run(Deadline.after(float(seconds)))
print(json.dumps([verdict.message, verdict.data]))
"""


@pytest.mark.parametrize('version', PYTHONS)
@pytest.mark.parametrize(('name', 'days'), [(name, days) for name, (_c, days) in SHAPES.items()])
def test_every_python_sees_the_same_chain_and_trusts_it_alike(
    version: str, name: str, days: int, tmp_path: Path
) -> None:
    chain = SHAPES[name][0]
    with shown(chain.served(tmp_path)) as port:
        argv: list[Any] = [python_of(version), '-W', 'error', '-c', LOOK, str(port)]
        done = subprocess.run(
            [*argv, chain.trusted(tmp_path), str(PATIENCE)],
            cwd=ROOT,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    message, data = json.loads(done.stdout)
    assert round(data['days_left']) == days, message
    assert (data['whole_chain'], data['trusted']) == (True, days > 0), message
