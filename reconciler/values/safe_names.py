"""Names that may reach a shell, a command line or a file: what is none of these stays outside.

Others choose them: who runs a controller chooses what `juju status` prints. Sources: Juju's
package `names`, and what OpenSSH refuses (ssh.c: `valid_hostname`, `valid_ruser`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_MOST_CHARACTERS = 253
_LABEL = '[A-Za-z0-9_][A-Za-z0-9_-]{0,62}'
_HOST = re.compile(rf'{_LABEL}(?:\.{_LABEL})*\.?')
_USER_FORBIDS = frozenset('\'"`;&<>|(){}%')
_NAME = re.compile(r'\w[\w.+@-]*')
_CONTROLLER = re.compile(r'\w[\w.+@ -]*')
_APPLICATION = r'[a-z][a-z0-9]*(?:-[a-z0-9]+)*'
_APPLICATION_NAME = re.compile(_APPLICATION)
_UNIT = re.compile(rf'{_APPLICATION}/[0-9]{{1,18}}')
_MACHINE = re.compile(r'[0-9]{1,18}(?:/[a-z]+/[0-9]{1,18})*')
# As ssh takes one after `-J`: an IPv6 address stands in brackets there.
_JUMP = re.compile(
    r'(?:ssh://)?(?:(?P<user>.*)@)?'
    r'(?:\[(?P<v6>[^\[\]@]*)\]|(?P<host>[^\[\]:@]*))(?::(?P<port>[0-9]{1,5}))?'
)
_MOST_PORT = 65535


def is_host(text: str) -> bool:
    """Return whether it is a host's name or address: whatever reads it, it means only itself.

    An IPv6 address has no zone: no address that others give needs one, and it has a `%`.
    """
    if len(text) > _MOST_CHARACTERS:
        return False
    return bool(_HOST.fullmatch(text)) or _is_ipv6(text)


def _is_ipv6(text: str) -> bool:
    try:
        return '%' not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def is_argument(text: str) -> bool:
    """Return whether it is one word of a command line, and no option; a shell needs it quoted.

    All of it is printable, so that it is one word of a file's line too.
    """
    return bool(text) and text.isprintable() and ' ' not in text and not text.startswith('-')


def is_name(text: str) -> bool:
    """Return whether it may name a model, an owner, an offer or what is consumed of another.

    None has what stands between the parts of `controller:owner/model`.
    """
    return bool(_NAME.fullmatch(text))


def is_controller(text: str) -> bool:
    """Return whether it may name a controller: users call them as they like, blanks and all.

    Juju itself refuses none but an empty one (jujuclient/validation.go).
    """
    return bool(_CONTROLLER.fullmatch(text))


def is_model(text: str) -> bool:
    """Return whether it is `[owner/]model`."""
    owner, slash, model = text.rpartition('/')
    return is_name(model) and (not slash or is_name(owner))


def is_application(text: str) -> bool:
    """Return whether it is the name of an application."""
    return bool(_APPLICATION_NAME.fullmatch(text))


def is_unit(text: str) -> bool:
    """Return whether it is the name of a unit, such as `mysql/0`: a path there has it in it."""
    return bool(_UNIT.fullmatch(text))


def is_machine(text: str) -> bool:
    """Return whether it is the id of a machine or of a container in one, such as `0/lxd/1`."""
    return bool(_MACHINE.fullmatch(text))


def is_user(text: str) -> bool:
    """Return whether somebody may log in under it: ssh hands it to shells where one says `%r`."""
    forbidden = _USER_FORBIDS & set(text) or text.endswith('\\')
    return is_argument(text) and not forbidden


def is_jump(text: str) -> bool:
    """Return whether it is one host to go through: `[USER@]HOST[:PORT]`, also after `ssh://`."""
    found = _JUMP.fullmatch(text)
    if found is None:
        return False
    host, user, port = found['host'], found['user'], found['port']
    there = _is_ipv6(found['v6']) if host is None else is_host(host)
    return there and (user is None or is_user(user)) and 0 < int(port or 1) <= _MOST_PORT


# What is named by what keeps to each rule.
WHAT: Mapping[Callable[[str], bool], str] = {
    is_application: 'an application',
    is_argument: 'an instance',
    is_host: 'a host, nor an address',
    is_machine: 'a machine',
    is_controller: 'a controller',
    is_name: 'a model, an offer or what is consumed',
    is_unit: 'a unit',
}
