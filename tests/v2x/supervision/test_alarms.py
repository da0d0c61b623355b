"""Alarms are raised once and cleared once; a leaving of minimal risk is forgiven for one documented release alone."""

from dataclasses import replace

import pytest

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, AlarmRaised, CommandIssued, CommandProgressed
from mobility.core.supervision import AlarmKind, Command, CommandAction, CommandState
from mobility.core.vehicle import DrivingMode
from tests.v2x.supervision.making import NOON, SHUTTLE, VAN, Book, asked, order
from v2x.supervision import alarms, manoeuvres, mode_alarms
from v2x.supervision.mode_watch import Change
from v2x.supervision.modes import Judgement

LEFT_AT = Instant(NOON + 60_000)
LEAVING = Change(
    vehicle_id=VAN,
    before=DrivingMode.MINIMAL_RISK,
    after=DrivingMode.AUTOMATED,
    at=LEFT_AT,
    since=NOON,
    judgement=Judgement.NEEDS_RELEASE,
)
RELEASE = order(
    cause="Ast",
    necessity="geräumt",
    counter=1,
    state=CommandState.EXECUTED,
    issued_at=Instant(NOON + 50_000),
    expires_at=Instant(NOON + 52_000),
)


def released(command: Command) -> bool:
    book = Book(CommandIssued(command=command, frame_hex=""))
    book.write([CommandProgressed(command_id=command.command_id, state=command.state, reason="", at=LEFT_AT)])
    return mode_alarms.is_released(book.state, LEAVING)


def test_an_executed_documented_release_explains_a_leaving() -> None:
    assert released(RELEASE)
    assert released(replace(RELEASE, state=CommandState.ACCEPTED))


def test_a_release_that_the_vehicle_took_counts_although_its_sample_is_stamped_two_seconds_early() -> None:
    assert released(replace(RELEASE, issued_at=Instant(LEFT_AT + 2000)))


@pytest.mark.parametrize(
    "other",
    [
        {"vehicle_id": SHUTTLE},
        {"action": CommandAction.REFUSE_MANOEUVRE},
        {"state": CommandState.REJECTED},
        {"state": CommandState.EXPIRED},
        {"issued_at": None},
        {"cause": ""},
        {"necessity": " "},
        {"issued_at": Instant(NOON - 5000)},
        {"issued_at": Instant(LEFT_AT + 5000)},
    ],
)
def test_nothing_less_does(other: dict[str, object]) -> None:
    assert not released(replace(RELEASE, **other))


def test_where_the_beginning_of_the_standstill_was_not_seen_any_former_release_counts() -> None:
    book = Book(CommandIssued(command=RELEASE, frame_hex=""))
    assert mode_alarms.is_released(book.state, replace(LEAVING, since=None))


def test_an_alarm_that_stands_is_not_raised_again_nor_cleared_twice() -> None:
    book = Book()
    assert book.write(alarms.raised(book.state, AlarmKind.MINIMAL_RISK, VAN, NOON))
    assert alarms.raised(book.state, AlarmKind.MINIMAL_RISK, VAN, NOON) == []
    name = alarms.alarm_id(AlarmKind.MINIMAL_RISK, VAN)
    assert book.write(alarms.cleared(book.state, name, NOON))
    assert alarms.cleared(book.state, name, NOON) == []


def test_momentary_alarms_go_by_themselves_and_conditions_do_not() -> None:
    book = Book()
    for kind in (AlarmKind.FORGED_BYTES, AlarmKind.MINIMAL_RISK):
        book.write(alarms.raised(book.state, kind, VAN, NOON))
    assert alarms.passed(book.state, Instant(NOON + alarms.HOLD_MS - 1)) == []
    gone = alarms.passed(book.state, Instant(NOON + alarms.HOLD_MS))
    assert [event.alarm_id for event in gone if isinstance(event, AlarmCleared)] == ["forged_bytes:pmover-1"]


def test_a_person_who_drives_by_hand_ends_both_alarms_about_the_mode() -> None:
    book = Book()
    book.write(mode_alarms.stands(book.state, NOON, vehicle_id=VAN, mode=DrivingMode.MINIMAL_RISK, at=NOON))
    raised = book.write(mode_alarms.impossible(book.state, NOON, change=LEAVING))
    assert [event.alarm.detail for event in raised if isinstance(event, AlarmRaised)] == ["minimal_risk -> automated"]
    assert mode_alarms.stands(book.state, NOON, vehicle_id=VAN, mode=DrivingMode.UNKNOWN, at=NOON) == []
    book.write(mode_alarms.stands(book.state, NOON, vehicle_id=VAN, mode=DrivingMode.MANUAL, at=NOON))
    assert book.state.supervised.alarms == {}


def test_a_request_that_is_known_is_not_asked_again_unless_it_seemed_withdrawn() -> None:
    book = Book()
    book.write(manoeuvres.ask(book.state, NOON, manoeuvre=asked()))
    assert manoeuvres.ask(book.state, NOON, manoeuvre=asked()) == []
    book.write(manoeuvres.withdraw(book.state, NOON, manoeuvre_ids=[asked().manoeuvre_id], at=NOON))
    assert len(manoeuvres.ask(book.state, NOON, manoeuvre=asked())) == 2
