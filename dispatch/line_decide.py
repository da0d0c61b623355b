"""Deciding changes of the line service: ``decide(state, command, now)`` for each kind, with the refusals that help."""

import itertools
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from dispatch.closures import closed_edges
from dispatch.line_book import LineBook, LineRun, Seen, of_kind
from dispatch.line_detour import detour_checked, span_of
from dispatch.line_swap import Swap, after, halves, swapped
from dispatch.line_vehicle import assigned, driven_twice, may_drive, stands_out, taken_from, vehicle_refused
from mobility.core.clock import Instant
from mobility.core.events import Event, TripCancelled
from mobility.core.fold import State
from mobility.core.ids import LineChangeId, TripId
from mobility.core.line_change import OF_VEHICLES, LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded, RoadWeatherReported, TripReinstated
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.road_weather import WeatherReport
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import TripRef

_FURTHEST_MS = 30 * 86_400_000
"""Extra trips can be added a month ahead; what comes later belongs into the timetable."""
_LATE_MS = 900_000
"""An extra trip may be noted a quarter of an hour after it left: it runs already when somebody finds the time."""
_HOUR_MS = 3_600_000
_OF_TRIPS = (
    LineChangeKind.DETOUR,
    LineChangeKind.STOPS_CLOSED,
    LineChangeKind.VEHICLE_ASSIGNED,
    LineChangeKind.UNTRACKED,
)
"""What an extra trip takes along when it ends: its name may be given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNow:
    """What decisions look at beside the state."""

    book: LineBook
    seen: Seen
    """Trips with a vehicle on them. One that is still under way is not over, however late."""


def cancelled(
    line: LineNow, state: State, trips: Sequence[TripRef], reason: str, now: Instant
) -> list[Event] | Refusal:
    """Cancel trips that are not over."""
    runs = _open_runs(line, state, trips, now)
    if isinstance(runs, Refusal):
        return runs
    off = next((run for run in runs if run.ref in state.cancelled_trips), None)
    if off is not None:
        return _refused(line, RefusalCode.ALREADY_CANCELLED, off)
    return [TripCancelled(trip=run.ref, reason=reason) for run in runs]


def reinstated(
    line: LineNow, state: State, trips: Sequence[TripRef], reason: str, now: Instant
) -> list[Event] | Refusal:
    """Let cancelled trips run after all, while they can."""
    runs = _open_runs(line, state, trips, now)
    if isinstance(runs, Refusal):
        return runs
    on = next((run for run in runs if run.ref not in state.cancelled_trips), None)
    if on is not None:
        return _refused(line, RefusalCode.NOT_CANCELLED, on)
    named = {run.ref for run in runs}
    left = {ref: why for ref, why in state.cancelled_trips.items() if ref not in named}
    return driven_twice(line.book, replace(state, cancelled_trips=left), runs) or [
        TripReinstated(trip=run.ref, reason=reason) for run in runs
    ]


def changed(line: LineNow, state: State, wished: LineChange, now: Instant) -> list[Event] | Refusal:
    """Change the line service. ``wished`` has a fresh id; its trips come back in the order of their departure."""
    if wished.ends is not None and wished.ends <= max(wished.begins, now):
        return Refusal(RefusalCode.PERIOD_BACKWARDS)
    if wished.kind is LineChangeKind.EXTRA:
        return _extra(line, state, wished, now)
    if wished.kind in OF_VEHICLES:
        return stands_out(line.book, state, replace(wished, trips=()))
    runs = _open_runs(line, state, wished.trips, now)
    if isinstance(runs, Refusal):
        return runs
    named = replace(wished, trips=tuple(run.ref for run in runs))
    if wished.kind is LineChangeKind.VEHICLE_ASSIGNED:
        return assigned(line.book, state, runs, named)
    return _of_trips(line, state, runs, named, now)


def swap(line: LineNow, state: State, trips: Sequence[TripRef], wished: Swap, now: Instant) -> list[Event] | Refusal:
    """Let two vehicles swap ``trips``; without any all that is ahead of both."""
    runs = _open_runs(line, state, trips, now) if trips else ()
    return runs if isinstance(runs, Refusal) else swapped(line.book, state, runs, wished)


def _of_trips(
    line: LineNow, state: State, runs: Sequence[LineRun], wished: LineChange, now: Instant
) -> list[Event] | Refusal:
    refusal = _unfit(line, state, runs, wished)
    if refusal is not None:
        return refusal
    if wished.kind is not LineChangeKind.DETOUR:
        return [LineChanged(change=wished)]
    closed = closed_edges(line.book.region, state.disruptions.values(), now)
    detour = detour_checked(line.book, runs, wished, closed)
    if isinstance(detour, Refusal):
        return detour
    return _passed(line, runs, detour) or [LineChanged(change=detour)]


def ended(line: LineNow, state: State, change_id: LineChangeId, reason: str, now: Instant) -> list[Event] | Refusal:
    """End a change, of a swap both halves, of an extra trip all that was changed about it.

    An extra trip with a vehicle on it is not ended but cancelled: riders sit in it. Trips go back to their vehicle only
    where that is not given to others by now.
    """
    change = state.line_changes.get(change_id)
    if change is None:
        return Refusal(RefusalCode.UNKNOWN_CHANGE)
    if not reason:
        return Refusal(RefusalCode.REASON_NEEDED)
    run = line.book.added(change) if change.kind is LineChangeKind.EXTRA else None
    if run is not None and run.ref in line.seen:
        return _refused(line, RefusalCode.TRIP_RUNS_NOW, run)
    both = halves(state, change)
    events: list[Event] = [LineChangeEnded(change_id=each.change_id, reason=reason) for each in both]
    if change.kind is LineChangeKind.EXTRA:
        for kind in _OF_TRIPS:
            events += taken_from(state, kind, change.trips, reason)
    if change.kind is not LineChangeKind.VEHICLE_ASSIGNED:
        return events
    back = line.book.runs([ref for each in both for ref in each.trips], state)
    open_again = () if isinstance(back, Refusal) else [run for run in back if run.ends >= now or run.ref in line.seen]
    return driven_twice(line.book, after(state, events), open_again) or events


def weather_reported(line: LineNow, state: State, report: WeatherReport, now: Instant) -> list[Event] | Refusal:
    """Take what the road is like; reports come in the order of their begin, at most an hour ahead."""
    known = state.road_weather
    if known is not None and report.begins < known.begins:
        return Refusal(RefusalCode.OLDER_REPORT, {"time": line.book.clock(known.begins)})
    if report.begins > now + _HOUR_MS:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "begins"})
    return [RoadWeatherReported(report=report)]


def _open_runs(line: LineNow, state: State, trips: Sequence[TripRef], now: Instant) -> tuple[LineRun, ...] | Refusal:
    runs = line.book.runs(trips, state)
    if isinstance(runs, Refusal):
        return runs
    over = next((run for run in runs if run.ends < now and run.ref not in line.seen), None)
    return runs if over is None else _refused(line, RefusalCode.TRIP_OVER, over)


def _unfit(line: LineNow, state: State, runs: Sequence[LineRun], wished: LineChange) -> Refusal | None:
    """Return why trips can not be detoured, hidden, left unseen or not stop where they do."""
    taken = {ref: change for change in of_kind(state, wished.kind) for ref in change.trips}
    for run in runs:
        if run.ref in state.cancelled_trips:
            return _refused(line, RefusalCode.ALREADY_CANCELLED, run)
        if run.extra is not None and wished.kind is LineChangeKind.REMOVED:
            return _refused(line, RefusalCode.EXTRA_TRIP_CHANGED, run, change_id=run.extra.change_id)
        known = taken.get(run.ref)
        if known is not None and _is_same(known, wished):
            return Refusal(RefusalCode.ALREADY_CHANGED, {"change_id": known.change_id})
        if wished.kind is LineChangeKind.REMOVED and run.ref in line.seen:
            return _refused(line, RefusalCode.TRIP_RUNS_NOW, run)
    return _closed_unfit(line, state, runs, wished) if wished.kind is LineChangeKind.STOPS_CLOSED else None


def _is_same(known: LineChange, wished: LineChange) -> bool:
    """Different stops of a trip may be closed by different changes; of everything else there is one at a time."""
    return wished.kind is not LineChangeKind.STOPS_CLOSED or bool(set(known.stops) & set(wished.stops))


def _closed_unfit(line: LineNow, state: State, runs: Sequence[LineRun], wished: LineChange) -> Refusal | None:
    book = line.book
    if not wished.stops:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "stops"})
    for stop_id in wished.stops:
        if stop_id not in book.timetable.stops:
            return Refusal(RefusalCode.UNKNOWN_STOP, {"stop_id": stop_id[:100]})
        without = next((run for run in runs if stop_id not in run.stops), None)
        if without is not None:
            return _refused(line, RefusalCode.STOP_NOT_ON_TRIP, without, stop=book.stop_name(stop_id))
    for run in runs:
        others = (c.stops for c in of_kind(state, LineChangeKind.STOPS_CLOSED) if run.ref in c.trips)
        closed = {*wished.stops, *(stop for stops in others for stop in stops)}
        if sum(stop not in closed for stop in run.stops) < 2:  # noqa: PLR2004 - a trip has two ends
            return _refused(line, RefusalCode.TOO_FEW_STOPS, run)
        last = max(i for i, stop in enumerate(run.stops) if stop in wished.stops)
        if line.seen.get(run.ref, 0) > last:
            return _refused(line, RefusalCode.ALREADY_PASSED, run, stop=book.stop_name(run.stops[last]))
    return None


def _passed(line: LineNow, runs: Sequence[LineRun], detour: LineChange) -> Refusal | None:
    assert detour.leaves_at is not None  # noqa: S101 - a checked detour has both
    assert detour.rejoins_at is not None  # noqa: S101 - a checked detour has both
    for run in runs:
        span = span_of(line.book, run, detour.leaves_at, detour.rejoins_at)
        if not isinstance(span, Refusal) and line.seen.get(run.ref, 0) > span[0] + 1:
            return _refused(line, RefusalCode.ALREADY_PASSED, run, stop=line.book.stop_name(detour.leaves_at))
    return None


def _extra(line: LineNow, state: State, wished: LineChange, now: Instant) -> list[Event] | Refusal:
    change = _extra_named(line.book, state, wished, now)
    if isinstance(change, Refusal):
        return change
    refusal = None
    if change.vehicle_id is not None:
        run = line.book.added(change)
        refusal = vehicle_refused(line.book, change.vehicle_id)
        refusal = refusal or may_drive(line.book, state, [run] if run else [], change)
    return refusal or [LineChanged(change=change)]


def _extra_named(book: LineBook, state: State, wished: LineChange, now: Instant) -> LineChange | Refusal:
    """Return the extra trip with the name of its run, a new one where none was given, or why it can not be."""
    departs = wished.departs
    if departs is None:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "departs"})
    if wished.pattern_of is None or wished.pattern_of not in book.timetable.trips:
        return Refusal(RefusalCode.UNKNOWN_TRIP, {"trip_id": str(wished.pattern_of or "")[:100]})
    if departs < now - _LATE_MS:
        return Refusal(RefusalCode.IN_THE_PAST)
    if departs > now + _FURTHEST_MS:
        return Refusal(RefusalCode.TOO_FAR_AHEAD, {"days": _FURTHEST_MS // 86_400_000})
    same = next((c for c in of_kind(state, LineChangeKind.EXTRA) if _runs_as(c, wished)), None)
    if same is not None:
        return Refusal(RefusalCode.EXTRA_TRIP_EXISTS, {"change_id": same.change_id, "time": book.clock(departs)})
    ref = _given_name(book, state, wished) if wished.trips else _new_name(book, state, wished, departs)
    return ref if isinstance(ref, Refusal) else replace(wished, trips=(ref,))


def _given_name(book: LineBook, state: State, wished: LineChange) -> TripRef | Refusal:
    """Return the name that somebody chose for an extra trip: its own, and on a service day it can leave on."""
    ref, departs = wished.trips[0], wished.departs or wished.begins
    known = next((c for c in of_kind(state, LineChangeKind.EXTRA) if ref in c.trips), None)
    at = book.clock(departs)
    if known is not None:
        return Refusal(RefusalCode.EXTRA_TRIP_EXISTS, {"change_id": known.change_id, "time": at})
    if ref in state.cancelled_trips:
        return Refusal(RefusalCode.ALREADY_CANCELLED, {"time": at})
    day = ServiceDay(ref.start_date, book.timetable.zone)
    is_own = ref.trip_id.startswith(f"{wished.pattern_of}+") and ref.trip_id not in book.timetable.trips
    if len(wished.trips) > 1 or not is_own or not day.start <= departs < day.plus(2).start:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "trips"})
    return ref


def _new_name(book: LineBook, state: State, wished: LineChange, departs: Instant) -> TripRef:
    known = {ref.trip_id for change in of_kind(state, LineChangeKind.EXTRA) for ref in change.trips}
    # A name that was cancelled once would be cancelled again.
    known |= {ref.trip_id for ref in state.cancelled_trips} | set(book.timetable.trips)
    trip_id = _free_id(f"{wished.pattern_of}+{book.clock(departs).replace(':', '')}", known)
    return TripRef(TripId(trip_id), service_day_of(departs, book.timetable.zone).date)


def _runs_as(known: LineChange, wished: LineChange) -> bool:
    """Two vehicles may leave together, one vehicle twice may not."""
    return (known.pattern_of, known.departs, known.vehicle_id) == (
        wished.pattern_of,
        wished.departs,
        wished.vehicle_id,
    )


def _free_id(name: str, taken: AbstractSet[str]) -> str:
    names = itertools.chain((name,), (f"{name}-{count}" for count in itertools.count(2)))
    return next(each for each in names if each not in taken)


def _refused(line: LineNow, code: RefusalCode, run: LineRun, **more: str) -> Refusal:
    return Refusal(code, {"time": line.book.clock(run.begins), **more})
