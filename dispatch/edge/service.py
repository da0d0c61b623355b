"""The dispatch service: decisions bound to ledger, vault, clock and solver. One per server."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from dispatch import booking as bookings
from dispatch import connections, manifest, outcome, quote, rules
from dispatch.connection_windows import connected, protected
from dispatch.edge.holidays import public_holidays
from dispatch.edge.improver import Improver
from dispatch.edge.solver import Solver
from dispatch.edge.ways import Ways
from dispatch.free_room import Memory
from dispatch.offer import Offer, Quote
from dispatch.tours import empty_plan, plan_of
from dispatch.walk import Walk, walks
from mobility.core.booking import Booking, Channel, RideWish, Window, WishKind
from mobility.core.clock import Clock, Instant, shifted
from mobility.core.connection import Connection
from mobility.core.events import BookingMade, Event, RideRefused
from mobility.core.fold import State
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, RiderRef, ServiceAreaId, StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, TaskKind
from mobility.core.ports import Committed, Decision, DirectTrips, Ledger, Person, References, TravelTimes, Vault
from mobility.core.promise import PromiseKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import Region, ServiceArea
from mobility.core.service_day import ServiceDay, service_day_of

_SOLVER_MS = 15_000
"""How long a worker may take; the plan stays frozen so much further ahead."""
_HOUR_S = 3600.0
_MOST_OFFERS_KEPT = 10_000
_REFUSED_AGAIN_MS = 60_000
"""The same wish refused again within a minute is no new fact."""
_MOST_REFUSALS_KEPT = 10_000
_MOST_CLOSURES_KEPT = 8
_HALF_DAY_MS = 43_200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Makes a command repeatable: the same key and fingerprint give the first outcome again."""

    value: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """A booking as its rider sees it."""

    booking: Booking
    pickup: Window
    arrival: Window
    vehicle_id: VehicleId
    """The vehicle of the newest plan."""
    planned_pickup: Instant | None
    """``None`` once the ride is no longer in a plan."""
    planned_arrival: Instant | None


class Dispatch:
    """Quotes, bookings, manifests and connections of a region. All state lies in the ledger, but for open offers."""

    def __init__(
        self,
        *,
        region: Region,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        references: References,
        travel: TravelTimes,
        direct: DirectTrips,
        solver: Solver,
        improve_delay_s: float,
    ) -> None:
        """Bind the ports. A better plan takes effect ``improve_delay_s`` after the change that called for it."""
        self.region = region
        self.clock = clock
        self.references = references
        self._ledger = ledger
        self._vault = vault
        self._ways = Ways(region, travel)
        self._direct = direct
        self._improver = Improver(
            ledger=ledger, clock=clock, solver=solver, service=self.service, delay_s=improve_delay_s
        )
        self._offers: dict[str, Offer] = {}
        self._room = Memory()
        self._refused: dict[tuple[RideWish, Channel, RefusalCode], Instant] = {}
        self._line_names = {line.route_id: line.short_name for line in region.lines}

    @property
    def improvements(self) -> int:
        """Published plans that came from the solver."""
        return self._improver.improvements

    @property
    def state(self) -> State:
        """The newest committed facts."""
        return self._ledger.state

    @property
    def today(self) -> ServiceDay:
        """The service day of the clock."""
        return service_day_of(self.clock.now(), self.region.zone)

    def service(
        self, area_id: ServiceAreaId, state: State | None = None, moment: Instant | None = None
    ) -> quote.Service:
        """Return what decisions in an area need; raises ``KeyError`` for an unknown area.

        Roads are closed as ``state`` (the newest) knows them to be at ``moment`` (now).
        """
        area = next((area for area in self.region.areas if area.area_id == area_id), None)
        if area is None:
            raise KeyError(area_id)
        year = self.today.date.year
        closed = public_holidays(area.holidays_of, year) | public_holidays(area.holidays_of, year + 1)
        travel, drive = self._ways.at(self.state if state is None else state, moment or self.clock.now())
        return quote.Service(
            area=area,
            fleet=self.region.fleet,
            zone=self.region.zone,
            calendar=rules.Calendar(public_holidays=closed),
            travel=travel,
            drive=drive,
        )

    def warm(self) -> None:
        """Load what the first quote would have to wait for: the compiled search. Blocks; meant for a thread."""
        for area in self.region.areas:
            day = self.today
            plan = empty_plan(area, day, self.region.fleet)
            quote.warm(self.service(area.area_id), plan, self.clock.now())

    def area_of(self, origin: StopId, destination: StopId) -> ServiceArea:
        """Return the first area that serves both stops, else the first area of all; an empty stop fits everywhere."""
        ends = [stop for stop in (origin, destination) if stop]
        both = (area for area in self.region.areas if all(stop in area.stops for stop in ends))
        return next(both, self.region.areas[0])

    def days_with_service(self, area: ServiceArea) -> Sequence[date]:
        """Return the days on which rides can be booked now."""
        calendar = self.service(area.area_id).calendar
        return rules.service_days(area, calendar, self.today.date, days=area.horizon_days + 1)

    def offer(self, offer_id: str) -> Offer | None:
        """Return an open offer."""
        offer = self._offers.get(offer_id)
        return offer if offer is not None and offer.valid_until >= self.clock.now() else None

    async def quote(self, wish: RideWish, channel: Channel) -> Quote:
        """Answer a wish and keep its offers open; a refusal becomes a fact. ``KeyError`` for an unknown area."""
        now, is_part = self.clock.now(), wish.after_trip is not None or wish.before_trip is not None
        timed = connected(self.region, wish) if is_part else wish
        answer = Quote(refusal=timed) if isinstance(timed, Refusal) else self._answer(timed, now, is_part=is_part)
        self._keep((*answer.offers, *answer.alternatives), now)
        if answer.refusal is not None and self._is_news(wish, channel, answer.refusal, now):
            fact = RideRefused(wish=wish, channel=channel, refusal=answer.refusal)
            await self._ledger.submit(lambda _state, _now: [fact], actor=_actor(channel))
        return answer

    def _answer(self, wish: RideWish, now: Instant, *, is_part: bool) -> Quote:
        """Return the answer to a wish; one that is a part of a journey has its transfers protected."""
        service = self.service(wish.area_id, moment=_roads_at(wish, now))

        def buses_of(earliest: Instant, latest: Instant) -> Sequence[rules.LineBus]:
            trips = self._direct.direct(wish.origin, wish.destination, earliest, latest)
            stop = self.region.stops.get(wish.origin)
            return rules.line_buses(trips, wish.origin, self._line_names, stop.name if stop else str(wish.origin))

        return quote.quote(
            service,
            self.state,
            wish,
            now,
            buses_of=buses_of,
            new_id=self.references.token,
            memory=self._room,
            protect=partial(protected, self.region) if is_part else None,
        )

    async def quote_near(
        self, wish: RideWish, channel: Channel, origin: LatLon | None, destination: LatLon | None
    ) -> Quote:
        """Answer a wish from or to a place instead of a stop, which the wish then leaves empty.

        The nearest stops on foot are tried; the place itself is kept nowhere. ``KeyError`` for an unknown area.
        """
        area = self.service(wish.area_id).area
        ends: list[tuple[Walk, ...]] = []
        for named, place in ((wish.origin, origin), (wish.destination, destination)):
            found = (Walk(stop_id=named),) if place is None else walks(place, area.stops, self.region.stops)
            if isinstance(found, Refusal):
                return Quote(refusal=found)
            ends.append(found)
        pairs = [(a, b) for a in ends[0] for b in ends[1] if a.stop_id != b.stop_id]
        refused: Quote | None = None
        # The shortest way on foot first; of equal ones as they are listed.
        for pair in sorted(pairs, key=lambda pair: pair[0].walk_m + pair[1].walk_m):
            answer = replace(await self.quote(walked(wish, pair), channel), walks=pair)
            if answer.offers:
                return answer
            refused = refused or answer
        return refused or Quote(refusal=Refusal(RefusalCode.SAME_STOP))

    async def accept(self, offer_id: str, person: Person, channel: Channel, key: Key) -> Ride | Refusal:
        """Book an open offer for a person. The person goes to the vault, the facts to the ledger."""
        offer = self._offers.get(offer_id)
        rider = await self._vault.put(person) if offer is not None else RiderRef("")
        booking_id = self._fresh_reference()

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            if offer is None:
                return Refusal(RefusalCode.OFFER_EXPIRED)
            service = self.service(offer.wish.area_id, state, _roads_at(offer.wish, now))
            return bookings.accept(
                service, state, now, offer=offer, booking_id=booking_id, rider=rider, channel=channel
            )

        done = await self._submit(decide, _actor(channel), key)
        if offer is not None and (isinstance(done, Refusal) or done.is_repeat):
            await self._vault.erase(rider)
        if isinstance(done, Refusal):
            return done
        self._offers.pop(offer_id, None)
        made = next(e.body for e in done.envelopes if isinstance(e.body, BookingMade))
        ride = self.ride(made.booking.booking_id)
        assert ride is not None  # noqa: S101 - it was committed just now
        return ride

    def ride(self, booking_id: BookingId) -> Ride | None:
        """Return a booking with its promises and its place in the newest plan."""
        state = self.state
        booked = state.bookings.get(booking_id)
        if booked is None:
            return None
        place = bookings.located(state, booking_id)
        tour = place[0].tours[place[1]] if place is not None else None
        begins = {t.kind: t.begin for t in tour.tasks if t.booking_id == booking_id} if tour is not None else {}
        return Ride(
            booking=booked,
            pickup=state.promises[booking_id, PromiseKind.PICKUP].window,
            arrival=state.promises[booking_id, PromiseKind.ARRIVAL].window,
            vehicle_id=tour.shift.vehicle_id if tour is not None else booked.vehicle_id,
            planned_pickup=begins.get(TaskKind.PICKUP),
            planned_arrival=begins.get(TaskKind.DROPOFF),
        )

    async def cancel(self, booking_id: BookingId, channel: Channel, key: Key, *, reason: str = "") -> Ride | Refusal:
        """Cancel a ride that has not begun."""

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            booked = state.bookings.get(booking_id)
            if booked is None:
                return Refusal(RefusalCode.UNKNOWN_BOOKING)
            service = self.service(booked.wish.area_id, state)
            return bookings.cancel(service, state, now, booking_id=booking_id, channel=channel, reason=reason)

        done = await self._submit(decide, _actor(channel), key)
        if isinstance(done, Refusal):
            return done
        return self.ride(booking_id) or Refusal(RefusalCode.UNKNOWN_BOOKING)

    async def report_outcome(
        self, vehicle_id: VehicleId, task_id: TaskId, happened: outcome.Outcome, at: Instant, key: Key
    ) -> Refusal | None:
        """Take a driver's report of a task; ``None`` when it was accepted."""

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            booked = state.bookings.get(BookingId(str(task_id).rpartition(":")[0]))
            if booked is None:
                return Refusal(RefusalCode.UNKNOWN_BOOKING)
            service = self.service(booked.wish.area_id, state)
            return outcome.report(service, state, now, vehicle_id=vehicle_id, task_id=task_id, outcome=happened, at=at)

        done = await self._submit(decide, f"driver:{vehicle_id}", key)
        return done if isinstance(done, Refusal) else None

    def manifest(self, vehicle_id: VehicleId, day: date | None = None) -> manifest.Manifest | None:
        """Return a vehicle's manifest, today's without ``day``; ``None`` when it never drives on demand."""
        area = next((a for a in self.region.areas if any(s.vehicle_id == vehicle_id for s in a.shifts)), None)
        if area is None:
            return None
        drive = self.service(area.area_id).drive
        return manifest.manifest(self.plan(area, day), vehicle_id, self.state.bookings, drive)

    def plan(self, area: ServiceArea, day: date | None = None) -> DayPlan:
        """Return the plan of a day, today's without ``day``; without shifts on days without service."""
        service_day = ServiceDay(day or self.today.date, self.region.zone)
        plan = self.state.plans.get((area.area_id, service_day.date))
        if plan is None and rules.of_day(area, service_day.date, self.service(area.area_id).calendar) is not None:
            return DayPlan(area_id=area.area_id, day=service_day.date, version=0, tours=())
        return plan_of(self.state.plans, area, service_day, self.region.fleet, self.state.rosters)

    async def person(self, rider: RiderRef) -> Person | None:
        """Return who a rider is, ``None`` once erased."""
        return await self._vault.get(rider)

    async def plan_connections(self) -> Sequence[Connection]:
        """Make sure that today's connections are facts, and return them by departure."""
        day = self.today
        if connections.plan_day(self.region, day, self.state):
            await self._ledger.submit(
                lambda state, _now: connections.plan_day(self.region, day, state), actor="planner"
            )
        planned = (c.connection_id for c in connections.connections_of(self.region, day))
        return [self.state.connections[connection_id] for connection_id in planned]

    async def run(self) -> None:
        """Plan each day's connections and improve plans after changes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_connections())
            group.create_task(self._improver.run())

    async def improve(self, area_id: ServiceAreaId, day: date) -> bool:
        """Let the solver look at the rest of a day; return whether a better plan was published."""
        return await self._improver.improve(area_id, day)

    async def _keep_connections(self) -> None:
        for area in self.region.areas:
            self.service(area.area_id)  # loads the holidays before somebody waits for them
        while True:
            await self.plan_connections()
            await self.clock.sleep(_HOUR_S)

    def _is_news(self, wish: RideWish, channel: Channel, refusal: Refusal, now: Instant) -> bool:
        """Return whether the same wish was not refused for the same reason just now."""
        key = (wish, channel, refusal.code)
        if now - self._refused.get(key, Instant(now - _REFUSED_AGAIN_MS)) < _REFUSED_AGAIN_MS:
            return False
        if len(self._refused) >= _MOST_REFUSALS_KEPT:
            self._refused = {known: at for known, at in self._refused.items() if now - at < _REFUSED_AGAIN_MS}
        self._refused[key] = now
        return True

    def _keep(self, offers: Sequence[Offer], now: Instant) -> None:
        if len(self._offers) > _MOST_OFFERS_KEPT:
            self._offers = {name: offer for name, offer in self._offers.items() if offer.valid_until >= now}
        for offer in offers:
            self._offers[offer.offer_id] = offer

    def _fresh_reference(self) -> BookingId:
        while (reference := self.references.booking()) in self.state.bookings:
            pass
        return reference

    async def _submit(self, decide: Decision, actor: str, key: Key) -> Committed | Refusal:
        return await self._ledger.submit(decide, actor=actor, idempotency_key=key.value, fingerprint=key.fingerprint)


def walked(wish: RideWish, pair: tuple[Walk, Walk]) -> RideWish:
    """Return the wish between the stops of two walks, with the time to get there on foot set aside."""
    is_arrival = wish.kind is WishKind.ARRIVE
    walk_s = -60.0 * pair[1].walk_min if is_arrival else 60.0 * pair[0].walk_min
    return replace(wish, origin=pair[0].stop_id, destination=pair[1].stop_id, at=shifted(wish.at, walk_s))


def _roads_at(wish: RideWish, now: Instant) -> Instant:
    """Return when a wish needs open roads: now for rides within half a day, else at the ride."""
    return now if abs(wish.at - now) < _HALF_DAY_MS else wish.at


def _actor(channel: Channel) -> str:
    return "dispatcher" if channel is Channel.PHONE else "rider"
