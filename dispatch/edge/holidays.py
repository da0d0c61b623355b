"""Public holidays of a German state, from the `holidays` library."""

from datetime import date
from functools import cache


@cache
def public_holidays(subdivision: str, year: int) -> frozenset[date]:
    """Return the public holidays of a state (``TH``) in ``year``; none for an empty subdivision."""
    if not subdivision:
        return frozenset()
    import holidays  # noqa: PLC0415 - a large library, needed by the first quote only

    return frozenset(holidays.country_holidays("DE", subdiv=subdivision, years=year))
