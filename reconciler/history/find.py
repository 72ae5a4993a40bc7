"""Which model is meant, and which of its subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from charm.kernel.names import nearest

from ..values.errors import UsageError
from ..values.model import Application, Model
from .subject import CHECK, MACHINE, MODEL, SERVICE, UNIT, VIEW
from .tables import facts, models, spells, subjects


class KnownModel(NamedTuple):
    """A model with a history: its row, UUID and name; see `tables`."""

    id: int
    uuid: str
    name: str

    def is_meant_by(self, wanted: str) -> bool:
        """Return whether a name may be its own: `prod`, `lab:prod`, `ann/prod` or all of it."""
        controller, owner, name = _parts(self.name)
        its_controller, its_owner, its_name = _parts(wanted)
        return (
            name == its_name
            and its_controller in ('', controller)
            and (its_owner in ('', owner) or not owner)
        )


def known_models(connection: Connection) -> Sequence[KnownModel]:
    """Return every model, the one that was recorded first first."""
    wanted = select(models.c.id, models.c.uuid, models.c.name).order_by(models.c.id)
    return [KnownModel(*row) for row in connection.execute(wanted)]


def find_model(connection: Connection, wanted: str) -> KnownModel:
    """Return the model of that name or UUID; without one, the only one there is.

    A name is `controller:name`, or its last part alone. Of a model that was made anew the newest
    one is meant.

    Raises:
        UsageError: there is none, or several are meant.
    """
    known = known_models(connection)
    named = [
        model for model in known if not wanted or wanted == model.uuid or model.is_meant_by(wanted)
    ]
    exact = [model for model in named if wanted in (model.uuid, model.name)]
    found = {model.name: model for model in exact or named}
    if len(found) == 1:
        return next(iter(found.values()))
    names = sorted({model.name for model in known})
    listed = ', '.join(names[:20]) or 'none'
    if found:
        meant = f'{wanted!r}, which several are' if wanted else 'the model, as there are several'
        raise UsageError(f'cannot tell {meant}: name one with --model: {listed}')
    hint = nearest(wanted, names)
    raise UsageError(f'cannot find model {wanted!r} in the history{hint}: it has {listed}')


def _parts(name: str) -> tuple[str, str, str]:
    """Return controller, owner and name, empty where they are not told."""
    controller, _, rest = name.rpartition(':')
    owner, _, last = rest.rpartition('/')
    return controller, owner, last


def is_about(names: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition of subjects that names mean, with what is in each.

    A name is that of a service with its units and their checks, of a unit with its checks, of a
    check (`mysql/0 disk` or `mysql/0:disk`), of a machine (`3` or `machine 3`) with its
    containers, or of a view. Without any, services, views, machines and the model are meant.
    """
    if not names:
        return subjects.c.kind.in_((MODEL, VIEW, SERVICE, MACHINE))
    return or_(*(_means(name) for name in names))


def _begins(called: ColumnElement[str], with_what: str) -> ColumnElement[bool]:
    # LIKE takes several times as long, and of SQLite is one to which `a` and `A` are alike.
    return func.substr(called, 1, len(with_what)) == with_what


def _means(name: str) -> ColumnElement[bool]:
    kind, called = subjects.c.kind, subjects.c.name
    machine = name.removeprefix('machine ')
    of_machine = and_(kind == MACHINE, or_(called == machine, _begins(called, f'{machine}/')))
    if machine != name:
        return of_machine
    unit, colon, check = name.partition(':')
    plain = f'{unit} {check}' if colon else name
    return or_(
        and_(kind.in_((SERVICE, VIEW, UNIT, CHECK)), called == plain),
        and_(kind.in_((UNIT, CHECK)), _begins(called, f'{plain}/')),
        and_(kind == CHECK, _begins(called, f'{plain} ')),
        of_machine,
    )


def refuse_unknown(connection: Connection, model: KnownModel, names: Sequence[str]) -> None:
    """Refuse a name that nothing in the model ever had.

    Raises:
        UsageError: it is one.
    """
    for name in names:
        wanted = select(subjects.c.id).where(subjects.c.model_id == model.id, _means(name))
        if connection.execute(wanted.limit(1)).first() is None:
            known = connection.execute(
                select(subjects.c.name).where(
                    subjects.c.model_id == model.id, subjects.c.kind.in_((SERVICE, UNIT, VIEW))
                )
            ).scalars()
            hint = nearest(name, list(known), '')
            raise UsageError(f'cannot find {name!r} in the history of {model.name}{hint}')


def last_look(connection: Connection, model: KnownModel) -> int | None:
    """Return when the last sweep of it ended, in milliseconds; `None` if none saw anything."""
    found = select(spells.c.until).where(spells.c.model_id == model.id)
    until: int | None = connection.execute(found.order_by(spells.c.until.desc()).limit(1)).scalar()
    return until


def inventory(connection: Connection, model: KnownModel) -> Model:
    """Return what configuration goes by: the model's names, and the charms of its services."""
    wanted = (
        select(subjects.c.name, facts.c.value)
        .join(facts, facts.c.subject_id == subjects.c.id)
        .where(
            subjects.c.model_id == model.id,
            subjects.c.kind == SERVICE,
            facts.c.name == 'charm',
            facts.c.until.is_(None),
        )
    )
    applications = {
        name: Application(name, charm) for name, charm in connection.execute(wanted).all()
    }
    controller, owner, name = _parts(model.name)
    return Model(name, controller, applications=applications, owner=owner)
