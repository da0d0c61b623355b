"""The street village with a line: shuttle D runs A, C, E and comes back, a train feeds it at A."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from mobility.core.arrivals import Call, Prediction, TripStanding, TripStatus
from mobility.core.booking import RideWish
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, ConnectionId, RouteId, StopId, TripId
from mobility.core.place import Evidence
from mobility.core.region import Calendar, Line, LinePattern, LineTrip, Region, TrainConnection
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind, TripRef, VehicleSpec
from tests.dispatch.small_region import DAY, at, bus, region, wish

TRAIN = TripRef(TripId("rb46-0810"), DAY.date)


def trip(name: str, day: date = DAY.date) -> TripRef:
    return TripRef(TripId(name), day)


def with_a_line(buses: Sequence[VehicleSpec] = ()) -> Region:
    """Shuttle D leaves A at 09:00 and 10:00, is at C 4 minutes and at E 8 minutes later. A train is at A at 08:50."""
    pattern = LinePattern(
        pattern_id="p",
        headsign="Campus",
        direction=0,
        stops=(StopId("A"), StopId("C"), StopId("E")),
        arrival_s=(0, 240, 480),
        departure_s=(0, 240, 480),
        fastest_s=(0, 200, 200),
        path=(LatLon(50.6, 10.9), LatLon(50.61, 10.9)),
    )
    trips = tuple(
        LineTrip(
            trip_id=TripId(f"d-{hour:02d}"),
            pattern_id="p",
            calendar_id="wk",
            start=ServiceTime(hour * 3600),
            block_id=BlockId("b"),
        )
        for hour in (9, 10)
    )
    line = Line(
        route_id=RouteId("D"),
        short_name="D",
        long_name="",
        kind=ServiceKind.SHUTTLE,
        colour="000000",
        patterns=(pattern,),
        trips=trips,
        evidence=Evidence.ASSUMED,
    )
    train = TrainConnection(
        connection_id=ConnectionId(str(TRAIN.trip_id)),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=ServiceTime(8 * 3600 + 50 * 60),
        trip_id=TripId("d-09"),
        stop_id=StopId("A"),
        transfer_s=180.0,
        hold_limit_s=240.0,
    )
    weekdays = Calendar(calendar_id="wk", weekdays=frozenset(range(5)), first=date(2025, 1, 1), last=date(2025, 12, 31))
    return replace(region(buses or (bus(),)), lines=(line,), calendars={"wk": weekdays}, connections=(train,))


def journey(
    origin: str, destination: str, clock: str, *, after: TripRef | None = None, before: TripRef | None = None
) -> RideWish:
    return replace(wish(origin, destination, clock), after_trip=after, before_trip=before)


class Statuses:
    """The ``TripStatuses`` port: every trip is so late."""

    def __init__(self) -> None:
        self.delay_s = 0.0

    def status(self, ref: TripRef) -> TripStatus | None:
        if ref.trip_id not in ("d-09", "d-10"):
            return None
        start = at("09:00" if ref.trip_id == "d-09" else "10:00")
        moments = [Instant(start + k * 240_000) for k in range(3)]
        calls = [
            Call(
                stop_id=StopId(stop),
                stop_sequence=k,
                scheduled_arrival=moment,
                scheduled_departure=moment,
                arrival=self._expected(moment),
            )
            for k, (stop, moment) in enumerate(zip("ACE", moments, strict=True))
        ]
        return TripStatus(
            trip=ref,
            route_id=RouteId("D"),
            headsign="Campus",
            standing=TripStanding.RUNNING,
            as_of=start,
            delay_s=self.delay_s,
            calls=tuple(calls),
        )

    def running(self) -> Sequence[TripStatus]:
        return ()

    def _expected(self, moment: Instant) -> Prediction:
        expected = shifted(moment, self.delay_s)
        return Prediction(p10=expected, p50=expected, p90=expected)
