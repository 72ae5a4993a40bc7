"""Import charmhelpers' services framework on every Python and system that charms run on.

The newest release on PyPI, 1.2.1, cannot be imported as it is on most of them:

- On Python 3.10 and later, `from collections import Iterable` fails: it is in `collections.abc`.
- On Python 3.12 and later without setuptools, there is no `distutils.version`.
- Off Ubuntu and CentOS, `osplatform.get_platform()` raises, Debian itself included, and off Ubuntu
  `host.lsb_release()` reads a file that is not there.
- Without PyYAML, it runs `apt-get install` at import, in the middle of whatever we are doing.

What is missing is lent for the time of the import and taken away again; only what charmhelpers
asks when it is called (platform and release) stays changed, inside charmhelpers. Later versions
that need none of this are not touched. The health path never imports this file.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import functools
import importlib
import importlib.util
import os
import re
import sys
import types
from typing import Any, Dict, Generator, List, Mapping, Union

from ..kernel.errors import HealthError

_SERVICES = 'charmhelpers.core.services'
# What charmhelpers calls its two families of systems, by the ids of os-release(5).
_FAMILIES = {'ubuntu': ('ubuntu', 'debian'), 'centos': ('centos', 'rhel', 'fedora')}


class HelpersError(HealthError):
    """The charmhelpers library cannot be imported."""


def import_services() -> types.ModuleType:
    """Return the module `charmhelpers.core.services`.

    Raises:
        HelpersError: charmhelpers or PyYAML is not there, or this system is of neither family.
    """
    if _SERVICES in sys.modules:
        return sys.modules[_SERVICES]
    for needed, package in (('yaml', 'PyYAML'), ('charmhelpers', 'charmhelpers')):
        if importlib.util.find_spec(needed) is None:
            raise HelpersError(f'cannot import charmhelpers: {package} is not installed')
    release = _os_release()
    with _old_names():
        try:
            _teach_platform(release)
            services = importlib.import_module(_SERVICES)
            _teach_release(release)
        except ImportError as error:
            raise HelpersError(f'cannot import charmhelpers: {error}') from error
    return services


@contextlib.contextmanager
def _old_names() -> Generator[None, None, None]:
    """Lend names that Python no longer has, and take them back."""
    lent: List[str] = []
    if not hasattr(collections, 'Iterable'):
        collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
        lent.append('Iterable')
    modules = {} if importlib.util.find_spec('distutils') else _distutils()
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in lent:
            delattr(collections, name)
        for name in modules:
            del sys.modules[name]


def _distutils() -> Dict[str, types.ModuleType]:
    """Return modules with all that charmhelpers uses of distutils."""
    package, version = types.ModuleType('distutils'), types.ModuleType('distutils.version')
    names: Any = version
    names.LooseVersion = LooseVersion
    return {'distutils': package, 'distutils.version': version}


@functools.total_ordering
class LooseVersion:
    """A version such as `2.9.44` or `3.0-beta1`, ordered by its numbers and words.

    Where a number meets a word the number is the newer, so that no two versions fail to compare.
    """

    def __init__(self, text: str) -> None:
        self.vstring = text
        parts = re.findall(r'\d+|[a-z]+', text.lower())
        self.version: List[Union[int, str]] = [int(p) if p.isdigit() else p for p in parts]

    def _key(self) -> List[Any]:
        return [(1, part, '') if isinstance(part, int) else (0, 0, part) for part in self.version]

    def __eq__(self, other: object) -> bool:
        return self._key() == _loose(other)._key()

    def __lt__(self, other: object) -> bool:
        return self._key() < _loose(other)._key()

    def __hash__(self) -> int:
        return hash(tuple(self._key()))

    def __str__(self) -> str:
        return self.vstring


def _loose(version: object) -> LooseVersion:
    return version if isinstance(version, LooseVersion) else LooseVersion(str(version))


def _os_release() -> Mapping[str, str]:
    """Return the fields of os-release(5); none where there is no such file."""
    try:
        with open('/etc/os-release', encoding='utf-8') as file:
            pairs = [line.strip().split('=', 1) for line in file if '=' in line]
    except OSError:
        return {}
    return {key: value.strip('"\'') for key, value in pairs}


def _teach_platform(release: Mapping[str, str]) -> None:
    """Have charmhelpers take a relative of Ubuntu, or of CentOS, for one of them."""
    platform: Any = importlib.import_module('charmhelpers.osplatform')
    try:
        platform.get_platform()
    except (RuntimeError, OSError, KeyError) as error:
        ids = {release.get('ID', ''), *release.get('ID_LIKE', '').split()}
        related = [family for family, members in _FAMILIES.items() if ids & set(members)]
        if not related:
            raise HelpersError(f'cannot import charmhelpers: {error}') from error
        platform.get_platform = lambda: related[0]


def _teach_release(release: Mapping[str, str]) -> None:
    """Have `host.lsb_release()` answer from os-release where there is no /etc/lsb-release."""
    if os.path.exists('/etc/lsb-release'):
        return
    host: Any = importlib.import_module('charmhelpers.core.host')
    host.lsb_release = lambda: {
        'DISTRIB_ID': release.get('ID', '').capitalize(),
        'DISTRIB_RELEASE': release.get('VERSION_ID', ''),
        'DISTRIB_CODENAME': release.get('VERSION_CODENAME', ''),
        'DISTRIB_DESCRIPTION': release.get('PRETTY_NAME', ''),
    }
