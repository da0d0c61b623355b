"""What a vehicle refuses, by name, and what it does not forget when it refuses."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.ids import CommandId
from mobility.core.supervision import Command, CommandAction, CommandState
from mobility.core.vehicle import DrivingMode
from tests.v2x.supervision.making import ALICE, BOB, KEYS, NOON, VAN, Keys, asked, order
from v2x.supervision.body import body_of, encode_body
from v2x.supervision.desk import CommandDesk
from v2x.supervision.policy import Policy
from v2x.supervision.signing import PREFIX, Signatures, signed
from v2x.supervision.verifier import Accepted, CommandVerifier, Rejected, Rejection

CURVE_ORDER = 2**252 + 27742317777372353535851937790883648493
A_RELEASE = order(expected_mode=DrivingMode.AUTOMATED, expected_state_version=7)


def issued(command: Command = A_RELEASE, *, counter: int = 1, at: int = NOON, holds_ms: int = 2000, **fields: object):
    made = replace(
        command,
        state=CommandState.ISSUED,
        counter=counter,
        issued_at=Instant(at),
        expires_at=Instant(at + holds_ms),
        **fields,
    )
    return encode_body(body_of(made))


def check(
    verifier: CommandVerifier,
    body: bytes,
    signatures: Signatures | None = None,
    *,
    now: int = NOON + 100,
    mode: DrivingMode = DrivingMode.AUTOMATED,
    state_version: int = 7,
    open_request_id: str | None = "m1",
) -> str:
    """Return ``accepted`` or the name of the refusal."""
    given_ = signed(KEYS, body, is_approved=False) if signatures is None else signatures
    outcome = verifier.check(
        body,
        given_,
        now=Instant(now),
        mode=mode,
        state_version=state_version,
        open_request_id=open_request_id,
    )
    return "accepted" if isinstance(outcome, Accepted) else outcome.rejection


def van(**how: object) -> CommandVerifier:
    return CommandVerifier(VAN, KEYS.public, **how)


def test_a_genuine_command_is_accepted_as_it_was_given() -> None:
    body = issued()
    outcome = van().check(
        body,
        signed(KEYS, body, is_approved=False),
        now=Instant(NOON),
        mode=DrivingMode.AUTOMATED,
        state_version=7,
        open_request_id="m1",
    )
    assert isinstance(outcome, Accepted)
    assert (outcome.body.action, outcome.body.reason, outcome.body.issuer) == (
        CommandAction.RELEASE_MANOEUVRE,
        "Gegenverkehr frei",
        ALICE,
    )


def test_a_signature_of_another_key_a_changed_body_and_no_signature_are_refused() -> None:
    body = issued()
    ((key_id, good),) = signed(KEYS, body, is_approved=False)
    assert check(van(), body, signed(Keys(seed=9), body, is_approved=False)) == Rejection.BAD_SIGNATURE
    assert check(van(), issued(reason="etwas anderes"), ((key_id, good),)) == Rejection.BAD_SIGNATURE
    assert check(van(), body, ((key_id, good[:-1]),)) == Rejection.BAD_SIGNATURE
    assert check(van(), body, ((key_id, b""),)) == Rejection.BAD_SIGNATURE
    assert check(van(), body, ()) == Rejection.MALFORMED
    assert check(van(), body, ((key_id, good), (key_id, good))) == Rejection.MALFORMED


def test_a_signature_over_the_bare_body_means_nothing_here() -> None:
    body = issued()
    assert check(van(), body, (("supervision", KEYS.sign("supervision", body)),)) == Rejection.BAD_SIGNATURE


def test_the_other_number_of_the_same_signature_is_refused() -> None:
    """Ed25519 (RFC 8032 §5.1.7): S below the order of the group, else one signature would have many forms."""
    body = issued()
    ((key_id, good),) = signed(KEYS, body, is_approved=False)
    other = int.from_bytes(good[32:], "little") + CURVE_ORDER
    assert check(van(), body, ((key_id, good[:32] + other.to_bytes(32, "little")),)) == Rejection.BAD_SIGNATURE


def test_a_key_the_vehicle_does_not_know_and_the_approvers_key_alone_are_refused() -> None:
    body = issued()
    signature = KEYS.sign("supervision", PREFIX + body)
    assert check(van(), body, (("supervision-2", signature),)) == Rejection.UNKNOWN_KEY
    assert check(van(), body, (("approval", KEYS.sign("approval", PREFIX + body)),)) == Rejection.UNKNOWN_KEY


def test_keys_are_changed_by_trusting_two_of_a_role_for_a_while() -> None:
    newer = Keys(seed=2)
    verifier = CommandVerifier(VAN, {**KEYS.public, "supervision-2": newer.public["supervision"]})
    body = issued()
    assert check(verifier, body, (("supervision-2", newer.sign("supervision", PREFIX + body)),)) == "accepted"


def test_signed_bytes_that_are_no_command_are_refused() -> None:
    body = issued() + b"\x9a\x06\x03abc"
    assert check(van(), body) == Rejection.MALFORMED
    assert check(van(), b"\xff" * 30) == Rejection.MALFORMED
    assert check(van(), b"x" * 20_000) == Rejection.MALFORMED


def test_a_command_for_another_vehicle_is_refused_and_uses_up_nothing() -> None:
    verifier = van()
    assert check(verifier, issued(counter=99, vehicle_id="pmover-2", manoeuvre_id=None)) == Rejection.WRONG_VEHICLE
    assert verifier.counter == 0


@pytest.mark.parametrize(
    ("now", "outcome"), [(1999, "accepted"), (2000, Rejection.EXPIRED), (99_000, Rejection.EXPIRED)]
)
def test_a_release_holds_two_seconds(now: int, outcome: str) -> None:
    assert check(van(), issued(), now=NOON + now) == outcome


@pytest.mark.parametrize(("ahead", "outcome"), [(1000, "accepted"), (1001, Rejection.FROM_THE_FUTURE)])
def test_a_command_from_the_future_is_refused(ahead: int, outcome: str) -> None:
    assert check(van(), issued(at=NOON + ahead), now=NOON) == outcome


def test_a_command_that_was_refused_for_its_time_does_not_come_true_later() -> None:
    verifier = van()
    body = issued(at=NOON + 5000)
    assert check(verifier, body, now=NOON) == Rejection.FROM_THE_FUTURE
    assert check(verifier, body, now=NOON + 5500) == Rejection.REPLAYED


def test_the_same_bytes_count_once_and_older_commands_not_at_all() -> None:
    verifier = van(counter=5)
    assert check(verifier, issued(counter=5)) == Rejection.REPLAYED
    assert check(verifier, issued(counter=7)) == "accepted"
    assert check(verifier, issued(counter=7)) == Rejection.REPLAYED
    assert check(verifier, issued(counter=6)) == Rejection.REPLAYED
    assert verifier.counter == 7


def test_a_restarted_vehicle_that_kept_its_counter_takes_no_old_command() -> None:
    verifier = van()
    assert check(verifier, issued(counter=3)) == "accepted"
    assert check(van(counter=verifier.counter), issued(counter=3)) == Rejection.REPLAYED


def test_a_gateway_in_foreign_hands_can_not_make_commands_live_longer() -> None:
    assert check(van(), issued(holds_ms=2001)) == Rejection.LIFETIME_TOO_LONG
    assert check(van(), issued(holds_ms=0)) == Rejection.LIFETIME_TOO_LONG
    assert check(van(), issued(holds_ms=-5)) == Rejection.LIFETIME_TOO_LONG
    call = order(CommandAction.OPEN_SUPPORT_CALL)
    assert check(van(), issued(call, holds_ms=30_000)) == "accepted"
    assert check(van(), issued(call, holds_ms=30_001)) == Rejection.LIFETIME_TOO_LONG


@pytest.mark.parametrize(
    "now_is",
    [
        {"mode": DrivingMode.MINIMAL_RISK},
        {"state_version": 8},
        {"mode": DrivingMode.MANUAL, "state_version": 8},
    ],
)
def test_a_vehicle_that_is_no_longer_as_the_supervisor_saw_it_refuses(now_is: dict[str, object]) -> None:
    verifier = van()
    assert check(verifier, issued(), **now_is) == Rejection.STALE_PRECONDITION
    assert check(verifier, issued()) == Rejection.REPLAYED


@pytest.mark.parametrize("open_request", [None, "m2", ""])
def test_a_release_answers_the_open_request_only(open_request: str | None) -> None:
    assert check(van(), issued(), open_request_id=open_request) == Rejection.UNKNOWN_REQUEST


def test_a_release_that_answers_nothing_and_a_stop_that_answers_something_are_refused() -> None:
    assert check(van(), issued(manoeuvre_id=None), open_request_id=None) == Rejection.UNKNOWN_REQUEST
    assert check(van(), issued(manoeuvre_id=None), open_request_id="") == Rejection.UNKNOWN_REQUEST
    stop = order(CommandAction.STOP_AT_NEXT_SAFE_PLACE, manoeuvre_id=asked().manoeuvre_id)
    assert check(van(), issued(stop)) == Rejection.UNKNOWN_REQUEST


@pytest.mark.parametrize(
    ("approver", "is_signed_by_both", "outcome"),
    [
        (BOB, True, "accepted"),
        (BOB, False, Rejection.MISSING_APPROVER),
        (None, True, Rejection.MISSING_APPROVER),
        (None, False, Rejection.MISSING_APPROVER),
        (ALICE, True, Rejection.MISSING_APPROVER),
        ("approver:a11ce000", True, Rejection.MISSING_APPROVER),
    ],
)
def test_a_route_needs_a_second_person_with_a_signature(
    approver: str | None, is_signed_by_both: bool, outcome: str
) -> None:
    body = issued(order(CommandAction.PROPOSE_ROUTE), holds_ms=30_000, approver=approver)
    assert check(van(), body, signed(KEYS, body, is_approved=is_signed_by_both)) == outcome


def test_the_approvers_signature_is_over_the_same_bytes() -> None:
    body = issued(order(CommandAction.PROPOSE_ROUTE), holds_ms=30_000, approver=BOB)
    other = issued(order(CommandAction.PROPOSE_ROUTE), counter=2, holds_ms=30_000, approver=BOB)
    mixed = (signed(KEYS, body, is_approved=True)[0], signed(KEYS, other, is_approved=True)[1])
    assert check(van(), body, mixed) == Rejection.BAD_SIGNATURE
    own = KEYS.sign("supervision", PREFIX + body)
    assert check(van(), body, (("supervision", own), ("approval", own))) == Rejection.BAD_SIGNATURE


def test_the_vehicles_own_policy_asks_for_the_second_person() -> None:
    strict = Policy(approved_actions=frozenset(CommandAction))
    assert check(van(policy=strict), issued()) == Rejection.MISSING_APPROVER


@pytest.mark.parametrize(
    ("cause", "necessity", "outcome"),
    [
        ("Müllwagen in der Spur", "Fahrgäste an Bord, Linie blockiert", "accepted"),
        ("", "Fahrgäste an Bord", Rejection.UNDOCUMENTED),
        ("Müllwagen", "  ", Rejection.UNDOCUMENTED),
    ],
)
def test_leaving_minimal_risk_without_documented_cause_is_refused(cause: str, necessity: str, outcome: str) -> None:
    release = order(cause=cause, necessity=necessity, expected_mode=DrivingMode.MINIMAL_RISK)
    assert check(van(), issued(release), mode=DrivingMode.MINIMAL_RISK) == outcome


@settings(max_examples=150)
@given(st.binary(max_size=300), st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=70)), max_size=4))
def test_nothing_that_can_be_made_up_is_accepted_or_crashes(body: bytes, signatures: list[tuple[str, bytes]]) -> None:
    assert check(van(), body, signatures) in {Rejection.MALFORMED, Rejection.UNKNOWN_KEY, Rejection.BAD_SIGNATURE}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 6), max_size=15), st.integers(0, 3))
def test_however_bytes_are_held_back_doubled_or_reordered_each_command_counts_at_most_once(
    arriving: list[int], restart_after: int
) -> None:
    verifier, taken = van(), []
    for number, counter in enumerate(arriving):
        if number == restart_after:
            verifier = van(counter=verifier.counter)
        if check(verifier, issued(counter=counter)) == "accepted":
            taken.append(counter)
    assert taken == sorted(set(taken))
    assert taken[-1:] == ([max(arriving)] if arriving else [])


def test_a_bad_public_key_is_refused_when_the_vehicle_is_built() -> None:
    with pytest.raises(ValueError, match="32"):
        CommandVerifier(VAN, {"supervision": b"short"})


class Visit:
    """A desk and the commands that come to it."""

    def __init__(self) -> None:
        self.desk = CommandDesk(VAN, KEYS.public)

    def bring(self, body: bytes, signatures: Signatures | None = None) -> Accepted | Rejected:
        return self.desk.take(
            body,
            signed(KEYS, body, is_approved=False) if signatures is None else signatures,
            now=Instant(NOON),
            mode=DrivingMode.AUTOMATED,
            state_version=7,
            open_request_id="m1",
        )

    def told(self) -> list[tuple[str, str]]:
        return [(report.state, report.reason) for report in self.desk.reports()]


def test_the_vehicle_tells_what_becomes_of_a_command() -> None:
    visit = Visit()
    assert isinstance(visit.bring(issued()), Accepted)
    assert visit.told() == [("received", ""), ("accepted", "")]
    visit.desk.executed("c1")
    assert visit.told() == [("executed", "")]
    assert visit.told() == []
    assert visit.desk.counter == 1


def test_the_vehicle_names_why_it_refuses() -> None:
    visit = Visit()
    visit.bring(issued(), signed(Keys(seed=3), issued(), is_approved=False))
    assert visit.told() == [("received", ""), ("rejected", "bad_signature")]
    visit.bring(b"no command")
    assert visit.told() == []


def test_more_reports_than_a_sample_carries_wait_for_the_next_one() -> None:
    visit = Visit()
    for number in range(40):
        visit.desk.failed(CommandId(f"c{number}"), "Weg versperrt")
    assert [len(visit.desk.reports()), len(visit.desk.reports()), len(visit.desk.reports())] == [32, 8, 0]


def test_a_flood_of_forged_commands_fills_no_memory_and_hides_no_genuine_one() -> None:
    visit = Visit()
    for _ in range(400):
        visit.bring(issued(), signed(Keys(seed=3), issued(), is_approved=False))
    visit.bring(issued(command_id=CommandId("c2")))
    told = [each for _ in range(20) for each in visit.desk.reports()]
    assert len(told) == 258
    assert [(each.command_id, each.state) for each in told[-2:]] == [("c2", "received"), ("c2", "accepted")]
