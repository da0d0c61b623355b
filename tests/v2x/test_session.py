from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from tests.v2x.making import BOOT, NOON, SHUTTLE, acknowledged, batch, hello, identify, payload_of, said, sample_at
from v2x.client_frames import Hello as HelloContent
from v2x.client_frames import Holding, batch_frame, hello_frame, ping_frame
from v2x.codec import encode_sample
from v2x.goodbye import GoodbyeReason
from v2x.received import Received
from v2x.server_frames import Ack, Goodbye, Pong, Resume, Welcome
from v2x.session import MAX_FRAME_BYTES, TABLE, SessionInput, SessionState, VehicleSession


def session(received: Received | None = None) -> VehicleSession:
    return VehicleSession(identify=identify, received=received or Received())


def live(received: Received | None = None, *holdings: Holding) -> VehicleSession:
    greeted = session(received)
    greeted.receive(hello(*holdings), NOON)
    assert greeted.state is SessionState.LIVE
    return greeted


def test_every_state_has_one_row_for_every_input() -> None:
    assert set(TABLE) == set(product(SessionState, SessionInput))


def test_a_closed_session_stays_closed() -> None:
    assert all(after is SessionState.CLOSED for (state, _), (_, after) in TABLE.items() if state is SessionState.CLOSED)


def test_a_hello_is_answered_with_what_is_kept_and_what_is_missing() -> None:
    received = Received({(SHUTTLE, BOOT): {1: 1, 2: 2, 5: 5}})
    turn = session(received).receive(hello(Holding(BOOT, 2, 7)), NOON)
    assert said(turn.replies) == [Welcome((Resume(BOOT, 6, ((3, 4), (6, 7)), ((2, 2), (5, 5))),), NOON)]


def test_former_boots_are_resumed_as_well() -> None:
    old = BootId("boot-old")
    turn = session().receive(hello(Holding(old, 90, 95)), NOON)
    (welcome,) = said(turn.replies)
    assert isinstance(welcome, Welcome)
    assert welcome.boots == (Resume(BOOT, 1, ()), Resume(old, 1, ((90, 95),)))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (hello(token="guessed"), GoodbyeReason.BAD_TOKEN),
        (hello(token="token of van"), GoodbyeReason.VEHICLE_MISMATCH),
        (
            hello_frame(HelloContent(vehicle_id=SHUTTLE, token="token of shuttle-1", boot_id=BOOT, protocol=2)),
            GoodbyeReason.UNSUPPORTED_PROTOCOL,
        ),
    ],
    ids=["token", "vehicle", "protocol"],
)
def test_who_is_not_who_he_says_is_refused_with_the_reason(frame: bytes, reason: GoodbyeReason) -> None:
    stranger = session()
    turn = stranger.receive(frame, NOON)
    assert said(turn.replies) == [Goodbye(reason)]
    assert (turn.goodbye, stranger.state) == (reason, SessionState.CLOSED)
    assert stranger.receive(batch(1), NOON).records == ()


def test_a_sample_is_not_acknowledged_before_it_is_durable() -> None:
    vehicle = live()
    turn = vehicle.receive(batch(1, 3), NOON)
    assert [record.sample.seq for record in turn.records] == [1, 2, 3]
    assert turn.replies == []
    assert said(vehicle.durable(turn.records, NOON).replies) == [Ack(BOOT, 3)]


def test_a_record_holds_the_bytes_that_the_vehicle_sent() -> None:
    (record,) = live().receive(batch(1), Instant(NOON + 5000)).records
    assert record.payload == payload_of(1)
    assert record.sample == sample_at(1)
    assert (record.received_at, record.event_time) == (NOON + 5000, NOON + 1000)


def test_a_duplicate_of_a_durable_sample_is_dropped_and_acknowledged_again() -> None:
    vehicle = live()
    vehicle.durable(vehicle.receive(batch(1, 2), NOON).records, NOON)
    turn = vehicle.receive(batch(1, 2), NOON)
    assert (turn.records, turn.duplicates) == ([], 2)
    assert said(turn.replies) == [Ack(BOOT, 2)]


def test_a_duplicate_of_a_sample_on_its_way_to_disk_waits_for_the_disk() -> None:
    vehicle = live()
    first = vehicle.receive(batch(1), NOON)
    turn = vehicle.receive(batch(1), NOON)
    assert (turn.records, turn.replies, turn.duplicates) == ([], [], 1)
    assert said(vehicle.durable(first.records, NOON).replies) == [Ack(BOOT, 1)]


def test_duplicates_are_found_in_what_was_kept_before_the_start() -> None:
    former = live()
    kept = former.receive(batch(1, 2), NOON)
    crcs = {record.sample.seq: former.boot(BOOT).pending[record.sample.seq] for record in kept.records}
    turn = live(Received({(SHUTTLE, BOOT): crcs})).receive(batch(1, 3), NOON)
    assert [record.sample.seq for record in turn.records] == [3]
    assert turn.duplicates == 2


def test_what_a_former_connection_took_is_acknowledged_by_the_next_one() -> None:
    received = Received()
    former, latter = live(received), live(received)
    records = former.receive(batch(1, 2), NOON).records
    former.dismiss(GoodbyeReason.REPLACED, NOON)
    assert latter.receive(batch(1, 2), NOON).records == []
    assert said(latter.durable(records, NOON).replies) == [Ack(BOOT, 2)]


def test_what_is_on_its_way_to_disk_still_counts_as_missing_at_a_hello() -> None:
    received = Received()
    live(received).receive(batch(1, 2), NOON)
    turn = session(received).receive(hello(Holding(BOOT, 1, 2)), NOON)
    assert said(turn.replies) == [Welcome((Resume(BOOT, 1, ((1, 2),)),), NOON)]


def test_the_same_sequence_number_with_other_bytes_is_set_aside_and_never_asked_for_again() -> None:
    vehicle = live()
    vehicle.durable(vehicle.receive(batch(1), NOON).records, NOON)
    other = encode_sample(sample_at(1, passengers=6))
    turn = vehicle.receive(batch_frame(BOOT, 1, [other]), NOON)
    assert (turn.records, turn.duplicates) == ([], 0)
    assert [(each.reason, each.frame) for each in turn.quarantined] == [("other_bytes", other)]
    assert said(turn.replies) == [Ack(BOOT, 1, (), ((1, "other_bytes"),))]


def test_a_bad_sample_in_a_sound_batch_is_set_aside_and_the_others_are_taken() -> None:
    turn = live().receive(batch_frame(BOOT, 1, [payload_of(1), b"\xff\xff", payload_of(3)]), NOON)
    assert [record.sample.seq for record in turn.records] == [1, 3]
    assert [(each.reason, each.frame) for each in turn.quarantined] == [("bad_sample", b"\xff\xff")]
    assert said(turn.replies) == [Ack(BOOT, 0, (), ((2, "bad_sample"),))]


def test_a_gap_is_asked_for_once() -> None:
    vehicle = live()
    vehicle.receive(batch(1, 2), NOON)
    turn = vehicle.receive(batch(6), NOON)
    assert turn.gaps == 1
    assert said(turn.replies) == [Resume(BOOT, 1, ((3, 5),))]
    assert vehicle.receive(batch(7), NOON).gaps == 0


def test_announced_backlog_is_no_gap_when_live_samples_overtake_it() -> None:
    vehicle = live(None, Holding(BOOT, 1, 7200))
    turn = vehicle.receive(batch(7201), NOON)
    assert (turn.gaps, turn.replies) == (0, [])
    assert said(vehicle.durable(turn.records, NOON).replies) == [Ack(BOOT, 0, ((7201, 7201),))]


@pytest.mark.parametrize(
    ("ahead_ms", "corrected"), [(-3_600_000, False), (0, False), (2000, False), (2001, True), (300_000, True)]
)
def test_a_clock_in_the_future_is_corrected_to_the_time_of_receipt(ahead_ms: int, corrected: bool) -> None:
    frame = batch_frame(BOOT, 1, [encode_sample(sample_at(1, at=NOON + ahead_ms))])
    turn = live().receive(frame, NOON)
    (record,) = turn.records
    assert record.event_time == (NOON if corrected else NOON + ahead_ms)
    assert record.sample.device_time == NOON + ahead_ms
    assert turn.clock_ahead == corrected


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("GET / HTTP/1.1", "text"),
        (b"", "corrupt"),
        (b"\x00" * 40, "corrupt"),
        (batch(1)[:-3], "corrupt"),
        (b"x" * (MAX_FRAME_BYTES + 1), "oversized"),
        (hello(), "unexpected"),
    ],
    ids=["text", "empty", "zeros", "truncated", "oversized", "second hello"],
)
def test_a_frame_that_can_not_be_used_is_set_aside_and_the_session_goes_on(frame: bytes | str, reason: str) -> None:
    vehicle = live()
    turn = vehicle.receive(frame, NOON)
    assert [each.reason for each in turn.quarantined] == [reason]
    assert (turn.replies, turn.goodbye) == ((), None)
    assert len(vehicle.receive(batch(1), NOON).records) == 1


def test_samples_before_the_hello_are_set_aside() -> None:
    early = session()
    assert [each.reason for each in early.receive(batch(1), NOON).quarantined] == ["unexpected"]
    assert early.state is SessionState.GREETING


def test_only_the_beginning_of_an_oversized_frame_is_kept() -> None:
    (kept,) = live().receive(b"x" * (MAX_FRAME_BYTES + 1), NOON).quarantined
    assert len(kept.frame) == 1024


def test_a_ping_is_answered_with_the_gateways_times() -> None:
    assert said(live().receive(ping_frame(Instant(77)), NOON).replies) == [Pong(77, NOON, NOON)]


def test_a_ping_with_an_offset_corrects_what_follows() -> None:
    vehicle = live()
    told = vehicle.receive(
        ping_frame(Instant(NOON + 59_980), clock_offset_ms=-60_000, clock_error_ms=20, round_trip_ms=40), NOON
    )
    assert told.ping is not None
    turn = vehicle.receive(batch_frame(BOOT, 1, [encode_sample(sample_at(1, at=NOON + 59_000))]), NOON)
    (record,) = turn.records
    assert record.event_time == NOON - 1000
    assert (turn.clock_ahead, turn.clock_corrected) == (1, 1)


def test_an_offset_is_of_its_boot_and_outlives_the_connection() -> None:
    received = Received()
    live(received).receive(
        ping_frame(Instant(NOON + 59_980), clock_offset_ms=-60_000, clock_error_ms=20, round_trip_ms=40), NOON
    )
    again = live(received)
    other = BootId("boot-b")
    for boot_id, event_ms in ((BOOT, -1000), (other, 0)):
        payload = encode_sample(sample_at(1, at=NOON + 59_000))
        (record,) = again.receive(batch_frame(boot_id, 1, [payload]), NOON).records
        assert record.event_time == NOON + event_ms


def test_an_offset_that_can_not_be_is_answered_and_forgotten() -> None:
    told = live().receive(ping_frame(NOON, clock_offset_ms=60_000, clock_error_ms=20, round_trip_ms=40), NOON)
    assert told.ping is None
    assert said(told.replies) == [Pong(NOON, NOON, NOON)]


def test_a_closed_session_answers_nothing_more() -> None:
    vehicle = live()
    records = vehicle.receive(batch(1), NOON).records
    assert said(vehicle.dismiss(GoodbyeReason.READ_ONLY, NOON).replies) == [Goodbye(GoodbyeReason.READ_ONLY)]
    assert vehicle.receive(batch(2), NOON).records == ()
    assert vehicle.durable(records, NOON).replies == ()
    assert vehicle.dismiss(GoodbyeReason.REPLACED, NOON).replies == ()


def test_what_was_not_kept_is_taken_anew() -> None:
    vehicle = live()
    turn = vehicle.receive(batch(1), NOON)
    vehicle.not_kept(turn.records, NOON)
    assert len(vehicle.receive(batch(1), NOON).records) == 1


def test_two_vehicles_with_the_same_boot_name_are_told_apart() -> None:
    received = Received()
    first = live(received)
    first.durable(first.receive(batch(1), NOON).records, NOON)
    van = session(received)
    van.receive(hello(vehicle_id=VehicleId("van")), NOON)
    assert len(van.receive(batch(1), NOON).records) == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=120) | st.text(max_size=20) | st.just(batch(1, 3)) | st.just(hello()), max_size=12))
def test_no_sequence_of_frames_raises_or_acknowledges_what_is_not_durable(frames: list[bytes | str]) -> None:
    vehicle = session()
    for frame in frames:
        turn = vehicle.receive(frame, NOON)
        assert acknowledged(said(turn.replies)) == set()
