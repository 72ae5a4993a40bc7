"""charmhelpers' services framework, with health: states that follow by themselves.

A `ServiceManager` of here is charmhelpers' own in every way, and records beside: `installing` or
`churning` while it works, `up`, `blocked` with the names of what is not there yet, and `error`
with the message of whatever went wrong. Definitions may have two more keys, `health` and `rollup`,
which the charm's `hooks/health` reads with `charm.cli`. For hooks only: importing this imports
charmhelpers, which the health path never does.
"""

from __future__ import annotations

import contextlib
import copy
import sys
from functools import partial
from typing import Any, Callable, Dict, Generator, Iterable, List, Mapping, Optional, Sequence

from ..kernel.errors import HealthError
from ..kernel.identity import own_unit
from ..kernel.report import StateName
from ..reporting.states import States
from ..sources.callbacks import declared
from .charmhelpers_import import import_services

_services: Any = import_services()

ManagerCallback: Any = _services.ManagerCallback
RelationContext: Any = _services.RelationContext

# The keys whose items may be classes or functions, called in a hook.
_LIVE = ('required_data', 'provided_data')


class ServiceManager(_services.ServiceManager):  # type: ignore[misc]
    """Manage services as charmhelpers does, and record how they are.

    In `required_data` and `provided_data` an item may be a class, such as `MysqlRelation`, or
    another function of no arguments, rather than an object: it is called here, in the hook, and
    never when health is asked for, since it talks to Juju.

    Args:
        services: the definitions.
        states: where to record; the own unit's by default.

    Raises:
        DefinitionError: `health` or `rollup` of a definition is not what it should be.
    """

    def __init__(
        self,
        services: Optional[Sequence[Mapping[str, Any]]] = None,
        states: Optional[States] = None,
    ) -> None:
        definitions = list(services or [])
        declared(definitions)
        self._states = states or States(own_unit())
        self._names = [str(definition['service']) for definition in definitions]
        self._service = self._event = ''
        self._seen: Optional[BaseException] = None
        with self._watched():
            super().__init__([self._build(definition) for definition in definitions])
        self._service = ''

    def manage(self) -> None:
        """Handle the current hook."""
        with self._watched():
            super().manage()

    def reconfigure_services(self, *service_names: str) -> None:
        """Start, or stop, these services or all of them, as the required data has it."""
        # Watched here as well: manage() of charmhelpers swallows SystemExit, whatever its code.
        with self._watched():
            super().reconfigure_services(*service_names)

    def provide_data(self) -> None:
        """Give each relation what the services provide."""
        with self._watched():
            super().provide_data()

    def stop_services(self, *service_names: str) -> None:
        """Stop these services or all of them, in the `stop` hook: they have no state any more."""
        with self._watched():
            super().stop_services(*service_names)
        for name in service_names or self._names:
            self._keep(partial(self._states.clear, name))

    def is_ready(self, service_name: str) -> bool:
        """Return whether everything the service needs is there."""
        # Whatever is done for a service begins with this question: what fails next is its fault.
        self._service, self._event = service_name, ''
        return bool(super().is_ready(service_name))

    def fire_event(self, event_name: str, service_name: str, default: Any = None) -> None:
        """Call the callbacks of an event: the service is at work."""
        self._service, self._event = service_name, event_name
        self._work(service_name)
        with self._watched():
            super().fire_event(event_name, service_name, default)
        self._event = ''

    def save_ready(self, service_name: str) -> None:
        """Remember that the service has been started: it is up."""
        super().save_ready(service_name)
        self._record(service_name, StateName.UP)

    def save_lost(self, service_name: str) -> None:
        """Remember that the service had to be stopped: it is blocked."""
        super().save_lost(service_name)
        self._record(service_name, StateName.BLOCKED, blockers=self.blockers(service_name))

    def blockers(self, service_name: str) -> List[str]:
        """Return the names of the required data that is not there, sorted, without duplicates."""
        required = self.get_service(service_name).get('required_data', [])
        unmet = [_names(item, at) for at, item in enumerate(required) if not item]
        return sorted({name for names in unmet for name in names})

    def _build(self, definition: Mapping[str, Any]) -> Dict[str, Any]:
        """Return the definition with its classes and functions called."""
        self._service = definition['service']
        built = {
            key: [_made(item) for item in definition[key]] for key in _LIVE if key in definition
        }
        return {**definition, **built}

    @contextlib.contextmanager
    def _watched(self) -> Generator[None, None, None]:
        """Record what goes wrong inside as an error of the service at hand, and let it go on."""
        try:
            yield
        except SystemExit as error:
            if error.code not in (None, 0):
                said = error.code if isinstance(error.code, str) else f'exit code {error.code}'
                self._fail(error, said)
            raise
        except Exception as error:
            # The boundary for whatever an author's callbacks do: it is recorded, and raised on.
            self._fail(error, f'{type(error).__name__}: {error}')
            raise

    def _fail(self, error: BaseException, said: str) -> None:
        """Record an error once, however many of our methods it goes through."""
        if error is self._seen:
            return
        self._seen = error
        message = f'{self._event}: {said}' if self._event else said
        # What fails outside every service, such as a callback at start, fails the hook for all.
        for name in [self._service] if self._service else self._names:
            self._record(name, StateName.ERROR, message)

    def _work(self, service_name: str) -> None:
        def work() -> None:
            before = self._states.read().get(service_name)
            up = before is not None and before.ever_up
            name = StateName.CHURNING if up else StateName.INSTALLING
            # Every hook comes by here; only one that ends otherwise changes since when.
            self._states.set(service_name, name, passing=True)

        self._keep(work)

    def _record(
        self, service_name: str, name: StateName, message: str = '', blockers: Iterable[str] = ()
    ) -> None:
        self._keep(lambda: self._states.set(service_name, name, message, blockers))

    def _keep(self, record: Callable[[], Any]) -> None:
        """Record, or say why that cannot be: a full disk is not this hook's failure."""
        try:
            record()
        except HealthError as error:
            print(f'health: {error}', file=sys.stderr)


def _made(item: Any) -> Any:
    """Return the item, or what it makes if it is a class or a function."""
    return item() if callable(item) and not isinstance(item, Mapping) else item


def _names(item: Any, at: int) -> List[str]:
    """Return what to call a piece of required data that is not there: `db`, and such."""
    name = getattr(item, 'name', None)
    if isinstance(name, str) and name:
        return [name]
    options = getattr(item, 'required_options', None)
    if options:
        return [f'config:{option}' for option in options if not _has_option(item, option)]
    kind = type(item)
    return [f'required_data[{at}]' if kind.__module__ == 'builtins' else kind.__name__]


def _has_option(required: Any, option: str) -> bool:
    """Ask charmhelpers' RequiredConfig, by its own rule, about one of its options."""
    only = copy.copy(required)
    only.required_options = (option,)
    return bool(only)
