"""The statement about the longest rides, measured on driven ones."""

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.flex_duration import FEWEST_RIDES, DrivenRide, driven_rides, safe_duration, with_safe_durations
from mobility.core.booking import Booking, Channel, Load, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, RiderRef, ServiceAreaId, StopId, VehicleId
from tests.gtfs.small_region import area, with_bus

RIDES = st.lists(
    st.builds(DrivenRide, st.floats(60, 3600), st.floats(0, 7200)), min_size=FEWEST_RIDES, max_size=FEWEST_RIDES * 3
)


def kept(rides, pair):
    return sum(ride.ride_s <= pair.factor * ride.direct_s + pair.offset_s + 1e-6 for ride in rides)


def booking(number, *, direct_s=600.0, ride_s=700.0, is_driven=True):
    return Booking(
        booking_id=BookingId(str(number)),
        rider=RiderRef("r"),
        wish=RideWish(
            area_id=ServiceAreaId("village"),
            origin=StopId("a"),
            destination=StopId("b"),
            kind=WishKind.DEPART,
            at=Instant(0),
            load=Load(1),
        ),
        channel=Channel.PHONE,
        vehicle_id=VehicleId("van-1"),
        fare_cent=0,
        direct_time_s=direct_s,
        max_ride_s=2000.0,
        made_at=Instant(0),
        boarded_at=Instant(1_000_000) if is_driven else None,
        alighted_at=Instant(1_000_000 + round(ride_s * 1000)) if is_driven else None,
    )


@given(RIDES)
@settings(max_examples=100, deadline=None)
def test_at_least_95_of_100_rides_keep_the_statement(rides):
    pair = safe_duration(rides)
    assert pair is not None
    assert kept(rides, pair) >= ceil(0.95 * len(rides))
    assert pair.offset_s >= 0
    assert pair.offset_s % 60 == 0


@given(RIDES)
@settings(max_examples=50, deadline=None)
def test_a_minute_less_would_be_too_little_or_below_nothing(rides):
    pair = safe_duration(rides)
    assert pair is not None
    shorter = replace(pair, offset_s=pair.offset_s - 60)
    assert shorter.offset_s < 0 or kept(rides, shorter) < ceil(0.95 * len(rides))


def test_rides_that_take_a_fixed_time_longer_are_told_as_such():
    rides = [DrivenRide(direct_s, direct_s + 240.0) for direct_s in range(300, 300 + 20 * 100, 20)]
    pair = safe_duration(rides)
    assert pair is not None
    # Every ride is four minutes longer than by car; any larger factor promises longer rides on average.
    assert (pair.factor, pair.offset_s) == (1.0, 240.0)


def test_too_few_rides_say_nothing():
    assert safe_duration([DrivenRide(600.0, 700.0)] * (FEWEST_RIDES - 1)) is None
    assert safe_duration([DrivenRide(600.0, 700.0)] * FEWEST_RIDES) is not None


def test_only_rides_driven_to_their_end_count():
    rides = driven_rides([booking(1), booking(2, is_driven=False)])
    assert rides == {ServiceAreaId("village"): (DrivenRide(600.0, 700.0),)}


@pytest.mark.parametrize("count", [FEWEST_RIDES - 1, FEWEST_RIDES])
def test_a_region_learns_from_enough_rides_and_keeps_what_it_had_otherwise(count):
    learnt = with_safe_durations(with_bus(), [booking(number) for number in range(count)])
    assert (learnt.areas[0].safe_duration is not None) == (count == FEWEST_RIDES)
    assert replace(learnt.areas[0], safe_duration=None) == area()
