"""Rosters as a service: planned, repaired and changed by a dispatcher, published as facts.

The ledger holds who does what. Wishes, vetoes and papers of volunteers are personal: they stay in ``Periods``, where
they can be erased.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeVar

from dispatch.roster.change import Change, cancelled, changed, published
from dispatch.roster.kept_period import without
from dispatch.roster.period import Period
from dispatch.rostered import driven_by
from mobility.core.clock import Clock, Instant
from mobility.core.disruption_events import RosterPublished
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId
from mobility.core.ports import Committed, Ledger
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Roster
from mobility.core.service_day import service_day_of

if TYPE_CHECKING:  # the solver is a large library, loaded by the first roster only
    from dispatch.roster.plan import Planned
    from dispatch.roster.repair import Repair

T = TypeVar("T")
_REMEMBERED = 32
"""So many of the last plannings are told again with all their figures."""


class Runner(Protocol):
    """Runs a computation of some seconds so that the caller's event loop goes on, or not."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns."""
        ...


async def inline(work: Callable[[], T]) -> T:
    """Run at once: for virtual time and tests."""
    return work()


async def threaded(work: Callable[[], T]) -> T:
    """Run in a thread: the solver works outside the interpreter's lock."""
    return await asyncio.to_thread(work)


class Periods(Protocol):
    """Keeps the newest period of each area and first day: volunteers' wishes and papers, outside the ledger.

    Each call may read or write a disk, and raise ``StorageError`` then.
    """

    def get(self, area_id: ServiceAreaId, first: date) -> Period | None:
        """Return a period, ``None`` where none was put or it was erased."""
        ...

    def put(self, period: Period) -> None:
        """Keep a period in place of the former one."""
        ...

    def erase(self, area_id: ServiceAreaId, first: date) -> bool:
        """Delete a period; return whether there was one."""
        ...

    def forget(self, driver: DriverRef) -> int:
        """Delete what one volunteer said from every period; return from how many."""
        ...


class MemoryPeriods:
    """Periods that last as long as the process: for tests and virtual time."""

    def __init__(self) -> None:
        """Start without any."""
        self._periods: dict[tuple[ServiceAreaId, date], Period] = {}

    def get(self, area_id: ServiceAreaId, first: date) -> Period | None:
        """Return a period."""
        return self._periods.get((area_id, first))

    def put(self, period: Period) -> None:
        """Keep a period."""
        self._periods[period.area_id, period.first] = period

    def erase(self, area_id: ServiceAreaId, first: date) -> bool:
        """Delete a period."""
        return self._periods.pop((area_id, first), None) is not None

    def forget(self, driver: DriverRef) -> int:
        """Delete a volunteer from every period."""
        known = [key for key, each in self._periods.items() if any(one.driver == driver for one in each.volunteers)]
        for key in known:
            self._periods[key] = without(self._periods[key], driver)
        return len(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The roster that a request published, and how good it is."""

    roster: Roster
    planned: "Planned | None"
    """``None`` where the request was answered before, too long ago to know."""


class Rosters:
    """Rosters of all areas. What is published lies in the ledger."""

    def __init__(self, *, ledger: Ledger, clock: Clock, zone: str, periods: Periods, run: Runner = inline) -> None:
        """Bind the ports; ``run`` is ``threaded`` in a server and ``inline`` in virtual time."""
        self._ledger, self._clock, self._zone, self._periods, self._run = ledger, clock, zone, periods, run
        self._keeping = asyncio.Lock()
        """Held while facts and kept wishes change together."""
        self._planned: dict[str, Planned] = {}

    def all(self) -> Sequence[Roster]:
        """Return the newest version of every roster, by area and first day."""
        rosters = self._ledger.state.rosters
        return [rosters[key] for key in sorted(rosters)]

    def roster(self, area_id: ServiceAreaId, first: date) -> Roster | None:
        """Return the newest version of a roster."""
        return self._ledger.state.rosters.get((area_id, first))

    async def plan(
        self, period: Period, *, actor: str, key: str, fingerprint: str, work_s: float = 60.0, seed: int = 0
    ) -> Made | Refusal:
        """Plan a period and publish the roster; one that is published already changes as little as possible.

        Days that are over stay as they are. The same key again returns the roster that was published then, without
        planning. Refuses with ``ROSTER_CHANGED`` where somebody published meanwhile. Raises ``BadInputError`` for
        fixed duties that break a rule, ``StorageError`` where the wishes can not be kept.
        """
        from dispatch.roster.plan import Limit, plan  # noqa: PLC0415 - the solver is a large library

        known = await self._answered(period, key, fingerprint)
        if known is not None:
            return known
        before = self.roster(period.area_id, period.first)
        today = service_day_of(self._clock.now(), self._zone).date
        since = None if before is None else today
        found = await self._run(lambda: plan(period, Limit(work_s=work_s), before=before, since=since, seed=seed))
        async with self._keeping:
            done = await self._ledger.submit(
                lambda state, now: self._published(state, now, found.roster, "period"),
                actor=actor,
                idempotency_key=key,
                fingerprint=fingerprint,
            )
            if isinstance(done, Refusal):
                return done
            if not done.is_repeat:
                self._remember(key, found)
                await self._run(lambda: self._periods.put(period))
        return Made(roster=_published_in(done), planned=self._planned.get(key))

    async def _answered(self, period: Period, key: str, fingerprint: str) -> Made | Refusal | None:
        """Return the answer to a request that was taken before; nothing is planned for it again."""
        first_time = Refusal(RefusalCode.ROSTER_CHANGED)
        async with self._keeping:
            done = await self._ledger.submit(
                lambda _state, _now: first_time, actor="roster", idempotency_key=key, fingerprint=fingerprint
            )
            if done == first_time:
                return None
            if isinstance(done, Refusal):
                return done
            roster = _published_in(done)
            place = roster.area_id, roster.first
            is_newest = done.state.rosters.get(place) == roster
            if is_newest and await self._run(lambda: self._periods.get(*place)) is None:
                # The server stopped between the fact and the wishes; who asks again brings them again.
                await self._run(lambda: self._periods.put(period))
        return Made(roster=roster, planned=self._planned.get(key))

    def _remember(self, key: str, found: "Planned") -> None:
        self._planned[key] = found
        while len(self._planned) > _REMEMBERED:
            del self._planned[next(iter(self._planned))]

    async def erase(self, area_id: ServiceAreaId, first: date) -> bool:
        """Delete the wishes of a period; its roster stays, but can not be repaired or changed any more."""
        async with self._keeping:
            return await self._run(lambda: self._periods.erase(area_id, first))

    async def forget(self, driver: DriverRef) -> int:
        """Delete what a volunteer said from every period; return from how many. Their duties stay as published."""
        async with self._keeping:
            return await self._run(lambda: self._periods.forget(driver))

    async def proposals(self, area_id: ServiceAreaId, first: date, duty_id: DutyId) -> "Repair | Refusal":
        """Return how a cancelled duty can be done. Nothing is published or kept."""
        from dispatch.roster.repair import repair  # noqa: PLC0415 - as above

        roster = self.roster(area_id, first)
        period = await self._run(lambda: self._periods.get(area_id, first))
        if roster is None or period is None:
            return Refusal(RefusalCode.UNKNOWN_ROSTER)
        return await self._run(lambda: repair(period, roster, duty_id))

    async def change(
        self,
        area_id: ServiceAreaId,
        first: date,
        changes: Sequence[Change],
        *,
        actor: str,
        key: str,
        fingerprint: str,
        cancels: DutyId | None = None,
    ) -> Roster | Refusal:
        """Give duties to others, by hand or as proposed, and publish the next version.

        ``cancels`` is the duty whose holder can not on that day: they are not asked again for it. Refuses what breaks
        a rule, with the code of the obstacle, and changes of what is no longer so.
        """
        async with self._keeping:
            kept = await self._run(lambda: self._periods.get(area_id, first))
            if kept is None:
                return Refusal(RefusalCode.UNKNOWN_ROSTER)
            before = self.roster(area_id, first)
            done = await self._ledger.submit(
                lambda state, now: self._change(state, now, kept, changes, cancels),
                actor=actor,
                idempotency_key=key,
                fingerprint=fingerprint,
            )
            if isinstance(done, Refusal):
                return done
            if cancels is not None and before is not None and not done.is_repeat:
                now = cancelled(kept, before, cancels)
                if not isinstance(now, Refusal):
                    await self._run(lambda: self._periods.put(now))
        return done.state.rosters[area_id, first]

    def _change(
        self, state: State, now: Instant, kept: Period, changes: Sequence[Change], cancels: DutyId | None
    ) -> list[Event] | Refusal:
        roster = state.rosters.get((kept.area_id, kept.first))
        if roster is None:
            return Refusal(RefusalCode.UNKNOWN_ROSTER)
        period = kept if cancels is None else cancelled(kept, roster, cancels)
        if isinstance(period, Refusal):
            return period
        new = changed(period, roster, changes)
        return new if isinstance(new, Refusal) else self._published(state, now, new, "repair" if cancels else "by_hand")

    def _published(self, state: State, now: Instant, roster: Roster, cause: str) -> list[Event] | Refusal:
        """Return the fact of a new version, with the plans in which somebody else drives by it."""
        facts = published(state, roster, cause)
        return facts if isinstance(facts, Refusal) else [*facts, *driven_by(state, roster, self._zone, now)]


def _published_in(done: Committed) -> Roster:
    return next(each.body.roster for each in done.envelopes if isinstance(each.body, RosterPublished))
