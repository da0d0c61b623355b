from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.events import HazardEnded, HazardReported
from mobility.core.fold import State
from mobility.core.ids import HazardId, VehicleId
from mobility.core.supervision import Hazard, Supervised
from tests.v2x.its.frames_making import NOON, NOON_ITS, cam, denm, uper
from v2x.codec import decode_sample
from v2x.extension import Light
from v2x.extension_codec import extension_of
from v2x.its.clock import TimestampIts
from v2x.its.message import ItsMessage
from v2x.its.station import cam_record
from v2x.its.station_hazards import HazardMemory, decide_hazard, hazard_news

SHUTTLE = VehicleId("shuttle-1")


def record(message: ItsMessage, *, received_at: int = NOON, generated_at: int | None = None):
    return cam_record(
        message,
        uper(message),
        vehicle_id=SHUTTLE,
        received_at=Instant(received_at),
        generated_at=None if generated_at is None else TimestampIts(generated_at),
    )


def test_a_cam_becomes_a_sample_of_its_vehicle() -> None:
    made = record(cam(), received_at=NOON + 40)
    sample = made.sample
    assert (sample.vehicle_id, sample.boot_id, sample.seq) == (SHUTTLE, "cam-4711", NOON_ITS)
    assert (sample.device_time, made.event_time, made.received_at) == (NOON, NOON, NOON + 40)
    assert (sample.place.lat_deg, sample.place.lon_deg) == (50.68, 10.92)
    assert (sample.speed_mps, sample.bearing_deg) == (4.5, 90.0)


def test_the_bytes_kept_hold_the_sample_the_message_and_what_else_it_measured() -> None:
    made = record(cam())
    sample = made.sample
    kept = decode_sample(made.payload, vehicle_id=SHUTTLE, boot_id=sample.boot_id, seq=sample.seq)
    assert kept == sample
    extension = extension_of(made.payload)
    assert extension is not None
    assert extension.its_messages == (uper(cam()),)
    assert (extension.altitude_m, extension.acceleration_long_mps2, extension.acceleration_lat_mps2) == (480, -1.2, 0.3)
    assert extension.lights_on == {Light.LOW_BEAM, Light.LEFT_INDICATOR}


@settings(max_examples=100)
@given(
    st.integers(-900_000_000, 900_000_000), st.integers(0, 16_383), st.integers(0, 3_601), st.integers(-4_000, 50_000)
)
def test_any_measurable_cam_is_kept_as_it_will_be_read(latitude: int, speed: int, heading: int, delay_ms: int) -> None:
    message = cam(latitude=latitude, speed=speed)
    fast = message.value["cam"]["camParameters"]["highFrequencyContainer"]["basicVehicleContainerHighFrequency"]
    fast["heading"]["headingValue"] = heading
    made = record(message, received_at=NOON + delay_ms)
    sample = made.sample
    kept = decode_sample(made.payload, vehicle_id=SHUTTLE, boot_id=sample.boot_id, seq=sample.seq)
    assert kept == sample
    assert sample.device_time == NOON
    assert made.event_time <= made.received_at + 2000


def test_the_same_cam_gives_the_same_bytes_and_number_whenever_it_arrives() -> None:
    first, again = record(cam(), received_at=NOON + 20), record(cam(), received_at=NOON + 30_000)
    assert (first.sample, first.payload) == (again.sample, again.payload)


def test_a_cam_from_the_future_is_dated_by_its_receipt() -> None:
    made = record(cam(), received_at=NOON - 4000)
    assert (made.sample.device_time, made.event_time) == (NOON, NOON - 4000)


def test_the_envelopes_time_tells_the_minute_of_a_cam_that_came_late() -> None:
    made = record(cam(), received_at=NOON + 3_600_000, generated_at=NOON_ITS + 3)
    assert (made.sample.seq, made.event_time) == (NOON_ITS, NOON)


def test_a_cam_of_last_month_is_refused() -> None:
    with pytest.raises(BadInputError, match="older than a week"):
        record(cam(), generated_at=NOON_ITS - 30 * 86_400_000)


def test_a_cam_without_a_position_is_refused() -> None:
    with pytest.raises(BadInputError, match="without a position"):
        record(cam(latitude=900_000_001))


def test_values_a_station_does_not_know_are_left_out() -> None:
    message = cam(speed=16_383)
    fast = message.value["cam"]["camParameters"]["highFrequencyContainer"]["basicVehicleContainerHighFrequency"]
    fast["heading"]["headingValue"] = 3601
    sample = record(message).sample
    assert (sample.speed_mps, sample.bearing_deg) == (None, None)


def facts(message: ItsMessage, *known: Hazard, now: int = NOON) -> list[object]:
    state = State(supervised=Supervised(hazards={each.hazard_id: each for each in known}))
    outcome = decide_hazard(hazard_news(message))(state, Instant(now))
    assert isinstance(outcome, list)
    return list(outcome)


def reported(message: ItsMessage, **known: int) -> Hazard:
    (fact,) = facts(message, **known)
    assert isinstance(fact, HazardReported)
    return fact.hazard


def test_a_denm_reports_a_hazard_until_its_validity_ends() -> None:
    hazard = reported(denm())
    assert hazard.hazard_id == "4711:7"
    assert (hazard.cause_code, hazard.sub_cause_code, hazard.reported_by) == (94, 0, "4711")
    assert (hazard.detected_at, hazard.valid_until) == (NOON, NOON + 120_000)


def test_what_the_ledger_knows_is_not_told_again() -> None:
    """After a restart nothing is remembered, and the DENM is still being repeated."""
    assert facts(denm(), reported(denm())) == []


def test_news_of_a_known_hazard_are_a_fact() -> None:
    update = denm(detected=TimestampIts(NOON_ITS + 1000), cause=97)
    (fact,) = facts(update, reported(denm()))
    assert isinstance(fact, HazardReported)
    assert fact.hazard.cause_code == 97


def test_a_hazard_that_is_over_is_no_fact() -> None:
    assert facts(denm(), now=NOON + 120_000) == []


@pytest.mark.parametrize("termination", ["isCancellation", "isNegation"])
def test_termination_ends_a_known_hazard(termination: str) -> None:
    ended = facts(denm(termination=termination), reported(denm()), now=NOON + 5)
    assert ended == [HazardEnded(hazard_id=HazardId("4711:7"), at=Instant(NOON + 5))]
    assert facts(denm(termination=termination)) == []


def test_a_hazard_of_a_clock_that_is_ahead_does_not_stand_for_years() -> None:
    hazard = reported(denm(detected=TimestampIts(NOON_ITS + 10 * 365 * 86_400_000)))
    assert (hazard.detected_at, hazard.valid_until) == (NOON, NOON + 120_000)


def test_repetitions_are_no_news_and_an_older_reference_neither() -> None:
    memory = HazardMemory()
    first = hazard_news(denm())
    assert memory.is_news(first)
    memory.remember(first)
    assert not memory.is_news(first)
    assert not memory.is_news(replace(first, reference_time=TimestampIts(NOON_ITS - 1)))
    assert memory.is_news(replace(first, reference_time=TimestampIts(NOON_ITS + 1)))
    memory.forget(first)
    assert memory.is_news(first)


def test_the_memory_of_hazards_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("v2x.its.station_hazards.MOST_REMEMBERED", 2)
    memory = HazardMemory()
    for number in (1, 2, 3):
        memory.remember(hazard_news(denm(number=number)))
    assert [memory.is_news(hazard_news(denm(number=number))) for number in (1, 2, 3)] == [True, False, False]
