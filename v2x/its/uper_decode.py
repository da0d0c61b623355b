"""Straight-line UPER decoders from a schema: no type is looked at while a message is decoded.

The source of one function per message, or per shape of a message (``uper_shape``), is written once (``uper_source``)
and compiled. There are two forms of each decoder: the fast one notices that something is wrong, the careful one, which
runs only then, says what. ``source_of`` shows what is run.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from v2x.its import uper_read
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsValue
from v2x.its.uper_shape import OCTET_BITS, shape_octet
from v2x.its.uper_source import SourceWriter, guarded
from v2x.its.uper_types import Type

Decoder: TypeAlias = Callable[[bytes], ItsValue]
"""Bytes to the value form of ``v2x.its.message``; raises ``ItsError`` of kind ``truncated`` or ``malformed``."""

_HELPERS: Final[tuple[Callable[..., object], ...]] = (
    *(uper_read.read_bits, uper_read.read_octets, uper_read.read_characters, uper_read.read_utf8),
    *(uper_read.read_extended_integer, uper_read.read_extended_size),
    *(uper_read.refuse_value, uper_read.refuse_extension, uper_read.end_of_message, int.from_bytes),
)
"""What straight-line code calls."""


def decoder_for(schema: Type) -> Decoder:
    """Return the decoder of a message; writing it for a new shape takes some 4 ms, so callers keep it."""
    octet = shape_octet(schema)
    names: dict[str, Any] = {"fallback": _careful(schema)}
    if octet is None:
        return _compiled(SourceWriter(names=names).function(schema), names)
    names["shapes"] = shapes = []
    shapes += [partial(_made, schema, (octet, content), names) for content in range(1 << OCTET_BITS)]
    return _compiled(guarded(f"        return shapes[uper[{octet}]](uper)\n"), names)


def source_of(schema: Type, *, shape: int | None = None, is_careful: bool = False) -> str:
    """Return the Python source of a message's decoder (with ``shape``: for one content of its octet), for reading."""
    octet = shape_octet(schema)
    assumed = None if octet is None or shape is None else (octet, shape)
    return SourceWriter(is_careful=is_careful, assumed=assumed, names={}).function(schema)


def _made(schema: Type, shape: tuple[int, int], names: dict[str, Any], uper: bytes) -> ItsValue:
    """Write the decoder of a shape that comes for the first time, and let it read the message."""
    names["shapes"][shape[1]] = made = _compiled(SourceWriter(assumed=shape, names=names).function(schema), names)
    return made(uper)


def _careful(schema: Type) -> Decoder:
    """The form that names the wrong field; compiled when the first wrong message comes."""
    made: list[Decoder] = []

    def decode(uper: bytes) -> ItsValue:
        if not made:
            names: dict[str, Any] = {"fallback": _truncated}
            made.append(_compiled(SourceWriter(is_careful=True, names=names).function(schema), names))
        return made[0](uper)

    return decode


def _truncated(uper: bytes) -> ItsValue:
    # No field is wrong: what is left is a shift by fewer than no bits.
    raise ItsError(ItsErrorKind.TRUNCATED, f"{len(uper)} bytes end before the message does")


def _compiled(source: str, names: dict[str, Any]) -> Decoder:
    names |= {helper.__name__: helper for helper in _HELPERS}
    made: dict[str, Decoder] = {}
    # The text comes from the schemas of this project alone; nothing read from outside reaches it.
    exec(compile(source, "<straight-line UPER decoder>", "exec"), names, made)  # noqa: S102
    return made["decode"]
