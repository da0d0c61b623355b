"""One run of a trip as one text, as forms and addresses carry it: ``<trip id>|<date>``."""

from datetime import date

from mobility.core.ids import TripId
from mobility.core.vehicle import TripRef


def trip_name(ref: TripRef) -> str:
    """Return a run as ``trip_named`` reads it."""
    return f"{ref.trip_id}|{ref.start_date.isoformat()}"


def trip_named(text: str) -> TripRef | None:
    """Return the run that a text names, ``None`` for any other text."""
    trip_id, _, day = text.rpartition("|")
    try:
        start_date = date.fromisoformat(day)
    except ValueError:
        return None
    # The parser also takes other ways to write a date, by weeks for one; a run has one name.
    return TripRef(TripId(trip_id), start_date) if trip_id and start_date.isoformat() == day else None
