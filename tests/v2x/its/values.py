"""Random values of a schema, and random damage to bytes: what the codec tests and rigs feed on."""

from random import Random
from typing import Any

from v2x.its.cam import CAM
from v2x.its.codec import encode
from v2x.its.denm import DENM
from v2x.its.uper_types import (
    BitString,
    Boolean,
    Choice,
    Enumerated,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    Type,
)

MESSAGES = {"CAM": (2, CAM), "DENM": (1, DENM)}
UTF8_ALPHABET = "aZ9 äöüßé€漢🚌\x00"


def random_value(kind: Type, rng: Random) -> Any:  # noqa: PLR0911  one line for each type
    """A value of the schema: bounds and their neighbours come often, so do the forms beyond the root."""
    match kind:
        case Integer():
            return random_integer(kind, rng)
        case Boolean():
            return rng.random() < 0.5
        case Enumerated():
            return rng.choice(kind.names + kind.extensions)
        case BitString():
            return "".join(rng.choice("01") for _ in range(rng.randint(kind.low, kind.high)))
        case OctetString():
            return rng.randbytes(rng.randint(kind.low, kind.high)).hex()
        case Text():
            # The reference codec takes DELETE for no IA5 character when it encodes (X.680 §41 has it).
            alphabet = kind.alphabet.replace("\x7f", "") or UTF8_ALPHABET
            return "".join(rng.choice(alphabet) for _ in range(rng.randint(kind.low, kind.high)))
        case SequenceOf():
            return [random_value(kind.element, rng) for _ in range(random_size(kind, rng))]
        case Sequence():
            return random_sequence(kind, rng)
        case Choice():
            name = rng.choice(list(kind.alternatives))
            return {name: random_value(kind.alternatives[name], rng)}


def random_integer(kind: Integer, rng: Random) -> int:
    if kind.is_extensible and rng.random() < 0.1:
        return rng.choice([kind.low - 1, kind.high + 1, -(2**31), 2**31 - 1, -129, 1_706_733_817])
    if rng.random() < 0.3:
        return rng.choice([kind.low, kind.high, min(kind.low + 1, kind.high), max(kind.high - 1, kind.low)])
    return rng.randint(kind.low, kind.high)


def random_size(kind: SequenceOf, rng: Random) -> int:
    if kind.is_extensible and rng.random() < 0.1:
        return kind.high + rng.randint(1, 5)
    if rng.random() < 0.05:
        return rng.choice([kind.low, kind.high])
    return rng.randint(kind.low, min(kind.high, kind.low + 6))


def random_sequence(kind: Sequence, rng: Random) -> dict[str, Any]:
    share = rng.choice([0.0, 0.3, 0.7, 1.0])
    made: dict[str, Any] = {}
    for name, part in kind.components.items():
        if part.has_presence_bit and rng.random() >= share:
            continue
        value = random_value(part.type, rng)
        if value != part.default or part.default is None:
            made[name] = value
    return made


def random_message(name: str, rng: Random) -> dict[str, Any]:
    number, schema = MESSAGES[name]
    value = random_value(schema, rng)
    value["header"].update(protocolVersion=2, messageID=number)
    return value


def random_uper(name: str, rng: Random) -> bytes:
    return encode(name, random_message(name, rng))


def damaged(uper: bytes, rng: Random) -> bytes:
    """The bytes with some bits turned, cut short, made longer, or joined with others."""
    octets = bytearray(uper)
    match rng.randrange(6):
        case 0:
            del octets[rng.randrange(len(octets)) :]
        case 1:
            octets += rng.randbytes(rng.randint(1, 4))
        case 2:
            octets[rng.randrange(len(octets))] = rng.choice([0, 0xFF, 0x80, 1])
        case 3:
            place = rng.randrange(len(octets))
            octets[place : place + rng.randint(1, 4)] = rng.randbytes(rng.randint(1, 4))
        case _:
            # The header stays whole: damage behind it is what a decoder must notice.
            for _ in range(rng.randint(1, 3)):
                octets[rng.randrange(min(6, len(octets) - 1), len(octets))] ^= 1 << rng.randrange(8)
    return bytes(octets)
