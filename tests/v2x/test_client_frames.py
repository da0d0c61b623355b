import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId
from tests.v2x.making import BOOT, SHUTTLE, batch, hello, payload_of
from v2x import wire_pb2 as wire
from v2x.client_frames import (
    MAX_SAMPLES,
    Batch,
    Hello,
    Holding,
    Ping,
    batch_frame,
    hello_frame,
    parse_client_frame,
    ping_frame,
)


def test_a_hello_tells_who_is_there_and_what_it_holds() -> None:
    said = Hello(
        vehicle_id=SHUTTLE, token="secret", boot_id=BOOT, holdings=(Holding(BootId("old"), 3, 9), Holding(BOOT, 1, 1))
    )
    assert parse_client_frame(hello_frame(said)) == said


def test_a_batch_carries_the_vehicles_own_bytes() -> None:
    payloads = (payload_of(7), payload_of(8))
    assert parse_client_frame(batch_frame(BOOT, 7, payloads)) == Batch(BOOT, 7, payloads)


def test_a_ping_carries_the_vehicles_time() -> None:
    assert parse_client_frame(ping_frame(Instant(123))) == Ping(123)


def test_a_ping_says_what_is_known_of_the_vehicles_clock() -> None:
    frame = ping_frame(Instant(123), clock_offset_ms=-5, clock_error_ms=40, round_trip_ms=77)
    assert parse_client_frame(frame) == Ping(123, clock_offset_ms=-5, clock_error_ms=40, round_trip_ms=77)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_give_a_frame_or_the_one_error(frame: bytes) -> None:
    try:
        assert isinstance(parse_client_frame(frame), Hello | Batch | Ping)
    except BadInputError as error:
        assert str(error)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_batch_with_any_byte_changed_is_never_taken_for_another_batch(position: int, flip: int) -> None:
    frame = bytearray(batch(1, 3))
    frame[position % len(frame)] ^= flip
    try:
        content = parse_client_frame(bytes(frame))
    except BadInputError as error:
        assert str(error)
    else:
        # Only bits the format ignores may differ, such as a padded length.
        assert not isinstance(content, Batch) or content == parse_client_frame(batch(1, 3))


@pytest.mark.parametrize(
    ("field", "frame"),
    [
        ("boot_id", wire.ClientFrame(batch=wire.Batch(first_seq=1, samples=[b"x"]))),
        ("boot_id", wire.ClientFrame(batch=wire.Batch(boot_id="b" * 129, first_seq=1, samples=[b"x"]))),
        ("first_seq", wire.ClientFrame(batch=wire.Batch(boot_id="b", first_seq=0, samples=[b"x"]))),
        ("first_seq", wire.ClientFrame(batch=wire.Batch(boot_id="b", first_seq=2**63, samples=[b"x"]))),
        ("samples", wire.ClientFrame(batch=wire.Batch(boot_id="b", first_seq=1))),
        ("samples", wire.ClientFrame(batch=wire.Batch(boot_id="b", first_seq=1, samples=[b""] * (MAX_SAMPLES + 1)))),
        ("crc32c", wire.ClientFrame(batch=wire.Batch(boot_id="b", first_seq=1, samples=[b"x"], crc32c=1))),
        ("vehicle_id", wire.ClientFrame(hello=wire.Hello(boot_id="b"))),
        (
            "holdings",
            wire.ClientFrame(hello=wire.Hello(vehicle_id="v", boot_id="b", holdings=[wire.Holding(boot_id="b")])),
        ),
        ("ping", wire.ClientFrame(ping=wire.Ping(sent_ms=2**60))),
        ("ping", wire.ClientFrame(ping=wire.Ping(sent_ms=1, clock_offset_ms=-(2**60)))),
        ("", wire.ClientFrame()),
    ],
    ids=range(12),
)
def test_a_frame_that_can_not_be_is_refused_and_the_field_named(field: str, frame: wire.ClientFrame) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_client_frame(frame.SerializeToString())
    assert caught.value.field == field


def test_a_batch_without_checksum_is_taken_for_vehicles_that_can_not_compute_one() -> None:
    frame = wire.ClientFrame(batch=wire.Batch(boot_id=BOOT, first_seq=1, samples=[payload_of(1)]))
    assert parse_client_frame(frame.SerializeToString()) == Batch(BOOT, 1, (payload_of(1),))


def test_fields_of_a_later_protocol_are_skipped() -> None:
    unknown_field = b"\xa2\x06\x03new"
    assert isinstance(parse_client_frame(hello() + unknown_field), Hello)
