import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from tests.v2x.making import NOON
from v2x.codec import decode_sample
from v2x.mqtt.vdv435 import BOOT, filter_of, parse_position, record_of, topic_of, vehicle_of

BUS = VehicleId("bus-7")
TOPIC = (
    "IoM/1.0/DataVersion/2025/Country/de/any/Organisation/IOV/any/Vehicle/bus-7/any/"
    "PhysicalPosition/GnssPhysicalPositionData"
)


def message(**changes: Any) -> dict[str, Any]:
    fix = {
        "WGS84PhysicalPosition": {"Latitude": 50.684, "Longitude": 10.919, "Altitude": 481},
        "NumberOfVisibleSatellites": 8,
        "CompassBearing": 90,
        "Velocity": 4.5,
    }
    whole: dict[str, Any] = {
        "Timestamp": "2025-11-18T12:00:01+01:00",
        "Version": "1.0",
        "TimestampOfMeasurement": "2025-11-18T12:00:00.250+01:00",
        "PublisherId": "IOV-7",
        "GnssPhysicalPosition": fix,
    }
    for name, value in changes.items():
        holder = whole if name in whole else fix if name in fix else fix["WGS84PhysicalPosition"]
        if value is None:
            del holder[name]
        else:
            holder[name] = value
    return whole


def raw(**changes: Any) -> bytes:
    return json.dumps(message(**changes)).encode()


def test_a_position_is_read_with_or_without_the_name_of_its_structure() -> None:
    wrapped = json.dumps({"GnssPhysicalPositionDataStructure": message()}).encode()
    for payload in (raw(), wrapped):
        position = parse_position(payload)
        assert position.measured_at == NOON + 250
        assert position.place == LatLon(50.684, 10.919)
        assert (position.speed_mps, position.bearing_deg) == (4.5, 90.0)


def test_quoted_numbers_are_numbers_and_what_is_optional_may_be_missing() -> None:
    position = parse_position(raw(Latitude="50.684", CompassBearing="360", Velocity=None))
    assert (position.place.lat_deg, position.bearing_deg, position.speed_mps) == (50.684, 0.0, None)


def test_the_time_of_the_message_stands_in_for_a_missing_time_of_measurement() -> None:
    assert parse_position(raw(TimestampOfMeasurement=None)).measured_at == NOON + 1000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Latitude": 91}, "Latitude"),
        ({"Latitude": None}, "Latitude"),
        ({"Latitude": True}, "Latitude"),
        ({"Longitude": "east"}, "Longitude"),
        ({"Longitude": float("nan")}, "Longitude"),
        ({"Velocity": -1}, "Velocity"),
        ({"Velocity": 10**400}, "Velocity"),
        ({"CompassBearing": 361}, "CompassBearing"),
        ({"WGS84PhysicalPosition": []}, "WGS84PhysicalPosition"),
        ({"GnssPhysicalPosition": 3}, "GnssPhysicalPosition"),
        ({"TimestampOfMeasurement": "2025-11-18T12:00:00"}, "TimestampOfMeasurement"),
        ({"TimestampOfMeasurement": "1969-11-18T12:00:00Z"}, "TimestampOfMeasurement"),
        ({"TimestampOfMeasurement": "0001-01-01T00:00:00+14:00"}, "TimestampOfMeasurement"),
        ({"TimestampOfMeasurement": 5}, "TimestampOfMeasurement"),
    ],
)
def test_what_can_not_be_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_position(raw(**changes))
    assert caught.value.field == field


@pytest.mark.parametrize("payload", [b"", b"<xml/>", b"\xff", b"[" * 9000, b"[]", b"1" * 6000, b"x" * 20_000])
def test_what_is_no_position_at_all_is_refused(payload: bytes) -> None:
    with pytest.raises(BadInputError):
        parse_position(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    with pytest.raises(BadInputError):
        parse_position(payload)


@given(
    st.sampled_from(["Timestamp", "TimestampOfMeasurement", "GnssPhysicalPosition", "Latitude", "Velocity"]),
    json_values,
)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: Any) -> None:
    try:
        position = parse_position(raw(**{name: value}))
    except BadInputError:
        return
    assert position.measured_at > 0


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_record_holds_what_its_payload_says(lat: float, lon: float) -> None:
    position = parse_position(raw(Latitude=lat, Longitude=lon))
    record = record_of(position, BUS, Instant(NOON + 1000))
    sample = record.sample
    assert decode_sample(record.payload, vehicle_id=BUS, boot_id=BOOT, seq=sample.seq) == sample
    assert sample.seq == sample.device_time == record.event_time == NOON + 250


def test_a_time_ahead_of_ours_counts_as_ours() -> None:
    with pytest.raises(BadInputError):
        record_of(parse_position(raw(TimestampOfMeasurement="1971-01-01T00:00:00Z")), BUS, NOON)
    record = record_of(parse_position(raw(TimestampOfMeasurement="2035-01-01T00:00:00Z")), BUS, NOON)
    assert record.event_time == record.received_at == NOON
    assert record.sample.device_time > NOON


def test_topic_and_filter_are_those_of_the_open_implementations() -> None:
    assert topic_of("IOV", BUS) == TOPIC
    assert vehicle_of(TOPIC, "IOV") == BUS
    assert filter_of("IOV") == TOPIC.replace("/2025/", "/+/").replace("/de/", "/+/").replace("bus-7", "+")
    assert filter_of("IOV", "g").startswith("$share/g/IoM/1.0/")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "IoM",
        TOPIC + "/x",
        TOPIC.replace("IOV", "KVG"),
        TOPIC.replace("Vehicle", "Driver"),
        TOPIC.replace("bus-7", ""),
    ],
)
def test_other_topics_carry_no_position(topic: str) -> None:
    assert vehicle_of(topic, "IOV") is None
