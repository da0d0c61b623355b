"""How long on-demand rides take at most, measured: the tightest statement that held for 95 of 100 driven rides.

Source: GTFS Schedule reference of April 2026, trips.txt, ``safe_duration_factor`` and ``safe_duration_offset``: in 95 %
of cases a ride takes no longer than factor x time by car + offset. Before enough rides were driven the planner's rule
for the longest ride stands in (``gtfs.on_demand``).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mobility.core.booking import Booking
from mobility.core.ids import ServiceAreaId
from mobility.core.region import Region, SafeDuration

FEWEST_RIDES = 60
"""Below this many rides the 95th of 100 rests on two or three of them and is not published."""
_SHARE = 0.95
_FACTORS = tuple(1.0 + step / 10 for step in range(21))
"""Candidates, 1.0 to 3.0; the offset follows from each."""
_STEP_S = 60.0


@dataclass(frozen=True, slots=True)
class DrivenRide:
    """What one ride took, and what the same way takes without detour."""

    direct_s: float
    ride_s: float
    """From boarding to alighting."""


def driven_rides(bookings: Iterable[Booking]) -> Mapping[ServiceAreaId, tuple[DrivenRide, ...]]:
    """Return the rides that were driven to their end, by service area."""
    rides: dict[ServiceAreaId, list[DrivenRide]] = {}
    for booking in bookings:
        if booking.boarded_at is not None and booking.alighted_at is not None:
            ride_s = (booking.alighted_at - booking.boarded_at) / 1000
            if ride_s >= 0:
                rides.setdefault(booking.wish.area_id, []).append(DrivenRide(booking.direct_time_s, ride_s))
    return {area_id: tuple(found) for area_id, found in rides.items()}


def safe_duration(rides: Iterable[DrivenRide]) -> SafeDuration | None:
    """Return factor and offset that at least 95 % of the rides kept, or ``None`` for fewer than ``FEWEST_RIDES``.

    Of all such pairs the one that promises the shortest rides on average; offsets are whole minutes.
    """
    driven = tuple(rides)
    if len(driven) < FEWEST_RIDES:
        return None
    mean_direct_s = math.fsum(ride.direct_s for ride in driven) / len(driven)
    pairs = [SafeDuration(factor=factor, offset_s=_offset_s(driven, factor)) for factor in _FACTORS]
    return min(pairs, key=lambda pair: (pair.factor * mean_direct_s + pair.offset_s, pair.factor))


def with_safe_durations(region: Region, bookings: Iterable[Booking]) -> Region:
    """Return the region with what its driven rides tell; areas with too few of them keep what they had."""
    measured = {area_id: safe_duration(rides) for area_id, rides in driven_rides(bookings).items()}
    areas = tuple(
        replace(area, safe_duration=measured.get(area.area_id) or area.safe_duration) for area in region.areas
    )
    return replace(region, areas=areas)


def _offset_s(rides: tuple[DrivenRide, ...], factor: float) -> float:
    """Return the smallest offset in whole minutes, at least 0, that ``_SHARE`` of the rides keep with ``factor``."""
    over_s = sorted(ride.ride_s - factor * ride.direct_s for ride in rides)
    needed_s = over_s[math.ceil(_SHARE * len(over_s)) - 1]
    return max(0.0, math.ceil(needed_s / _STEP_S) * _STEP_S)
