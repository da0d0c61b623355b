"""How long a ride would be waited for, asked of dispatch without leaving a trace: no offer kept, no refusal written."""

from collections.abc import Iterator, Sequence

from dispatch import quote, rules
from dispatch.edge.service import Dispatch
from dispatch.free_room import Memory
from dispatch.offer import Offer
from dispatch.walk import Walk, walks
from gtfs.flex_ids import flex_route_id
from gtfs.gofs_live import RideEstimate
from gtfs.public import public_areas
from mobility.core.booking import Load, RideWish, WishKind
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.ports import DirectTrips
from mobility.core.refusal import Refusal
from mobility.core.region import ServiceArea

_STEP_MS = 300_000


class QuotedEstimates:
    """Answers from the free room of the newest plans."""

    def __init__(self, dispatch: Dispatch, direct: DirectTrips) -> None:
        """Ask ``dispatch``; ``direct`` knows the line buses that a ride may not compete with."""
        self._dispatch = dispatch
        self._direct = direct
        self._memory = Memory()
        self._line_names = {line.route_id: line.short_name for line in dispatch.region.lines}

    async def estimates(self, pickup: LatLon, drop_off: LatLon | None) -> Sequence[RideEstimate]:
        """Return the soonest ride of each service between two places, in the order of the services."""
        found = (self._estimate(area, pickup, drop_off) for area in public_areas(self._dispatch.region))
        return tuple(estimate for estimate in found if estimate is not None)

    def _estimate(self, area: ServiceArea, pickup: LatLon, drop_off: LatLon | None) -> RideEstimate | None:
        now = self._dispatch.clock.now()
        for origin, destination in self._pairs(area, pickup, drop_off):
            offer = self._soonest(area, origin, destination, now)
            if offer is not None:
                is_known = drop_off is not None
                travel_s = (offer.arrival.latest - offer.pickup.latest) / 1000
                return RideEstimate(
                    route_id=flex_route_id(area.area_id),
                    origin=origin,
                    destination=destination if is_known else None,
                    pickup=offer.pickup.earliest,
                    wait_s=(offer.pickup.latest - now) / 1000,
                    travel_s=max(0.0, travel_s) if is_known else None,
                    fare_cent=offer.fare_cent if is_known else None,
                )
        return None

    def _pairs(self, area: ServiceArea, pickup: LatLon, drop_off: LatLon | None) -> Iterator[tuple[StopId, StopId]]:
        """Yield pairs of stops near both places, the shortest way on foot first."""
        origins = self._walks(area, pickup)
        if drop_off is None:
            yield from self._short_rides(area, origins[:1])
            return
        pairs = [(a, b) for a in origins for b in self._walks(area, drop_off) if a.stop_id != b.stop_id]
        for one, other in sorted(pairs, key=lambda pair: pair[0].walk_m + pair[1].walk_m):
            yield one.stop_id, other.stop_id

    def _short_rides(self, area: ServiceArea, origins: Sequence[Walk]) -> Iterator[tuple[StopId, StopId]]:
        """Yield the shortest ride that may be booked: who does not say where to learns how soon a bus can come."""
        stops = self._dispatch.region.stops
        travel = self._dispatch.service(area.area_id).travel
        for origin in origins:
            far = [stop for stop in area.stops if travel.metres(origin.stop_id, stop) >= area.min_distance_m]
            place = stops[origin.stop_id].place
            if far:
                yield origin.stop_id, min(far, key=lambda stop: distance_m(place, stops[stop].place))

    def _walks(self, area: ServiceArea, place: LatLon) -> Sequence[Walk]:
        found = walks(place, area.stops, self._dispatch.region.stops)
        return () if isinstance(found, Refusal) else found

    def _soonest(self, area: ServiceArea, origin: StopId, destination: StopId, now: Instant) -> Offer | None:
        """Return the earliest ride there is room for, of those around the soonest time that may still be booked."""
        soonest = Instant(-(-shifted(now, area.lead_time_s) // _STEP_MS) * _STEP_MS)
        wish = RideWish(
            area_id=area.area_id,
            origin=origin,
            destination=destination,
            kind=WishKind.DEPART,
            at=soonest,
            load=Load(1),
        )

        def buses_of(earliest: Instant, latest: Instant) -> Sequence[rules.LineBus]:
            trips = self._direct.direct(origin, destination, earliest, latest)
            return rules.line_buses(trips, origin, self._line_names, self._dispatch.region.stops[origin].name)

        answer = quote.quote(
            self._dispatch.service(area.area_id, moment=now),
            self._dispatch.state,
            wish,
            now,
            buses_of=buses_of,
            new_id=str,
            memory=self._memory,
        )
        return min((*answer.offers, *answer.alternatives), key=lambda offer: offer.pickup.earliest, default=None)
