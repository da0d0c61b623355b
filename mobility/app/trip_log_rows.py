"""Rows of a trip log in the order of ``trip_log_tables.TABLES``, sorted so that the same day is the same bytes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from mobility.core.booking import Booking, RideWish
from mobility.core.clock import Instant, datetime_at, seconds_between
from mobility.core.events import BookingMade, Envelope, PlanPublished, RideRefused
from mobility.core.fold import State, fold
from mobility.core.ids import BookingId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.promise import PromiseKind
from mobility.core.vehicle import TripRef
from passenger_info.visits import StopVisit, TripPerformed

Cell = str | int | float | bool | date | None
"""Instants are integers (UTC milliseconds)."""

Row = tuple[Cell, ...]

BAND_HOURS = 2
"""Width of the time bands rides are told in."""


def trip_rows(trips: Iterable[TripPerformed], is_wanted: Callable[[date], bool]) -> Iterator[Row]:
    """Yield trips performed on wanted service dates."""
    for trip in trips:
        if is_wanted(trip.trip.start_date):
            yield (
                *_performed(trip.trip, trip.vehicle_id),
                trip.trip.trip_id,
                trip.route_id,
                trip.scheduled_start,
                trip.scheduled_end,
                trip.started,
                trip.ended,
                trip.is_assumed,
            )


def visit_rows(visits: Iterable[StopVisit], is_wanted: Callable[[date], bool]) -> Iterator[Row]:
    """Yield stop visits of trips on wanted service dates."""
    for visit in visits:
        if is_wanted(visit.trip.start_date):
            yield (
                *_performed(visit.trip, visit.vehicle_id),
                visit.stop_sequence,
                visit.stop_id,
                visit.scheduled_arrival,
                visit.scheduled_departure,
                visit.arrival,
                visit.departure,
                _seconds(visit.arrival, visit.departure),
                _seconds(visit.scheduled_departure, visit.departure),
            )


def position_rows(records: Iterable[TelemetryRecord], is_wanted: Callable[[Instant], bool]) -> Iterator[Row]:
    """Yield positions at wanted event times, as they were measured."""
    for record in records:
        if not is_wanted(record.event_time):
            continue
        sample = record.sample
        trip = sample.trip
        yield (
            sample.vehicle_id,
            record.event_time,
            sample.place.lat_deg,
            sample.place.lon_deg,
            sample.speed_mps,
            sample.bearing_deg,
            sample.odometer_m,
            sample.mode.value,
            sample.doors.value,
            sample.passengers,
            sample.wheelchairs,
            sample.battery_frac,
            None if trip is None else trip.trip_id,
            None if trip is None else trip.start_date,
        )


def ride_rows(facts: Sequence[Envelope], zone: str, is_wanted: Callable[[date], bool]) -> list[Row]:
    """Return rides wished for on wanted local dates, refused ones too.

    They are sorted by what they say, so that their order tells nothing about who booked when.
    """
    state = fold(State(), facts)
    local = ZoneInfo(zone)
    rows: list[Row] = []
    for envelope in facts:
        match envelope.body:
            case RideRefused() as refused:
                asked = _asked(refused.wish, local)
                ended: Row = (refused.channel.value, "refused", refused.refusal.code.value, *[None] * 7)
            case BookingMade(booking=made):
                asked = _asked(made.wish, local)
                ended = _ended(state, made.booking_id)
            case _:
                continue
        day = asked[0]
        if isinstance(day, date) and is_wanted(day):
            rows.append((*asked, *ended))
    return sorted(rows, key=lambda row: [("" if cell is None else str(cell)) for cell in row])


def on_demand_vehicles(facts: Iterable[Envelope]) -> frozenset[VehicleId]:
    """Return vehicles that were planned to carry booked riders: where they stopped tells where people live."""
    return frozenset(
        tour.shift.vehicle_id
        for envelope in facts
        if isinstance(envelope.body, PlanPublished)
        for tour in envelope.body.plan.tours
    )


def _performed(trip: TripRef, vehicle_id: VehicleId) -> Row:
    return trip.start_date, f"{trip.trip_id}@{trip.start_date.isoformat()}", vehicle_id


def _asked(wish: RideWish, local: ZoneInfo) -> Row:
    at = datetime_at(wish.at, local)
    first = at.hour // BAND_HOURS * BAND_HOURS
    return (
        at.date(),
        f"{first:02d}-{first + BAND_HOURS:02d}",
        wish.area_id,
        wish.origin,
        wish.destination,
        wish.kind.value,
        wish.load.seats,
        wish.load.wheelchairs,
    )


def _ended(state: State, booking_id: BookingId) -> Row:
    booking = state.bookings[booking_id]
    return (
        booking.channel.value,
        booking.state.value,
        None,
        booking.fare_cent,
        round(booking.direct_time_s / 60),
        _ride_time_min(booking),
        *_promise(state, booking_id, PromiseKind.PICKUP),
        *_promise(state, booking_id, PromiseKind.ARRIVAL),
    )


def _ride_time_min(booking: Booking) -> int | None:
    seconds = _seconds(booking.boarded_at, booking.alighted_at)
    return None if seconds is None else round(seconds / 60)


def _promise(state: State, booking_id: BookingId, kind: PromiseKind) -> Row:
    promise = state.promises.get((booking_id, kind))
    return (None, None) if promise is None else (promise.revision, promise.outcome.value)


def _seconds(earlier: Instant | None, later: Instant | None) -> float | None:
    return None if earlier is None or later is None else seconds_between(earlier, later)
