"""All incidents after one more sweep: which go on, which begin, and which are over.

One outage is one incident, though what is held to be its cause may change while it lasts:
- whose cause is now held to be a victim stays as it is, silently, until it is well;
- of what has just recovered, or is open, its victims are no incidents for a while. What passed
  before it opened is remembered for that, while one of them is unwell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from charm.kernel.report import Health

from ...history.changes import Change
from ...history.moments import to_moment
from ..notice import Notice
from .incident import FLAP_SPAN, FLAPS, Incident, Look, miss, opens, see, stay
from .outages import Outage, Seen
from .quiet import Hold, in_time

Key = tuple[int | None, str, str]


@dataclass(frozen=True)
class Past:
    """What is known from before.

    Attributes:
        incidents: those that are not over, and those that ended within `FLAP_SPAN`.
        changes: what changed of late, by model.
        model_ids: the rows of the models that were looked at, by full name; of one alone, by ''.
    """

    incidents: Sequence[Incident]
    changes: Callable[[int | None], Sequence[Change]]
    model_ids: Mapping[str, int]

    def key(self, outage: Outage) -> Key:
        """Return what an outage's incident is known by."""
        place, kind, name = outage.key
        return None if outage.shared else self.model_ids.get(place), kind, name


@dataclass(frozen=True)
class Advance:
    """One step of all incidents.

    Attributes:
        whole: all of each model was looked at, so that what is not seen is well, or gone.
        notice: makes the message about an outage.
        quiet: says why nobody is told of one, from what changed of late and its first look.
    """

    seen: Seen
    past: Past
    look: Look
    whole: bool
    notice: Callable[[Outage], Notice]
    quiet: Callable[[Outage, Sequence[Change], int], Iterator[Hold]]

    def incidents(self) -> list[Incident]:
        """Return every incident that this sweep says something of, as it is now."""
        known = {one.key: one for one in self.past.incidents if one.until is None}
        keyed = {self.past.key(outage): outage for outage in self.seen.outages}
        after = [
            self._unseen(one)
            for key, one in known.items()
            if key not in keyed and self._looked_at(one)
        ]
        unseen = {one.key: one for one in after}
        late = [
            unseen.get(one.key, one) if one.until is None else one for one in self.past.incidents
        ]
        after += [self._seen(key, outage, known, late) for key, outage in keyed.items()]
        return [one for one in after if one is not known.get(one.key)]

    def _seen(
        self, key: Key, outage: Outage, known: Mapping[Key, Incident], late: Sequence[Incident]
    ) -> Incident:
        was = known.get(key)
        if was is not None and was.at >= self.look.at:
            # A second go at the same sweep adds nothing.
            return was
        notice = self.notice(outage)
        if was is None:
            now = self._begun(key, outage, notice, known)
        elif was.lingers:
            # It is back: what it left unwell meanwhile is no look at it.
            now = replace(self._begun(key, outage, notice, {}), id=was.id)
        else:
            now = see(was, notice, self.look)
        changes = self.past.changes(key[0])
        found = [*self.quiet(outage, changes, now.since), *self._aftermath(outage, now, late)]
        return opens(now, self.look, in_time(found, self.look.at))

    def _begun(
        self, key: Key, outage: Outage, notice: Notice, known: Mapping[Key, Incident]
    ) -> Incident:
        """Return a new incident; what was seen of those that it explains counts as seen of it."""
        before = [
            one
            for one in known.values()
            if one.opened is None
            and not one.lingers
            and one.struck
            and one.struck <= outage.struck
        ]
        since = min((one.since for one in before), default=self.look.at)
        model_id, kind, node = key
        return Incident(
            model_id=model_id,
            kind=kind,
            node=node,
            since=since,
            at=self.look.at,
            looks=max((one.looks for one in before), default=0) + 1,
            calm=self.look.calm if self._flaps(key) else 0,
            notice=replace(notice, since=to_moment(since)),
        )

    def _flaps(self, key: Key) -> bool:
        ended = [one.until for one in self.past.incidents if one.key == key and one.opened]
        late = [until for until in ended if until and self.look.at - until <= FLAP_SPAN]
        return len(late) >= FLAPS

    def _aftermath(
        self, outage: Outage, now: Incident, late: Sequence[Incident]
    ) -> Iterator[Hold]:
        """Yield the incidents whose victims it is of: those are told of it already, or quiet."""
        own = frozenset(outage.node.services)
        latest = now.since + self.look.aftermath
        for one in late:
            well = one.missed if one.lingers else one.until
            if not own or one.key == now.key or not own <= one.struck:
                continue
            cause = one.notice.cause
            if well is not None and (one.opened is not None or one.lingers):
                # A cause that comes and goes adds its time once, as changes do.
                until = min(well, latest) + self.look.aftermath
                yield Hold(f'{cause} has just recovered', until)
            elif one.opened is not None:
                yield Hold(f'told with {cause}', latest)

    def _unseen(self, was: Incident) -> Incident:
        if was.at >= self.look.at:
            return was
        services = frozenset(was.notice.cause.services)
        for outage in self.seen.outages:
            if services and services <= outage.struck and not was.lingers:
                return stay(was, self.look, f'under cause {outage.node}')
        after = miss(was, self.look)
        return replace(after, until=None) if self._leaves_unwell(after) else after

    def _leaves_unwell(self, one: Incident) -> bool:
        """Return whether it passed, and what it struck is unwell and may be so for a while."""
        if not one.passed or self.look.at >= (one.until or 0) + self.look.aftermath:
            return False
        seen = self.seen.services
        return any(seen[name].health is not Health.PASSED for name in one.struck if name in seen)

    def _looked_at(self, one: Incident) -> bool:
        """Return whether the sweep would have seen it."""
        if one.model_id is None:
            controller = one.notice.topology.controller
            # Of one whose name could not be told, whatever is seen shows that it is back.
            return controller in self.seen.controllers or not (controller or not self.seen.places)
        ids = {self.past.model_ids.get(place) for place in self.seen.places}
        if one.model_id not in ids:
            return False
        # That a victim is well says nothing of a cause that nobody looked at.
        own = frozenset(one.notice.cause.services) or one.struck
        return self.whole or (bool(own) and own <= self.seen.services.keys())
