"""What a timetable is made of: the tables that are read from a feed, and of each the columns and their kinds."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

import pyarrow as pa
import pyarrow.csv as pc

from gtfs.days import WEEKDAYS


class Kind(Enum):
    """What the cells of a column are."""

    TEXT = auto()
    CODE = auto()
    """A text that stands in many rows."""
    TIME = auto()
    WHOLE = auto()
    FRACTION = auto()


_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.CODE: pa.string(),
    Kind.TIME: pa.string(),
    Kind.WHOLE: pa.int64(),
    Kind.FRACTION: pa.float64(),
}
"""How cells are read."""
NULLS = (
    *("", " ", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
"""Cells that count as open, the same as with gtfs-kit."""
_BLOCK_BYTES = 2**22
"""Read in one go; much more or less takes twice the time."""

COLUMNS: Mapping[str, Mapping[str, Kind]] = {
    "agency": dict.fromkeys(("agency_name", "agency_url", "agency_timezone"), Kind.TEXT),
    "stops": {
        **dict.fromkeys(("stop_id", "stop_name", "parent_station"), Kind.TEXT),
        **dict.fromkeys(("stop_lat", "stop_lon"), Kind.FRACTION),
        **dict.fromkeys(("location_type", "wheelchair_boarding"), Kind.WHOLE),
    },
    "routes": dict.fromkeys(("route_id", "route_short_name", "route_long_name", "route_color"), Kind.TEXT),
    "trips": {
        "trip_id": Kind.TEXT,
        **dict.fromkeys(("route_id", "service_id", "trip_headsign", "block_id", "shape_id"), Kind.CODE),
        **dict.fromkeys(("direction_id", "wheelchair_accessible"), Kind.WHOLE),
    },
    "stop_times": {
        **dict.fromkeys(("trip_id", "stop_id", "location_group_id", "location_id"), Kind.CODE),
        **dict.fromkeys(("start_pickup_drop_off_window", "start_pickup_dropoff_window"), Kind.CODE),
        **dict.fromkeys(("arrival_time", "departure_time"), Kind.TIME),
        **dict.fromkeys(("stop_sequence", "pickup_type"), Kind.WHOLE),
        "shape_dist_traveled": Kind.FRACTION,
    },
    "calendar": {
        **dict.fromkeys(("service_id", "start_date", "end_date"), Kind.TEXT),
        **dict.fromkeys(WEEKDAYS, Kind.WHOLE),
    },
    "calendar_dates": {**dict.fromkeys(("service_id", "date"), Kind.CODE), "exception_type": Kind.WHOLE},
    "shapes": {
        "shape_id": Kind.CODE,
        "shape_pt_sequence": Kind.WHOLE,
        **dict.fromkeys(("shape_pt_lat", "shape_pt_lon", "shape_dist_traveled"), Kind.FRACTION),
    },
    "frequencies": {"trip_id": Kind.TEXT},
    "feed_info": {"feed_version": Kind.TEXT},
}
"""By table name without ``.txt``."""


def reading_options(kept: Sequence[str], kinds: Mapping[str, Kind]) -> tuple[pc.ReadOptions, pc.ConvertOptions]:
    """Return how Arrow reads the ``kept`` columns of a table, each as its kind asks for."""
    # One thread: more of them win little time and cost more work.
    reading = pc.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)
    converting = pc.ConvertOptions(
        column_types={column: _TYPES[kinds[column]] for column in kept},
        include_columns=list(kept),
        null_values=list(NULLS),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return reading, converting
