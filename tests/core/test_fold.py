"""The state is what the facts say, and nothing else."""

from datetime import date
from typing import get_args

import pytest

from mobility.core import events
from mobility.core.booking import TRANSITIONS, Booking, BookingState, Channel, Load, RideWish, Window, WishKind
from mobility.core.clock import Instant
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import (
    BookingCancelled,
    BookingMade,
    ConnectionDecided,
    ConnectionPlanned,
    DrivingModeChanged,
    Envelope,
    Event,
    FeederDelayReported,
    PlanPublished,
    PromiseSettled,
    PromiseTold,
    PublicTourPublished,
    RiderAlighted,
    RiderBoarded,
    RideRefused,
    RiderErased,
    RiderNoShow,
    TripCancelled,
)
from mobility.core.fold import State, evolve, fold
from mobility.core.ids import BookingId, ConnectionId, RiderRef, ServiceAreaId, StopId, TourId, TripId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import CommandState, ManoeuvreOutcome
from mobility.core.vehicle import DrivingMode, TripRef
from tests.contracts.sample_disruption import disrupted
from tests.contracts.sample_informing import ALERT, informed
from tests.contracts.sample_supervision import ISSUED, MANOEUVRE, OCCASION, RESEARCH_VAN, SUPERVISION

DAY = date(2025, 10, 14)
AREA = ServiceAreaId("buergerbus")
VAN = VehicleId("van-1")
REF = BookingId("K7M-4QX")
TRIP = TripRef(TripId("D-1"), DAY)
CONNECTION = ConnectionId("RB-0810")
WISH = RideWish(
    area_id=AREA,
    origin=StopId("manebach"),
    destination=StopId("markt"),
    kind=WishKind.DEPART,
    at=Instant(1_000_000),
    load=Load(seats=1),
)
BOOKING = Booking(
    booking_id=REF,
    rider=RiderRef("r1"),
    wish=WISH,
    channel=Channel.PHONE,
    vehicle_id=VAN,
    fare_cent=0,
    direct_time_s=600,
    max_ride_s=1200,
    made_at=Instant(5),
)
PLAN = DayPlan(area_id=AREA, day=DAY, version=3, tours=())
TOLD = PromiseTold(
    booking_id=REF, kind=PromiseKind.PICKUP, window=Window(Instant(10), Instant(20)), channel=Channel.PHONE, revision=0
)
PLANNED = Connection(
    connection_id=CONNECTION,
    feeder="RB 46 aus Erfurt",
    feeder_arrival=Instant(100),
    trip=TRIP,
    stop_id=StopId("bahnhof"),
    departure=Instant(200),
    transfer_s=60,
    hold_limit_s=300,
)
SAMPLES: tuple[Event, ...] = (
    BookingMade(booking=BOOKING),
    TOLD,
    PromiseSettled(booking_id=REF, kind=PromiseKind.PICKUP, outcome=PromiseOutcome.KEPT, at=Instant(15)),
    PlanPublished(plan=PLAN, cause="booking"),
    RiderBoarded(booking_id=REF, vehicle_id=VAN, at=Instant(15)),
    RiderAlighted(booking_id=REF, vehicle_id=VAN, at=Instant(25)),
    RiderNoShow(booking_id=REF, vehicle_id=VAN, at=Instant(25)),
    BookingCancelled(booking_id=REF, channel=Channel.WEB, reason=""),
    RideRefused(wish=WISH, channel=Channel.WEB, refusal=Refusal(RefusalCode.IN_THE_PAST)),
    PublicTourPublished(area_id=AREA, tour_id=TourId("t"), day=DAY, vehicle_id=VAN, calls=()),
    ConnectionPlanned(connection=PLANNED),
    FeederDelayReported(connection_id=CONNECTION, delay_s=240, channel=Channel.PHONE),
    ConnectionDecided(
        connection_id=CONNECTION, decision=ConnectionDecision.HOLD, hold_until=Instant(400), cost_person_s=9, reason=""
    ),
    TripCancelled(trip=TRIP, reason="Fahrzeug defekt"),
    DrivingModeChanged(vehicle_id=VAN, before=DrivingMode.MANUAL, after=DrivingMode.ASSISTED, at=Instant(1)),
    RiderErased(rider=RiderRef("r1")),
    *SUPERVISION,
    BookingMade(booking=BOOKING),
    *disrupted(REF, REF),
    *informed(TRIP),
)


def envelopes(*facts: Event) -> list[Envelope]:
    return [
        Envelope(seq=seq, recorded_at=Instant(seq * 1000), actor="test", body=fact)
        for seq, fact in enumerate(facts, start=1)
    ]


def test_every_kind_of_fact_can_be_folded() -> None:
    assert {type(sample) for sample in SAMPLES} == set(get_args(events.Event))
    state = fold(State(), envelopes(*SAMPLES))
    assert state.seq == len(SAMPLES)


def test_a_ride_goes_from_promise_to_completion() -> None:
    state = fold(State(), envelopes(*SAMPLES[:6]))
    booking = state.bookings[REF]
    assert (booking.state, booking.boarded_at, booking.alighted_at) == (BookingState.COMPLETED, 15, 25)
    assert state.promises[REF, PromiseKind.PICKUP].outcome is PromiseOutcome.KEPT
    assert state.plans[AREA, DAY].version == 3


def test_a_promise_remembers_when_it_was_told() -> None:
    state = fold(State(), envelopes(BookingMade(booking=BOOKING), TOLD))
    assert state.promises[REF, PromiseKind.PICKUP].told_at == 2000


def test_a_held_connection_keeps_what_is_known_of_its_feeder() -> None:
    state = fold(State(), envelopes(*SAMPLES[10:13]))
    connection = state.connections[CONNECTION]
    assert (connection.feeder_delay_s, connection.decision, connection.hold_until) == (
        240,
        ConnectionDecision.HOLD,
        400,
    )


def test_supervision_is_known_as_it_stands() -> None:
    known = fold(State(), envelopes(*SUPERVISION)).supervised
    assert known.manoeuvres[MANOEUVRE.manoeuvre_id].outcome is ManoeuvreOutcome.RELEASED
    assert known.commands[ISSUED.command_id].state is CommandState.EXECUTED
    assert known.commands[ISSUED.command_id].approver == ISSUED.approver
    assert known.counters == {RESEARCH_VAN: 1}
    assert list(known.occasions) == [OCCASION.occasion_id]
    assert (known.alarms, known.hazards) == ({}, {})


def test_facts_of_rides_copy_nothing_of_supervision() -> None:
    before = fold(State(), envelopes(*SUPERVISION))
    assert fold(before, envelopes(BookingMade(booking=BOOKING))).supervised is before.supervised


def test_a_former_snapshot_is_untouched_by_later_facts() -> None:
    first, second = envelopes(BookingMade(booking=BOOKING), SAMPLES[7])
    before = evolve(State(), first)
    after = evolve(before, second)
    assert before.bookings[REF].state is BookingState.PROMISED
    assert after.bookings[REF].state is BookingState.CANCELLED


def test_a_cancelled_trip_keeps_its_reason() -> None:
    assert fold(State(), envelopes(SAMPLES[13])).cancelled_trips == {TRIP: "Fahrzeug defekt"}


def test_every_booking_state_has_a_row_and_leads_only_to_known_states() -> None:
    assert set(TRANSITIONS) == set(BookingState)
    assert not TRANSITIONS[BookingState.COMPLETED]


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Window(Instant(2), Instant(1))


def test_a_window_holds_both_its_ends() -> None:
    window = Window(Instant(1), Instant(2))
    assert window.holds(Instant(1))
    assert window.holds(Instant(2))
    assert not window.holds(Instant(3))


def test_loads_add_up_and_leave_again() -> None:
    assert Load(2, 1) + -Load(2, 1) == Load(0, 0)


def test_a_cancelled_trip_that_runs_after_all_is_not_cancelled_any_more() -> None:
    facts = informed(TRIP)
    assert not fold(State(), envelopes(TripCancelled(trip=TRIP, reason=""), facts[0])).cancelled_trips


def test_a_change_of_the_line_lasts_until_it_is_ended() -> None:
    _, changed, _, ended, *_ = informed(TRIP)
    assert len(fold(State(), envelopes(changed)).line_changes) == 1
    assert not fold(State(), envelopes(changed, ended)).line_changes


def test_a_withdrawn_alert_stays_on_record_with_the_reason() -> None:
    _, _, published, *_, withdrawn = informed(TRIP)
    shown = fold(State(), envelopes(published)).alerts[ALERT.alert_id]
    assert shown.is_shown(ALERT.impact[0].begins or Instant(0))
    record = fold(State(), envelopes(published, withdrawn)).alerts[ALERT.alert_id]
    assert (record.withdrawn_at, record.withdrawn_because) == (Instant(2000), "Baustelle beendet")
    assert not record.is_shown(ALERT.impact[0].begins or Instant(0))
