import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import Start
from v2x.its.pcap import Captured, capture_bytes, is_capture, read_capture

FRAMES = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 999_999), st.binary(max_size=80)), max_size=6)


def classic(frames: list[tuple[int, int, bytes]], order: str, *, is_nano: bool = False, link: int = 127) -> bytes:
    magic = 0xA1B23C4D if is_nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link)]
    parts += [struct.pack(order + "IIII", s, part, len(data), len(data)) + data for s, part, data in frames]
    return b"".join(parts)


def block(order: str, kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    length = 12 + len(padded)
    return struct.pack(order + "II", kind, length) + padded + struct.pack(order + "I", length)


def pcapng(frames: list[tuple[int, int, bytes]], order: str, *, link: int = 1, nano: bool = False) -> bytes:
    section = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    option = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nano else b""
    parts = [block(order, 0x0A0D0D0A, section), block(order, 1, struct.pack(order + "HHI", link, 0, 0) + option)]
    for seconds, micros, data in frames:
        stamp = (seconds * 1_000_000 + micros) * (1000 if nano else 1)
        head = struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
        parts += [block(order, 6, head + data), block(order, 0xBAD, b"a block nobody knows")]
    return b"".join(parts)


def expected(frames: list[tuple[int, int, bytes]], link: int) -> list[Captured]:
    return [Captured(link, (seconds * 1_000_000 + micros) * 1000, data) for seconds, micros, data in frames]


@given(FRAMES, st.sampled_from("<>"))
def test_classic_captures_of_both_byte_orders_are_read(frames: list[tuple[int, int, bytes]], order: str) -> None:
    assert list(read_capture(classic(frames, order))) == expected(frames, 127)


@given(FRAMES, st.sampled_from("<>"))
def test_nanoseconds_are_kept(frames: list[tuple[int, int, bytes]], order: str) -> None:
    times = [captured.time_ns for captured in read_capture(classic(frames, order, is_nano=True))]
    assert times == [seconds * 10**9 + nanos for seconds, nanos, _ in frames]


@given(FRAMES, st.sampled_from("<>"), st.booleans())
def test_pcapng_is_read(frames: list[tuple[int, int, bytes]], order: str, nano: bool) -> None:
    assert list(read_capture(pcapng(frames, order, nano=nano))) == expected(frames, 1)


def test_simple_blocks_of_pcapng_have_no_time() -> None:
    data = pcapng([], "<") + block("<", 3, struct.pack("<I", 5) + b"hello")
    assert list(read_capture(data)) == [Captured(1, None, b"hello")]


@given(FRAMES)
def test_what_is_written_is_read_again(frames: list[tuple[int, int, bytes]]) -> None:
    written = capture_bytes([((s * 1_000_000 + us) * 1000, data) for s, us, data in frames])
    assert list(read_capture(written)) == expected(frames, 1)


def test_a_file_that_ends_in_a_record_gives_what_is_before_it() -> None:
    data = classic([(1, 2, b"first"), (3, 4, b"second")], "<")
    frames = read_capture(data[:-1])
    assert next(frames).data == b"first"
    with pytest.raises(ItsError) as cut:
        next(frames)
    assert cut.value.kind is ItsErrorKind.TRUNCATED


def test_a_record_longer_than_any_frame_means_damage() -> None:
    data = classic([], "<") + struct.pack("<IIII", 0, 0, 2**31, 2**31)
    with pytest.raises(ItsError) as refused:
        list(read_capture(data))
    assert refused.value.kind is ItsErrorKind.MALFORMED


def test_other_link_types_are_refused_by_name() -> None:
    with pytest.raises(ItsError, match="link type 101"):
        Captured(101, 0, b"").start  # noqa: B018 - the property raises


@pytest.mark.parametrize(("link", "start"), [(1, Start.ETHERNET), (105, Start.RADIO), (127, Start.RADIOTAP)])
def test_link_types_say_where_a_frame_begins(link: int, start: Start) -> None:
    assert Captured(link, 0, b"").start is start


def test_anything_else_is_no_capture() -> None:
    assert not is_capture(b"ffff")
    with pytest.raises(ItsError, match="begins neither"):
        read_capture(b"ffff")


@settings(max_examples=200)
@given(
    st.sampled_from(
        [classic([(1, 1, b"abc")], "<"), pcapng([(1, 1, b"abc")], ">"), b"\x0a\x0d\x0d\x0a", b"\xa1\xb2\xc3\xd4"]
    ),
    st.data(),
)
def test_damaged_captures_give_frames_or_the_documented_error(whole: bytes, data: st.DataObject) -> None:
    broken = bytearray(whole + data.draw(st.binary(max_size=40)))
    for at in data.draw(st.lists(st.integers(4, len(broken) - 1), max_size=4)) if len(broken) > 4 else []:
        broken[at] = data.draw(st.integers(0, 255))
    try:
        frames = list(read_capture(bytes(broken)))
    except ItsError as error:
        assert error.detail
    else:
        assert all(isinstance(frame, Captured) for frame in frames)
