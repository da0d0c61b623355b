"""What a supervisor may command, and what only two people may."""

from dataclasses import replace

import pytest

from mobility.core.clock import Instant
from mobility.core.events import CommandIssued, CommandProposed, ManoeuvreAsked, ManoeuvreClosed, OccasionNoted
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId, ManoeuvreId, VehicleId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import Command, CommandAction, CommandState, ManoeuvreOutcome, OccasionKind
from mobility.core.vehicle import DrivingMode
from tests.v2x.supervision.making import ALICE, BOB, DESK, HERE, KEYS, NOON, SHUTTLE, SPECS, VAN, Book, asked, order
from v2x import wire_pb2 as wire
from v2x.supervision import commands
from v2x.supervision.body import parse_body
from v2x.supervision.policy import Policy
from v2x.supervision.verifier import Accepted, CommandVerifier

LATER = Instant(NOON + 3000)
ROUTE = order(CommandAction.PROPOSE_ROUTE, expected_mode=DrivingMode.AUTOMATED)


def asking(**fields: object) -> Book:
    return Book(ManoeuvreAsked(manoeuvre=asked(**fields)))


def decide(book: Book, what: Command, *, now: int = LATER, desk: commands.Desk = DESK):
    return commands.command(book.state, Instant(now), order=what, desk=desk)


def refused(book: Book, what: Command, **how: object) -> RefusalCode:
    outcome = decide(book, what, **how)
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def test_a_release_is_signed_numbered_and_short_lived() -> None:
    book = asking()
    issued, occasion = book.write(decide(book, order()))
    assert isinstance(issued, CommandIssued)
    command = issued.command
    assert (command.counter, command.state, command.issued_at, command.expires_at) == (
        1,
        CommandState.ISSUED,
        LATER,
        LATER + 2000,
    )
    assert (command.expected_mode, command.expected_state_version) == (DrivingMode.AUTOMATED, 7)
    assert isinstance(occasion, OccasionNoted)
    assert (occasion.occasion.kind, occasion.occasion.at) == (OccasionKind.INTERVENTION, LATER)


def test_the_fact_holds_the_very_bytes_that_the_vehicle_accepts() -> None:
    book = asking()
    issued = book.write(decide(book, order()))[0]
    assert isinstance(issued, CommandIssued)
    message = wire.ServerFrame.FromString(bytes.fromhex(issued.frame_hex)).command
    outcome = CommandVerifier(VAN, KEYS.public).check(
        message.body,
        [(each.key_id, each.ed25519) for each in message.signatures],
        now=LATER,
        mode=DrivingMode.AUTOMATED,
        state_version=7,
        open_request_id="m1",
    )
    assert outcome == Accepted(body=parse_body(message.body))


def test_the_same_facts_give_the_same_bytes() -> None:
    assert decide(asking(), order()) == decide(asking(), order())


def test_counters_rise_for_each_vehicle_on_its_own() -> None:
    book = asking()
    for number, target in enumerate((VAN, VAN, SHUTTLE, VAN)):
        call = order(CommandAction.OPEN_SUPPORT_CALL, command_id=CommandId(f"c{number}"), vehicle_id=target)
        book.write(decide(book, call))
    assert [book.command(f"c{number}").counter for number in range(4)] == [1, 2, 1, 3]


@pytest.mark.parametrize("action", list(CommandAction))
def test_every_action_holds_as_long_as_the_policy_says_and_no_longer(action: CommandAction) -> None:
    book = asking()
    desk = replace(DESK, policy=Policy(approved_actions=frozenset()))
    issued = book.write(decide(book, order(action), desk=desk))[0]
    assert isinstance(issued, CommandIssued)
    assert issued.command.issued_at is not None
    assert issued.command.expires_at is not None
    slow = {CommandAction.PROPOSE_ROUTE, CommandAction.OPEN_SUPPORT_CALL, CommandAction.ANNOUNCE}
    assert issued.command.expires_at - issued.command.issued_at == (30_000 if action in slow else 2000)


@pytest.mark.parametrize("action", [CommandAction.STOP_AT_NEXT_SAFE_PLACE, CommandAction.DEACTIVATE])
def test_stopping_needs_neither_a_reason_nor_a_state_of_the_vehicle(action: CommandAction) -> None:
    book = Book()
    issued = book.write(decide(book, order(action, reason="", expected_mode=DrivingMode.AUTOMATED)))[0]
    assert isinstance(issued, CommandIssued)
    assert (issued.command.expected_mode, issued.command.expected_state_version) == (DrivingMode.UNKNOWN, None)


def test_a_vehicle_that_tells_no_state_version_gets_no_such_precondition() -> None:
    book = asking(state_version=0)
    issued = book.write(decide(book, order()))[0]
    assert isinstance(issued, CommandIssued)
    assert issued.command.expected_state_version is None


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (order(vehicle_id=VehicleId("ghost")), RefusalCode.UNKNOWN_VEHICLE),
        (order(CommandAction.DEACTIVATE, vehicle_id=SHUTTLE), RefusalCode.NOT_FOR_THIS_VEHICLE),
        (order(reason=" "), RefusalCode.INVALID_INPUT),
        (order(manoeuvre_id=None), RefusalCode.INVALID_INPUT),
        (order(CommandAction.DEACTIVATE, manoeuvre_id=asked().manoeuvre_id), RefusalCode.INVALID_INPUT),
        (order(CommandAction.ANNOUNCE, text=" "), RefusalCode.INVALID_INPUT),
        (order(text="Hallo"), RefusalCode.INVALID_INPUT),
        (order(CommandAction.PROPOSE_ROUTE, route=(HERE,)), RefusalCode.INVALID_INPUT),
        (order(route=(HERE,)), RefusalCode.INVALID_INPUT),
        (order(CommandAction.ANNOUNCE, route=(HERE, LatLon(50, 10))), RefusalCode.INVALID_INPUT),
        (order(manoeuvre_id=ManoeuvreId("pmover-1/m9")), RefusalCode.UNKNOWN_MANOEUVRE),
    ],
)
def test_what_is_not_whole_or_not_for_this_vehicle_is_refused(what: Command, code: RefusalCode) -> None:
    assert refused(asking(), what) is code


def test_a_shuttle_with_an_attendant_can_be_called_but_not_driven() -> None:
    book = Book()
    events = book.write(decide(book, order(CommandAction.OPEN_SUPPORT_CALL, vehicle_id=SHUTTLE)))
    assert [type(event) for event in events] == [CommandIssued]


def test_a_refusal_overrules_a_release_that_still_waits_for_its_second_person() -> None:
    book = asking(mode=DrivingMode.MINIMAL_RISK)
    desk = replace(DESK, policy=Policy(approves_leaving_minimal_risk=True))
    book.write(decide(book, order(cause="Ast", necessity="geräumt"), desk=desk))
    again = order(command_id=CommandId("c2"), cause="Ast", necessity="geräumt")
    assert refused(book, again, desk=desk) is RefusalCode.DECISION_UNDER_WAY
    no = order(CommandAction.REFUSE_MANOEUVRE, command_id=CommandId("c3"))
    assert isinstance(book.write(decide(book, no, desk=desk))[0], CommandIssued)
    late = commands.approve(book.state, LATER, command_id=CommandId("c1"), approver=BOB, desk=desk)
    assert late == Refusal(RefusalCode.DECISION_UNDER_WAY)


def test_another_vehicles_request_can_not_be_answered() -> None:
    specs = {**SPECS, VehicleId("pmover-2"): SPECS[VAN]}
    desk = replace(DESK, specs=specs)
    assert refused(asking(), order(vehicle_id=VehicleId("pmover-2")), desk=desk) is RefusalCode.UNKNOWN_MANOEUVRE


def test_a_request_is_answered_before_its_deadline_and_while_it_is_open() -> None:
    assert refused(asking(), order(), now=NOON + 30_000) is RefusalCode.MANOEUVRE_CLOSED
    book = asking()
    closed = ManoeuvreClosed(manoeuvre_id=asked().manoeuvre_id, outcome=ManoeuvreOutcome.WITHDRAWN, at=LATER)
    book.write([closed])
    assert refused(book, order()) is RefusalCode.MANOEUVRE_CLOSED


def test_two_supervisors_do_not_answer_the_same_request_at_once() -> None:
    book = asking()
    book.write(decide(book, order()))
    second = order(CommandAction.REFUSE_MANOEUVRE, command_id=CommandId("c2"))
    assert refused(book, second, now=LATER + 1999) is RefusalCode.DECISION_UNDER_WAY
    # Its answer never came: the request is still open and may be answered again.
    book.write(decide(book, second, now=LATER + 2000))
    assert book.command("c2").counter == 2


@pytest.mark.parametrize(
    ("cause", "necessity"), [("", ""), ("Ast auf der Straße", ""), ("", "Weiterfahrt"), (" ", " ")]
)
def test_leaving_minimal_risk_needs_a_documented_cause_and_necessity(cause: str, necessity: str) -> None:
    book = asking(mode=DrivingMode.MINIMAL_RISK)
    assert refused(book, order(cause=cause, necessity=necessity)) is RefusalCode.CAUSE_NEEDED


def test_a_documented_cause_lets_the_vehicle_go_on() -> None:
    book = asking(mode=DrivingMode.MINIMAL_RISK)
    issued = book.write(decide(book, order(cause="Ast auf der Straße", necessity="Der Ast ist geräumt")))[0]
    assert isinstance(issued, CommandIssued)
    assert issued.command.cause == "Ast auf der Straße"


def test_refusing_to_leave_minimal_risk_needs_no_cause() -> None:
    book = asking(mode=DrivingMode.MINIMAL_RISK)
    assert book.write(decide(book, order(CommandAction.REFUSE_MANOEUVRE)))


def proposed() -> Book:
    book = Book()
    (fact,) = book.write(decide(book, ROUTE))
    assert isinstance(fact, CommandProposed)
    return book


def approve(book: Book, *, approver: str = BOB, now: int = LATER + 60_000, command_id: str = "c1"):
    return commands.approve(book.state, Instant(now), command_id=CommandId(command_id), approver=approver, desk=DESK)


def test_a_route_waits_for_a_second_person_and_nothing_is_signed() -> None:
    book = proposed()
    assert (book.command().state, book.command().counter, book.command().issued_at) == (CommandState.PROPOSED, 0, None)


def test_an_approved_command_is_signed_anew_with_both_keys_and_present_times() -> None:
    book = proposed()
    issued = book.write(approve(book))[0]
    assert isinstance(issued, CommandIssued)
    command = issued.command
    assert (command.issuer, command.approver, command.counter) == (ALICE, BOB, 1)
    assert (command.issued_at, command.expires_at) == (LATER + 60_000, LATER + 90_000)
    message = wire.ServerFrame.FromString(bytes.fromhex(issued.frame_hex)).command
    assert [each.key_id for each in message.signatures] == ["supervision", "approval"]


@pytest.mark.parametrize("approver", [ALICE, "approver:a11ce000"])
def test_nobody_approves_their_own_command(approver: str) -> None:
    outcome = approve(proposed(), approver=approver)
    assert outcome == Refusal(RefusalCode.SAME_PERSON)


def test_what_lapsed_was_issued_or_never_was_can_not_be_approved() -> None:
    book = proposed()
    assert approve(book, now=LATER + 120_000) == Refusal(RefusalCode.NOT_WAITING_FOR_APPROVAL)
    assert approve(book, command_id="c9") == Refusal(RefusalCode.UNKNOWN_COMMAND)
    book.write(approve(book))
    assert approve(book) == Refusal(RefusalCode.NOT_WAITING_FOR_APPROVAL)


def test_an_approval_that_comes_when_the_vehicle_asks_no_more_is_refused() -> None:
    book = asking()
    desk = replace(DESK, policy=Policy(approved_actions=frozenset(CommandAction)))
    book.write(decide(book, order(), desk=desk))
    late = commands.approve(book.state, Instant(NOON + 31_000), command_id=CommandId("c1"), approver=BOB, desk=desk)
    assert late == Refusal(RefusalCode.MANOEUVRE_CLOSED)


def test_an_operator_may_ask_for_two_people_to_leave_minimal_risk() -> None:
    desk = replace(DESK, policy=Policy(approves_leaving_minimal_risk=True))
    documented = order(cause="Ast", necessity="geräumt")
    book = asking(mode=DrivingMode.MINIMAL_RISK)
    assert isinstance(book.write(decide(book, documented, desk=desk))[0], CommandProposed)
    book = asking()
    assert isinstance(book.write(decide(book, order(), desk=desk))[0], CommandIssued)


@pytest.mark.parametrize(
    "how",
    [{"manoeuvre_lifetime_s": 2.1}, {"lifetime_s": 31.0}, {"manoeuvre_lifetime_s": 0.0}, {"approval_wait_s": 0.0}],
)
def test_no_setting_makes_commands_live_longer_than_the_law_of_this_house(how: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="s"):
        Policy(**how)


def test_a_setting_may_make_them_live_shorter() -> None:
    policy = Policy(manoeuvre_lifetime_s=0.5, lifetime_s=0.75, approval_wait_s=0.5)
    assert policy.lifetime_ms(CommandAction.RELEASE_MANOEUVRE) == 500
    assert policy.lifetime_ms(CommandAction.ANNOUNCE) == 750
