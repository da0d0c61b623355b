import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from tests.v2x.making import BOOT
from v2x import wire_pb2 as wire
from v2x.credit import Credit
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import (
    MAX_ROUTINE_INTERVAL_MS,
    MAX_SIGNATURES,
    Ack,
    CommandMessage,
    Goodbye,
    Pong,
    Resume,
    ServerFrame,
    Welcome,
    ack_frame,
    command_frame,
    credit_frame,
    goodbye_frame,
    parse_server_frame,
    pong_frame,
    resume_frame,
    welcome_frame,
)


def test_every_frame_of_the_gateway_reads_as_it_was_written() -> None:
    resume = Resume(BOOT, 12, ((3, 4), (9, 9)), ((5, 8),))
    ack = Ack(BOOT, 7, ((9, 11),), ((8, "bad_sample"),))
    assert parse_server_frame(resume_frame(resume)) == resume
    assert parse_server_frame(welcome_frame([resume], Instant(5))) == Welcome((resume,), 5)
    assert parse_server_frame(ack_frame(ack)) == ack
    assert parse_server_frame(pong_frame(1, Instant(2), Instant(3))) == Pong(1, 2, 3)
    command = CommandMessage(b"body", (("supervision", b"s" * 64), ("approval", b"a" * 64)))
    assert parse_server_frame(command_frame(command)) == command
    credit = Credit(window_samples=100, backlog_samples=10, routine_interval_ms=1000)
    assert parse_server_frame(credit_frame(credit)) == credit
    for reason in GoodbyeReason:
        assert parse_server_frame(goodbye_frame(reason)) == Goodbye(reason)


def test_no_credit_silences_a_vehicle() -> None:
    frame = wire.ServerFrame(credit=wire.Credit(routine_interval_ms=2**31)).SerializeToString()
    assert parse_server_frame(frame) == Credit(
        window_samples=1, backlog_samples=0, routine_interval_ms=MAX_ROUTINE_INTERVAL_MS
    )


@pytest.mark.parametrize(
    ("field", "frame"),
    [
        ("command", wire.ServerFrame(command=wire.Command(body=bytes(20_000)))),
        ("command", wire.ServerFrame(command=wire.Command(signatures=[wire.Signature()] * (MAX_SIGNATURES + 1)))),
        ("pong", wire.ServerFrame(pong=wire.Pong(received_ms=2**60))),
        ("", wire.ServerFrame()),
    ],
    ids=["long body", "many signatures", "far future", "nothing"],
)
def test_a_frame_that_can_not_be_is_refused_and_the_field_named(field: str, frame: wire.ServerFrame) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_server_frame(frame.SerializeToString())
    assert caught.value.field == field


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_give_a_frame_or_the_one_error(frame: bytes) -> None:
    try:
        assert isinstance(parse_server_frame(frame), ServerFrame)
    except BadInputError as error:
        assert str(error)
