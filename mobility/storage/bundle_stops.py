"""``stops.csv``: public stops and meeting points."""

import math
from collections.abc import Mapping

from mobility.core.geo import LatLon
from mobility.core.ids import StopId
from mobility.core.place import Evidence, Stop
from mobility.storage.bundle_fields import Fields, csv_rows, unique

COLUMNS = (
    "stop_id",
    "name",
    "locality",
    "lat",
    "lon",
    "elevation_m",
    "line_stop",
    "meeting_point",
    "wheelchair_accessible",
)


def read_stops(text: str, source: str, evidence: Mapping[str, Evidence]) -> Mapping[StopId, Stop]:
    """Return the stops in the file's order. One without rows in ``evidence`` counts as assumed.

    An empty elevation is NaN. Raises ``BadInputError`` naming row and field.
    """
    rows = csv_rows(text, source, COLUMNS)
    unique(rows, "stop_id", lambda row: row.text("stop_id"))
    stops = [_stop(row, evidence) for row in rows]
    return {stop.stop_id: stop for stop in stops}


def _stop(row: Fields, evidence: Mapping[str, Evidence]) -> Stop:
    stop_id = StopId(row.text("stop_id"))
    return Stop(
        stop_id=stop_id,
        name=row.text("name"),
        locality=row.text("locality"),
        place=LatLon(row.number("lat", low=-90, high=90), row.number("lon", low=-180, high=180)),
        elevation_m=row.number("elevation_m", low=-500, high=9000)
        if row.text("elevation_m", is_optional=True)
        else math.nan,
        is_line_stop=row.flag("line_stop"),
        is_meeting_point=row.flag("meeting_point"),
        is_wheelchair_accessible=row.flag("wheelchair_accessible"),
        evidence=evidence.get(f"stop:{stop_id}", Evidence.ASSUMED),
    )
