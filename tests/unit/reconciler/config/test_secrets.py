"""Secrets: where they stand, what is said if they cannot be used, and that none is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.secrets import Secret, SecretError, hide


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / 'secret'
    path.write_text('hunter2\n')
    path.chmod(0o640)
    return path


def test_it_is_read_anew_each_time_without_the_end_of_its_line(kept: Path) -> None:
    secret = Secret('file', str(kept))
    assert secret.read() == 'hunter2'
    kept.write_text('hunter3')
    assert secret.read() == 'hunter3'


def test_it_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret('env', 'OUR_SECRET')
    with pytest.raises(SecretError, match=r'^cannot use the secret in \$OUR_SECRET: .*set it'):
        secret.read()
    monkeypatch.setenv('OUR_SECRET', 'hunter2')
    assert secret.read() == 'hunter2'


def test_no_text_of_it_shows_it(kept: Path) -> None:
    secret = Secret('file', str(kept))
    secret.read()
    assert 'hunter2' not in f'{secret} {secret!r} {vars(secret)}'


@pytest.mark.parametrize('mode', [0o644, 0o604])
def test_one_that_everybody_may_read_is_refused_with_what_to_do(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    with pytest.raises(SecretError, match=f'everybody may read it; chmod o= {kept}'):
        Secret('file', str(kept)).read()


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        (b'', 'it is empty'),
        (b'\n', 'it is empty'),
        (b'hunter2\nBcc: x\n', 'not one line'),
        (b'hunter2\xff', 'not UTF-8'),
        (b'hunter2\0', 'not one line'),
        (b'hunter2' * 10_000, 'more than 65536 bytes'),
    ],
)
def test_what_is_no_secret_is_refused_and_not_told(kept: Path, content: bytes, told: str) -> None:
    kept.write_bytes(content)
    with pytest.raises(SecretError) as caught:
        Secret('file', str(kept)).read()
    assert told in str(caught.value)
    assert 'hunter2' not in str(caught.value)
    assert caught.value.retryable


def test_a_missing_one_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / 'none', tmp_path):
        with pytest.raises(SecretError, match=f'^cannot use the secret in {path}: '):
            Secret('file', str(path)).read()


def test_what_others_repeat_of_it_is_hidden() -> None:
    assert hide('no user with hunter2 here', ('hunter2',)) == 'no user with (hidden) here'
