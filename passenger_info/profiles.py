"""What a consumer of the feed understands: which relationships and fields it gets.

The GTFS-realtime reference and the validators do not agree everywhere, and planners lag behind both. ``full`` is what
everybody gets who asks for nothing: it says all that can be said without a finding of the validators. Where the
reference asks for something that a validator takes for an error, the other profiles follow the reference:

- A ``NEW`` trip has an id of its own (reference, "TripDescriptor", trip_id). Rule E003 knows only ``ADDED`` trips and
  takes every such id for an error, on the position of a ``DUPLICATED`` trip too.
- A ``REPLACEMENT`` trip numbers all its calls. Rules E045 and E051 compare these numbers with the static feed, so that
  a stop which only the detour serves can not have one.
- A trip of which nothing is known may say ``NO_DATA`` for all its calls. Rule P008 asks for a time in the future.

What a profile excuses is said with it. Whatever else breaks an error rule is not published, in no profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.excuse import Excuse

_Trip = gtfs_realtime.TripDescriptor


class ExtraAs(StrEnum):
    """How a trip beside the timetable is told."""

    DUPLICATED = "duplicated"
    """As a copy of a trip of the same stops and driving times."""
    NEW = "new"
    ADDED = "added"
    """Deprecated, but what old consumers know."""
    NOTHING = "nothing"


class DetourAs(StrEnum):
    """How a detour is told."""

    REPLACEMENT = "replacement"
    """All calls anew, and the line as a shape."""
    SKIPPED = "skipped"
    """The usual trip without the calls that it does not serve."""


class PeriodsAs(StrEnum):
    """How an alert says when."""

    NEW = "new"
    """When it is shown (communication_period) and when things differ (impact_period)."""
    BOTH = "both"
    OLD = "old"
    """``active_period`` only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A way to tell the same facts."""

    name: str
    extra: ExtraAs
    tours: ExtraAs
    """Public tours of the citizen bus; they copy no trip, so never ``DUPLICATED``."""
    detour: DetourAs
    numbers_all_calls: bool
    """Whether stops that only a detour serves have a number too, all calls being numbered anew."""
    periods: PeriodsAs
    has_deleted: bool
    """Whether ``DELETED`` is understood; else such a trip is ``CANCELED``."""
    has_lone_no_data: bool
    """Whether a trip may be told of which nothing at all is known."""
    excused: frozenset[Excuse]
    """What gtfs-rt-validator finds in it though the reference asks for it, or readers know nothing else."""
    has_new_fields: bool = True
    """Whether fields marked experimental are sent: shapes, headsigns, texts to be read aloud, occupancy of calls."""


_NEW_ID = Excuse("E003", _Trip.NEW)
_OWN_CALLS = frozenset({Excuse("E045", _Trip.REPLACEMENT), Excuse("E051", _Trip.REPLACEMENT)})
_NO_TIME_AHEAD, _ADDED, _OLD_PERIODS = Excuse("P008"), Excuse("S024"), Excuse("S025")


FULL = Profile(
    name="full",
    extra=ExtraAs.DUPLICATED,
    tours=ExtraAs.NOTHING,
    detour=DetourAs.REPLACEMENT,
    numbers_all_calls=False,
    periods=PeriodsAs.NEW,
    has_deleted=True,
    has_lone_no_data=False,
    excused=frozenset(),
)
REFERENCE = Profile(
    name="reference",
    extra=ExtraAs.NEW,
    tours=ExtraAs.NEW,
    detour=DetourAs.REPLACEMENT,
    numbers_all_calls=True,
    periods=PeriodsAs.NEW,
    has_deleted=True,
    has_lone_no_data=True,
    excused=frozenset({_NEW_ID, *_OWN_CALLS, _NO_TIME_AHEAD}),
)
OTP = replace(REFERENCE, name="otp", periods=PeriodsAs.BOTH, excused=REFERENCE.excused | {_OLD_PERIODS})
MOTIS = replace(OTP, name="motis", detour=DetourAs.SKIPPED, excused=OTP.excused - _OWN_CALLS)
LEGACY = Profile(
    name="legacy",
    extra=ExtraAs.ADDED,
    tours=ExtraAs.ADDED,
    detour=DetourAs.SKIPPED,
    numbers_all_calls=False,
    periods=PeriodsAs.OLD,
    has_deleted=False,
    has_lone_no_data=False,
    excused=frozenset({_ADDED, _OLD_PERIODS}),
    has_new_fields=False,
)

PROFILES: Mapping[str, Profile] = MappingProxyType({each.name: each for each in (FULL, REFERENCE, OTP, MOTIS, LEGACY)})
"""By name."""
DEFAULT_PROFILE = FULL
"""Who asks for none gets this one; so do the push hub and the boards."""
