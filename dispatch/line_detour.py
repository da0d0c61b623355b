"""Detours checked against what a vehicle can drive: the way begins and ends at its stops and is not too fast.

Without a way of its own a detour takes the fastest one of the road network, around roads that are reported closed.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from dispatch.line_book import LineBook, LineRun
from gtfs import altered
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon, Polyline, polyline
from mobility.core.ids import StopId
from mobility.core.line_change import LineChange
from mobility.core.refusal import Refusal, RefusalCode

FASTEST_KMH = 50
"""Limit inside built-up areas (StVO §3(3)); no detour of a town line is faster."""
_NEAR_M = 150
"""A way may begin, end and pass its stops at most so far off: a stop lies beside the road, a map is not exact."""


def detour_checked(
    book: LineBook, runs: Sequence[LineRun], wished: LineChange, closed: AbstractSet[int] = frozenset()
) -> LineChange | Refusal:
    """Return the detour with its way, or why it is none; nobody drives the ``closed`` edges of the network."""
    if wished.leaves_at is None or wished.rejoins_at is None:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "leaves_at, rejoins_at"})
    if min((wished.drive_s, *(call.drive_s for call in wished.via))) <= 0:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "drive_s"})
    unknown = next((call.stop_id for call in wished.via if call.stop_id not in book.timetable.stops), None)
    if unknown is not None:
        return Refusal(RefusalCode.UNKNOWN_STOP, {"stop_id": unknown[:100]})
    for run in runs:
        refusal = span_of(book, run, wished.leaves_at, wished.rejoins_at)
        if isinstance(refusal, Refusal):
            return refusal
    legs = _legs(wished, wished.leaves_at, wished.rejoins_at)
    path = wished.path or _shortest(book, legs, closed)
    if isinstance(path, Refusal):
        return path
    refusal_of_way = _way_refused(book, path, legs)
    return refusal_of_way or replace(wished, path=path)


def span_of(book: LineBook, run: LineRun, leaves_at: StopId, rejoins_at: StopId) -> tuple[int, int] | Refusal:
    """Return the calls at which a run leaves and rejoins its way; where it calls there twice, those the feed takes."""
    time = book.clock(run.begins)
    for stop_id in (leaves_at, rejoins_at):
        if stop_id not in run.stops:
            parameters = {"time": time, "stop": book.stop_name(stop_id)}
            return Refusal(RefusalCode.STOP_NOT_ON_TRIP, parameters)
    try:
        return altered.span_of(run.trip, leaves_at, rejoins_at)
    except BadInputError:
        return Refusal(RefusalCode.DETOUR_BACKWARDS)


@dataclass(frozen=True, slots=True)
class _Leg:
    start: StopId
    end: StopId
    drive_s: float


def _legs(wished: LineChange, leaves_at: StopId, rejoins_at: StopId) -> tuple[_Leg, ...]:
    stops = (leaves_at, *(call.stop_id for call in wished.via), rejoins_at)
    drives = (*(call.drive_s for call in wished.via), wished.drive_s)
    return tuple(_Leg(start, end, drive_s) for (start, end), drive_s in zip(pairwise(stops), drives, strict=True))


def _shortest(book: LineBook, legs: Sequence[_Leg], closed: AbstractSet[int]) -> tuple[LatLon, ...] | Refusal:
    """Return the fastest way along all legs, from and to the stops themselves."""
    network, places = book.region.network.closing(closed), book.timetable.stops
    points: list[LatLon] = [places[legs[0].start].place]
    for leg in legs:
        ends = (network.nearest_node(places[stop].place) for stop in (leg.start, leg.end))
        path = network.shortest_path(*ends)
        if path is None:
            names = {"start": book.stop_name(leg.start), "end": book.stop_name(leg.end)}
            return Refusal(RefusalCode.NO_WAY, names)
        points += [*network.geometry(path.nodes), places[leg.end].place]
    return tuple(place for k, place in enumerate(points) if k == 0 or place != points[k - 1])


def _way_refused(book: LineBook, path: Sequence[LatLon], legs: Sequence[_Leg]) -> Refusal | None:
    if len(path) < 2:  # noqa: PLR2004 - a way has two ends
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "path"})
    frame = book.timetable.frame
    line = polyline(frame, path)
    here_m = 0.0
    for k, leg in enumerate(legs):
        goal = book.timetable.stops[leg.end].place
        if k == 0:
            refusal = _apart(book, line, leg.start, 0.0)
            if refusal is not None:
                return refusal
        is_last = k == len(legs) - 1
        there_m = line.length_m if is_last else line.project(frame.xy(goal), from_m=here_m).chainage_m
        refusal = _apart(book, line, leg.end, there_m) or _too_fast(book, leg, there_m - here_m)
        if refusal is not None:
            return refusal
        here_m = there_m
    return None


def _apart(book: LineBook, line: Polyline, stop_id: StopId, chainage_m: float) -> Refusal | None:
    here, stop = line.at(chainage_m), book.timetable.frame.xy(book.timetable.stops[stop_id].place)
    apart_m = ((here.x_m - stop.x_m) ** 2 + (here.y_m - stop.y_m) ** 2) ** 0.5
    if apart_m <= _NEAR_M:
        return None
    parameters = {"stop": book.stop_name(stop_id), "distance_m": round(apart_m), "limit_m": _NEAR_M}
    return Refusal(RefusalCode.DETOUR_APART, parameters)


def _too_fast(book: LineBook, leg: _Leg, length_m: float) -> Refusal | None:
    speed_kmh = length_m / leg.drive_s * 3.6
    if speed_kmh <= FASTEST_KMH:
        return None
    return Refusal(
        RefusalCode.DETOUR_TOO_FAST,
        {
            "start": book.stop_name(leg.start),
            "end": book.stop_name(leg.end),
            "speed_kmh": ceil(speed_kmh),
            "limit_kmh": FASTEST_KMH,
        },
    )
