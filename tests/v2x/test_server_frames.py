from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from tests.v2x.making import BOOT
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import (
    Ack,
    Goodbye,
    Pong,
    Resume,
    ServerFrame,
    Welcome,
    ack_frame,
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
    for reason in GoodbyeReason:
        assert parse_server_frame(goodbye_frame(reason)) == Goodbye(reason)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_give_a_frame_or_the_one_error(frame: bytes) -> None:
    try:
        assert isinstance(parse_server_frame(frame), ServerFrame)
    except BadInputError as error:
        assert str(error)
