"""Which checks a unit has in the end: those that are there, as the operator's entries change them.

The entries are taken in the order of the files. One with a kind defines a check anew; one without
changes the check that is there under its name, wherever that comes from, and leaves the rest of it
as it was. Such a change may come before the file that defines its check.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ..checks.check import CheckSpec
from ..checks.kinds import CHECKS
from ..checks.options import OptionError
from ..checks.settling_rule import SettlingRule
from ..kernel.errors import DefinitionError
from ..kernel.names import nearest
from ..kernel.report import CheckResult
from .entries import Definition


@dataclass(frozen=True)
class AnswerChange:
    """What becomes of one answer of a check that has many, such as those of the principal.

    Attributes:
        enabled: whether it is reported.
        rename: what it is called in reports; empty for its own name.
        settling: how it settles; `None` if it does not, or its check says.
    """

    enabled: bool = True
    rename: str = ''
    settling: Optional[SettlingRule] = None


@dataclass(frozen=True)
class UnitChecks:
    """What a unit has in the end.

    Attributes:
        specs: the checks that are to run.
        faults: the entries that are of no use, and why.
        answers: by its own name, what becomes of an answer.
    """

    specs: Tuple[CheckSpec, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()
    answers: Mapping[str, AnswerChange] = field(default_factory=dict)


def amended(
    results: Iterable[CheckResult], answers: Mapping[str, AnswerChange]
) -> Tuple[CheckResult, ...]:
    """Return the results without those turned off, each by the name it is to have."""
    told = ((result, answers.get(result.name, AnswerChange())) for result in results)
    return tuple(
        replace(result, name=answer.rename or result.name)
        for result, answer in told
        if answer.enabled
    )


@dataclass(frozen=True)
class _TableEntry:
    """A check as it stands while the entries are taken in."""

    spec: CheckSpec
    enabled: bool = True
    rename: Tuple[str, str] = ('', '')

    def changed(self, one: Definition) -> _TableEntry:
        enabled = self.enabled if one.enabled is None else one.enabled
        rename = (one.rename, one.source) if one.rename else self.rename
        return _TableEntry(one.tune(self.spec), enabled, rename)


class _Table:
    """The checks of one service by name; a name may stand for more than one callback."""

    def __init__(self, given: Iterable[CheckSpec]) -> None:
        self.by_name: Dict[str, List[_TableEntry]] = {}
        self.waiting: Dict[str, List[Definition]] = {}
        self.faults: List[DefinitionError] = []
        for spec in given:
            self.by_name.setdefault(spec.name, []).append(_TableEntry(spec))

    def take(self, one: Definition) -> None:
        if one.check is not None:
            fresh: Any = one.check
            self._put(one, [_TableEntry(CheckSpec(one.name, fresh, source=one.source))])
            for earlier in self.waiting.pop(one.name, []):
                self._put(earlier, self.by_name[one.name])
        elif one.name in self.by_name:
            self._put(one, self.by_name[one.name])
        else:
            self.waiting.setdefault(one.name, []).append(one)

    def _put(self, one: Definition, standing: List[_TableEntry]) -> None:
        """Put the checks as the entry changes them; an entry of no use changes nothing."""
        try:
            self.by_name[one.name] = [each.changed(one) for each in standing]
        except OptionError as error:
            where = f'checks.{one.name}.{error.key}' if error.key else f'checks.{one.name}'
            self.faults.append(DefinitionError(one.source, where, error.reason))

    def specs(self) -> Tuple[CheckSpec, ...]:
        """Return the checks that are to run, under the names that reports call them by."""
        running = [each for standing in self.by_name.values() for each in standing if each.enabled]
        taken = {each.spec.name: each.spec.name for each in running if not each.rename[0]}
        return tuple(self._named(each, taken) for each in running)

    def _named(self, each: _TableEntry, taken: Dict[str, str]) -> CheckSpec:
        name, source = each.rename
        old = each.spec.name
        if not name:
            return each.spec
        if taken.setdefault(name, old) != old:
            reason = f'{name!r} is already what {taken[name]} is called'
            self.faults.append(DefinitionError(source, f'checks.{old}.rename', reason))
            return each.spec
        return replace(each.spec, name=name)


def effective(
    given: Sequence[CheckSpec],
    entries: Sequence[Definition],
    service: str,
    passing: Sequence[str] = (),
) -> UnitChecks:
    """Return the checks of a service, and the entries that are of no use to it.

    Args:
        given: the checks that are there without any entry.
        entries: in the order of their files.
        service: whose checks.
        passing: the first words of names that may be there on one machine and not on another: an
            entry about such a check is no mistake where it is missing. An empty one is any. It
            may also be about one answer of such a check.
    """
    table = _Table(given)
    for one in entries:
        if one.applies(service):
            table.take(one)
    specs = table.specs()
    elsewhere = {one.name for one in entries if one.check is not None}
    answers: Dict[str, AnswerChange] = {}
    for name, waiting in table.waiting.items():
        if any(_begins(name, word) for word in passing):
            answers[name] = _answer(waiting, table)
        elif name not in elsewhere:
            table.faults += [_idle(one, table) for one in waiting]
    return UnitChecks(specs, tuple(table.faults), answers)


def _answer(changes: Iterable[Definition], table: _Table) -> AnswerChange:
    """Return what the entries make of an answer that a check may give."""
    answer = AnswerChange()
    for one in changes:
        rule = answer.settling
        if one.settling:
            try:
                rule = replace(rule or SettlingRule(), **one.settling)
            except OptionError as error:
                at = f'checks.{one.name}.{error.key}'
                table.faults.append(DefinitionError(one.source, at, error.reason))
        enabled = answer.enabled if one.enabled is None else one.enabled
        answer = AnswerChange(enabled, one.rename or answer.rename, rule)
    return answer


def _begins(name: str, word: str) -> bool:
    return not word or name == word or name.startswith(f'{word}-')


def _idle(one: Definition, table: _Table) -> DefinitionError:
    """Return the fault of an entry that changes a check which nothing defines.

    It is most likely a misspelt name, and the check that was meant runs as before.
    """
    at = f'checks.{one.name}'
    renamed = [
        each.spec.name
        for standing in table.by_name.values()
        for each in standing
        if each.rename[0] == one.name
    ]
    if renamed:
        return DefinitionError(one.source, at, f'it is {renamed[0]} renamed: change that')
    near = nearest(one.name, table.by_name)
    if one.options and 'did you mean' not in near:
        reason = f'no such check; to define one, it needs a kind: {", ".join(sorted(CHECKS))}'
        return DefinitionError(one.source, at, reason)
    return DefinitionError(one.source, at, f'no such check{near}')
