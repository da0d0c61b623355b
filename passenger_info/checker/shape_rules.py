"""Rules about lines drawn for a day: S037, S038, S039, S040.

Source: GTFS-realtime reference, "Shape"; Encoded Polyline Algorithm Format (Google).
"""

from collections.abc import Sequence

from passenger_info.checker.case import NONE, ShapeCase

_FIRST_CHARACTER = 63
_LAST_CHARACTER = 126
_MORE = 0x20


def shape_without_id(case: ShapeCase) -> Sequence[str]:
    """S037: a shape has an id."""
    return NONE if case.shape.HasField("shape_id") else ("a shape without shape_id",)


def shape_takes_known_id(case: ShapeCase) -> Sequence[str]:
    """S038: its id is not one of the static feed."""
    if not case.shape.HasField("shape_id") or case.shape.shape_id not in case.known.view.shape_ids:
        return NONE
    return (f"shape {case.shape.shape_id!r} is in the static feed",)


def shape_without_line(case: ShapeCase) -> Sequence[str]:
    """S039: a shape has a line."""
    return NONE if case.shape.HasField("encoded_polyline") else ("a shape without encoded_polyline",)


def line_too_short(case: ShapeCase) -> Sequence[str]:
    """S040: a line has two points at least, and can be decoded."""
    if not case.shape.HasField("encoded_polyline"):
        return NONE
    numbers = count_of_numbers(case.shape.encoded_polyline)
    is_line = numbers is not None and numbers % 2 == 0 and numbers >= 4  # noqa: PLR2004 - two points of two numbers
    return NONE if is_line else ("encoded_polyline is not a line of two points",)


def count_of_numbers(encoded: str) -> int | None:
    """Return how many numbers an encoded polyline holds; ``None`` where it has a foreign character or an open end."""
    if not isinstance(encoded, str):  # the bindings give bytes for what is no UTF-8
        return None
    count, is_open = 0, False
    for character in encoded:
        if not _FIRST_CHARACTER <= ord(character) <= _LAST_CHARACTER:
            return None
        is_open = bool((ord(character) - _FIRST_CHARACTER) & _MORE)
        count += not is_open
    return None if is_open else count
