"""The document of a saved sweep: its keys in their order, and what each may hold.

Reader, writer and the published JSON Schema are made of these structs. A default is what a reader
takes for a key that is missing; what is written has them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

from charm.kernel.fields import MAX_NAMES
from charm.kernel.report import Health, StateName

from ..values.certainty import Certainty
from ..values.outcomes import Depth
from ..values.readings import Outcome, Role

SCHEMA_VERSION = 1
# Keys that sweeps of the first versions lack.
OPTIONAL = frozenset(
    {
        *('stale', 'last', 'age', 'juju', 'made_at', 'owner', 'evidence', 'notes', 'ceiling'),
        *('probed', 'certainty', 'alerting'),
    }
)

_Value = TypeVar('_Value')
_Many = Annotated[tuple[_Value, ...], Meta(max_length=100_000)]
_Names = Annotated[tuple[str, ...], Meta(max_length=MAX_NAMES)]
_Seconds = Annotated[float, Meta(ge=0)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Qos = Annotated[float, Meta(ge=0, le=1)]
_Time = Annotated[str, Meta(extra_json_schema={'format': 'date-time'})]
_Certainty = Annotated[
    str | None,
    Meta(
        description='How sure that is; docs/causes.md. Null where nothing is explained.',
        extra_json_schema={'enum': [*(o.value for o in Certainty), None]},
    ),
]
_Health = Annotated[str, Meta(min_length=1, extra_json_schema={'enum': [o.value for o in Health]})]


def _about(description: str) -> Meta:
    return Meta(description=description)


def _one_of(words: Iterable[str]) -> Meta:
    return Meta(extra_json_schema={'enum': [*words]})


class ModelDocument(Struct, frozen=True, kw_only=True):
    """The model that was swept."""

    name: str = ''
    controller: str = ''
    type: str = 'iaas'
    version: str = ''
    owner: Annotated[
        str | UnsetType, _about('Whose it is; only where it was asked for by that.')
    ] = UNSET


class StateDocument(Struct, frozen=True, kw_only=True):
    """What a service or unit does, and for how long already."""

    name: Annotated[str, _one_of(o.value for o in StateName)] = ''
    duration: _Seconds | None = None
    since: _Time | None = None
    message: str = ''
    blockers: _Names = ()


class JujuDocument(Struct, frozen=True, kw_only=True):
    """What Juju says of a unit, or of an application as a whole."""

    says: Annotated[str, _about('Its words.')] = ''
    ceiling: Annotated[_Health, _about('The best that the health may be beside them.')]
    relaxed: Annotated[str, _about('What health.yaml counts otherwise; or empty.')] = ''
    seen: Annotated[_Health, _about('The health by what was seen alone.')]


class UnitDocument(Struct, frozen=True, kw_only=True):
    """One unit's reading."""

    unit: Annotated[str, Meta(min_length=1)]
    machine: str = ''
    principal: str = ''
    leader: bool = False
    health: _Health
    qos: _Qos | None = None
    state: StateDocument | None = None
    outcome: Annotated[
        str,
        Meta(
            min_length=1,
            description='How asking the unit ended; docs/outcomes.md.',
            extra_json_schema={'enum': [o.value for o in Outcome]},
        ),
    ]
    message: str = ''
    evidence: Annotated[
        str | None,
        Meta(
            description='How deep it was looked at; docs/evidence.md.',
            extra_json_schema={'enum': [*(o.value for o in Depth), None]},
        ),
    ] = None
    advice: str = ''
    hook: Annotated[str, _about("The health hook's path; or empty.")] = ''
    via: Annotated[str, _about('How the reading was got.')] = ''
    attempts: _Count = 0
    duration: _Seconds | None = None
    received_at: _Time | None = None
    made_at: Annotated[_Time | None, _about('When its report was made, by our clock.')] = None
    report: Annotated[dict[str, Any] | None, _about('By charm/report.schema.json.')] = None
    last: Annotated[dict[str, Any] | None, _about("A stale unit's last report.")] = None
    age: Annotated[_Seconds | None, _about('How old its report was.')] = None
    juju: Annotated[JujuDocument | None, _about('What Juju says; null if all is well.')] = None


class CoverageDocument(Struct, frozen=True, kw_only=True):
    """How many of a service's units are known."""

    expected: _Count = 0
    reported: _Count = 0
    no_hook: _Count = 0
    unreachable: _Count = 0
    invalid: _Count = 0
    missing: _Count = 0
    stale: _Count = 0
    probed: _Count = 0


class BlameDocument(Struct, frozen=True, kw_only=True):
    """What an unwell service is to other troubles."""

    role: Annotated[str, _one_of(o.value for o in Role)] = ''
    path: _Names = ()
    reason: str = ''
    certainty: _Certainty = None


class SuppressionDocument(Struct, frozen=True, kw_only=True):
    """What an operator planned, or acknowledged."""

    kind: Annotated[str, _one_of(('maintenance', 'acknowledged'))] = ''
    target: str = ''
    reason: str = ''
    until: _Time = ''
    by: str = ''


class ServiceDocument(Struct, frozen=True, kw_only=True):
    """One service, with its units."""

    name: str = ''
    health: _Health
    qos: _Qos | None = None
    state: StateDocument | None = None
    rule: str = ''
    because: Annotated[str, _about('How the rule came to the health.')] = ''
    message: str = ''
    blame: Annotated[BlameDocument | None, _about('Null if it is well.')] = None
    suppressed: _Many[SuppressionDocument] = ()
    juju: Annotated[JujuDocument | None, _about('What its leader says, if that counts.')] = None
    coverage: CoverageDocument = field(default_factory=CoverageDocument)
    alerting: Annotated[str, _about('Who was told, or why nobody is; empty if unknown.')] = ''
    units: _Many[UnitDocument] = ()


class CauseDocument(Struct, frozen=True, kw_only=True):
    """What explains troubles."""

    name: str = ''
    kind: Annotated[str, _about('Such as service or machine.')] = ''
    health: _Health
    message: str = ''
    victims: _Names = ()
    certainty: _Certainty = None


class ViewDocument(Struct, frozen=True, kw_only=True):
    """One of the operator's business services."""

    name: str = ''
    health: _Health
    rule: str = ''
    because: str = ''
    qos: _Qos | None = None
    members: _Names = ()


class SweepDocument(Struct, frozen=True, kw_only=True):
    """What `reconcile-health --format json` prints.

    Readers ignore keys they do not know. Durations are seconds, times RFC 3339 in UTC.
    """

    schema: Annotated[int, Meta(extra_json_schema={'const': SCHEMA_VERSION})] = SCHEMA_VERSION
    model: ModelDocument = field(default_factory=ModelDocument)
    health: _Health
    complete: bool = False
    started_at: _Time | None = None
    duration: _Seconds | None = None
    faults: _Names = ()
    notes: Annotated[_Names, _about('What health.yaml has count otherwise.')] = ()
    ceiling: Annotated[_Health, _about('The best it may be by what Juju says of the model.')] = (
        Health.PASSED.value
    )
    causes: Annotated[_Many[CauseDocument], _about('Those with the most victims first.')] = ()
    views: _Many[ViewDocument] = ()
    services: _Many[ServiceDocument]


class FleetDocument(Struct, frozen=True, kw_only=True):
    """What `reconcile-health --all-models --format json` prints, of several models."""

    schema: Annotated[int, Meta(extra_json_schema={'const': SCHEMA_VERSION})] = SCHEMA_VERSION
    health: _Health = Health.UNKNOWN.value
    complete: Annotated[bool, _about('Every model was swept to its end.')] = False
    started_at: _Time | None = None
    duration: _Seconds | None = None
    faults: _Names = ()
    notes: Annotated[_Names, _about('Such as a model that was removed meanwhile.')] = ()
    causes: Annotated[_Many[CauseDocument], _about('Over all models.')] = ()
    models: Annotated[dict[str, SweepDocument], _about('By controller:owner/model.')] = field(
        default_factory=dict
    )
