"""What leaves a stop, in the order it is expected to leave."""

from collections.abc import Callable, Sequence

from mobility.core.arrivals import TripStanding, TripStatus
from mobility.core.clock import Instant
from mobility.core.ids import StopId
from mobility.core.ports import Departure
from passenger_info.run import RunKind, TripRun
from passenger_info.runs import Runs

_LATEST_S = 90 * 60
"""A trip may be this late and still be on the board."""
_LINGER_S = {TripStanding.UNKNOWN: 120, TripStanding.EXPECTED: 30, TripStanding.CANCELLED: 300}
"""How long a departure without a vehicle stays on the board after its time."""


def departures(
    runs: Runs, status: Callable[[TripRun], TripStatus], stop_id: StopId, now: Instant, horizon_s: float
) -> Sequence[Departure]:
    """Return departures from a stop, or from all platforms of a station, from ``now`` to ``horizon_s`` ahead."""
    until = Instant(now + round(horizon_s * 1000))
    found: list[tuple[Instant, str, Departure]] = []
    for run, i in runs.departing(runs.platforms(stop_id), Instant(now - _LATEST_S * 1000), until):
        row = Departure(status=status(run), call_index=i)
        leaves = expected(row)
        if _is_shown(row, leaves, now) and leaves <= until:
            found.append((leaves, run.trip_id, row))
    return [row for _, _, row in sorted(found, key=lambda f: f[:2])]


def expected(row: Departure) -> Instant:
    """Return when a departure is expected: predicted where there is a prediction, else as scheduled."""
    call = row.status.calls[row.call_index]
    return call.departure.p50 if call.departure is not None else call.scheduled_departure


def _is_shown(row: Departure, leaves: Instant, now: Instant) -> bool:
    call = row.status.calls[row.call_index]
    if call.has_departed:
        return False
    if call.is_skipped:
        return leaves + _LINGER_S[TripStanding.CANCELLED] * 1000 >= now
    if row.status.standing is TripStanding.RUNNING:
        return True
    return leaves + _LINGER_S[row.status.standing] * 1000 >= now


def direct(
    runs: Runs,
    status: Callable[[TripRun], TripStatus],
    ends: tuple[StopId, StopId],
    span: tuple[Instant, Instant],
) -> Sequence[TripStatus]:
    """Return line trips that leave the first of ``ends`` in ``span`` by schedule and call at the second later."""
    destinations = set(runs.platforms(ends[1]))
    found: list[TripStatus] = []
    for run, shown_index in runs.departing(runs.platforms(ends[0]), *span):
        i = run.served(shown_index)
        if i is None or run.kind is RunKind.TOUR:
            continue
        if any(stop in destinations for stop in run.trip.pattern.stops[i + 1 :]):
            found.append(status(run))
    return found
