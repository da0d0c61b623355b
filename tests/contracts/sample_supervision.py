"""One example of every fact of technical supervision, in an order in which they may happen."""

from dataclasses import replace

from mobility.core import events
from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.geo import LatLon
from mobility.core.ids import AlarmId, BootId, CommandId, HazardId, ManoeuvreId, OccasionId, VehicleId
from mobility.core.supervision import (
    Alarm,
    AlarmKind,
    Command,
    CommandAction,
    CommandState,
    Hazard,
    Manoeuvre,
    ManoeuvreKind,
    ManoeuvreOutcome,
    Occasion,
    OccasionKind,
)
from mobility.core.vehicle import DrivingMode

START = Instant(1_760_421_600_000)
RESEARCH_VAN = VehicleId("pmover-1")

MANOEUVRE = Manoeuvre(
    manoeuvre_id=ManoeuvreId("pmover-1/m1"),
    vehicle_id=RESEARCH_VAN,
    kind=ManoeuvreKind.PASS_OBSTACLE,
    text="Lieferwagen in der Fahrspur",
    place=LatLon(50.6842, 10.9222),
    mode=DrivingMode.AUTOMATED,
    state_version=7,
    boot_id=BootId("b1"),
    asked_at=START,
    deadline=Instant(START + 30_000),
)
PROPOSED = Command(
    command_id=CommandId("c1"),
    vehicle_id=RESEARCH_VAN,
    action=CommandAction.RELEASE_MANOEUVRE,
    issuer="supervisor:1f2e3d4c",
    reason="Gegenverkehr frei",
    manoeuvre_id=MANOEUVRE.manoeuvre_id,
    route=(LatLon(50.68, 10.92),),
    expected_mode=DrivingMode.AUTOMATED,
    expected_state_version=7,
)
ISSUED = replace(
    PROPOSED,
    approver="approver:99aa88bb",
    state=CommandState.ISSUED,
    counter=1,
    issued_at=Instant(START + 5000),
    expires_at=Instant(START + 7000),
)
OCCASION = Occasion(
    occasion_id=OccasionId("pmover-1-1760421600000-intervention"),
    vehicle_id=RESEARCH_VAN,
    kind=OccasionKind.INTERVENTION,
    at=START,
    source="supervision",
    detail="Freigabe: Hindernis umfahren",
)
ALARM = Alarm(
    alarm_id=AlarmId("link_lost:pmover-1"), kind=AlarmKind.LINK_LOST, vehicle_id=RESEARCH_VAN, raised_at=START
)
HAZARD = Hazard(
    hazard_id=HazardId("1001:5"),
    cause_code=94,
    sub_cause_code=2,
    place=LatLon(50.68, 10.92),
    detected_at=START,
    valid_until=Instant(START + 600_000),
    reported_by="1001",
)

SUPERVISION: tuple[Event, ...] = (
    events.ManoeuvreAsked(manoeuvre=MANOEUVRE),
    events.AlarmRaised(alarm=ALARM),
    events.CommandProposed(command=PROPOSED),
    events.CommandIssued(command=ISSUED, frame_hex="320a0a02c101"),
    events.ManoeuvreClosed(
        manoeuvre_id=MANOEUVRE.manoeuvre_id, outcome=ManoeuvreOutcome.RELEASED, at=Instant(START + 5000)
    ),
    events.CommandProgressed(
        command_id=ISSUED.command_id, state=CommandState.EXECUTED, reason="", at=Instant(START + 6000)
    ),
    events.OccasionNoted(occasion=OCCASION),
    events.OccasionFrozen(occasion_id=OCCASION.occasion_id, revision=1, sha256="0f" * 32),
    events.AlarmCleared(alarm_id=ALARM.alarm_id, at=Instant(START + 6000)),
    events.HazardReported(hazard=HAZARD),
    events.HazardEnded(hazard_id=HAZARD.hazard_id, at=Instant(START + 7000)),
)
