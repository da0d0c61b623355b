"""Many fields of a chunk at once: each is moved to bytes of its own, and one ``struct`` reads them all.

A field of odd bits costs a shift and a mask, each of which makes a new integer. Where there are many, this is cheaper:
eight copies of the chunk stand one above the other, each moved one bit further, so that every field ends at a byte in
one of them; a mask leaves in each copy only the fields that do, and ``struct`` reads them without looking at the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

Field: TypeAlias = tuple[int, int]
"""A field of a chunk: bits from the chunk's last bit to the field's last bit, and the bits of the field."""

_CODES: Final = ((8, "B"), (16, "H"), (32, "I"), (64, "Q"))
"""Bits and format of what ``struct`` reads without a sign."""
_COPIES: Final = 8
_FEWEST_FIELDS: Final = 7
_BITS_A_FIELD: Final = 35
"""Lanes pay from this many fields on, and one more for so many bits of the chunk (measured on CPython 3.11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """How the fields of one chunk are read together."""

    shifts: tuple[int, ...]
    """Bits by which the chunk with its copies so far is moved before it is added again."""
    mask: int
    """The bits that belong to a field."""
    octets: int
    """Bytes of the masked copies."""
    layout: str
    """The format for ``struct``."""
    fields: tuple[Field, ...]
    """The fields in the order in which ``struct`` returns them."""


def lanes_of(fields: Iterable[Field], width_bits: int) -> Lanes | None:
    """Return lanes for those of the fields that find room, or None where they would not pay."""
    places = _places(fields, (width_bits + 6) // 8 * 8 + 1)
    if len(places) < _FEWEST_FIELDS + width_bits / _BITS_A_FIELD:
        return None
    stride = (width_bits + 6) // 8 * 8 + 1
    copies = max(place // stride for place in places) + 1
    order = sorted(places)
    octets = (order[-1] + _lane(places[order[-1]])) // 8
    return Lanes(
        shifts=tuple(stride << step for step in range((copies - 1).bit_length())),
        mask=sum(((1 << places[place][1]) - 1) << place for place in order),
        octets=octets,
        layout=_layout([(place // 8, _lane(places[place]) // 8) for place in order]),
        fields=tuple(places[place] for place in order),
    )


def _places(fields: Iterable[Field], stride: int) -> dict[int, Field]:
    """Fields by the first bit of their lane; the narrow ones choose first, as a wide one can be in many ways."""
    taken: set[int] = set()
    places: dict[int, Field] = {}
    for field in sorted(fields, key=lambda field: (field[1], field[0])):
        place = field[0] + -field[0] % _COPIES * stride
        room = set(range(place // 8, (place + _lane(field)) // 8)) if _lane(field) else taken
        if room and not room & taken:
            taken |= room
            places[place] = field
    return places


def _lane(field: Field) -> int:
    """The bits of the narrowest lane of a field; none for a field that is too wide."""
    return next((bits for bits, _ in _CODES if field[1] <= bits), 0)


def _layout(lanes: list[tuple[int, int]]) -> str:
    """The format of lanes (first byte, bytes) in their order; the bytes between are skipped.

    Little-endian, because ``struct`` has the shortest way to the machine's own order and most machines have this one.
    """
    codes = {bits // 8: code for bits, code in _CODES}
    layout, end = "<", 0
    for place, size in lanes:
        layout += f"{place - end}x{codes[size]}" if place > end else codes[size]
        end = place + size
    return layout
