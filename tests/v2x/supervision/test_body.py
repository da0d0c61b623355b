"""A command's bytes: one encoding, nothing hidden in it, and no bytes that crash who reads them."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId, VehicleId
from mobility.core.supervision import CommandAction
from mobility.core.vehicle import DrivingMode
from tests.v2x.supervision.making import NOON, order
from v2x import wire_pb2 as wire
from v2x.supervision.body import CommandBody, body_of, encode_body, parse_body

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
degrees = st.integers(-900_000_000, 900_000_000)
bodies = st.builds(
    CommandBody,
    command_id=names.map(CommandId),
    vehicle_id=names.map(VehicleId),
    action=st.sampled_from(CommandAction),
    counter=st.integers(1, 2**63 - 1),
    issued_at=st.integers(0, 2**42).map(Instant),
    expires_at=st.integers(0, 2**42).map(Instant),
    issuer=names,
    approver=st.one_of(st.just(""), names),
    request_id=st.one_of(st.just(""), names),
    expected_mode=st.sampled_from(DrivingMode),
    expected_state_version=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    cause=texts,
    necessity=texts,
    text=texts,
    route=st.lists(st.builds(lambda a, b: LatLon(a / 1e7, b / 1e7), degrees, degrees), max_size=5).map(tuple),
    reason=texts,
)


@settings(max_examples=200)
@given(bodies)
def test_what_is_signed_is_what_is_read(body: CommandBody) -> None:
    encoded = encode_body(body)
    assert parse_body(encoded) == body
    assert encode_body(parse_body(encoded)) == encoded


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes_give_the_documented_error_or_their_one_meaning(data: bytes) -> None:
    try:
        body = parse_body(data)
    except BadInputError:
        return
    assert encode_body(body) == data


@settings(max_examples=200)
@given(bodies, st.data())
def test_a_flipped_bit_never_reads_as_the_same_command(body: CommandBody, data: st.DataObject) -> None:
    encoded = bytearray(encode_body(body))
    place = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[place // 8] ^= 1 << place % 8
    with suppress(BadInputError):
        assert parse_body(bytes(encoded)) != body


def message(**fields: object) -> wire.CommandBody:
    made = wire.CommandBody(
        command_id="c1", vehicle_id="van", action=4, counter=1, issued_ms=NOON, expires_ms=NOON + 2000, issuer="s:1"
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "encoded",
    [
        message(action=0).SerializeToString(),
        message(action=8).SerializeToString(),
        message(expected_mode=9).SerializeToString(),
        message(command_id="").SerializeToString(),
        message(vehicle_id="v" * 129).SerializeToString(),
        message(issuer="a\nb").SerializeToString(),
        message(text="x" * 513).SerializeToString(),
        message().SerializeToString() + b"\x9a\x06\x03abc",  # a field 99 that this version does not know
        message().SerializeToString() + message().SerializeToString(),  # every field twice
        message().SerializeToString() + b"\x20\x81\x00",  # the counter once more, written long
        b"",
        b"\x0a",
        b"x" * 20_000,
    ],
)
def test_what_is_not_the_one_encoding_of_a_whole_command_is_refused(encoded: bytes) -> None:
    with pytest.raises(BadInputError):
        parse_body(encoded)


def test_half_a_point_is_no_route() -> None:
    odd = message()
    odd.route_e7.extend([506_842_000, 109_222_000, 506_842_000])
    far = message()
    far.route_e7.extend([2_000_000_000, 0])
    for each in (odd, far):
        with pytest.raises(BadInputError, match="route_e7"):
            parse_body(each.SerializeToString())


@pytest.mark.parametrize("field", ["counter", "expected_state_version"])
def test_a_number_that_the_wire_does_not_carry_is_not_signed(field: str) -> None:
    issued = order(counter=1, issued_at=NOON, expires_at=NOON)
    for value in (-1, 2**63):
        with pytest.raises(BadInputError, match="does not fit"):
            encode_body(replace(body_of(issued), **{field: value}))


def test_a_command_that_was_not_issued_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="was not issued"):
        body_of(order())
