"""What vehicles say about commands, and what silence says."""

import pytest

from mobility.core.clock import Instant
from mobility.core.events import AlarmCleared, CommandProgressed, ManoeuvreClosed
from mobility.core.ids import CommandId
from mobility.core.supervision import CommandAction, CommandState, ManoeuvreOutcome
from tests.v2x.supervision.making import DESK, NOON, SHUTTLE, VAN, Book, asked, order
from v2x.extension import CommandReport
from v2x.supervision import commands, manoeuvres, progress

R, A, E, X = CommandState.RECEIVED, CommandState.ACCEPTED, CommandState.EXECUTED, CommandState.REJECTED


def issued(action: CommandAction = CommandAction.RELEASE_MANOEUVRE) -> Book:
    book = Book()
    book.write(manoeuvres.ask(book.state, NOON, manoeuvre=asked()))
    book.write(commands.command(book.state, NOON, order=order(action), desk=DESK))
    return book


def say(book: Book, state: CommandState, reason: str = "", *, vehicle_id: str = VAN, command_id: str = "c1") -> list:
    said = CommandReport(command_id=command_id, state=state, reason=reason)
    return book.write(progress.report(book.state, NOON, vehicle_id=vehicle_id, said=said, at=Instant(NOON + 500)))


def outcome(book: Book) -> ManoeuvreOutcome:
    return book.state.supervised.manoeuvres[asked().manoeuvre_id].outcome


def test_an_accepted_release_ends_the_request_and_its_alarm() -> None:
    book = issued()
    assert outcome(book) is ManoeuvreOutcome.OPEN
    say(book, R)
    kinds = [type(event) for event in say(book, A)]
    assert kinds == [CommandProgressed, ManoeuvreClosed, AlarmCleared]
    say(book, E)
    assert (book.command().state, outcome(book)) == (E, ManoeuvreOutcome.RELEASED)
    assert book.state.supervised.alarms == {}


def test_an_accepted_refusal_ends_the_request_as_refused() -> None:
    book = issued(CommandAction.REFUSE_MANOEUVRE)
    say(book, A)
    assert outcome(book) is ManoeuvreOutcome.REFUSED


def test_a_rejected_release_leaves_the_request_open() -> None:
    book = issued()
    say(book, R)
    say(book, X, "stale_precondition")
    assert (book.command().state, book.command().state_reason, outcome(book)) == (
        X,
        "stale_precondition",
        ManoeuvreOutcome.OPEN,
    )


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ((R, R), R),
        ((A, R), A),
        ((E, A, R), E),
        ((E, X), E),
        ((X, E), E),
        ((A, X), X),
    ],
)
def test_reports_in_any_order_end_in_what_the_vehicle_did(said: tuple[CommandState, ...], ends: CommandState) -> None:
    book = issued()
    for state in said:
        say(book, state, "Weg versperrt" if state is X else "")
    assert book.command().state is ends


def test_a_replayed_frame_does_not_make_an_accepted_command_look_rejected() -> None:
    book = issued()
    say(book, A)
    assert say(book, X, "replayed") == []
    assert book.command().state is A


def test_only_the_vehicle_itself_speaks_about_its_commands() -> None:
    book = issued()
    assert say(book, E, vehicle_id=SHUTTLE) == []
    assert say(book, E, command_id="c9") == []
    assert book.command().state is CommandState.ISSUED


def lapse(book: Book, at: int) -> list:
    return book.write(progress.lapse(book.state, Instant(at), command_ids=[CommandId("c1"), CommandId("c9")]))


def test_a_command_that_nobody_hears_of_expires_after_its_time_and_a_little_more() -> None:
    book = issued()
    assert lapse(book, NOON + 4999) == []
    lapse(book, NOON + 5000)
    assert (book.command().state, book.command().state_reason) == (CommandState.EXPIRED, "not_heard")
    assert lapse(book, NOON + 6000) == []


def test_late_word_from_a_radio_gap_still_counts() -> None:
    book = issued()
    lapse(book, NOON + 5000)
    book.write(manoeuvres.expire(book.state, Instant(NOON + 30_000), manoeuvre_ids=[asked().manoeuvre_id]))
    assert outcome(book) is ManoeuvreOutcome.EXPIRED
    say(book, E)
    assert (book.command().state, outcome(book)) == (E, ManoeuvreOutcome.RELEASED)


def test_an_accepted_command_does_not_expire() -> None:
    book = issued()
    say(book, A)
    assert lapse(book, NOON + 60_000) == []


def test_a_proposal_that_nobody_approves_lapses() -> None:
    book = Book()
    book.write(commands.command(book.state, NOON, order=order(CommandAction.PROPOSE_ROUTE), desk=DESK))
    assert lapse(book, NOON + 119_999) == []
    lapse(book, NOON + 120_000)
    assert (book.command().state, book.command().state_reason) == (CommandState.EXPIRED, "not_approved")
    assert say(book, E) == [], "it was never sent"


def test_a_command_that_found_no_connection_ends_at_once() -> None:
    book = issued()
    book.write(progress.unsent(book.state, NOON, command_id=CommandId("c1")))
    assert (book.command().state, book.command().state_reason) == (CommandState.EXPIRED, "not_connected")
    assert progress.unsent(book.state, NOON, command_id=CommandId("c1")) == []
