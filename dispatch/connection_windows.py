"""Rides that continue a journey: which transfer a wish means, and the windows that protect it.

A rider who comes with a trip is fetched from its arrival plus the way over, for as long as the bus may wait. A rider
who goes on with a trip is there by its departure less the way over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mobility.core.booking import RideWish, Window, WishKind
from mobility.core.clock import Instant, shifted
from mobility.core.geo import distance_m
from mobility.core.ids import StopId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import LinePattern, LineTrip, Region
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef

CHANGE_S = 120.0
"""Getting off, looking around and getting on. Assumed."""
WALKING_MPS = 1.2
DETOUR_FACTOR = 1.3
"""Ways on foot are so much longer than the straight line. Assumed."""
MOST_WALK_M = 500.0
"""Farther than this (straight line) nobody calls it a transfer."""
LONGEST_WAIT_S = 1800.0
"""A rider is fetched at most so long after the way over; later it is no connection. Assumed."""
LEAST_SHARE = 0.5
"""A promised window that a transfer narrows to less than this share of itself is no use to a plan."""
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One end of a ride as a part of a longer journey."""

    trip: TripRef
    name: str
    """What riders call it, e.g. ``D Richtung Campus`` or ``RB 46 aus Erfurt``."""
    stop_id: StopId
    """Where the trip arrives or leaves."""
    at: Instant
    """Its scheduled arrival or departure there."""
    transfer_s: float
    """The way over, boarding included."""

    @property
    def ready(self) -> Instant:
        """When a rider who came with it can be fetched, up to the next minute."""
        return Instant(-(-shifted(self.at, self.transfer_s) // _MINUTE_MS) * _MINUTE_MS)

    @property
    def be_there(self) -> Instant:
        """When a rider who goes on with it must have arrived, down to the minute before."""
        return Instant(shifted(self.at, -self.transfer_s) // _MINUTE_MS * _MINUTE_MS)


def feeder(region: Region, wish: RideWish) -> Transfer | Refusal | None:
    """Return the transfer at the begin of the ride, ``None`` where the wish names no trip, or why it can not be."""
    if wish.after_trip is None:
        return None
    return _of_train(region, wish.after_trip, wish.origin) or _of_line(
        region, wish.after_trip, wish.origin, is_arrival=True
    )


def follower(region: Region, wish: RideWish) -> Transfer | Refusal | None:
    """Return the transfer at the end of the ride, ``None`` where the wish names no trip, or why it can not be."""
    if wish.before_trip is None:
        return None
    return _of_line(region, wish.before_trip, wish.destination, is_arrival=False)


def connected(region: Region, wish: RideWish) -> RideWish | Refusal:
    """Return the wish with the time its transfers ask for: to be fetched when ready, else to be there in time."""
    before, after = feeder(region, wish), follower(region, wish)
    for end in (before, after):
        if isinstance(end, Refusal):
            return end
    if isinstance(before, Transfer):
        return replace(wish, kind=WishKind.DEPART, at=before.ready)
    if isinstance(after, Transfer):
        return replace(wish, kind=WishKind.ARRIVE, at=after.be_there)
    return wish


def protected(
    region: Region, wish: RideWish, promised: tuple[Window, Window], *, longest_wait_s: float = LONGEST_WAIT_S
) -> tuple[Window, Window] | Refusal:
    """Return pickup and arrival window narrowed so that the transfers of the wish hold, or why they can not.

    The rider is fetched at most ``longest_wait_s`` after the way over. A wish without trips comes back as it was.
    """
    before, after = feeder(region, wish), follower(region, wish)
    for end in (before, after):
        if isinstance(end, Refusal):
            return end
    pickup: Window | None = promised[0]
    arrival: Window | None = promised[1]
    if isinstance(before, Transfer):
        pickup = _overlap(promised[0], before.ready, shifted(before.ready, longest_wait_s))
    if isinstance(after, Transfer):
        arrival = _overlap(promised[1], promised[1].earliest, after.be_there)
    if pickup is None or arrival is None:
        end = before if pickup is None else after
        assert isinstance(end, Transfer)  # noqa: S101 - only a transfer narrows
        return _refused(region, end.name, wish.origin if pickup is None else wish.destination)
    return pickup, arrival


def lines_with_trips(region: Region) -> Iterable[tuple[str, LineTrip, LinePattern]]:
    """Yield each line trip with its line's short name and its pattern."""
    for line in region.lines:
        patterns = {pattern.pattern_id: pattern for pattern in line.patterns}
        for trip in line.trips:
            yield line.short_name, trip, patterns[trip.pattern_id]


def _of_train(region: Region, ref: TripRef, origin: StopId) -> Transfer | None:
    rule = next((rule for rule in region.connections if str(rule.connection_id) == str(ref.trip_id)), None)
    if rule is None or origin not in region.stops:
        return None
    return Transfer(
        trip=ref,
        name=rule.feeder,
        stop_id=rule.stop_id,
        at=ServiceDay(ref.start_date, region.zone).at(rule.feeder_arrival),
        transfer_s=rule.transfer_s + _walk_s(region, rule.stop_id, origin),
    )


def _of_line(region: Region, ref: TripRef, stop_id: StopId, *, is_arrival: bool) -> Transfer | Refusal:
    found = next((each for each in lines_with_trips(region) if each[1].trip_id == ref.trip_id), None)
    is_known = found is not None and stop_id in region.stops
    if found is None or not is_known or not region.calendars[found[1].calendar_id].runs_on(ref.start_date):
        return _refused(region, str(ref.trip_id), stop_id)
    short_name, trip, pattern = found
    # Nobody arrives with a trip at its first stop or leaves with it from its last.
    calls = range(1, len(pattern.stops)) if is_arrival else range(len(pattern.stops) - 1)
    nearest = min(calls, key=lambda k: (_apart_m(region, pattern.stops[k], stop_id), k), default=None)
    if nearest is None or _apart_m(region, pattern.stops[nearest], stop_id) > MOST_WALK_M:
        return _refused(region, short_name, stop_id)
    times_s: Sequence[int] = pattern.arrival_s if is_arrival else pattern.departure_s
    return Transfer(
        trip=ref,
        name=f"{short_name} {pattern.headsign}",
        stop_id=pattern.stops[nearest],
        at=ServiceDay(ref.start_date, region.zone).at(trip.start + times_s[nearest]),
        transfer_s=CHANGE_S + _walk_s(region, pattern.stops[nearest], stop_id),
    )


def _apart_m(region: Region, a: StopId, b: StopId) -> float:
    return 0.0 if a == b else distance_m(region.stops[a].place, region.stops[b].place)


def _walk_s(region: Region, a: StopId, b: StopId) -> float:
    return _apart_m(region, a, b) * DETOUR_FACTOR / WALKING_MPS


def _overlap(window: Window, earliest: Instant, latest: Instant) -> Window | None:
    first, last = max(window.earliest, earliest), min(window.latest, latest)
    is_of_use = first <= last and last - first >= LEAST_SHARE * (window.latest - window.earliest)
    return Window(first, last) if is_of_use else None


def _refused(region: Region, name: str, stop_id: StopId) -> Refusal:
    stop = region.stops.get(stop_id)
    return Refusal(RefusalCode.NO_TRANSFER, {"trip": name, "stop": stop.name if stop else str(stop_id)})
