"""One example of every kind of fact, and small decisions for ledgers under test."""

from collections.abc import Callable
from datetime import date

from mobility.core import events
from mobility.core.booking import Booking, Channel, Load, RideWish, Window, WishKind
from mobility.core.clock import Instant
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import Event, PublicCall
from mobility.core.fold import State
from mobility.core.ids import (
    BookingId,
    ConnectionId,
    DriverRef,
    RiderRef,
    ServiceAreaId,
    StopId,
    TaskId,
    TourId,
    TripId,
    VehicleId,
)
from mobility.core.plan import DayPlan, Shift, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import DrivingMode, TripRef
from tests.contracts.sample_disruption import disrupted
from tests.contracts.sample_informing import informed
from tests.contracts.sample_supervision import SUPERVISION

START = Instant(1_760_421_600_000)
DAY = date(2025, 10, 14)
BUS = VehicleId("citizen-bus-1")
AREA = ServiceAreaId("villages")


def wish() -> RideWish:
    return RideWish(
        area_id=AREA,
        origin=StopId("manebach-mitte"),
        destination=StopId("ilmenau-markt"),
        kind=WishKind.DEPART,
        at=START,
        load=Load(2, 1),
    )


def booking(name: str) -> Booking:
    return Booking(
        booking_id=BookingId(name),
        rider=RiderRef(f"rider-of-{name}"),
        wish=wish(),
        channel=Channel.PHONE,
        vehicle_id=BUS,
        fare_cent=250,
        direct_time_s=540.5,
        max_ride_s=1100.25,
        made_at=START,
    )


def plan(version: int, name: str) -> DayPlan:
    window = Window(START, Instant(START + 900_000))
    task = Task(
        task_id=TaskId(f"{name}:pickup"),
        kind=TaskKind.PICKUP,
        booking_id=BookingId(name),
        stop_id=StopId("manebach-mitte"),
        window=window,
        load=Load(2, 1),
        service_s=60.0,
        begin=START,
    )
    shift = Shift(vehicle_id=BUS, driver=DriverRef("d-7"), span=window, depot=StopId("depot"))
    return DayPlan(area_id=AREA, day=DAY, version=version, tours=(Tour(shift=shift, tasks=(task,), done=0),))


def promised(name: str, revision: int = 0) -> events.PromiseTold:
    return events.PromiseTold(
        booking_id=BookingId(name),
        kind=PromiseKind.PICKUP,
        window=Window(START, Instant(START + 900_000)),
        channel=Channel.PHONE,
        revision=revision,
        reason="Baustelle in der Langen Straße" if revision else "",
    )


def accepted(name: str, version: int = 1) -> list[Event]:
    """The facts of one accepted offer, committed together."""
    return [
        events.BookingMade(booking=booking(name)),
        promised(name),
        events.PlanPublished(plan=plan(version, name), cause="booking"),
    ]


def accept(name: str) -> Callable[[State, Instant], list[Event] | Refusal]:
    """Book once; a second time is refused."""

    def decide(state: State, now: Instant) -> list[Event] | Refusal:
        if BookingId(name) in state.bookings:
            return Refusal(RefusalCode.WRONG_STATE, {"reference": name})
        return accepted(name, version=len(state.bookings) + 1)

    return decide


def one_of_each() -> list[Event]:
    """Every kind of fact, in an order in which they may happen."""
    reference = BookingId("K7M-4QX")
    trip = TripRef(TripId("D-0807"), DAY)
    connection = Connection(
        connection_id=ConnectionId("rb46-0807"),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=START,
        trip=trip,
        stop_id=StopId("bahnhof"),
        departure=Instant(START + 420_000),
        transfer_s=180.0,
        hold_limit_s=300.0,
    )
    return [
        events.RideRefused(
            wish=wish(),
            channel=Channel.WEB,
            refusal=Refusal(RefusalCode.NO_SEAT_LEFT, {"seats": 2, "share_frac": 0.5, "name": "Stützerbach 1.0"}),
        ),
        *accepted("K7M-4QX"),
        promised("K7M-4QX", revision=1),
        events.RiderBoarded(booking_id=reference, vehicle_id=BUS, at=START),
        events.PromiseSettled(
            booking_id=reference, kind=PromiseKind.PICKUP, outcome=PromiseOutcome.KEPT, at=Instant(START + 1)
        ),
        events.RiderAlighted(booking_id=reference, vehicle_id=BUS, at=Instant(START + 2)),
        *accepted("N0S-H0W", version=2),
        events.RiderNoShow(booking_id=BookingId("N0S-H0W"), vehicle_id=BUS, at=START),
        *accepted("C4N-CEL", version=3),
        events.BookingCancelled(booking_id=BookingId("C4N-CEL"), channel=Channel.WEB, reason="krank"),
        events.PublicTourPublished(
            area_id=AREA,
            tour_id=TourId("tour-1"),
            day=DAY,
            vehicle_id=BUS,
            calls=(PublicCall(StopId("manebach-mitte"), START, 6), PublicCall(StopId("ilmenau-markt"), START, 8)),
        ),
        events.ConnectionPlanned(connection=connection),
        events.FeederDelayReported(connection_id=connection.connection_id, delay_s=120.0, channel=Channel.PHONE),
        events.ConnectionDecided(
            connection_id=connection.connection_id,
            decision=ConnectionDecision.HOLD,
            hold_until=Instant(START + 540_000),
            cost_person_s=240.0,
            reason="Der Zug hat 2 Minuten Verspätung.",
        ),
        events.TripCancelled(trip=trip, reason="Fahrzeug defekt"),
        events.DrivingModeChanged(
            vehicle_id=VehicleId("shuttle-1"), before=DrivingMode.AUTOMATED, after=DrivingMode.MANUAL, at=START
        ),
        *accepted("W1T-HDR", version=4),
        *disrupted(reference, BookingId("W1T-HDR")),
        events.RiderErased(rider=RiderRef("rider-of-K7M-4QX")),
        *informed(trip),
        *SUPERVISION,
    ]
