"""Stepping over the region a certificate is valid in (IEEE 1609.2 GeographicRegion); it is not checked."""

from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.security_coer import CoerReader

_PLACE_BYTES: Final = 8
_RADIUS_BYTES: Final = 2
_COUNTRY_BYTES: Final = 2


def skip_region(reader: CoerReader) -> None:
    """Go on behind the region; raises ``ItsError``."""
    match reader.choice():
        case 0:
            reader.take(_PLACE_BYTES + _RADIUS_BYTES)
        case 1:
            reader.take(reader.quantity() * 2 * _PLACE_BYTES)
        case 2:
            reader.take(reader.quantity() * _PLACE_BYTES)
        case 3:
            for _ in range(reader.quantity()):
                _skip_identified(reader)
        case other:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"a region of kind {other}")


def _skip_identified(reader: CoerReader) -> None:
    kind = reader.choice()
    reader.take(_COUNTRY_BYTES)
    if kind == 1:
        reader.take(reader.quantity())
    elif kind == 2:  # noqa: PLR2004 - countryAndSubregions
        for _ in range(reader.quantity()):
            reader.take(1)
            reader.take(2 * reader.quantity())
    elif kind != 0:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"an identified region of kind {kind}")
