import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2x.its.btp import BtpType
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.geonetworking import (
    Area,
    AreaShape,
    GeoNetworking,
    PacketType,
    Position,
    basic_bytes,
    common_bytes,
    gn_address,
    parse_basic,
    parse_common,
    station_type,
)

I32 = st.integers(-(2**31), 2**31 - 1)
U16 = st.integers(0, 2**16 - 1)
POSITIONS = st.builds(
    Position,
    address=st.binary(min_size=8, max_size=8),
    timestamp=st.integers(0, 2**32 - 1),
    latitude=I32,
    longitude=I32,
    is_accurate=st.booleans(),
    speed=st.integers(-(2**14), 2**14 - 1),
    heading=U16,
)
AREAS = st.builds(
    Area,
    shape=st.sampled_from(AreaShape),
    latitude=I32,
    longitude=I32,
    distance_a=U16,
    distance_b=U16,
    angle=U16,
)
SHB = GeoNetworking(
    kind=PacketType.SHB,
    transport=BtpType.B,
    source=Position(address=bytes(8), timestamp=1, latitude=2, longitude=3, is_accurate=True, speed=-5, heading=900),
    lifetime_ms=60_000,
    remaining_hops=1,
    max_hops=1,
    traffic_class=2,
    is_mobile=True,
    payload_length=4,
)


def built(header: GeoNetworking, payload: bytes = b"") -> bytes:
    return basic_bytes(header, is_secured=False) + common_bytes(header) + payload


def parsed(data: bytes) -> tuple[GeoNetworking, int]:
    return parse_common(data, 4, parse_basic(data, 0))


@given(POSITIONS, st.integers(0, 255), st.booleans(), st.sampled_from([0, 50, 1000, 60_000, 630_000, 6_300_000]))
def test_a_single_hop_broadcast_is_read_as_it_was_written(
    position: Position, traffic: int, is_mobile: bool, lifetime_ms: int
) -> None:
    header = replace(SHB, source=position, traffic_class=traffic, is_mobile=is_mobile, lifetime_ms=lifetime_ms)
    data = built(header, b"abcd")
    assert parsed(data) == (header, 40)


@given(POSITIONS, AREAS, U16)
def test_a_geo_broadcast_is_read_as_it_was_written(position: Position, area: Area, sequence: int) -> None:
    header = replace(SHB, kind=PacketType.GBC, source=position, area=area, sequence=sequence)
    data = built(header, b"abcd")
    assert parsed(data) == (header, 56)


def test_the_headers_have_the_sizes_of_the_standard() -> None:
    assert len(common_bytes(SHB)) == 8 + 28
    area = Area(shape=AreaShape.CIRCLE, latitude=0, longitude=0, distance_a=1, distance_b=0, angle=0)
    assert len(common_bytes(replace(SHB, kind=PacketType.GBC, area=area, sequence=1))) == 8 + 44


def raw(kind: int, extended: bytes, *, following: int = 2, length: int = 4) -> bytes:
    return b"\x11\x00\x1a\x01" + struct.pack(">BBBBHBB", following << 4, kind, 0, 0, length, 1, 0) + extended


@pytest.mark.parametrize(
    ("kind", "extended", "expected"),
    [
        (0x20, 4 + 24 + 20, PacketType.GUC),
        (0x30, 4 + 24 + 16, PacketType.GAC),
        (0x41, 4 + 24 + 16, PacketType.GBC),
        (0x42, 4 + 24 + 16, PacketType.GBC),
        (0x50, 24 + 4, PacketType.SHB),
        (0x51, 4 + 24, PacketType.TSB),
    ],
)
def test_every_packet_that_carries_a_message_is_read(kind: int, extended: int, expected: PacketType) -> None:
    header, at = parsed(raw(kind, bytes(extended) + b"abcd"))
    assert (header.kind, at) == (expected, 12 + extended)


@pytest.mark.parametrize(
    ("kind", "name"), [(0x00, "any"), (0x10, "beacon"), (0x60, "location service"), (0x70, "7/0"), (0x43, "4/3")]
)
def test_packets_without_a_message_are_refused_by_name(kind: int, name: str) -> None:
    with pytest.raises(ItsError, match=name) as refused:
        parsed(raw(kind, bytes(60)))
    assert refused.value.kind is ItsErrorKind.UNSUPPORTED_MESSAGE


def test_another_version_is_refused_by_name() -> None:
    with pytest.raises(ItsError, match="GeoNetworking version 0") as refused:
        parse_basic(b"\x01\x00\x1a\x01", 0)
    assert refused.value.kind is ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION


def test_a_payload_longer_than_the_frame_is_truncated() -> None:
    with pytest.raises(ItsError) as refused:
        parsed(raw(0x50, bytes(28) + b"abc"))
    assert refused.value.kind is ItsErrorKind.TRUNCATED


def test_ipv6_inside_is_refused() -> None:
    with pytest.raises(ItsError, match="not BTP"):
        parsed(raw(0x50, bytes(28) + b"abcd", following=3))


def test_every_cut_is_an_error_and_nothing_else() -> None:
    data = built(SHB, b"abcd")
    for length in range(len(data)):
        with pytest.raises(ItsError) as refused:
            parsed(data[:length])
        assert refused.value.kind is ItsErrorKind.TRUNCATED


@given(st.binary(max_size=100))
def test_random_bytes_give_headers_or_the_documented_error(data: bytes) -> None:
    try:
        header, at = parsed(data)
    except ItsError as error:
        assert error.detail
    else:
        assert at + header.payload_length <= len(data)


def test_an_address_tells_its_station_type() -> None:
    address = gn_address(6, b"\x02\x00\x00\x00\x51\x01")
    assert address.hex() == "9800020000005101"
    assert station_type(address) == 6


def test_only_what_is_sent_can_be_built() -> None:
    with pytest.raises(ValueError, match="not built here"):
        common_bytes(replace(SHB, kind=PacketType.GUC))
