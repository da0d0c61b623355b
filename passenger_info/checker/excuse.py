"""What a validator finds that is right all the same, because the GTFS-realtime reference asks for it."""

from typing import NamedTuple


class Excuse(NamedTuple):
    """A rule that may be broken, and by what; nothing else is excused with it."""

    rule_id: str
    relationship: int | None = None
    """``TripDescriptor.schedule_relationship`` of the trips it is excused for; ``None`` for whatever it is about."""
