"""The forms of words in health.yaml: durations, addresses, URLs, and words of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from charm.kernel.names import nearest

from ..values.safe_names import is_host
from ..values.words import duration_text, parse_duration
from .secrets import SECRET, Secret
from .yaml_nodes import YamlNode
from .yaml_options import Form, each

# What may stand in an address without quoting (RFC 5322, `dot-atom`), and letters beyond ASCII.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,253}")
_LABEL = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*')
_RESERVED = ('__', 'juju_')
_OUR_LABELS = ('alertname', 'cause', 'severity')
_WHOLE = re.compile(r'[0-9]{1,9}')


def _duration(spot: YamlNode) -> float:
    return parse_duration(spot.text())


def _yes_or_no(spot: YamlNode) -> bool:
    value = spot.plain()
    if not isinstance(value, bool):
        raise ValueError('it is true or false')
    return value


def _port(spot: YamlNode) -> int:
    text = spot.text()
    if not _WHOLE.fullmatch(text) or not 0 < int(text) < 1 << 16:
        raise ValueError(f'{text!r} is no port: it is a number from 1 to 65535')
    return int(text)


def _host(spot: YamlNode) -> str:
    text = spot.text()
    if not is_host(text):
        raise ValueError(f'{text!r} is no name or address of a host; a port has a key of its own')
    return text


def _path(spot: YamlNode) -> Path:
    path = Path(spot.text())
    if not path.is_absolute():
        raise ValueError(f'{str(path)!r} is no path from the root')
    return path


def _address(spot: YamlNode) -> str:
    text = spot.text()
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f'{text!r} is no address such as oncall@example.org')
    return text


def _url(spot: YamlNode) -> str:
    """Return an address of the web; the parts that are secret have no place in it."""
    text = spot.text()
    parts = urlsplit(text)
    if parts.scheme not in ('http', 'https') or not parts.hostname or not text.isprintable():
        raise ValueError(f'{without_path(text)!r} is no URL such as https://example.org/hook')
    if '@' in parts.netloc:
        raise ValueError('it holds a password; write {file: PATH} or {env: NAME}, or user apart')
    if parts.fragment or parts.port == 0:
        raise ValueError('it has a part that no server is sent, or no port')
    return text


def without_path(url: str) -> str:
    """Return a URL without what may be secret in it: scheme, host and port."""
    parts = urlsplit(url)
    rest = '/...' if parts.path.strip('/') or parts.query else ''
    return f'{parts.scheme}://{parts.netloc.rpartition("@")[2]}{rest}'


def _url_or_secret(spot: YamlNode) -> str | Secret:
    found: str | Secret = SECRET.read(spot) if spot.kind == 'mapping' else _url(spot)
    return found


def _url_shown(value: str | Secret) -> Any:
    return without_path(value) if isinstance(value, str) else SECRET.write(value)


def labels(spot: YamlNode) -> Iterator[tuple[str, str]]:
    """Yield labels and their values, as Prometheus and Alertmanager allow them."""
    for name, value in spot.items():
        if not _LABEL.fullmatch(name):
            value.refuse('a label is called by letters, digits and underscores')
        elif name.startswith(_RESERVED) or name in _OUR_LABELS:
            value.refuse('a label of that name is given by us')
        else:
            yield name, value.text()


def one_of(kind: type[Enum], what: str) -> Form:
    """Return the form of one word of a list; `what` says what it is, such as `a health`."""
    words = [str(member.value) for member in kind]

    def read(spot: YamlNode) -> Enum:
        said = spot.text()
        if said not in words:
            known = ', '.join(words)
            raise ValueError(f'{said!r} is not {what}{nearest(said, words, "")}: {known}')
        return kind(said)

    return Form(read, lambda value: value.value)


WORD = Form(YamlNode.text)
WORDS = Form(YamlNode.texts, list)
DURATION = Form(_duration, lambda seconds: duration_text(seconds, most_units=4))
YES_OR_NO = Form(_yes_or_no)
PORT = Form(_port)
HOST = Form(_host)
PATH = Form(_path, str)
ADDRESS = Form(_address)
LABELS = Form(lambda spot: dict(labels(spot)), dict)
URL = Form(_url_or_secret, _url_shown)
URLS = each(URL)
