"""What the ledger's facts mean for one stop: alerts to show there, and planned connections."""

from collections.abc import Sequence

from mobility.core.alert import Alert, AlertRecord
from mobility.core.clock import Instant, shifted
from mobility.core.connection import Connection
from mobility.core.ids import StopId
from passenger_info.runs import Runs

_OVER_S = 600.0
_AHEAD_S = 6 * 3600.0


def alerts_at(runs: Runs, stop_id: StopId, now: Instant) -> Sequence[AlertRecord]:
    """Return the alerts shown now that name a stop, a line that serves it or a trip that calls there; newest first."""
    timetable = runs.timetable
    stops = runs.platforms(stop_id)
    stop = timetable.stops.get(stop_id)
    here = {*stops, *(() if stop is None or stop.parent is None else (stop.parent,))}
    routes = {timetable.trips[trip_id].route_id for each in stops for trip_id, _ in timetable.calls_at(each)}

    def is_about(alert: Alert) -> bool:
        if not here.isdisjoint(alert.stops) or not routes.isdisjoint(alert.routes):
            return True
        planned = (runs.planned(ref) for ref in alert.trips)
        return any(run is not None and not here.isdisjoint(run.trip.pattern.stops) for run in planned)

    return [record for record in runs.facts.shown_alerts(now) if is_about(record.alert)]


def connections_at(runs: Runs, stop_id: StopId, now: Instant) -> Sequence[Connection]:
    """Return the planned connections to line trips at a stop that are not over, some hours ahead, by departure."""
    stops = runs.platforms(stop_id)
    found = [
        connection
        for connection in runs.facts.connections.values()
        if connection.stop_id in stops
        and connection.trip is not None
        and shifted(now, -_OVER_S) <= max(connection.departure, connection.hold_until or connection.departure)
        and connection.departure <= shifted(now, _AHEAD_S)
    ]
    return sorted(found, key=lambda each: (each.departure, each.connection_id))
