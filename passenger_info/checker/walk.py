"""The calls of an update beside the calls of its trip, matched in one pass forward.

The pass never goes back: a call without stop_sequence takes the next row with its stop, one with a stop_sequence the
next row with it. A stop_sequence that is not found ends the pass, and what follows is not looked at (rule E051), as
the GTFS Realtime Validator does it; unless the trip may have numbers of its own.
"""

from dataclasses import dataclass

from passenger_info.checker.reading import CallRead, UpdateRead
from passenger_info.checker.static_view import StaticCall, StaticTrip


@dataclass(slots=True)
class Walk:
    """What the pass found."""

    examined: tuple[CallRead, ...]
    """Calls up to the end of the pass, the one with an unknown stop_sequence included."""
    matched: list[tuple[CallRead, StaticCall]]
    """Calls with their rows."""
    sequences: list[int]
    """Stop sequences in the order of the update: given, or taken from the matched row."""
    unknown: int | None = None
    """The stop_sequence the trip does not have."""
    has_taken: bool = False
    """Whether a stop_sequence was taken from a row."""


def walk(update: UpdateRead, trip: StaticTrip | None, *, goes_on: bool = False) -> Walk:
    """Match an update's calls with its trip's; nothing is matched where the trip is not in the static feed.

    With ``goes_on`` a stop_sequence that is not found does not end the pass; calls after it are looked at, unmatched.
    """
    calls = update.calls
    found = Walk(calls, [], [])
    rows = () if trip is None else trip.calls
    row, last = 0, len(rows)
    for k, call in enumerate(calls):
        wanted = call.stop_sequence
        if wanted is not None:
            found.sequences.append(wanted)
        while row < last:
            static = rows[row]
            row += 1
            if wanted is not None:
                if static.stop_sequence == wanted:
                    found.matched.append((call, static))
                    break
                if row == last:
                    found.unknown = wanted
            elif call.stop_id is not None and static.stop_id == call.stop_id:
                found.sequences.append(static.stop_sequence)
                found.has_taken = True
                found.matched.append((call, static))
                break
        if found.unknown is not None and not goes_on:
            found.examined = calls[: k + 1]
            break
    return found
