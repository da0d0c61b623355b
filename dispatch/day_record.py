"""A service day as runs and rides, read from a plan (what is foreseen) or from facts (what happened)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from mobility.core.booking import Booking, BookingState, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import BookingChanged, BookingWithdrawn
from mobility.core.events import (
    BookingCancelled,
    BookingMade,
    Envelope,
    PlanPublished,
    PromiseTold,
    RiderAlighted,
    RiderBoarded,
    RideRefused,
    RiderNoShow,
)
from mobility.core.fold import State
from mobility.core.ids import BookingId, ServiceAreaId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind
from mobility.core.service_day import ServiceDay, service_day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One booking and what became, or is to become, of it."""

    booking: Booking
    told: Window
    """The pickup window as told first."""
    boarded_at: Instant | None = None
    alighted_at: Instant | None = None
    is_ahead: bool = False
    """Booked before the service day began (a reservation), not on the day itself (online)."""

    @property
    def is_served(self) -> bool:
        """Whether somebody was taken from origin to destination."""
        return self.boarded_at is not None and self.alighted_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """The rides that were asked for on a day, and the tours that were driven for them."""

    day: date
    tours: tuple[Tour, ...]
    """Tasks in the order driven; those without a report as planned."""
    rides: tuple[Ride, ...]
    """All bookings of the day, also the cancelled ones, by time of booking."""
    refused: Mapping[str, int]
    """Refusals by code. Who is refused twice counts twice."""
    is_forecast: bool = False


def foreseen(state: State, plan: DayPlan, zone: str) -> DayRecord:
    """Return the day as a plan foresees it: every ride in it, boarding and alighting as planned."""
    begins_day = ServiceDay(plan.day, zone).start
    times = _task_times(plan.tours)
    rides = [
        Ride(
            booking=booking,
            told=state.promises[booking_id, PromiseKind.PICKUP].window,
            boarded_at=booking.boarded_at or times.get((booking_id, TaskKind.PICKUP)),
            alighted_at=times.get((booking_id, TaskKind.DROPOFF)),
            is_ahead=booking.made_at < begins_day,
        )
        for booking_id, booking in state.bookings.items()
        if (booking_id, TaskKind.DROPOFF) in times
    ]
    rides.sort(key=lambda ride: (ride.booking.made_at, ride.booking.booking_id))
    return DayRecord(day=plan.day, tours=plan.tours, rides=tuple(rides), refused={}, is_forecast=True)


def happened(facts: Iterable[Envelope], area_id: ServiceAreaId, day: date, zone: str) -> DayRecord:
    """Return the day as the facts tell it; rides belong to the day of the pickup that was promised first.

    Tasks that no driver reported count as driven when and where the last plan had them.
    """
    reader = _Reader(area_id, ServiceDay(day, zone))
    for envelope in facts:
        reader.take(envelope)
    return reader.record()


@dataclass(slots=True)
class _Reader:
    """One pass over the ledger."""

    area_id: ServiceAreaId
    day: ServiceDay
    rides: dict[BookingId, Ride] = field(default_factory=dict)
    made: dict[BookingId, Booking] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    tours: tuple[Tour, ...] = ()

    def take(self, envelope: Envelope) -> None:
        match envelope.body:
            case RideRefused(wish=wish, refusal=refusal) if wish.area_id == self.area_id and self._is_today(wish.at):
                self.refused[refusal.code.value] += 1
            case BookingMade(booking=booking) if booking.wish.area_id == self.area_id:
                self.made[booking.booking_id] = booking
            case PromiseTold(kind=PromiseKind.PICKUP, revision=0) as told if told.booking_id in self.made:
                booking = self.made.pop(told.booking_id)
                if self._is_today(told.window.earliest):
                    is_ahead = envelope.recorded_at < self.day.start
                    self.rides[told.booking_id] = Ride(booking=booking, told=told.window, is_ahead=is_ahead)
            case PlanPublished(plan=plan) if (plan.area_id, plan.day) == (self.area_id, self.day.date):
                self.tours = plan.tours
            case other:
                self._follow(other)

    def _follow(self, event: object) -> None:
        """Take what becomes of a booking."""
        match event:
            case RiderBoarded(booking_id=booking_id, vehicle_id=vehicle_id, at=at) if booking_id in self.rides:
                ride = self._moved(booking_id, BookingState.BOARDED)
                self.rides[booking_id] = replace(
                    ride, boarded_at=at, booking=replace(ride.booking, vehicle_id=vehicle_id)
                )
            case RiderAlighted(booking_id=booking_id, at=at) if booking_id in self.rides:
                self.rides[booking_id] = replace(self._moved(booking_id, BookingState.COMPLETED), alighted_at=at)
            case RiderNoShow(booking_id=booking_id) if booking_id in self.rides:
                self.rides[booking_id] = self._moved(booking_id, BookingState.NO_SHOW)
            case BookingCancelled(booking_id=booking_id) if booking_id in self.rides:
                self.rides[booking_id] = self._moved(booking_id, BookingState.CANCELLED)
            case BookingWithdrawn(booking_id=booking_id) if booking_id in self.rides:
                self.rides[booking_id] = self._moved(booking_id, BookingState.WITHDRAWN)
            case BookingChanged(booking_id=booking_id, load=load) if booking_id in self.rides:
                ride = self.rides[booking_id]
                wish = replace(ride.booking.wish, load=load)
                self.rides[booking_id] = replace(ride, booking=replace(ride.booking, wish=wish))
            case _:
                pass

    def record(self) -> DayRecord:
        """Return what was read; who was neither reported nor cancelled rode as planned."""
        times = _task_times(self.tours)
        rides = (_assumed(ride, times) for ride in self.rides.values())
        return DayRecord(day=self.day.date, tours=self.tours, rides=tuple(rides), refused=dict(self.refused))

    def _moved(self, booking_id: BookingId, state: BookingState) -> Ride:
        ride = self.rides[booking_id]
        return replace(ride, booking=replace(ride.booking, state=state))

    def _is_today(self, moment: Instant) -> bool:
        return service_day_of(moment, self.day.zone).date == self.day.date


def _assumed(ride: Ride, times: Mapping[tuple[BookingId, TaskKind], Instant]) -> Ride:
    if ride.booking.state not in (BookingState.PROMISED, BookingState.BOARDED):
        return ride
    booking_id = ride.booking.booking_id
    return replace(
        ride,
        boarded_at=ride.boarded_at or times.get((booking_id, TaskKind.PICKUP)),
        alighted_at=times.get((booking_id, TaskKind.DROPOFF)),
    )


def _task_times(tours: Sequence[Tour]) -> Mapping[tuple[BookingId, TaskKind], Instant]:
    """Return when somebody is aboard, and when somebody is there: the first pickup and the last drop-off count."""
    times: dict[tuple[BookingId, TaskKind], Instant] = {}
    for tour in tours:
        for number, task in enumerate(tour.tasks):
            moment = _moment(task, is_reported=number < tour.done)
            known = times.get((task.booking_id, task.kind), moment)
            earlier, later = sorted((known, moment))
            times[task.booking_id, task.kind] = earlier if task.kind is TaskKind.PICKUP else later
    return times


def _moment(task: Task, *, is_reported: bool) -> Instant:
    # A reported pickup begins when the report was made: after boarding.
    is_aboard_later = task.kind is TaskKind.PICKUP and not is_reported
    return Instant(task.begin + (round(task.service_s * 1000) if is_aboard_later else 0))
