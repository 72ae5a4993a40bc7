"""Who is told of what: channels, and the routes that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from charm.kernel.names import nearest
from charm.kernel.report import Health

from ..values.certainty import Certainty
from .channel_settings import SETTINGS, ChannelSettings
from .option_forms import DURATION, LABELS, WORD, WORDS, YES_OR_NO, one_of
from .working_hours import WorkingHours
from .yaml_nodes import YamlNode
from .yaml_options import each, nested, option, read_options

KEYS = ('channels', 'routes', 'quiet')


@dataclass(frozen=True, kw_only=True)
class Escalation:
    """Who else is told where nobody took notice.

    Attributes:
        after_seconds: since the first message.
        channels: their names.
    """

    after_seconds: float = option(DURATION, 'after')
    channels: tuple[str, ...] = option(WORDS)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which incidents go to which channels. What is empty asks for nothing.

    Attributes:
        name: by which messages and logs call it.
        channels: who is told; nobody, if there are none.
        models: names or globs of models, with their controller or without.
        applications, machines: names or globs of what the cause is.
        labels: names, and a glob for the value of each.
        health: what it is at least.
        certainty: how sure the cause is at least.
        after_seconds: how long it has lasted before anybody is told.
        reminder_seconds: how often they are told again; `None` for never.
        escalate: who else is told, and when.
        hours: when they are told; what comes outside waits. `None` for always.
        continues: the routes after it are asked as well.
    """

    channels: tuple[str, ...] = option(WORDS)
    name: str = option(WORD, default='')
    models: tuple[str, ...] = option(WORDS, default=())
    applications: tuple[str, ...] = option(WORDS, default=())
    machines: tuple[str, ...] = option(WORDS, default=())
    labels: Mapping[str, str] = option(LABELS, default_factory=dict)
    health: Health = option(one_of(Health, 'a health'), default=Health.WARN)
    certainty: Certainty = option(one_of(Certainty, 'a certainty'), default=Certainty.POSSIBLE)
    after_seconds: float = option(DURATION, 'after', default=0.0)
    reminder_seconds: float | None = option(DURATION, 'reminder', default=None)
    escalate: tuple[Escalation, ...] = option(each(nested(Escalation)), default=())
    hours: WorkingHours | None = option(nested(WorkingHours), default=None)
    continues: bool = option(YES_OR_NO, 'continue', default=False)

    def steps_due(self, seconds: float) -> tuple[Escalation, ...]:
        """Return the steps that are due so long after a first message nobody answered."""
        return tuple(step for step in self.escalate if step.after_seconds <= seconds)


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """For how long nobody is told of what is expected to pass, in seconds.

    Attributes:
        deploy: after a unit or a machine came, and while Juju or a charm installs one.
        upgrade: after another charm, base, workload or Juju came, and while a charm is at work.
        boot: after a machine booted, and while one that does not answer may be booting.
        restart: while a service starts, and after the cause of its trouble has recovered.
        flapping: for how long that which came back often has to be well before it has recovered.
    """

    deploy: float = option(DURATION, default=1800.0)
    upgrade: float = option(DURATION, default=900.0)
    boot: float = option(DURATION, default=300.0)
    restart: float = option(DURATION, default=300.0)
    flapping: float = option(DURATION, default=600.0)

    def milliseconds(self, kind: str) -> int:
        """Return how long it is after that kind of event."""
        seconds: float = getattr(self, kind)
        return round(seconds * 1000)


@dataclass(frozen=True)
class AlertsConfig:
    """Who is told of what.

    Attributes:
        channels: by name.
        routes: in the file's order; one to all channels, if none is written.
        quiet: for how long nobody is told.
    """

    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    quiet: Quiet = Quiet()

    @property
    def by_name(self) -> Mapping[str, Route]:
        """Return the routes by their names."""
        return {route.name: route for route in self.routes}


def read(spot: YamlNode) -> AlertsConfig:
    """Return what the key `alerts` says; what is wrong is noted there."""
    channels: dict[str, ChannelSettings] = {}
    routes: list[tuple[Route, YamlNode]] = []
    named: list[str] = []
    quiet = Quiet()
    for key, value in spot.items(KEYS):
        if key == 'channels':
            found = [(name, _channel(one)) for name, one in value.items()]
            named = [name for name, _ in found]
            channels = {name: one for name, one in found if one is not None}
        elif key == 'quiet':
            quiet = read_options(Quiet, value, dict(value.items())) or quiet
        else:
            given = ((read_options(Route, one, dict(one.items())), one) for one in value.each())
            routes = [(route, one) for route, one in given if route is not None]
    for route, one in routes:
        _check(route, one, named)
    if channels and not routes:
        return AlertsConfig(channels, (Route(name='everything', channels=tuple(channels)),), quiet)
    return AlertsConfig(
        channels,
        tuple(
            replace(route, name=route.name or f'route {number}')
            for number, (route, _) in enumerate(routes, 1)
        ),
        quiet,
    )


def _channel(spot: YamlNode) -> ChannelSettings | None:
    given = dict(spot.items())
    kind = given.pop('kind', None)
    if kind is None:
        spot.refuse(f'it wants kind: {", ".join(SETTINGS)}')
        return None
    said = kind.text()
    if said not in SETTINGS:
        kind.refuse(f'{said!r} is no kind{nearest(said, SETTINGS, "")}: {", ".join(SETTINGS)}')
        return None
    return read_options(SETTINGS[said], spot, given)


def _check(route: Route, spot: YamlNode, channels: list[str]) -> None:
    """Note the channels that there are not, and steps that come before anybody is told."""
    steps = [(f'escalate[{n}]', step.channels) for n, step in enumerate(route.escalate)]
    for key, names in (('channels', route.channels), *steps):
        for name in names:
            if name not in channels:
                spot.refuse(f'{name!r} is no channel{nearest(name, channels)}', key)
    if route.reminder_seconds is not None and route.reminder_seconds < 60.0:
        spot.refuse('a reminder comes after 1m at the soonest', 'reminder')
