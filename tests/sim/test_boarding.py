"""Getting on and off."""

from hypothesis import given
from hypothesis import strategies as st

from mobility.core.ids import VehicleId
from mobility.core.vehicle import ServiceKind, VehicleSpec
from sim.boarding import Passenger, dwell_s, exchange, has_room
from sim.scenario import Dwell

SHUTTLE = VehicleSpec(
    vehicle_id=VehicleId("s"),
    label="S",
    kind=ServiceKind.SHUTTLE,
    seats=6,
    wheelchair_places=1,
    seats_lost_per_wheelchair=2,
    sae_level=2,
    max_speed_mps=5.0,
    has_ramp=True,
    battery_wh=30000,
    is_bookable=False,
)

_riders = st.lists(st.builds(Passenger, st.integers(1, 6), st.booleans()), max_size=12)


@given(_riders, _riders, st.integers(0, 6))
def test_nobody_vanishes_and_nobody_rides_beyond_their_stop_or_the_seats(aboard, waiting, call_index):
    happened = exchange(aboard, waiting, call_index=call_index, spec=SHUTTLE)
    assert len(aboard) + len(waiting) == len(happened.aboard) + happened.alighted + len(happened.left_behind)
    assert happened.boarded + len(happened.left_behind) == len(waiting)
    stayed = happened.aboard[: len(happened.aboard) - happened.boarded]
    assert all(rider.alights_at > call_index for rider in stayed)
    if has_room(stayed, SHUTTLE):
        assert has_room(happened.aboard, SHUTTLE)


def test_a_wheelchair_takes_its_place_and_folds_two_seats():
    waiting = [Passenger(3, in_wheelchair=True), *[Passenger(3)] * 6]
    happened = exchange((), waiting, call_index=0, spec=SHUTTLE)
    assert len(happened.aboard) == 5
    assert len(happened.left_behind) == 2
    assert happened.ramps == 1


def test_the_ramp_takes_its_time():
    with_ramp = exchange((), [Passenger(2, in_wheelchair=True)], call_index=0, spec=SHUTTLE)
    without = exchange((), [Passenger(2)], call_index=0, spec=SHUTTLE)
    assert dwell_s(with_ramp, Dwell(), deviation=0) == 6 + 45
    assert dwell_s(without, Dwell(), deviation=0) == 6 + 2.5
    assert dwell_s(without, Dwell(), deviation=-100) > 4
