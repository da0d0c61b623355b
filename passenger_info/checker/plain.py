"""Whether the calls of an update are plain: nearly all are, and of those most rules need not be asked."""

from collections.abc import Sequence

from passenger_info.checker.reading import CallRead
from passenger_info.checker.time_rules import EARLIEST_S, LATEST_S


def is_plain(calls: Sequence[CallRead]) -> bool:
    """Return whether every call says its number, its stop and both its times, all rising, and nothing else."""
    sequence, stop_id, moment_s = -1, None, EARLIEST_S - 1
    for call in calls:
        arrival, departure = call.arrival, call.departure
        if (
            arrival is None
            or departure is None
            or arrival.time_s is None
            or departure.time_s is None
            or not moment_s < arrival.time_s <= departure.time_s
            or call.stop_sequence is None
            or call.stop_sequence <= sequence
            or not call.stop_id
            or call.stop_id == stop_id
            or call.relationship
            or call.assigned_stop is not None
            or arrival.has_scheduled
            or departure.has_scheduled
        ):
            return False
        sequence, stop_id, moment_s = call.stop_sequence, call.stop_id, departure.time_s
    return moment_s <= LATEST_S
