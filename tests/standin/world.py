"""Read the world that the stand-in speaks of: `standin.json` in the directory $JUJU_DATA."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .complaint import Complaint, EarlyComplaint, NotModelled

FILE = 'standin.json'
# How long juju itself tries, in seconds (api/interface.go; cmd/juju/ssh; see patience below).
DIAL_SECONDS = 600.0
KEYS_SECONDS = 243.0
ADDRESS_SECONDS = 20.0
# Observed: 4.0.15 looks for a unit, or for a machine's sshd, for 18 to 20 s.
LOOK_SECONDS = 18.0
NO_MODEL = """\
No model in focus.

Please use "juju models" to see models available to you.
You can set current model by running "juju switch"
or specify any other model on the command line using the "-m" option.
"""
NO_CONTROLLERS = """\
No controllers registered.

Please either create a new controller using "juju bootstrap" or connect to
another controller that you have been given access to using "juju register".
"""


@dataclass(frozen=True)
class Model:
    """One model as its controller knows it.

    Attributes:
        name: qualified, such as `admin/prod`.
        facts: its part of the file.
    """

    name: str
    facts: dict[str, Any]

    @property
    def is_k8s(self) -> bool:
        """Whether its units are pods."""
        return bool(self.facts['type'] == 'caas')


@dataclass(frozen=True)
class Client:
    """What one call of juju knows.

    Attributes:
        directory: $JUJU_DATA.
        facts: the whole file.
    """

    directory: Path
    facts: dict[str, Any]

    @property
    def version(self) -> tuple[int, int]:
        """The client's major and minor version."""
        major, minor, *_ = self.facts['version'].split('.')
        return int(major), int(minor.split('-')[0])

    def wait(self, seconds: float) -> None:
        """Wait as long as juju would; `patience` in the file shortens it, 1 is juju's own."""
        time.sleep(seconds * float(self.facts['patience']))

    def controller(self, name: str = '', of_model: bool = False) -> dict[str, Any]:
        """Return a registered controller, the current one by default; that of a model.

        Raises:
            Complaint: there is none.
        """
        kind = EarlyComplaint if of_model and self.version >= (4, 0) else Complaint
        if not self.facts['controllers']:
            raise kind(NO_CONTROLLERS)
        name = name or self.facts['current-controller']
        if name not in self.facts['controllers']:
            raise kind(f'controller {name} not found')
        found: dict[str, Any] = self.facts['controllers'][name]
        return found

    def connect(self, name: str = '') -> dict[str, Any]:
        """Return a controller that answered and let us in.

        Raises:
            Complaint: we are logged out or have no password, our login expired, or it does not
                answer.
        """
        controller = self.controller(name)
        name = name or self.facts['current-controller']
        fault = controller['fault']
        if fault == 'logged-out' and self.version >= (3, 6):
            raise Complaint(f'controller "{name}": not logged')  # sic
        if fault == 'logged-out':
            raise Complaint(f'account details for controller {name} not found')
        if fault == 'no-password':
            for _ in range(4):
                print(
                    f'please enter password for {controller["user"]} on {name}:', file=sys.stderr
                )
            url = f'https://{controller["endpoint"]}/auth'
            raise Complaint(f'cannot get discharge from "{url}": EOF')
        if fault == 'login-expired':
            raise Complaint('invalid entity name or password (unauthorized access)')
        if fault == 'unreachable':
            self.wait(DIAL_SECONDS)
            address = controller['endpoint']
            raise Complaint(f'unable to connect to API: dial tcp {address}: i/o timeout')
        if fault:
            raise NotModelled(f'fault {fault!r} in {FILE}')
        return controller

    def model(self, wanted: str, early: bool = False) -> Model:
        """Return the model for `[controller:][owner/]name`; $JUJU_MODEL, then the current one.

        `early` is for commands that look it up while they read their command line.

        Raises:
            Complaint: as for `connect`; or there is no such model, or none is current.
        """
        wanted = wanted or os.environ.get('JUJU_MODEL', '')
        named, colon, name = wanted.rpartition(':')
        if colon and not named:
            raise Complaint(f'invalid model name "{wanted}"')
        known = self.controller(named, of_model=True)
        current = named or self.facts['current-controller']
        if known['fault'] == 'logged-out' and self.version < (3, 6) and not name:
            # The current model went with the account.
            raise Complaint(f'current model for controller {current} not found')
        if known['fault'] == 'logged-out' and self.version >= (3, 6) and name and '/' not in name:
            raise Complaint(f'refreshing models: controller "{current}": not logged')
        controller = self.connect(named)
        name = name or controller['current-model']
        if not name:
            raise Complaint(NO_MODEL)
        qualified = name if '/' in name else f'{controller["user"]}/{name}'
        if qualified not in controller['models']:
            own, user = self.version >= (4, 0), f'{controller["user"]}/'
            shown = qualified.removeprefix(user) if own else qualified
            kind = EarlyComplaint if early and own else Complaint
            raise kind(f'model {current}:{shown} not found')
        return Model(qualified, controller['models'][qualified])


def read() -> Client:
    """Return the world in $JUJU_DATA.

    Raises:
        NotModelled: there is none.
    """
    data = os.environ.get('JUJU_DATA')
    if not data:
        raise NotModelled('no $JUJU_DATA: it names the directory that World.write made')
    path = Path(data) / FILE
    try:
        return Client(Path(data), json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise NotModelled(f'{path} is not readable: {error}') from error
