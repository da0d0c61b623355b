"""CAM: a golden message with a public transport container, the real samples, and what is refused by name."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.v2x.its.oracle import Tshark, frame, numbers_of, pcap
from v2x.its.cam import CAM
from v2x.its.codec import MESSAGE_NAMES, decode, encode
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsMessage
from v2x.its.public_transport import PtActivationType, activation_of, public_transport, r09_of
from v2x.its.r09 import R0916

GOLDEN = bytes.fromhex((Path(__file__).parent / "cam_public_transport.hex").read_text(encoding="ascii"))
"""A shuttle at the campus stop, passengers boarding, asking for green at reporting point 4711; see ``shuttle``."""


def shuttle() -> dict[str, Any]:
    """The golden message's value."""
    return {
        "header": {"protocolVersion": 2, "messageID": 2, "stationID": 123_456},
        "cam": {
            "generationDeltaTime": 4711,
            "camParameters": {
                "basicContainer": {
                    "stationType": 6,
                    "referencePosition": {
                        "latitude": 506_841_230,
                        "longitude": 109_141_230,
                        "positionConfidenceEllipse": {
                            "semiMajorConfidence": 120,
                            "semiMinorConfidence": 80,
                            "semiMajorOrientation": 724,
                        },
                        "altitude": {"altitudeValue": 49_200, "altitudeConfidence": "alt-005-00"},
                    },
                },
                "highFrequencyContainer": {
                    "basicVehicleContainerHighFrequency": {
                        "heading": {"headingValue": 1234, "headingConfidence": 10},
                        "speed": {"speedValue": 487, "speedConfidence": 5},
                        "driveDirection": "forward",
                        "vehicleLength": {
                            "vehicleLengthValue": 40,
                            "vehicleLengthConfidenceIndication": "noTrailerPresent",
                        },
                        "vehicleWidth": 20,
                        "longitudinalAcceleration": {
                            "longitudinalAccelerationValue": -12,
                            "longitudinalAccelerationConfidence": 102,
                        },
                        "curvature": {"curvatureValue": -11, "curvatureConfidence": "unavailable"},
                        "curvatureCalculationMode": "yawRateUsed",
                        "yawRate": {"yawRateValue": -120, "yawRateConfidence": "degSec-000-10"},
                        "accelerationControl": "0100010",
                        "lanePosition": 1,
                        "lateralAcceleration": {
                            "lateralAccelerationValue": 3,
                            "lateralAccelerationConfidence": 10,
                        },
                    }
                },
                "lowFrequencyContainer": {
                    "basicVehicleContainerLowFrequency": {
                        "vehicleRole": "publicTransport",
                        "exteriorLights": "10010000",
                        "pathHistory": [
                            {
                                "pathPosition": {"deltaLatitude": -800, "deltaLongitude": 350, "deltaAltitude": -20},
                                "pathDeltaTime": 500,
                            },
                            {"pathPosition": {"deltaLatitude": -1600, "deltaLongitude": 720, "deltaAltitude": 0}},
                        ],
                    }
                },
                "specialVehicleContainer": public_transport(
                    is_embarking=True,
                    activation=R0916(reporting_point=4711, line=12, course=3, destination=456, delay_min=2, priority=2),
                ),
            },
        },
    }


def test_the_golden_cam_is_written_and_read_byte_for_byte():
    assert encode("CAM", shuttle()).hex() == GOLDEN.hex()
    assert decode(GOLDEN) == ItsMessage("CAM", 2, 123_456, shuttle())


def test_tshark_reads_the_golden_cam_down_to_the_telegram_inside(tmp_path: Path):
    tshark = Tshark()
    path = tmp_path / "golden.pcap"
    path.write_bytes(pcap([frame("CAM", GOLDEN)]))
    telegram = ("r09.mp", "r09.pr", "r09.ha", "r09.ln", "r09.kn", "r09.zn", "r09.zl", "r09.zv", "r09.zw", "r09.tl")
    (row,) = tshark.read(path, [*tshark.fields, *telegram])
    for name, numbers in numbers_of(CAM, shuttle()).items():
        shown = row.get(f"its.{name}") or row[f"cam.{name}"]
        assert shown == [str(number) for number in numbers], name
    shown = {name: row[name] for name in telegram}
    numbers = {"mp": "4711", "pr": "2", "ha": "0", "zl": "0", "zv": "0", "zw": "2", "tl": "6"}
    digits = {"ln": "012", "kn": "03", "zn": "456"}
    assert shown == {f"r09.{name}": [text] for name, text in (numbers | digits).items()}


def test_position_speed_and_heading_are_the_raw_integers():
    read = decode(GOLDEN)
    assert (read.latitude, read.longitude, read.speed_value, read.heading_value) == (506841230, 109141230, 487, 1234)
    assert (read.cause_code, read.sub_cause_code) == (None, None)


def test_a_roadside_unit_has_a_position_and_no_speed():
    value = shuttle()
    value["cam"]["camParameters"]["highFrequencyContainer"] = {"rsuContainerHighFrequency": {}}
    read = decode(encode("CAM", value))
    assert (read.latitude, read.speed_value, read.heading_value) == (506841230, None, None)


def test_standing_still_and_heading_north_are_numbers_not_nothing():
    value = shuttle()
    moving = value["cam"]["camParameters"]["highFrequencyContainer"]["basicVehicleContainerHighFrequency"]
    moving["speed"]["speedValue"] = moving["heading"]["headingValue"] = 0
    read = decode(encode("CAM", value))
    assert (read.speed_value, read.heading_value) == (0, 0)


def test_the_telegram_is_found_in_the_container():
    assert r09_of(shuttle()) == R0916(reporting_point=4711, line=12, course=3, destination=456, delay_min=2, priority=2)
    without = copy.deepcopy(shuttle())
    del without["cam"]["camParameters"]["specialVehicleContainer"]
    assert (activation_of(without), r09_of(without)) == (None, None)


def test_a_vdv_50149_telegram_is_carried_unread():
    value = shuttle()
    value["cam"]["camParameters"]["specialVehicleContainer"] = public_transport(
        is_embarking=False, activation=b"\x01\x02\x03"
    )
    read = decode(encode("CAM", value)).value
    assert activation_of(read) == (PtActivationType.VDV_50149, b"\x01\x02\x03")
    assert r09_of(read) is None


@pytest.mark.parametrize("octets", [b"", bytes(21)])
def test_an_activation_has_one_to_twenty_octets(octets: bytes):
    with pytest.raises(ItsError, match=r"1\.\.20"):
        public_transport(is_embarking=False, activation=octets)


@pytest.mark.parametrize("version", [0, 1, 3, 255])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_another_protocol_version_is_refused_before_anything_is_read(version: int, number: int):
    # Version 1 has another range of curvature: read by the rules of version 2 it would give wrong numbers in silence.
    with pytest.raises(ItsError, match=MESSAGE_NAMES[number]) as refused:
        decode(bytes((version, number)) + GOLDEN[2:])
    assert refused.value.kind == ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION


@pytest.mark.parametrize("number", [0, 3, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 255])
def test_another_message_is_refused_by_name(number: int):
    with pytest.raises(ItsError, match=MESSAGE_NAMES.get(number, "a message")) as refused:
        decode(bytes((2, number)) + GOLDEN[2:])
    assert refused.value.kind == ItsErrorKind.UNSUPPORTED_MESSAGE


@pytest.mark.parametrize("uper", [b"", b"\x02"])
def test_less_than_a_header_is_truncated(uper: bytes):
    with pytest.raises(ItsError) as refused:
        decode(uper)
    assert refused.value.kind == ItsErrorKind.TRUNCATED


def test_bytes_without_end_are_refused_without_being_read():
    with pytest.raises(ItsError, match="more than any ITS message") as refused:
        decode(GOLDEN + bytes(10_000))
    assert refused.value.kind == ItsErrorKind.MALFORMED


@pytest.mark.parametrize(
    ("message", "change", "kind"),
    [
        ("VAM", {}, ItsErrorKind.UNSUPPORTED_MESSAGE),
        ("DENM", {}, ItsErrorKind.MALFORMED),
        ("CAM", {"protocolVersion": 1}, ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION),
        ("CAM", {"messageID": 1}, ItsErrorKind.MALFORMED),
        ("CAM", {"stationID": -1}, ItsErrorKind.MALFORMED),
    ],
)
def test_a_message_is_not_written_under_a_wrong_header(message: str, change: dict[str, int], kind: ItsErrorKind):
    value = shuttle()
    value["header"].update(change)
    with pytest.raises(ItsError) as refused:
        encode(message, value)
    assert refused.value.kind == kind


@pytest.mark.parametrize("value", [{}, {"header": None}, {"header": {}}])
def test_a_value_without_a_header_is_refused(value: dict[str, Any]):
    with pytest.raises(ItsError):
        encode("CAM", value)
    assert shuttle()["header"]


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("hamburg_cam_radiotap.pcap", 63, (2624309139, 535505166, 99353789, 11, 724, 0)),
        ("signed_eu_cam.pcap", 46, (4084353204, 514935494, 91290299, 445, 2768, -11)),
        ("signed_cert_cam.pcap", 55, (3745471357, 478226556, 130408495, 21, 2551, 0)),
        ("android_cam.pcap", 41, (1, 485194000, 23689670, 0, 0, 0)),
        ("pycrate156.pcap", 55, (55552, 421280170, -86227780, 0, 1570, 1022)),
    ],
)
def test_real_cams_are_read_as_others_have_read_them(shared_data, name, length, expected):
    capture = (shared_data / "v2x" / name).read_bytes()
    place = capture.index(b"\x02\x02" + expected[0].to_bytes(4, "big"))
    read = decode(capture[place : place + length])
    moving = read.value["cam"]["camParameters"]["highFrequencyContainer"]["basicVehicleContainerHighFrequency"]
    curvature = moving["curvature"]["curvatureValue"]
    found = (read.station_id, read.latitude, read.longitude, read.speed_value, read.heading_value, curvature)
    assert found == expected
    assert encode("CAM", read.value) == capture[place : place + length]
