from mobility.core.clock import Instant
from mobility.core.ids import BootId
from tests.v2x.making import BOOT, NOON, SHUTTLE, payload_of
from v2x.buffer import MemoryBuffer
from v2x.client_frames import Batch, ClientFrame, Hello, Holding, Ping, parse_client_frame
from v2x.client_session import BATCH_LIMIT, FIRST_PINGS, FIRST_PINGS_EVERY_MS, PING_EVERY_MS, ClientSession
from v2x.credit import CALM, Credit
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import Ack, Resume, ack_frame, goodbye_frame, pong_frame, resume_frame, welcome_frame

OLD = BootId("boot-old")


def recorded(vehicle: ClientSession, buffer: MemoryBuffer, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        buffer.put(BOOT, seq, payload_of(seq))
        vehicle.record(seq, payload_of(seq))


def new(buffer: MemoryBuffer, *, credit: Credit = CALM) -> ClientSession:
    return ClientSession(vehicle_id=SHUTTLE, boot_id=BOOT, token="secret", buffer=buffer, credit=credit)


def welcomed(vehicle: ClientSession, *boots: Resume) -> None:
    vehicle.opened(NOON)
    vehicle.receive(welcome_frame(boots, NOON), NOON)


def sends(vehicle: ClientSession, now: Instant = NOON) -> list[ClientFrame]:
    """What it sends now, pings left out."""
    frames = []
    while (frame := vehicle.next_frame(now)) is not None:
        frames.append(parse_client_frame(frame))
    return [frame for frame in frames if not isinstance(frame, Ping)]


def spans(frames: list[ClientFrame]) -> list[tuple[str, int, int]]:
    return [
        (frame.boot_id, frame.first_seq, frame.first_seq + len(frame.payloads) - 1)
        for frame in frames
        if isinstance(frame, Batch)
    ]


def test_a_hello_announces_what_is_held_of_every_boot() -> None:
    buffer = MemoryBuffer()
    buffer.put(OLD, 8, b"x")
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 3)
    said = parse_client_frame(vehicle.opened(NOON))
    assert isinstance(said, Hello)
    assert said.holdings == (Holding(OLD, 8, 8), Holding(BOOT, 1, 3))


def test_nothing_is_sent_before_the_welcome() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    vehicle.opened(NOON)
    recorded(vehicle, buffer, 1, 1)
    assert sends(vehicle) == []


def test_live_samples_go_first_and_the_backlog_follows() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 5)
    vehicle.opened(NOON)
    recorded(vehicle, buffer, 6, 6)
    vehicle.receive(welcome_frame([Resume(BOOT, 1, ((1, 5),))], NOON), NOON)
    assert spans(sends(vehicle)) == [(BOOT, 6, 6), (BOOT, 1, 5)]


def test_live_samples_overtake_a_backlog_that_is_being_sent() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 3 * BATCH_LIMIT)
    welcomed(vehicle, Resume(BOOT, 1, ((1, 3 * BATCH_LIMIT),)))
    vehicle.next_frame(NOON)  # the first ping
    first = vehicle.next_frame(NOON)
    recorded(vehicle, buffer, 3 * BATCH_LIMIT + 1, 3 * BATCH_LIMIT + 1)
    assert first is not None
    assert spans([parse_client_frame(first)])[0][1] < spans(sends(vehicle))[0][1]


def test_what_the_gateway_has_already_is_freed_and_not_sent() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 9)
    welcomed(vehicle, Resume(BOOT, 8, ((3, 4), (9, 9)), ((1, 2), (5, 8))))
    assert [seq for seq in range(1, 10) if buffer.get(BOOT, seq)] == [3, 4, 9]
    assert spans(sends(vehicle)) == [(BOOT, 3, 4), (BOOT, 9, 9)]
    assert vehicle.acknowledged == 6


def test_what_the_welcome_does_not_name_is_kept_and_sent() -> None:
    buffer = MemoryBuffer()
    buffer.put(OLD, 1, b"x")
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 4)
    welcomed(vehicle, Resume(BOOT, 5, ((4, 4),), ((2, 3),)))
    assert spans(sends(vehicle)) == [(OLD, 1, 1), (BOOT, 1, 1), (BOOT, 4, 4)]


def test_samples_recorded_after_the_hello_are_not_freed_by_the_welcome() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    vehicle.opened(NOON)
    recorded(vehicle, buffer, 1, 2)
    vehicle.receive(welcome_frame([Resume(BOOT, 3, (), ((1, 2),))], NOON), NOON)
    assert len(buffer) == 2


def test_an_acknowledgement_frees_the_buffer() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    welcomed(vehicle)
    recorded(vehicle, buffer, 1, 6)
    sends(vehicle)
    vehicle.receive(ack_frame(Ack(BOOT, 2, ((4, 5),))), NOON)
    assert [seq for seq in range(1, 7) if buffer.get(BOOT, seq)] == [3, 6]
    assert (vehicle.sent, vehicle.acknowledged) == (6, 4)


def test_a_rejected_sample_is_freed_and_counted_apart() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    welcomed(vehicle)
    recorded(vehicle, buffer, 1, 2)
    sends(vehicle)
    vehicle.receive(ack_frame(Ack(BOOT, 0, ((2, 2),), ((1, "bad_sample"),))), NOON)
    assert (len(buffer), vehicle.acknowledged, vehicle.rejected) == (0, 1, 1)


def test_never_more_backlog_is_under_way_than_the_window() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer, credit=Credit(window_samples=900, backlog_samples=80))
    recorded(vehicle, buffer, 1, 1000)
    welcomed(vehicle, Resume(BOOT, 1, ((1, 1000),)))
    assert spans(sends(vehicle)) == [(BOOT, 1, 50), (BOOT, 51, 80)]
    assert sends(vehicle) == []
    vehicle.receive(ack_frame(Ack(BOOT, 50)), NOON)
    assert spans(sends(vehicle)) == [(BOOT, 81, 130)]


def test_a_gap_that_the_gateway_saw_is_sent_again() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    welcomed(vehicle)
    recorded(vehicle, buffer, 1, 5)
    sends(vehicle)
    vehicle.receive(ack_frame(Ack(BOOT, 1, ((4, 5),))), NOON)
    vehicle.receive(resume_frame(Resume(BOOT, 6, ((2, 3),))), NOON)
    assert spans(sends(vehicle)) == [(BOOT, 2, 3)]


def test_a_gap_of_samples_that_are_gone_is_ignored() -> None:
    vehicle = new(MemoryBuffer())
    welcomed(vehicle)
    vehicle.receive(resume_frame(Resume(BOOT, 6, ((2, 3),))), NOON)
    assert sends(vehicle) == []


def test_each_sample_counts_as_sent_once_however_often_it_is_sent() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    recorded(vehicle, buffer, 1, 3)
    assert vehicle.sent == 0
    for _ in range(3):
        welcomed(vehicle, Resume(BOOT, 1, ((1, 3),)))
        sends(vehicle)
        vehicle.closed()
    assert vehicle.sent == 3


def test_an_unanswered_sample_is_overdue_by_the_time_it_waits() -> None:
    buffer = MemoryBuffer()
    vehicle = new(buffer)
    welcomed(vehicle)
    assert vehicle.overdue_s(Instant(NOON + 90_000)) == 0
    recorded(vehicle, buffer, 1, 1)
    sends(vehicle)
    assert vehicle.overdue_s(Instant(NOON + 9000)) == 9
    vehicle.receive(ack_frame(Ack(BOOT, 1)), NOON)
    assert vehicle.overdue_s(Instant(NOON + 9000)) == 0


def test_an_unanswered_hello_is_overdue_too() -> None:
    vehicle = new(MemoryBuffer())
    vehicle.opened(NOON)
    assert vehicle.overdue_s(Instant(NOON + 9000)) == 9


def test_pings_tell_round_trip_and_clock_offset() -> None:
    vehicle = new(MemoryBuffer())
    welcomed(vehicle)
    frame = vehicle.next_frame(NOON)
    assert frame is not None
    assert parse_client_frame(frame) == Ping(NOON)
    assert vehicle.next_frame(Instant(NOON + FIRST_PINGS_EVERY_MS - 1)) is None
    vehicle.receive(pong_frame(NOON, Instant(NOON + 5030), Instant(NOON + 5040)), Instant(NOON + 70))
    assert (vehicle.round_trip_ms, vehicle.clock_offset_ms, vehicle.clock_error_ms) == (60, 5000, 31)


def test_a_handful_of_pings_comes_first_and_then_one_every_fifteen_seconds() -> None:
    vehicle = new(MemoryBuffer())
    welcomed(vehicle)
    at = [ms for ms in range(0, 60_000, 100) if vehicle.next_frame(Instant(NOON + ms)) is not None]
    first = [n * FIRST_PINGS_EVERY_MS for n in range(FIRST_PINGS)]
    assert at == [*first, *(first[-1] + n * PING_EVERY_MS for n in (1, 2, 3))]


def test_a_ping_says_what_the_answers_showed() -> None:
    vehicle = new(MemoryBuffer())
    welcomed(vehicle)
    vehicle.next_frame(NOON)
    vehicle.receive(pong_frame(NOON, Instant(NOON + 5030), Instant(NOON + 5040)), Instant(NOON + 70))
    frame = vehicle.next_frame(Instant(NOON + 500))
    assert frame is not None
    assert parse_client_frame(frame) == Ping(NOON + 500, clock_offset_ms=5000, clock_error_ms=32, round_trip_ms=60)


def test_a_goodbye_is_returned_and_strange_frames_are_counted() -> None:
    vehicle = new(MemoryBuffer())
    assert vehicle.receive(goodbye_frame(GoodbyeReason.BAD_TOKEN), NOON) is GoodbyeReason.BAD_TOKEN
    assert vehicle.receive(b"\xff\xff", NOON) is None
    assert vehicle.receive("hello?", NOON) is None
    assert vehicle.strange_frames == 2
