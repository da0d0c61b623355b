"""The few ASN.1 types that ITS messages are made of, as a schema one can read, compile and encode by.

A message is written down once (``cdd``, ``cam``, ``denm``); the decoder is compiled from it, the encoder walks it.
PER-visible bounds are kept, everything else of ASN.1 is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

IA5_ALPHABET: Final = "".join(chr(code) for code in range(128))
"""Characters of IA5String in the order of their codes (X.680 §41)."""
NUMERIC_ALPHABET: Final = " 0123456789"
"""Characters of NumericString in the order of their codes (X.680 §41)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """``INTEGER (low..high)``, with ``, ...`` when extensible: then a value outside travels in its own form."""

    low: int
    high: int
    is_extensible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """``BOOLEAN``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerated:
    """``ENUMERATED`` with its names in order; ``extensions`` are the names after the ``...``."""

    names: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    is_extensible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BitString:
    """``BIT STRING (SIZE (low..high))``, in bits."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OctetString:
    """``OCTET STRING (SIZE (low..high))``, in octets."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A character string of ``low..high`` characters of an alphabet; an empty alphabet means UTF8String."""

    alphabet: str
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceOf:
    """``SEQUENCE (SIZE (low..high)) OF element``, extensible when more elements may follow in their own form."""

    element: "Type"
    low: int
    high: int
    is_extensible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component of a SEQUENCE. ``default`` (a plain integer) makes it optional with a meaning when absent."""

    type: "Type"
    is_optional: bool = False
    default: int | None = None

    @property
    def has_presence_bit(self) -> bool:
        """Whether a bit in the preamble tells that the component is there (X.691 §19.2)."""
        return self.is_optional or self.default is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """``SEQUENCE``; extension additions are not known here and refused."""

    components: Mapping[str, Component]
    is_extensible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``CHOICE``; alternatives beyond the root are not known here and refused."""

    alternatives: Mapping[str, "Type"]
    is_extensible: bool = False


Type: TypeAlias = Integer | Boolean | Enumerated | BitString | OctetString | Text | SequenceOf | Sequence | Choice


def integer(low: int, high: int, *, is_extensible: bool = False) -> Integer:
    """``INTEGER (low..high[, ...])``."""
    return Integer(low=low, high=high, is_extensible=is_extensible)


def enumerated(*names: str) -> Enumerated:
    """``ENUMERATED {names}`` without an extension marker."""
    return Enumerated(names=names)


def extensible_enumerated(*names: str, extensions: tuple[str, ...] = ()) -> Enumerated:
    """``ENUMERATED {names, ..., extensions}``."""
    return Enumerated(names=names, extensions=extensions, is_extensible=True)


def bits(low: int, high: int | None = None) -> BitString:
    """``BIT STRING (SIZE (low..high))``; one number is a fixed size."""
    return BitString(low=low, high=low if high is None else high)


def ia5(low: int, high: int | None = None) -> Text:
    """``IA5String (SIZE (low..high))``; one number is a fixed size."""
    return Text(alphabet=IA5_ALPHABET, low=low, high=low if high is None else high)


def sequence_of(element: Type, low: int, high: int, *, is_extensible: bool = False) -> SequenceOf:
    """``SEQUENCE (SIZE (low..high[, ...])) OF element``."""
    return SequenceOf(element=element, low=low, high=high, is_extensible=is_extensible)


def sequence(**components: Type | Component) -> Sequence:
    """``SEQUENCE {components}`` without an extension marker."""
    return Sequence(components=_components(components))


def extensible_sequence(**components: Type | Component) -> Sequence:
    """``SEQUENCE {components, ...}``."""
    return Sequence(components=_components(components), is_extensible=True)


def extensible_choice(**alternatives: Type) -> Choice:
    """``CHOICE {alternatives, ...}``."""
    return Choice(alternatives=alternatives, is_extensible=True)


def optional(kind: Type) -> Component:
    """A component that is ``OPTIONAL``."""
    return Component(type=kind, is_optional=True)


def defaulting(kind: Integer, default: int) -> Component:
    """A component that is ``DEFAULT default``; the canonical encoding leaves the default value out (X.691 §19.5)."""
    return Component(type=kind, default=default)


def _components(given: Mapping[str, Type | Component]) -> Mapping[str, Component]:
    return {name: kind if isinstance(kind, Component) else Component(type=kind) for name, kind in given.items()}
