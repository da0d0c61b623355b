"""Rules about texts in several languages, wherever an entity has them: S031 and S032.

Source: GTFS-realtime reference, "TranslatedString".
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

_TYPE = "transit_realtime.TranslatedString"

TextRule = Callable[[Any], Sequence[str]]
"""Of an alert or a stop."""


def _texts(owner: Any) -> Iterator[tuple[str, Any]]:
    for field, value in owner.ListFields():
        if field.message_type is not None and field.message_type.full_name == _TYPE:
            yield field.name, value


def text_without_translation(owner: Any) -> Sequence[str]:
    """S031: a text is said in one language at least."""
    return [f"{name} has no translation" for name, text in _texts(owner) if not text.translation]


def texts_without_language(owner: Any) -> Sequence[str]:
    """S032: no more than one translation may leave its language open."""
    return [
        f"{name} has several translations without language"
        for name, text in _texts(owner)
        if sum(not each.HasField("language") for each in text.translation) > 1
    ]
