"""Every number of every header, as Wireshark reads it and as we do, over packets of all types that carry a message."""

import random
import struct
from pathlib import Path

from tests.v2x.its.frames_making import cam, uper
from tests.v2x.its.tshark_rows import tshark_rows
from v2x.its.frame import Frame, open_frame
from v2x.its.geonetworking import station_type
from v2x.its.pcap import capture_bytes

COUNT = 600
FIELDS = (
    *("geonw.bh.rhl", "geonw.bh.lt.mult", "geonw.bh.lt.base", "geonw.ch.tclass", "geonw.ch.flags.mob"),
    *("geonw.ch.plength", "geonw.ch.mhl", "geonw.src_pos.addr.type", "geonw.src_pos.tst", "geonw.src_pos.lat"),
    *("geonw.src_pos.long", "geonw.src_pos.pai", "geonw.src_pos.speed", "geonw.src_pos.hdg", "geonw.seq_num"),
    *("geonw.gxc.latitude", "geonw.gxc.longitude", "geonw.gxc.distancea", "geonw.gxc.radius", "geonw.gxc.angle"),
    *("btpb.dstport", "btpb.dstportinf", "btpa.dstport", "btpa.srcport", "its.stationID"),
)
BASES_MS = (50, 1_000, 10_000, 100_000)


def any_frame(chance: random.Random, message: bytes) -> bytes:
    """A frame with random numbers wherever they are free."""
    kind = chance.choice([0x20, 0x30, 0x31, 0x32, 0x40, 0x41, 0x42, 0x50, 0x51])
    transport = chance.choice([0x10, 0x20])
    lat, lon = chance.randint(-900_000_000, 900_000_000), chance.randint(-1_800_000_000, 1_800_000_000)
    position = struct.pack(
        ">HHIIiiHH",
        0x8000 | chance.randrange(16) << 10,
        chance.randrange(2**16),
        chance.randrange(2**32),
        chance.randrange(2**32),
        lat,
        lon,
        chance.randrange(2**16),
        chance.randrange(3600),
    )
    sequence = b"" if kind == 0x50 else struct.pack(">HH", chance.randrange(2**16), 0)
    tail = b""
    if kind == 0x50:
        tail = bytes(4)
    elif kind == 0x20:
        tail = struct.pack(">HHIIii", 0x8800, 1, 2, 3, lat, lon)
    elif kind != 0x51:
        sizes = [chance.randrange(1, 2**16) for _ in range(2)]
        tail = struct.pack(">iiHHHH", lat, lon, *sizes, chance.randrange(360), 0)
    payload = struct.pack(">HH", 2001, chance.randrange(2**16)) + message
    basic = bytes((0x11, 0, chance.randrange(256), chance.randrange(1, 256)))
    flags = chance.choice([0, 0x80])
    common = struct.pack(">BBBBHBB", transport, kind, chance.randrange(256), flags, len(payload), 9, 0)
    return b"\xff" * 6 + bytes.fromhex("020000005101 8947") + basic + common + sequence + position + tail + payload


def told(frame: Frame) -> list[int | None]:
    header, btp = frame.geonetworking, frame.btp
    assert header is not None
    assert btp is not None
    source, area, is_b = header.source, header.area, btp.kind == "B"
    is_circle = area is not None and area.shape == "circle"
    return [
        header.remaining_hops,
        header.lifetime_ms,
        header.traffic_class,
        int(header.is_mobile),
        header.payload_length,
        header.max_hops,
        station_type(source.address),
        source.timestamp,
        source.latitude,
        source.longitude,
        int(source.is_accurate),
        source.speed,
        source.heading,
        header.sequence,
        None if area is None else area.latitude,
        None if area is None else area.longitude,
        None if area is None or is_circle else area.distance_a,
        None if area is None or not is_circle else area.distance_a,
        None if area is None else area.angle,
        btp.destination_port if is_b else None,
        btp.info if is_b else None,
        None if is_b else btp.destination_port,
        None if is_b else btp.info,
    ]


def as_numbers(row: list[str]) -> list[int | None]:
    numbers = [int(text, 0) if text else None for text in row]
    multiplier, base = numbers.pop(1), numbers.pop(1)
    assert multiplier is not None
    assert base is not None
    return [numbers[0], multiplier * BASES_MS[base], *numbers[1:]]


def test_wireshark_reads_every_header_as_we_do(tmp_path: Path) -> None:
    chance, message = random.Random(1), uper(cam())
    frames = [any_frame(chance, message) for _ in range(COUNT)]
    (tmp_path / "all.pcap").write_bytes(capture_bytes((n * 10**9, frame) for n, frame in enumerate(frames)))
    rows = tshark_rows(tmp_path / "all.pcap", *FIELDS)
    assert len(rows) == COUNT
    for frame, row in zip(frames, rows, strict=True):
        opened = open_frame(frame)
        *numbers, station = as_numbers(row)
        assert numbers == told(opened), frame.hex()
        assert (station, opened.uper) == (4711, message)
