"""The door to the juju command: what it asks, and what juju's complaints mean."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.juju.command import Juju, explain
from reconciler.values.errors import (
    ControllerMissing,
    ControllerUnreachable,
    JujuError,
    JujuMissing,
    JujuTimeout,
    ModelNotFound,
    NoController,
    NotLoggedIn,
    NotThere,
    PermissionDenied,
)
from tests.support.patience import PATIENCE

Fake = Callable[[str], Juju]

# What juju prints on stderr (cmd/juju, api of Juju 2.9.49, 3.6 and 4.0), and what it means.
COMPLAINTS: list[tuple[str, type[JujuError]]] = [
    ('ERROR account details for controller lab not found', NotLoggedIn),
    ('ERROR current model for controller lab not found', NotLoggedIn),
    ('ERROR not logged in', NotLoggedIn),
    ('please enter password for admin on lab:', NotLoggedIn),
    ('ERROR no credentials provided', NotLoggedIn),
    ('ERROR invalid entity name or password (unauthorized access)', NotLoggedIn),
    ('ERROR cannot log into controller "lab": login expired', NotLoggedIn),
    ('ERROR permission denied (unauthorized access)', PermissionDenied),
    ('ERROR access denied', PermissionDenied),
    ('No model in focus.\n\nPlease use "juju models" to see …', ModelNotFound),
    ('ERROR no model specified', ModelNotFound),
    ('ERROR model lab:admin/prod not found', ModelNotFound),
    ('ERROR model "prod" not found', ModelNotFound),
    ('No controllers registered.\n\nPlease either create …', NoController),
    ('ERROR controller lab not found', ControllerMissing),
    ('ERROR no selected controller', ControllerMissing),
    ('ERROR controller "lab": not logged', NotLoggedIn),
    ('ERROR refreshing models: controller "lab": not logged', NotLoggedIn),
    (
        'ERROR unable to connect to API: dial tcp 10.0.0.1:17070: i/o timeout',
        ControllerUnreachable,
    ),
    (
        'ERROR cannot connect to API: dial tcp 10.0.0.1:17070: connect: connection refused',
        ControllerUnreachable,
    ),
    (
        'ERROR unable to connect to API: dial tcp 10.0.0.1:17070: connect: no route to host',
        ControllerUnreachable,
    ),
    ('ERROR opening API connection: network is unreachable', ControllerUnreachable),
    ('ERROR context deadline exceeded', ControllerUnreachable),
    ('ERROR websocket: close 1006 (abnormal closure): unexpected EOF', ControllerUnreachable),
    ('ERROR unit "web/9" not found', NotThere),
    ('ERROR getting UUID for machine "9": machine "9": machine not found', NotThere),
    ('ERROR machine 9 not found', NotThere),
    ('ERROR option provided but not defined: --x', JujuError),
    ('', JujuError),
]


@pytest.mark.parametrize(('stderr', 'kind'), COMPLAINTS, ids=[said for said, _ in COMPLAINTS])
def test_each_complaint_is_its_own_kind_of_error(stderr: str, kind: type[JujuError]) -> None:
    error = explain(1, stderr, 'juju status')
    assert type(error) is kind
    assert error.retryable is (kind in (ControllerUnreachable, JujuTimeout))
    assert str(error).startswith('cannot use juju status: ')
    assert (error.exit_code, error.stderr) == (1, stderr)


@pytest.mark.parametrize('kind', sorted({kind for _, kind in COMPLAINTS}, key=str))
def test_each_kind_but_the_unknown_says_what_to_do(kind: type[JujuError]) -> None:
    assert bool(kind('cannot').advice) is (kind is not JujuError)


@pytest.mark.parametrize(
    ('stderr', 'reason'),
    [
        ('WARNING old client\nERROR model x not found\nmore', 'model x not found'),
        ('one\ntwo\n\n', 'two'),
        ('', 'it exited with 2 and said nothing'),
        ('ERROR\n', 'it exited with 2 and said nothing'),
    ],
)
def test_the_reason_is_jujus_error_line_else_its_last(stderr: str, reason: str) -> None:
    assert str(explain(2, stderr)) == f'cannot use juju ssh: {reason}'


@pytest.mark.parametrize(
    ('juju', 'k8s', 'options', 'argv'),
    [
        (
            Juju(model='lab:prod'),
            False,
            ('KexAlgorithms=x',),
            'juju ssh -m lab:prod --pty=false web/0 -o BatchMode=yes -o ConnectTimeout=7 '
            '-o ServerAliveCountMax=2 -o LogLevel=ERROR -o KexAlgorithms=x --',
        ),
        (
            Juju('/snap/bin/juju'),
            False,
            (),
            '/snap/bin/juju ssh --pty=false web/0 -o BatchMode=yes -o ConnectTimeout=7 '
            '-o ServerAliveCountMax=2 -o LogLevel=ERROR --',
        ),
        (
            Juju(model='prod'),
            True,
            ('KexAlgorithms=x',),
            'juju ssh -m prod --pty=false --container charm web/0',
        ),
    ],
    ids=['machine', 'current-model', 'pod'],
)
def test_juju_ssh_is_asked_as_each_kind_of_model_wants_it(
    juju: Juju, k8s: bool, options: tuple[str, ...], argv: str
) -> None:
    command = 'sh -c \'echo "a  b"; mkdir -p 8\''
    found = juju.ssh_argv('web/0', command, k8s=k8s, connect_timeout_seconds=7, options=options)
    # One string: juju and ssh join words with blanks, and juju looks for `-p PORT` among them.
    assert found == [*argv.split(), command]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Make a juju that is a shell script: `fake('echo {}')`."""

    def make(script: str) -> Juju:
        path = tmp_path / 'juju'
        path.write_text(f'#!/bin/sh\n{script}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return Juju(str(path), 'lab:prod')

    return make


def test_a_controller_that_would_be_an_option_is_not_named_in_advice() -> None:
    error = explain(1, 'ERROR account details for controller -x not found', model='prod')
    assert error.advice.argv == ('juju', 'login')


@pytest.mark.parametrize('target', ['-oProxyCommand=id', '--container', '', 'web/0 -oX=y'])
def test_a_target_that_juju_would_take_for_an_option_is_refused(target: str) -> None:
    for k8s in (False, True):
        with pytest.raises(JujuError, match='is not the name of a unit or a machine'):
            Juju().ssh_argv(target, 'true', k8s=k8s, connect_timeout_seconds=7)
    with pytest.raises(JujuError, match='is not the name of a unit or a machine'):
        Juju().exec_argv(target, 'true')


def test_status_is_asked_in_utc_and_comes_back_as_it_is(fake: Fake) -> None:
    juju = fake('echo "$@"; cat; echo warning >&2')
    words = b'status -m lab:prod --format json --utc\n'
    assert juju.status(Deadline.after(PATIENCE)) == words


def test_a_failed_status_is_not_the_empty_document_that_it_prints(fake: Fake) -> None:
    juju = fake('echo "{}"; echo "ERROR permission denied" >&2; exit 1')
    with pytest.raises(PermissionDenied, match='permission denied'):
        juju.status(Deadline.after(PATIENCE))


def test_a_status_that_never_ends_is_ended(fake: Fake) -> None:
    with pytest.raises(JujuTimeout, match='cannot wait longer') as raised:
        fake('echo "{"; sleep 1000').status(Deadline.after(0.3))
    assert raised.value.retryable


def test_a_status_beyond_all_measure_is_refused_not_cut(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('reconciler.juju.command.STATUS_CAP_BYTES', 1000)
    with pytest.raises(JujuError, match='cannot take more than 1000 bytes'):
        fake('head -c 1001 /dev/zero').status(Deadline.after(PATIENCE))


def test_no_juju_at_all_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(JujuMissing, match=r'cannot run .*/juju') as raised:
        Juju(str(tmp_path / 'juju')).status(Deadline.after(PATIENCE))
    assert '--juju PATH' in str(raised.value.advice)


def test_whoami_is_what_juju_says(fake: Fake) -> None:
    juju = fake("""echo '{"controller": "lab", "model": "prod", "user": "ann"}'""")
    assert juju.whoami(Deadline.after(PATIENCE))['user'] == 'ann'


def test_logged_out_juju_exits_with_0_and_prints_no_document(fake: Fake) -> None:
    juju = fake('echo "You are not logged in to controller" >&2')
    with pytest.raises(NotLoggedIn):
        juju.whoami(Deadline.after(PATIENCE))


@pytest.mark.parametrize(('life', 'there'), [('alive', True), ('dying', False), ('dead', False)])
def test_a_model_is_there_while_it_is_listed_and_lives(life: str, there: bool, fake: Fake) -> None:
    said = fake(f"""echo '{{"models": [{{"name": "ann/a", "life": "{life}"}}, 7]}}'""")
    assert said.is_there('lab:ann/a', Deadline.after(PATIENCE)) is there
    assert not said.is_there('lab:bob/a', Deadline.after(PATIENCE))


@pytest.mark.parametrize(
    ('printed', 'names'),
    [
        ('{"models": [{"name": "ann/a"}, {"name": "ann/b"}]}', ('ann/a', 'ann/b')),
        ('{"models": [{"name": "ann/a"}, {}, 7]}', ('ann/a',)),
        ('{"models": null}', ()),
        ('{}', ()),
        ('[]', ()),
    ],
)
def test_models_are_named_whatever_else_is_there(
    fake: Fake, printed: str, names: tuple[str, ...]
) -> None:
    assert fake(f"echo '{printed}'").models(Deadline.after(PATIENCE)) == names


def test_what_is_not_json_is_said(fake: Fake) -> None:
    with pytest.raises(JujuError, match='cannot read what juju printed'):
        fake('echo "{"').models(Deadline.after(PATIENCE))


def test_the_version_is_one_line(fake: Fake) -> None:
    assert (
        fake('echo 3.6.5-ubuntu-amd64').version(Deadline.after(PATIENCE)) == '3.6.5-ubuntu-amd64'
    )
