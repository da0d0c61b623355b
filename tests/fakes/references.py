"""Predictable references: the first booking is R-001."""

from itertools import count

from mobility.core.ids import BookingId


class CountingReferences:
    """Counts up from one."""

    def __init__(self) -> None:
        self._bookings = count(1)
        self._tokens = count(1)

    def booking(self) -> BookingId:
        return BookingId(f"R-{next(self._bookings):03d}")

    def token(self) -> str:
        return f"{next(self._tokens):032x}"
