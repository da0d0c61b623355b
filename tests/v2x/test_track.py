from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from tests.v2x.making import NOON, SHUTTLE, sample_at
from v2x.track import VehicleTracker


def record(seq: int, at: int, *, received: int | None = None) -> TelemetryRecord:
    return TelemetryRecord(
        sample=sample_at(seq, at=NOON + at),
        received_at=Instant(NOON + (at if received is None else received)),
        event_time=Instant(NOON + at),
        payload=b"",
    )


def test_late_data_never_move_live_state_back() -> None:
    tracker = VehicleTracker()
    tracker.observe(record(5, 5000))
    assert tracker.observe(record(3, 3000, received=9000)) is None
    assert tracker.latest()[SHUTTLE].sample.seq == 5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20_000), min_size=1))
def test_live_state_rises_whatever_the_order_of_arrival(times: list[int]) -> None:
    tracker = VehicleTracker()
    seen = [
        state.as_of
        for seq, at in enumerate(times, 1)
        if (state := tracker.observe(record(seq, at, received=30_000))) is not None
    ]
    assert seen == sorted(seen)
    assert tracker.latest()[SHUTTLE].as_of == NOON + max(times)


def test_samples_of_one_instant_follow_their_sequence_number() -> None:
    tracker = VehicleTracker()
    tracker.observe(record(2, 1000))
    assert tracker.observe(record(1, 1000)) is None
    newer = tracker.observe(record(3, 1000))
    assert newer is not None
    assert newer.sample.seq == 3


def test_vehicles_do_not_disturb_each_other() -> None:
    tracker = VehicleTracker()
    tracker.observe(record(1, 9000))
    other = record(1, 1000)
    tracker.observe(replace(other, sample=replace(other.sample, vehicle_id=VehicleId("van"))))
    assert {vehicle: state.as_of - NOON for vehicle, state in tracker.latest().items()} == {SHUTTLE: 9000, "van": 1000}


def test_a_snapshot_does_not_change_afterwards() -> None:
    tracker = VehicleTracker()
    tracker.observe(record(1, 1000))
    before = tracker.latest()
    tracker.observe(record(2, 2000))
    assert before[SHUTTLE].sample.seq == 1
