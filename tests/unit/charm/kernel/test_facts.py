"""Our dataclasses mean what those of the standard library mean, on every Python."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import importlib.util
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from charm.kernel import facts as seen_here
from tests.support.authors import PYTHONS, python_of
from tests.support.tree import ROOT


def _alone() -> Any:
    """Return the module as it is where nobody has the real one loaded."""
    place = seen_here.__file__
    spec = importlib.util.spec_from_file_location('charm.kernel.facts_alone', place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    real = sys.modules.pop('dataclasses')
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules['dataclasses'] = real
    return module


facts = _alone()


def test_who_has_the_real_ones_loaded_gets_them() -> None:
    assert seen_here.dataclass is dataclasses.dataclass
    assert facts.dataclass is not dataclasses.dataclass


def _class(module: Any) -> Any:
    """Return the same class, made by one of the two modules."""

    @module.dataclass(frozen=True)
    class Point:
        x: int
        y: float = 2.0
        tags: Mapping[str, Any] = module.field(default_factory=dict, metadata={'outside': True})
        where: Path = module.field(default=Path('/'), metadata={'outside': True})

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError('below 0')

    return Point


OURS, THEIRS = _class(facts), _class(dataclasses)
GIVEN: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((1,), {}),
    ((), {'x': 1, 'where': Path('/etc')}),
    ((1, 3.0), {'tags': {'a': 1}}),
    ((1, 3.0, {}, Path('/srv')), {}),
)


@pytest.mark.parametrize(('positional', 'options'), GIVEN)
def test_an_instance_is_as_theirs(positional: tuple[Any, ...], options: dict[str, Any]) -> None:
    ours, theirs = OURS(*positional, **options), THEIRS(*positional, **options)
    assert repr(ours) == repr(theirs)
    assert facts.asdict(ours) == dataclasses.asdict(theirs)
    assert ours == OURS(*positional, **options)
    assert ours != theirs
    assert ours != facts.replace(ours, x=7)
    assert repr(facts.replace(ours, x=7)) == repr(dataclasses.replace(theirs, x=7))
    assert copy.deepcopy(ours) == ours
    assert OURS.__match_args__ == THEIRS.__match_args__


@pytest.mark.parametrize(
    ('positional', 'options', 'error'),
    [
        ((), {}, TypeError),
        ((1,), {'x': 1}, TypeError),
        ((1,), {'z': 1}, TypeError),
        ((1, 2, 3, 4, 5), {}, TypeError),
        ((-1,), {}, ValueError),
    ],
)
def test_what_theirs_refuses_ours_refuses(
    positional: tuple[Any, ...], options: dict[str, Any], error: type[Exception]
) -> None:
    for kind in (OURS, THEIRS):
        with pytest.raises(error):
            kind(*positional, **options)


def test_a_frozen_one_does_not_change() -> None:
    point = OURS(1)
    with pytest.raises(facts.FrozenInstanceError):
        point.x = 2
    with pytest.raises(facts.FrozenInstanceError):
        del point.x
    assert issubclass(facts.FrozenInstanceError, AttributeError)


def test_equal_ones_have_one_hash_where_their_values_have() -> None:
    assert hash(facts.replace(OURS(1), tags=())) == hash(OURS(1, tags=()))
    with pytest.raises(TypeError):
        hash(OURS(1))


def test_one_that_is_not_frozen_changes_and_has_no_hash() -> None:
    @facts.dataclass
    class Count:
        number: int = 0

    count = Count()
    count.number += 1
    assert count == Count(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        hash(count)


def test_a_heir_has_the_fields_of_its_parent_first() -> None:
    @facts.dataclass(frozen=True)
    class Named(OURS):  # type: ignore[misc, valid-type]
        name: str = ''

        def __repr__(self) -> str:
            return self.name

    assert [field.name for field in facts.fields(Named)] == ['x', 'y', 'tags', 'where', 'name']
    assert repr(Named(1, name='me')) == 'me'
    assert Named(1) != OURS(1)


def test_the_standard_library_takes_ours_for_its_own() -> None:
    one = OURS(1, tags={'a': OURS(2)})
    assert dataclasses.is_dataclass(OURS)
    assert dataclasses.replace(one, x=3) == facts.replace(one, x=3)
    assert dataclasses.asdict(one)['tags']['a']['x'] == 2
    mine, theirs = dataclasses.fields(OURS), dataclasses.fields(THEIRS)
    for said in ('name', 'type', 'default', 'default_factory', 'metadata'):
        assert [getattr(f, said) for f in mine] == [getattr(f, said) for f in theirs]


def _slotted(module: Any) -> Any:
    """Return the same class, whose instances have no dictionary."""

    @module.dataclass(frozen=True, slots=True)
    class Slotted:
        x: int
        y: float = 2.0
        tags: Mapping[str, Any] = module.field(default_factory=dict)

        @property
        def double(self) -> int:
            return self.x * 2

    # So that pickles find it.
    Slotted.__qualname__ = 'Slotted'
    return Slotted


Slotted: Any = _slotted(facts)


def test_one_with_slots_is_as_theirs() -> None:
    theirs: Any = _slotted(dataclasses)
    one = Slotted(1)
    assert (repr(one), one.double) == (repr(theirs(1)), 2)
    assert one == Slotted(1, 2.0, {})
    assert facts.replace(one, y=3.0) == dataclasses.replace(one, y=3.0) == Slotted(1, 3.0)
    assert not hasattr(one, '__dict__')
    with pytest.raises(facts.FrozenInstanceError):
        one.x = 2
    with pytest.raises(TypeError):
        Slotted()
    mine = [(f.name, f.default, f.default_factory) for f in dataclasses.fields(Slotted)]
    assert mine == [(f.name, f.default, f.default_factory) for f in dataclasses.fields(theirs)]
    for twin in (copy.copy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - our own
        assert twin == one


@pytest.mark.parametrize('make', [_slotted, _class])
def test_one_that_is_made_without_a_call_is_whole(make: Callable[[Any], Any]) -> None:
    made = make(facts)
    names = [field.name for field in dataclasses.fields(made)]
    one, other = object.__new__(made), object.__new__(made)
    for instance in (one, other):
        # As msgspec does, and copies.
        for name in names:
            object.__setattr__(instance, name, 1)
    assert (one == other, hash(one) == hash(other)) == (True, True)
    assert repr(one).endswith(f'({", ".join(f"{name}=1" for name in names)})')
    with pytest.raises(facts.FrozenInstanceError):
        one.x = 2


def test_threads_that_make_the_first_ones_at_once_make_whole_ones() -> None:
    def first(made: Any, found: list[Any], begin: threading.Barrier) -> None:
        begin.wait()
        try:
            found.append(made(1))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            found.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            made, found, begin = _class(facts), list[Any](), threading.Barrier(6)
            threads = [threading.Thread(target=first, args=(made, found, begin)) for _ in range(6)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            assert found == [made(1)] * 6
    finally:
        sys.setswitchinterval(before)


def test_those_of_reports_travel_between_processes() -> None:
    report = importlib.import_module('charm.kernel.report')
    state = report.State(report.StateName.UP, 3.0, blockers=('db',))
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own


@pytest.mark.parametrize('version', PYTHONS)
def test_they_are_told_by_class_on_every_python(version: str) -> None:
    code = (
        f'import sys; sys.path.insert(0, {str(ROOT)!r})\n'
        'from charm.kernel.report import CheckResult, Health\n'
        'one = CheckResult("disk", Health.WARN, qos=0.5)\n'
        'print(one.name, one.data, one == CheckResult("disk", Health.WARN, 0.5))\n'
        'print("dataclasses" in sys.modules)\n'
        'import dataclasses\n'
        'print(dataclasses.replace(one, name="load").name, len(dataclasses.fields(one)))\n'
    )
    done = subprocess.run(
        [str(python_of(version)), '-IB', '-c', code], capture_output=True, check=True, text=True
    )
    assert done.stdout == 'disk {} True\nFalse\nload 7\n'
