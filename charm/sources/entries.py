"""One entry of a file of definitions: a check that it defines, or what it changes about one."""

from __future__ import annotations

from ..checks import settling_rule
from ..checks.check import CheckKind, CheckSpec
from ..checks.conversion import build, convert, option_names, rebuild
from ..checks.kinds import BUILT_IN, CHECKS
from ..checks.options import OptionError
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, field, replace
from ..kernel.globs import matches
from ..kernel.hints import Any, Mapping, Optional, Tuple, Type, cast
from ..kernel.names import nearest
from ..kernel.pattern import pattern

# The keys of every entry; all others are options of its kind.
COMMON = (*('kind', 'service', 'enabled', 'rename', 'timeout', 'interval'), *settling_rule.OPTIONS)
_NAME = pattern(r'[a-z0-9][a-z0-9._-]{0,99}')
_NAME_RULE = 'a name has up to 100 of a-z 0-9 . _ - and begins with a letter or digit'
_LONGEST_TIMEOUT_SECONDS = 3600.0
_INTERVALS_SECONDS = (1.0, 7 * 86400.0)


@dataclass(frozen=True)
class Definition:
    """One entry of one file.

    Attributes:
        name: of the check.
        source: the file.
        services: for which services, as globs.
        check: what it defines; `None` if it only changes a check that is there without it.
        options: of the kind, to change.
        enabled: whether the check is to run; `None` for as before.
        rename: what reports call it; empty for as before.
        timeout_seconds, interval_seconds: `None` for as before.
        settling: the options of `SettlingRule` that it sets.
    """

    name: str
    source: str
    services: Tuple[str, ...] = ('*',)
    check: Optional[CheckKind] = None
    options: Mapping[str, Any] = field(default_factory=dict)
    enabled: Optional[bool] = None
    rename: str = ''
    timeout_seconds: Optional[float] = None
    interval_seconds: Optional[float] = None
    settling: Mapping[str, Any] = field(default_factory=dict)

    def applies(self, service: str) -> bool:
        """Return whether it is for this service."""
        return any(matches(service, pattern) for pattern in self.services)

    def tune(self, spec: CheckSpec) -> CheckSpec:
        """Return the check with what the entry says changed, and the rest as it is.

        Raises:
            OptionError: an option is wrong, or the check has none.
        """
        check = spec.check
        if self.options:
            _refuse_unknown(type(check), self.options, spec.source)
            # What is of no kind has no options, and was refused.
            check = rebuild(cast(CheckKind, check), self.options)
        rule = spec.settling
        if self.settling:
            rule = replace(rule or settling_rule.SettlingRule(), **self.settling)
        return replace(
            spec,
            check=check,
            timeout_seconds=self.timeout_seconds or spec.timeout_seconds,
            interval_seconds=self.interval_seconds or spec.interval_seconds,
            settling=rule,
        )


def read_entry(source: str, name: str, entry: Any) -> Definition:
    """Return one entry of a file, checked as far as it can be by itself.

    Raises:
        DefinitionError: it cannot be used.
    """
    at = f'checks.{name}'
    if not isinstance(entry, dict):
        raise DefinitionError(source, at, 'it is not a mapping with a kind and options')
    try:
        return _read(source, name, entry)
    except OptionError as error:
        where = f'{at}.{error.key}' if error.key else at
        raise DefinitionError(source, where, error.reason) from error


def _read(source: str, name: str, entry: Mapping[str, Any]) -> Definition:
    options = {key: value for key, value in entry.items() if key not in COMMON}
    found = Definition(
        name,
        source,
        _services(entry),
        options=options,
        enabled=_truth(entry, 'enabled'),
        rename=_new_name(entry),
        timeout_seconds=_seconds(entry, 'timeout', 0.0, _LONGEST_TIMEOUT_SECONDS),
        interval_seconds=_seconds(entry, 'interval', *_INTERVALS_SECONDS),
        settling={key: entry[key] for key in settling_rule.OPTIONS if key in entry},
    )
    if 'kind' not in entry:
        _check_alone(found)
        return found
    # Only here: an author may have called a callback by whatever name Python has.
    if not _NAME.fullmatch(name):
        raise OptionError('', _NAME_RULE)
    kind = entry['kind']
    if not isinstance(kind, str) or kind not in CHECKS:
        raise OptionError('kind', f'{kind!r} is not a kind{nearest(str(kind), CHECKS)}')
    _refuse_unknown(CHECKS[kind], options, kind)
    check = build(CHECKS[kind], options)
    defined = replace(found, check=check, options={})
    defined.tune(CheckSpec(name, check, source=source))
    return defined


def _check_alone(found: Definition) -> None:
    """Refuse what is wrong with a change whatever the rest of its check is."""
    if found.name in BUILT_IN:
        _refuse_unknown(CHECKS[found.name], found.options, found.name)
        convert(CHECKS[found.name], found.options)
    for key, value in found.settling.items():
        settling_rule.SettlingRule(**{'flap_low': 1e-9, 'flap_high': 100.0, key: value})


def _refuse_unknown(check: Type[object], options: Mapping[str, Any], source: str) -> None:
    """Refuse an option that this class of checks does not have.

    A check that is not of a kind has none: what it runs was decided where it comes from.
    """
    word = CHECKS.word_of(check)
    known = (*option_names(CHECKS[word]), *COMMON) if word else COMMON
    for key in options:
        if key not in known:
            whose = word or f'a check from {source}'
            raise OptionError(key, f'no such option of {whose}{nearest(key, known)}')


def _services(entry: Mapping[str, Any]) -> Tuple[str, ...]:
    value = entry.get('service', '*')
    patterns = value if isinstance(value, list) else [value]
    if not patterns or not all(isinstance(pattern, str) and pattern for pattern in patterns):
        raise OptionError('service', 'it is not the name of an application, a glob or a list')
    return tuple(patterns)


def _truth(entry: Mapping[str, Any], key: str) -> Optional[bool]:
    if key not in entry:
        return None
    value = entry[key]
    if not isinstance(value, bool):
        raise OptionError(key, f'{value!r} where true or false belongs')
    return value


def _new_name(entry: Mapping[str, Any]) -> str:
    value = entry.get('rename', '')
    if 'rename' in entry and not (isinstance(value, str) and _NAME.fullmatch(value)):
        raise OptionError('rename', f'{value!r} is not a name: {_NAME_RULE}')
    return str(value)


def _seconds(entry: Mapping[str, Any], key: str, least: float, most: float) -> Optional[float]:
    if key not in entry:
        return None
    value = entry[key]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not (least or 1e-9) <= value <= most:
        bounds = f'from {least:g} to {most:g}' if least else f'up to {most:g}'
        raise OptionError(key, f'{value!r} is not a number of seconds, {bounds}')
    return float(value)
