"""Feeds written to the drafts of GTFS-Flex (2018 to 2023): what to change so that today's readers understand them.

The adopted specification of March 2024 renamed and moved fields. Readers ignore a field they do not know, so a draft
feed looks like a feed whose trips have no times: hundreds of errors that do not name their cause. These notes do.
"""

from collections.abc import Iterator, Mapping, Sequence

_SPELT = "pickup_dropoff", "pickup_drop_off"
_OLD_NAMES: Mapping[str, Mapping[str, str]] = {
    "stop_times.txt": {
        "dropoff_type": "drop_off_type",
        "dropoff_booking_rule_id": "drop_off_booking_rule_id",
        "pickup_booking_rule": "pickup_booking_rule_id",
        "drop_off_booking_rule": "drop_off_booking_rule_id",
        "dropoff_booking_rule": "drop_off_booking_rule_id",
        "start_service_area_id": "location_id",
        "end_service_area_id": "location_id",
    },
    "booking_rules.txt": {
        "dropoff_message": "drop_off_message",
        "phone": "phone_number",
        "prior_notice_min": "prior_notice_duration_min",
        "prior_notice_max": "prior_notice_duration_max",
    },
}
_MOVED = ("safe_duration_factor", "safe_duration_offset")
_GONE = ("mean_duration_factor", "mean_duration_offset")
_PLACES = ("location_group_id", "location_id")
_MEMBERS = ("stop_id", "location_id", "location_group_stop_id")


def draft_notes(columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what to repair in a feed whose files have these columns, in sentences for its author; nothing for none.

    ``columns`` holds the first line of every table by file name, ``.txt`` included.
    """
    return (*_renamed(columns), *_durations(columns), *_groups(columns), *_places(columns))


def _renamed(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name in sorted(columns):
        for column in columns[name]:
            new = _OLD_NAMES.get(name, {}).get(column) or column.replace(*_SPELT)
            if new != column:
                yield f"{name}: {column} is a draft's name and is ignored; write {new}"


def _durations(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for column in columns.get("stop_times.txt", ()):
        if column in _MOVED:
            yield f"stop_times.txt: {column} belongs into trips.txt, one value for the whole trip"
        elif column in _GONE:
            yield f"stop_times.txt: {column} was not adopted; leave it out"


def _groups(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    groups = columns.get("location_groups.txt")
    if groups is None:
        return
    for column in groups:
        if column in _MEMBERS:
            yield f"location_groups.txt: {column} lists members; they belong into location_group_stops.txt, stops only"
    if "location_group_stops.txt" not in columns:
        yield "location_group_stops.txt is missing: nothing says which stops the groups of location_groups.txt have"


def _places(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    calls = columns.get("stop_times.txt", ())
    has_window = any(column.replace(*_SPELT) == "start_pickup_drop_off_window" for column in calls)
    if has_window and not any(column in calls for column in _PLACES):
        yield (
            "stop_times.txt: trips with a window name their places in location_group_id or location_id; "
            "areas, groups or zones in stop_id are a draft's way"
        )
