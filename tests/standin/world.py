"""Read the world that the stand-in speaks of: `standin.json` in the directory $JUJU_DATA."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .complaint import Complaint, NotModelled

FILE = 'standin.json'
# How long juju itself tries, in seconds (api/interface.go; cmd/juju/ssh; see patience below).
DIAL_SECONDS = 600.0
KEYS_SECONDS = 243.0
ADDRESS_SECONDS = 20.0
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

    def controller(self, name: str = '') -> dict[str, Any]:
        """Return a registered controller, the current one by default.

        Raises:
            Complaint: there is none.
        """
        if not self.facts['controllers']:
            raise Complaint(NO_CONTROLLERS)
        name = name or self.facts['current-controller']
        if name not in self.facts['controllers']:
            raise Complaint(f'controller {name} not found')
        found: dict[str, Any] = self.facts['controllers'][name]
        return found

    def connect(self, name: str = '') -> dict[str, Any]:
        """Return a controller that answered and let us in.

        Raises:
            Complaint: we are logged out, our login expired, or it does not answer.
        """
        controller = self.controller(name)
        name = name or self.facts['current-controller']
        fault = controller['fault']
        if fault == 'logged-out':
            raise Complaint(f'account details for controller {name} not found')
        if fault == 'login-expired':
            raise Complaint('invalid entity name or password (unauthorized access)')
        if fault == 'unreachable':
            self.wait(DIAL_SECONDS)
            address = controller['endpoint']
            raise Complaint(f'unable to connect to API: dial tcp {address}: i/o timeout')
        if fault:
            raise NotModelled(f'fault {fault!r} in {FILE}')
        return controller

    def model(self, wanted: str) -> Model:
        """Return the model for `[controller:][owner/]name`; $JUJU_MODEL, then the current one.

        Raises:
            Complaint: as for `connect`; or there is no such model, or none is current.
        """
        wanted = wanted or os.environ.get('JUJU_MODEL', '')
        named, colon, name = wanted.rpartition(':')
        if colon and not named:
            raise Complaint(f'invalid model name "{wanted}"')
        known = self.controller(named)
        if known['fault'] == 'logged-out' and not name:
            # The current model went with the account.
            current = named or self.facts['current-controller']
            raise Complaint(f'current model for controller {current} not found')
        controller = self.connect(named)
        name = name or controller['current-model']
        if not name:
            raise Complaint(NO_MODEL)
        qualified = name if '/' in name else f'{controller["user"]}/{name}'
        if qualified not in controller['models']:
            raise Complaint(
                f'model {named or self.facts["current-controller"]}:{qualified} not found'
            )
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
