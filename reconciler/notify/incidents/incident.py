"""One incident, and how it goes on from sweep to sweep: pure rules, on what a sweep saw of it.

It opens once it was seen so many looks in a row and nothing holds it, and is over once it was well
for as many, dated back to the first of either. What passes before it opens never was one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..notice import Notice
from .quiet import Hold

# Ended so often within an hour, it is flapping when it comes back.
FLAPS = 2
FLAP_SPAN = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Incident:
    """An incident. Times are milliseconds since 1970, UTC.

    Attributes:
        id: its row; 0 for one that has none yet.
        model_id: of which model; `None` where it is of none.
        kind, node: the kind of its cause, and its name within the model.
        since: its first look.
        until: its first look at which it was well, once that counts; else `None`.
        opened: since when people may be told; `None` before.
        at: the last look that is counted.
        looks, misses: how many looks in a row saw it, or did not.
        missed: when those without it began; `None` for none.
        worse: how many looks in a row saw it worse than `notice` has it.
        calm: for how long it has to be well before that is believed.
        number: how many messages it has.
        holds: why nobody is told, or what else there is to say of it, a line each.
        notice: what is known of it, as the message that would be sent.
    """

    id: int = 0
    model_id: int | None = None
    kind: str
    node: str
    since: int
    until: int | None = None
    opened: int | None = None
    at: int
    looks: int = 1
    misses: int = 0
    missed: int | None = None
    worse: int = 0
    calm: int = 0
    number: int = 0
    holds: tuple[str, ...] = ()
    notice: Notice

    @property
    def key(self) -> tuple[int | None, str, str]:
        """Return what it is the same as in another sweep by."""
        return self.model_id, self.kind, self.node

    @property
    def passed(self) -> bool:
        """Return whether it went before it opened: then it is forgotten."""
        return self.until is not None and self.opened is None

    @property
    def lingers(self) -> bool:
        """Return whether it passed, and is remembered for the sake of what it struck."""
        return self.until is None and self.opened is None and self.missed is not None

    @property
    def struck(self) -> frozenset[str]:
        """Return the services in it, as messages name them."""
        victims = (victim.service for victim in self.notice.victims)
        return frozenset((*self.notice.cause.services, *victims))


@dataclass(frozen=True)
class Look:
    """One sweep's look, and the rules. Times are milliseconds, `at` since 1970, UTC.

    Attributes:
        wanted: after how many looks in a row something counts.
        aftermath: for how long those that a trouble struck are expected to recover after it.
        calm: for how long that which came back often has to be well.
    """

    at: int
    wanted: int
    aftermath: int = 0
    calm: int = 0


def see(known: Incident, notice: Notice, look: Look) -> Incident:
    """Return the incident after a look that saw it, as `notice` says; what holds it is not asked.

    Its id stays; so do, once it has opened, where it is and its own labels: by them others know
    it. Its health is the worse one once that was seen often enough; a better one counts at once,
    and tells nobody.
    """
    looks = known.looks + 1
    after = replace(known, at=look.at, looks=looks, misses=0, missed=None)
    was = known.notice
    notice = replace(notice, incident=was.incident, since=was.since)
    if known.opened is None:
        return replace(after, notice=notice)
    worse = known.worse + 1 if notice.health.rank > was.health.rank else 0
    health = was.health if 0 < worse < look.wanted else notice.health
    kept = replace(
        notice,
        topology=was.topology,
        cause=was.cause,
        own_labels=was.own_labels,
        changes=was.changes,
        health=health,
    )
    return replace(after, worse=0 if worse >= look.wanted else worse, notice=kept)


def stay(known: Incident, look: Look, why: str) -> Incident:
    """Return the incident after a look that saw its cause unwell for another one's sake."""
    after = replace(known, at=look.at, looks=known.looks + 1, misses=0, missed=None, worse=0)
    return replace(after, holds=(why,))


def miss(known: Incident, look: Look) -> Incident:
    """Return the incident after a look that did not see it; over, if that is so long enough."""
    missed = look.at if known.missed is None else known.missed
    misses = known.misses + 1
    after = replace(known, at=look.at, looks=0, misses=misses, missed=missed, worse=0)
    if known.opened is None or (misses >= look.wanted and look.at - missed >= known.calm):
        return replace(after, until=missed, holds=())
    if misses < look.wanted:
        return replace(after, holds=(f'well for {misses} of {look.wanted} looks',))
    flapping = Hold('flapping: it has recovered if it stays well', missed + known.calm)
    return replace(after, holds=(flapping.words(look.at),))


def opens(known: Incident, look: Look, holds: tuple[Hold, ...]) -> Incident:
    """Return the incident with what holds it; open from now on, if nothing does."""
    said = [hold.words(look.at) for hold in holds]
    if known.opened is None:
        if known.looks < look.wanted:
            said.insert(0, f'{known.looks} of {look.wanted} looks')
        if not said:
            return replace(known, opened=look.at, holds=())
        return replace(known, holds=tuple(said))
    return replace(known, holds=tuple(h.words(look.at) for h in holds if h.planned))
