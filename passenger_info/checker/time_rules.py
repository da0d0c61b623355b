"""Rules about instants and the formats of times: E001, E012, E020, E021, E022, E025, E050.

Source: rules of the GTFS Realtime Validator (MobilityData); GTFS-realtime reference, "StopTimeEvent" and
"TripDescriptor".
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from passenger_info.checker.case import NONE, Now, UpdateCase, VehicleCase
from passenger_info.checker.reading import CallRead, TripRead

EARLIEST_S = 1_104_537_600
"""1 January 2005: no realtime feed is older."""
LATEST_S = 1_991_620_134
"""In 2033; above it somebody wrote milliseconds."""
_AHEAD_S = 60
"""A clock may be this much ahead of ours."""
_TIME = re.compile(r"[0-2]?[0-9]:[0-5][0-9]:[0-5][0-9]", re.ASCII)
_DATE = re.compile(r"[0-9]{8}", re.ASCII)


def is_posix(moment_s: int) -> bool:
    """Return whether a number can be POSIX seconds of a realtime feed."""
    return EARLIEST_S <= moment_s <= LATEST_S


def is_ahead(moment_s: int, now: Now) -> bool:
    """Return whether a time lies more than a minute in the future."""
    return (moment_s * 1000 - now.at) // 1000 > _AHEAD_S


def _stamp_not_posix(timestamp_s: int) -> Sequence[str]:
    """E001 for a timestamp, 0 meaning none."""
    return NONE if timestamp_s == 0 or is_posix(timestamp_s) else (f"timestamp {timestamp_s} is no POSIX second",)


def _stamp_after_header(timestamp_s: int, now: Now) -> Sequence[str]:
    """E012 for a timestamp."""
    if timestamp_s == 0 or now.header_s == 0 or timestamp_s <= now.header_s:
        return NONE
    return (f"timestamp {timestamp_s} is after the header's {now.header_s}",)


def _stamp_ahead(timestamp_s: int, now: Now) -> Sequence[str]:
    """E050 for a timestamp."""
    if timestamp_s == 0 or not is_posix(timestamp_s) or not is_ahead(timestamp_s, now):
        return NONE
    return (f"timestamp {timestamp_s} lies in the future",)


def update_not_posix(case: UpdateCase) -> Sequence[str]:
    """E001: an update's time is no POSIX second."""
    return _stamp_not_posix(case.update.timestamp_s)


def call_not_posix(case: UpdateCase) -> Sequence[str]:
    """E001: a call's time is no POSIX second."""
    return [
        f"time {event.time_s} is no POSIX second"
        for call in case.update.calls
        for event in (call.arrival, call.departure)
        if event is not None and event.time_s is not None and not EARLIEST_S <= event.time_s <= LATEST_S
    ]


def vehicle_not_posix(case: VehicleCase) -> Sequence[str]:
    """E001: a position's time is no POSIX second."""
    return _stamp_not_posix(case.vehicle.timestamp_s)


def update_after_header(case: UpdateCase) -> Sequence[str]:
    """E012: an update is newer than the feed."""
    return _stamp_after_header(case.update.timestamp_s, case.now)


def vehicle_after_header(case: VehicleCase) -> Sequence[str]:
    """E012: a position is newer than the feed."""
    return _stamp_after_header(case.vehicle.timestamp_s, case.now)


def update_ahead(case: UpdateCase) -> Sequence[str]:
    """E050: an update was made in the future."""
    return _stamp_ahead(case.update.timestamp_s, case.now)


def vehicle_ahead(case: VehicleCase) -> Sequence[str]:
    """E050: a position was measured in the future."""
    return _stamp_ahead(case.vehicle.timestamp_s, case.now)


def times_not_rising(case: UpdateCase) -> Sequence[str]:
    """E022: a time is not after the times of the calls before it."""
    return tuple(_not_rising(case.update.calls))


def _not_rising(calls: Sequence[CallRead]) -> Iterator[str]:
    arrived: int | None = None
    left: int | None = None
    for call in calls:
        arrival = None if call.arrival is None else call.arrival.time_s
        departure = None if call.departure is None else call.departure.time_s
        for what, moment_s in (("arrival", arrival), ("departure", departure)):
            if moment_s is None:
                continue
            if (arrived is not None and moment_s <= arrived) or (left is not None and moment_s <= left):
                yield f"{what} {moment_s} at stop_sequence {call.stop_sequence} is not after the call before"
        arrived = arrived if arrival is None else arrival
        left = left if departure is None else departure


def leaves_before_arriving(case: UpdateCase) -> Sequence[str]:
    """E025: a departure before the arrival at the same stop."""
    return [
        f"departure {call.departure.time_s} is before arrival {call.arrival.time_s}"
        for call in case.update.calls
        if call.arrival is not None
        and call.departure is not None
        and call.arrival.time_s is not None
        and call.departure.time_s is not None
        and call.departure.time_s < call.arrival.time_s
    ]


def _wrong_start_time(trip: TripRead) -> Sequence[str]:
    """E020 for a trip descriptor."""
    if trip.start_time is None or _is_time(trip.start_time):
        return NONE
    return (f"start_time {trip.start_time!r} is not HH:MM:SS",)


def _wrong_start_date(trip: TripRead) -> Sequence[str]:
    """E021 for a trip descriptor."""
    if trip.start_date is None or _is_date(trip.start_date):
        return NONE
    return (f"start_date {trip.start_date!r} is not YYYYMMDD",)


def _is_time(text: str) -> bool:
    # the bindings give bytes for what is no UTF-8
    return isinstance(text, str) and _TIME.fullmatch(text) is not None


@lru_cache(64)
def _is_date(text: str) -> bool:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return False
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004 - the calendar


def update_start_time(case: UpdateCase) -> Sequence[str]:
    """E020: an update's start_time is not HH:MM:SS."""
    return _wrong_start_time(case.update.trip)


def vehicle_start_time(case: VehicleCase) -> Sequence[str]:
    """E020: a position's start_time is not HH:MM:SS."""
    return NONE if case.vehicle.trip is None else _wrong_start_time(case.vehicle.trip)


def update_start_date(case: UpdateCase) -> Sequence[str]:
    """E021: an update's start_date is not YYYYMMDD."""
    return _wrong_start_date(case.update.trip)


def vehicle_start_date(case: VehicleCase) -> Sequence[str]:
    """E021: a position's start_date is not YYYYMMDD."""
    return NONE if case.vehicle.trip is None else _wrong_start_date(case.vehicle.trip)
