"""The only caller of the `juju` command.

Sources: Juju 2.9.49, 3.6 and 4.0 (cmd/juju, juju/cmd). Juju retries a dead controller for ten
minutes by itself, so every call has a deadline of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charm.kernel import command as door
from charm.kernel.command import Completed, Enough
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from charm.kernel.lines import lines

from ..values.errors import (
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
from ..values.safe_names import is_argument, is_controller
from .identity import identity
from .life import ENDING

STATUS_CAP_BYTES = 64 * 1024 * 1024

_COMPLAINTS: tuple[tuple[re.Pattern[str], type[JujuError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r'account details for controller|current model for controller', NotLoggedIn),
        # Juju 3.6 and 4.0 say `controller "lab": not logged` (sic; cmd/modelcmd/base.go).
        (r'not logged\b|please enter password|no credentials provided', NotLoggedIn),
        (r'invalid entity name or password|cannot log into|login expired', NotLoggedIn),
        (r'permission denied|access denied|unauthorized', PermissionDenied),
        (r'no model in focus|no models? (selected|specified)', ModelNotFound),
        (r'no controllers registered', NoController),
        (r'controller \S+ not found|no selected controller', ControllerMissing),
        (r'model "?\S+"? not found', ModelNotFound),
        (r'\b(?:unit \S+|machine \S+|machine) not found', NotThere),
        (r'unable to connect to api|connection refused|i/o timeout', ControllerUnreachable),
        (r'no route to host|dial tcp|network is unreachable', ControllerUnreachable),
        (r'cannot connect to api|context deadline exceeded|\bEOF\b', ControllerUnreachable),
    )
)


_CONTROLLER = re.compile(
    r'(?:account details|current model) for controller (?P<old>\S+) not found'
    r'|controller "(?P<new>[^"]+)"(?:: not logged\b| and model)'
)


@dataclass(frozen=True)
class Juju:
    """The juju command with the model it is for.

    Whatever asks it something raises `JujuError` if it failed, or did not end by the deadline.

    Attributes:
        binary: the command; a name is looked up on PATH.
        model: `[controller:]model`; empty for the current one.
    """

    binary: str = 'juju'
    model: str = ''

    @property
    def controller(self) -> str:
        """The controller that the model is named with; empty for the current one."""
        return self.model.rpartition(':')[0]

    def status(self, deadline: Deadline) -> bytes:
        """Return what `juju status` prints as JSON, with times in UTC."""
        argv = [self.binary, 'status', *self._for_model(), '--format', 'json', '--utc']
        return self._output(argv, deadline)

    def version(self, deadline: Deadline) -> str:
        """Return the client's version, such as `3.6.5-ubuntu-amd64`."""
        return self._output([self.binary, 'version'], deadline).decode(errors='replace').strip()

    def whoami(self, deadline: Deadline) -> dict[str, Any]:
        """Return the current `controller`, `model` and `user`; the keys that are known.

        Raises:
            NotLoggedIn: there is no user.
        """
        done = self._done([self.binary, 'whoami', '--format', 'json'], deadline)
        if not done.stdout.strip():
            # Logged out, juju says so on stderr only and exits with 0 (cmd/juju/user/whoami.go).
            model = _at_controller(self.model, done.stderr.decode(errors='replace'))
            raise NotLoggedIn('cannot use juju whoami: you are not logged in', model=model)
        return _document(done.stdout)

    def models(self, deadline: Deadline) -> tuple[str, ...]:
        """Return the names of the current controller's models, as `owner/name`."""
        return tuple(str(model['name']) for model in self._models('', deadline) if 'name' in model)

    def controllers(self, deadline: Deadline) -> tuple[str, ...]:
        """Return the names of the controllers that this user has registered."""
        output = self._output([self.binary, 'controllers', '--format', 'json'], deadline)
        found = _document(output).get('controllers')
        return tuple(found) if isinstance(found, dict) else ()

    def models_of(self, controller: str, deadline: Deadline) -> tuple[str, ...]:
        """Return a controller's models as `controller:owner/name`, without its own model."""
        return tuple(
            f'{controller}:{model["name"]}'
            for model in self._models(controller, deadline)
            if 'name' in model and model.get('is-controller') is not True
        )

    def is_there(self, full: str, deadline: Deadline) -> bool:
        """Return whether `controller:owner/name` is listed still, and is not being destroyed."""
        controller, _, name = full.rpartition(':')
        return any(
            model.get('name') == name and model.get('life') not in ENDING
            for model in self._models(controller, deadline)
        )

    def model_uuid(self, controller: str, model: str, until: Deadline) -> str:
        """Return the UUID of a model, named as in its status: juju status does not tell it.

        Raises:
            ModelNotFound: there is no one model of that name.
        """
        found = identity(self.listing(controller, until), self.model.rpartition(':')[2], model)
        if found is None:
            reason = f'cannot tell the UUID of model {model}: juju models does not'
            raise ModelNotFound(reason, model=self.model)
        return found[1]

    def listing(self, controller: str, until: Deadline) -> Sequence[Mapping[str, Any]]:
        """Return what `juju models` tells of each of a controller's; see `identity`."""
        return tuple(self._models(controller, until))

    def proxies_ssh(self, deadline: Deadline) -> bool:
        """Return whether the model is configured with proxy-ssh=true."""
        argv = [self.binary, 'model-config', *self._for_model(), 'proxy-ssh']
        # Of one key the value alone is printed, as `True` (cmd.FormatSmart).
        return self._output(argv, deadline).strip().lower() == b'true'

    def bundle(self, deadline: Deadline) -> bytes:
        """Return the model as a bundle: YAML, with what the options of its applications are."""
        return self._output([self.binary, 'export-bundle', *self._for_model()], deadline)

    def exec_argv(self, unit: str, command: str) -> list[str]:
        """Return the `juju exec` that runs `command`, one shell string, as root beside a unit.

        Raises:
            JujuError: that is the name of no unit.
        """
        _refuse_option(unit)
        return [self.binary, 'exec', *self._for_model(), '--unit', unit, '--', command]

    def ssh_argv(
        self,
        target: str,
        command: str,
        *,
        k8s: bool,
        connect_timeout_seconds: int,
        options: Sequence[str] = (),
    ) -> list[str]:
        """Return the `juju ssh` that runs `command`, one shell string, where `target` is.

        juju hands what follows the target to ssh as it is, so ssh's options stand there, and `--`
        keeps a command that begins with a dash a command. A pod is reached by exec instead, where
        all of that would be run.

        Raises:
            JujuError: the target is none, but an option that it would become.
        """
        _refuse_option(target)
        base = [self.binary, 'ssh', *self._for_model(), '--pty=false']
        if k8s:
            return [*base, '--container', 'charm', target, command]
        settings = (
            'BatchMode=yes',
            f'ConnectTimeout={connect_timeout_seconds}',
            'ServerAliveCountMax=2',
            'LogLevel=ERROR',
            *options,
        )
        pairs = [word for setting in settings for word in ('-o', setting)]
        return [*base, target, *pairs, '--', command]

    def run(
        self,
        argv: Sequence[str],
        deadline: Deadline,
        cap_bytes: int,
        stdin: bytes = b'',
        unwanted: Callable[[int], bool] = lambda leader: False,
        enough: Enough | None = None,
    ) -> Completed:
        """Run a juju command to its end or the deadline, whatever it exits with.

        It ends earlier once it is `unwanted`, or its output is `enough`; see
        `charm.kernel.command.run`.

        Raises:
            JujuMissing: there is no such command.
        """
        try:
            return door.run(
                argv,
                deadline,
                cap_bytes=cap_bytes,
                stdin=stdin,
                unwanted=unwanted,
                enough=enough,
            )
        except CommandError as error:
            raise JujuMissing(str(error)) from error

    def _models(self, controller: str, deadline: Deadline) -> list[dict[str, Any]]:
        """Return what juju says of each model of a controller; empty for the current one."""
        where = ['-c', controller] if controller else []
        argv = [self.binary, 'models', *where, '--format', 'json']
        found = _document(self._output(argv, deadline)).get('models')
        entries: list[Any] = found if isinstance(found, list) else []
        return [entry for entry in entries if isinstance(entry, dict)]

    def _for_model(self) -> list[str]:
        return ['-m', self.model] if self.model else []

    def _output(self, argv: list[str], deadline: Deadline) -> bytes:
        return self._done(argv, deadline).stdout

    def _done(self, argv: list[str], deadline: Deadline) -> Completed:
        completed = self.run(argv, deadline, STATUS_CAP_BYTES)
        what = f'{self.binary} {argv[1]}'
        if completed.timed_out:
            raise JujuTimeout(f'cannot wait longer for {what}', model=self.model)
        if completed.exit_code != 0:
            # With --format=json a failed command prints `{}` all the same: never look at it.
            stderr = completed.stderr.decode(errors='replace')
            raise explain(completed.exit_code, stderr, what, self.model)
        if completed.truncated:
            raise JujuError(f'cannot take more than {STATUS_CAP_BYTES} bytes from {what}')
        return completed


def _refuse_option(target: str) -> None:
    if not is_argument(target):
        raise JujuError(f'cannot use juju: {target!r} is not the name of a unit or a machine')


def explain(exit_code: int, stderr: str, what: str = 'juju ssh', model: str = '') -> JujuError:
    """Return the error that juju's complaint stands for, when it was used for that model."""
    found = [line.strip() for line in lines(stderr) if line.strip()]
    said = next((line for line in found if line.startswith('ERROR')), found[-1] if found else '')
    reason = said.removeprefix('ERROR').strip() or f'it exited with {exit_code} and said nothing'
    kind = next((kind for pattern, kind in _COMPLAINTS if pattern.search(stderr)), JujuError)
    message = f'cannot use {what}: {reason}'
    return kind(message, exit_code, stderr[-2000:], _at_controller(model, stderr))


def _at_controller(model: str, complaint: str) -> str:
    """Return the model, at the controller that juju complains of where it is named with none."""
    found = _CONTROLLER.search(complaint)
    controller = found and (found['old'] or found['new'])
    # Advice names it, so it has to be a name.
    if not controller or not is_controller(controller) or ':' in model:
        return model
    return f'{controller}:{model}'


def _document(output: bytes) -> dict[str, Any]:
    try:
        value = json.loads(output)
    except ValueError as error:
        raise JujuError(f'cannot read what juju printed: {error}') from error
    return value if isinstance(value, dict) else {}
