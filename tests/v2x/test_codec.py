from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import TripId
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef
from tests.v2x.making import BOOT, SHUTTLE, sample_at
from v2x import wire_pb2 as wire
from v2x.codec import LATEST_TIME_MS, decode_sample, encode_sample


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


samples = st.builds(
    Sample,
    vehicle_id=st.just(SHUTTLE),
    boot_id=st.just(BOOT),
    seq=st.integers(1, 2**40),
    device_time=st.integers(1, LATEST_TIME_MS),
    place=st.builds(LatLon, st.floats(-90, 90), st.floats(-180, 180)),
    speed_mps=optional(st.floats(0, 100)),
    bearing_deg=optional(st.floats(0, 360, exclude_max=True)),
    mode=st.sampled_from(DrivingMode),
    doors=st.sampled_from(Doors),
    passengers=optional(st.integers(0, 250)),
    wheelchairs=optional(st.integers(0, 20)),
    battery_frac=optional(st.floats(0, 1)),
    odometer_m=optional(st.floats(0, 1e10)),
    trip=optional(st.builds(TripRef, st.text("abc-:ü東 19", min_size=1, max_size=40), st.dates())),
)


def again(payload: bytes) -> Sample:
    return decode_sample(payload, vehicle_id=SHUTTLE, boot_id=BOOT, seq=1)


@settings(max_examples=200, deadline=None)
@given(samples)
def test_a_sample_survives_the_wire_within_its_resolution(sample: Sample) -> None:
    back = decode_sample(encode_sample(sample), vehicle_id=SHUTTLE, boot_id=BOOT, seq=sample.seq)
    assert back.device_time == sample.device_time
    assert back.place.lat_deg == pytest.approx(sample.place.lat_deg, abs=6e-8)
    assert back.place.lon_deg == pytest.approx(sample.place.lon_deg, abs=6e-8)
    assert (back.mode, back.doors, back.trip, back.seq) == (sample.mode, sample.doors, sample.trip, sample.seq)
    assert (back.passengers, back.wheelchairs) == (sample.passengers, sample.wheelchairs)
    for name, resolution in (("speed_mps", 6e-4), ("battery_frac", 6e-7), ("odometer_m", 6e-3)):
        value, was = getattr(back, name), getattr(sample, name)
        assert (value is None) == (was is None)
        assert value is None or value == pytest.approx(was, abs=resolution)
    assert (back.bearing_deg is None) == (sample.bearing_deg is None)
    if back.bearing_deg is not None and sample.bearing_deg is not None:
        turn_deg = abs(back.bearing_deg - sample.bearing_deg)
        assert min(turn_deg, 360 - turn_deg) <= 6e-4


@settings(max_examples=200, deadline=None)
@given(samples)
def test_what_came_over_the_wire_once_does_not_change_again(sample: Sample) -> None:
    payload = encode_sample(sample)
    assert encode_sample(again(payload)) == payload


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_random_bytes_give_a_sample_or_the_one_error(payload: bytes) -> None:
    try:
        assert isinstance(again(payload), Sample)
    except BadInputError as error:
        assert error.field


@settings(max_examples=200, deadline=None)
@given(samples, st.data())
def test_mutated_samples_give_a_sample_or_the_one_error(sample: Sample, data: st.DataObject) -> None:
    payload = bytearray(encode_sample(sample))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    del payload[data.draw(st.integers(0, len(payload))) :]
    try:
        assert isinstance(again(bytes(payload)), Sample)
    except BadInputError as error:
        assert error.field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speed_mps", -0.1),
        ("speed_mps", float("nan")),
        ("speed_mps", float("inf")),
        ("speed_mps", 100.1),
        ("bearing_deg", 360.0),
        ("bearing_deg", -1.0),
        ("bearing_deg", float("nan")),
        ("passengers", 300),
        ("passengers", -1),
        ("wheelchairs", 21),
        ("battery_frac", 1.01),
        ("battery_frac", float("nan")),
        ("odometer_m", -1.0),
        ("device_time", Instant(0)),
        ("device_time", Instant(LATEST_TIME_MS + 1)),
        ("trip", TripRef(TripId(""), date(2025, 11, 18))),
        ("trip", TripRef(TripId("x" * 257), date(2025, 11, 18))),
        ("trip", TripRef(TripId("\ud800"), date(2025, 11, 18))),
    ],
)
def test_values_out_of_range_are_not_encoded_and_the_field_is_named(field: str, value: object) -> None:
    with pytest.raises(BadInputError) as caught:
        encode_sample(sample_at(1, **{field: value}))
    assert caught.value.field.startswith(field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude_e7", 910_000_000),
        ("latitude_e7", -900_000_001),
        ("longitude_e7", 1_800_000_001),
        ("speed_mmps", 100_001),
        ("bearing_mdeg", 360_000),
        ("passengers", 300),
        ("wheelchairs", 21),
        ("battery_ppm", 1_000_001),
        ("odometer_cm", 10**12 + 1),
        ("device_time_ms", 2**63),
    ],
)
def test_values_out_of_range_are_not_decoded_and_the_field_is_named(field: str, value: int) -> None:
    message = wire.Sample(device_time_ms=1, latitude_e7=506800000, longitude_e7=109200000)
    setattr(message, field, value)
    with pytest.raises(BadInputError) as caught:
        again(message.SerializeToString())
    assert caught.value.field == field


@pytest.mark.parametrize("start_date", [0, 20251301, 20250230, 99, 4_000_000_000])
def test_a_trip_needs_a_real_date(start_date: int) -> None:
    message = wire.Sample(
        device_time_ms=1, latitude_e7=1, longitude_e7=1, trip=wire.TripLogOn(trip_id="D-1", start_date=start_date)
    )
    with pytest.raises(BadInputError) as caught:
        again(message.SerializeToString())
    assert caught.value.field == "trip.start_date"


def test_a_sample_without_time_or_place_is_none() -> None:
    for message in (wire.Sample(), wire.Sample(device_time_ms=1), wire.Sample(latitude_e7=0, longitude_e7=0)):
        with pytest.raises(BadInputError):
            again(message.SerializeToString())


def test_a_mode_of_a_later_protocol_is_unknown_and_no_error() -> None:
    message = wire.Sample(device_time_ms=1, latitude_e7=1, longitude_e7=1, mode=17, doors=9)
    assert (again(message.SerializeToString()).mode, again(message.SerializeToString()).doors) == (
        DrivingMode.UNKNOWN,
        Doors.UNKNOWN,
    )


def test_a_place_in_range_that_rounds_to_the_edge_stays_on_earth() -> None:
    place = LatLon(90.0, -180.0)
    assert again(encode_sample(sample_at(1, place=place))).place == place
