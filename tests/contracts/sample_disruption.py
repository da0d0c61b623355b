"""A disruption, the news it makes, and a roster: one example of each of their facts, in an order that may happen."""

from datetime import date

from mobility.core import disruption_events as events
from mobility.core.booking import Channel, Load, Window
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.events import Event
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DisruptionId, DriverRef, DutyId, ServiceAreaId, StopId, VehicleId
from mobility.core.promise import Revision, RevisionReason, TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Assignment, Duty, DutyRole, Roster
from mobility.core.service_day import ServiceTime

START = Instant(1_760_421_600_000)
DAY = date(2025, 10, 14)
AREA = ServiceAreaId("villages")
BUS, SPARE = VehicleId("citizen-bus-1"), VehicleId("citizen-bus-2")

BREAKDOWN = Disruption(
    disruption_id=DisruptionId("panne-1"),
    kind=DisruptionKind.BREAKDOWN,
    area_id=AREA,
    day=DAY,
    begins=START,
    vehicle_id=BUS,
    stop_id=StopId("manebach-mitte"),
    centre=LatLon(50.66, 10.86),
    radius_m=40.0,
    note="Reifen",
)
ROSTER = Roster(
    area_id=AREA,
    first=DAY,
    last=DAY,
    version=1,
    assignments=(
        Assignment(
            duty=Duty(
                duty_id=DutyId("2025-10-14/vormittags/driver"),
                day=DAY,
                starts=ServiceTime(28_800),
                ends=ServiceTime(45_000),
                role=DutyRole.DRIVER,
                group="Di vormittags",
                vehicle_id=BUS,
            ),
            driver=DriverRef("d-7"),
        ),
        Assignment(
            duty=Duty(
                duty_id=DutyId("2025-10-14/vormittags/phone"),
                day=DAY,
                starts=ServiceTime(28_800),
                ends=ServiceTime(45_000),
                role=DutyRole.PHONE,
                group="Di vormittags",
            ),
            driver=None,
            why_open=(Refusal(RefusalCode.INVALID_INPUT, {"detail": "x"}),),
        ),
    ),
)


def disrupted(reference: BookingId, withdrawn: BookingId) -> list[Event]:
    """Facts of a breakdown that moves one promised ride and costs another one."""
    window = Window(START, Instant(START + 900_000))
    revision = Revision(
        booking_id=reference,
        reason=RevisionReason.BREAKDOWN,
        tell_by=START,
        vehicle_id=SPARE,
        pickup=window,
        arrival=window,
    )
    return [
        events.DisruptionReported(disruption=BREAKDOWN),
        events.RevisionDue(revision=revision),
        events.RevisionLapsed(booking_id=reference),
        events.RevisionDue(revision=revision),
        events.RevisionTold(booking_id=reference, channel=Channel.PHONE, outcome=TellingOutcome.NOT_REACHED),
        events.RevisionTold(booking_id=reference, channel=Channel.SMS, outcome=TellingOutcome.REACHED, note="Tochter"),
        events.BookingChanged(booking_id=reference, load=Load(1, 1, 1, 2)),
        events.RiderTransferred(booking_id=reference, from_vehicle=BUS, to_vehicle=SPARE, at=START),
        events.BookingWithdrawn(booking_id=withdrawn, reason="breakdown"),
        events.DisruptionEnded(disruption_id=BREAKDOWN.disruption_id, at=START),
        events.RosterPublished(roster=ROSTER, cause="period"),
    ]
