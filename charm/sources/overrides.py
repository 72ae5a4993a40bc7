"""Which checks a unit has in the end: those that are there, as the operator's entries change them.

The entries are taken in the order of the files. One with a kind defines a check anew; one without
changes the check that is there under its name, wherever that comes from, and leaves the rest of it
as it was. Such a change may come before the file that defines its check.
"""

from __future__ import annotations

from ..checks.check import CheckSpec
from ..checks.kinds import CHECKS
from ..checks.options import OptionError
from ..checks.settling_rule import SettlingRule
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, field, replace
from ..kernel.hints import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from ..kernel.names import nearest
from ..kernel.report import CheckResult

if TYPE_CHECKING:
    from .entries import Definition


@dataclass(frozen=True)
class AnswerChange:
    """The change to one answer of a check that has many, such as those of the principal.

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
    """The checks of a unit after all changes.

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

    def changed(self, entry: Definition) -> _TableEntry:
        enabled = self.enabled if entry.enabled is None else entry.enabled
        rename = (entry.rename, entry.source) if entry.rename else self.rename
        return _TableEntry(entry.tune(self.spec), enabled, rename)


class _Table:
    """The checks of one service by name; a name may stand for more than one callback."""

    def __init__(self, given: Iterable[CheckSpec]) -> None:
        self.by_name: Dict[str, List[_TableEntry]] = {}
        self.waiting: Dict[str, List[Definition]] = {}
        self.faults: List[DefinitionError] = []
        for spec in given:
            self.by_name.setdefault(spec.name, []).append(_TableEntry(spec))

    def take(self, entry: Definition) -> None:
        if entry.check is not None:
            spec = CheckSpec(entry.name, entry.check, source=entry.source)
            self._put(entry, [_TableEntry(spec)])
            for earlier in self.waiting.pop(entry.name, []):
                self._put(earlier, self.by_name[entry.name])
        elif entry.name in self.by_name:
            self._put(entry, self.by_name[entry.name])
        else:
            self.waiting.setdefault(entry.name, []).append(entry)

    def _put(self, entry: Definition, standing: List[_TableEntry]) -> None:
        """Put the checks as the entry changes them; an entry of no use changes nothing."""
        try:
            self.by_name[entry.name] = [each.changed(entry) for each in standing]
        except OptionError as error:
            where = f'checks.{entry.name}.{error.key}' if error.key else f'checks.{entry.name}'
            self.faults.append(DefinitionError(entry.source, where, error.reason))

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
    for entry in entries:
        if entry.applies(service):
            table.take(entry)
    specs = table.specs()
    elsewhere = {entry.name for entry in entries if entry.check is not None}
    answers: Dict[str, AnswerChange] = {}
    for name, waiting in table.waiting.items():
        if any(_begins(name, word) for word in passing):
            answers[name] = _answer(waiting, table)
        elif name not in elsewhere:
            table.faults += [_idle(entry, table) for entry in waiting]
    return UnitChecks(specs, tuple(table.faults), answers)


def _answer(changes: Iterable[Definition], table: _Table) -> AnswerChange:
    """Return what the entries make of an answer that a check may give."""
    answer = AnswerChange()
    for entry in changes:
        rule = answer.settling
        if entry.settling:
            try:
                rule = replace(rule or SettlingRule(), **entry.settling)
            except OptionError as error:
                at = f'checks.{entry.name}.{error.key}'
                table.faults.append(DefinitionError(entry.source, at, error.reason))
        enabled = answer.enabled if entry.enabled is None else entry.enabled
        answer = AnswerChange(enabled, entry.rename or answer.rename, rule)
    return answer


def _begins(name: str, word: str) -> bool:
    return not word or name == word or name.startswith(f'{word}-')


def _idle(entry: Definition, table: _Table) -> DefinitionError:
    """Return the fault of an entry that changes a check which nothing defines.

    It is most likely a misspelt name, and the check that was meant runs as before.
    """
    at = f'checks.{entry.name}'
    renamed = [
        each.spec.name
        for standing in table.by_name.values()
        for each in standing
        if each.rename[0] == entry.name
    ]
    if renamed:
        return DefinitionError(entry.source, at, f'it is {renamed[0]} renamed: change that')
    near = nearest(entry.name, table.by_name)
    if entry.options and 'did you mean' not in near:
        reason = f'no such check; to define one, it needs a kind: {", ".join(sorted(CHECKS))}'
        return DefinitionError(entry.source, at, reason)
    return DefinitionError(entry.source, at, f'no such check{near}')
