"""The checks, one file for each kind, and a table of them.

A kind is loaded when it is first asked for: a unit has few of them.
"""

from __future__ import annotations

import collections.abc
from importlib import import_module

from ...kernel.builtin_checks import BUILT_IN_CHECKS
from ...kernel.hints import TYPE_CHECKING, Iterator, Mapping, Tuple, Type
from ..check import CheckKind

# What Python 3.8 has to inherit from takes no brackets.
if TYPE_CHECKING:
    _ByWord = Mapping[str, Type[CheckKind]]
else:
    _ByWord = collections.abc.Mapping


class Kinds(_ByWord):
    """The class of each kind, by its word; `rows` has where it is, seen from here."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self._rows = rows
        self._words = {__name__ + row: word for word, row in rows.items()}

    def __getitem__(self, word: str) -> Type[CheckKind]:
        module, _colon, name = self._rows[word].partition(':')
        kind: Type[CheckKind] = getattr(import_module(module, __name__), name)
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def word_of(self, kind: Type[object]) -> str:
        """Return the word of a class; empty for one that is no kind."""
        return self._words.get(f'{kind.__module__}:{kind.__qualname__}', '')


# Every kind, by the word that a definition says after `kind:`; docs/checks.md has each.
CHECKS = Kinds(
    {
        'disk': '.disk_space:DiskSpace',
        'memory': '.memory:Memory',
        'load': '.load:Load',
        'pressure': '.pressure:PressureStall',
        'oom': '.oom_kills:OomKills',
        'storage': '.storage:Storage',
        'failed-units': '.failed_units:FailedUnits',
        'clock': '.clock_sync:ClockSync',
        'reboot-required': '.reboot_required:RebootRequired',
        'packages': '.packages:Packages',
        'network': '.network:Network',
        'names': '.name_resolution:NameResolution',
        'update-status': '.update_status:UpdateStatus',
        'systemd': '.systemd_service:SystemdService',
        'tcp': '.tcp_port:TcpPort',
        'http': '.http_url:HttpUrl',
        'processes': '.process_count:ProcessCount',
        'file-age': '.file_age:FileAge',
        'tls': '.tls_expiry:TlsExpiry',
        'nagios': '.nagios_plugin:NagiosPlugin',
        'script': '.script:Script',
    }
)

# The kinds that run on every machine, under their own names, with no configuration at all.
BUILT_IN: Tuple[str, ...] = tuple(BUILT_IN_CHECKS)
