"""Shapes: a decoder written for what an octet tells reads every message as the decoder for all shapes does."""

from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.v2x.its.values import MESSAGES, damaged, random_message, random_value
from v2x.its.cam import CAM
from v2x.its.codec import decode, encode
from v2x.its.denm import DENM
from v2x.its.errors import ItsError
from v2x.its.uper_decode import decoder_for, source_of
from v2x.its.uper_encode import encode_value
from v2x.its.uper_shape import shape_octet
from v2x.its.uper_types import (
    Boolean,
    Type,
    defaulting,
    enumerated,
    extensible_choice,
    extensible_enumerated,
    extensible_sequence,
    integer,
    optional,
    sequence,
    sequence_of,
)

SHAPED: list[Type] = [
    sequence(
        a=optional(integer(0, 5)),
        b=defaulting(integer(0, 15), 6),
        c=optional(sequence(d=optional(Boolean()), e=enumerated("x", "y", "z"))),
        f=Boolean(),
        g=optional(extensible_choice(h=integer(0, 255), i=sequence_of(integer(1, 30), 0, 3), j=Boolean())),
        k=optional(extensible_enumerated("l", extensions=("m",))),
    ),
    extensible_choice(
        a=sequence(b=optional(integer(-3, 9)), c=optional(integer(0, 1000, is_extensible=True))),
        d=sequence_of(Boolean(), 1, 3, is_extensible=True),
        e=extensible_sequence(f=optional(integer(0, 1)), g=defaulting(integer(0, 3), 1)),
    ),
    sequence(a=integer(0, 2**40 - 1), b=sequence_of(sequence(c=optional(Boolean()), d=integer(0, 99)), 0, 7)),
]
SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.sampled_from(SHAPED))
@settings(max_examples=200, deadline=None)
def test_a_value_of_any_schema_comes_back_in_every_shape(seed: int, schema: Type):
    decoder, rng = decoder_for(schema), Random(seed)
    for _ in range(4):
        value = random_value(schema, rng)
        assert decoder(encode_value(schema, value, "x")) == value


@given(SEEDS, st.sampled_from(SHAPED))
@settings(max_examples=200, deadline=None)
def test_what_a_shape_accepts_is_encoded_to_the_same_bytes(seed: int, schema: Type):
    rng = Random(seed)
    bad = damaged(encode_value(schema, random_value(schema, rng), "x") + bytes(8), rng)[: rng.randrange(1, 12)]
    try:
        read = decoder_for(schema)(bad)
    except ItsError:
        return
    assert encode_value(schema, read, "x") == bad


@pytest.mark.parametrize("schema", SHAPED)
def test_all_beginnings_of_two_bytes_are_read_canonically_or_refused(schema: Type):
    decoder, accepted = decoder_for(schema), 0
    for number in range(1 << 16):
        uper = number.to_bytes(2, "big")
        try:
            read = decoder(uper)
        except ItsError:
            continue
        accepted += 1
        assert encode_value(schema, read, "x") == uper
    assert accepted or schema is SHAPED[2]


def test_the_octet_with_the_most_choices_tells_the_shape():
    assert shape_octet(CAM) == 25
    assert shape_octet(DENM) == 6
    assert shape_octet(SHAPED[2]) is None
    assert shape_octet(sequence(a=integer(0, 15), b=extensible_choice(c=Boolean(), d=Boolean()))) == 0


def test_a_decoder_for_one_shape_does_not_ask_for_it():
    assert "if (c" in source_of(SHAPED[0])
    whole = source_of(CAM, shape=0b0111_1110)
    assert "'verticalAcceleration': {" in whole
    assert "rsuContainerHighFrequency" not in whole
    assert "raise IndexError" in source_of(SHAPED[1], shape=0b0110_0000)


@pytest.mark.parametrize(
    "names",
    [
        names
        for count in range(5)
        for names in combinations(
            ("accelerationControl", "lanePosition", "performanceClass", "cenDsrcTollingZone"), count
        )
    ],
)
def test_every_choice_of_optional_fields_is_read_as_written_twice_and_in_order(names: tuple[str, ...]):
    value = cam_with(names, Random(len(names)))
    uper = encode("CAM", value)
    first, second = decode(uper), decode(uper)
    assert first.value == second.value == value
    assert repr(first.value) == repr(value)
    high(first.value)["heading"]["headingValue"] = -1
    high(first.value)["more"] = 1
    assert decode(uper).value == second.value == value


def cam_with(names: tuple[str, ...], rng: Random) -> dict[str, Any]:
    """A CAM of a vehicle with exactly these optional fields in its high-frequency container."""
    schema = MESSAGES["CAM"][1].components["cam"].type.components["camParameters"].type
    container = schema.components["highFrequencyContainer"].type.alternatives["basicVehicleContainerHighFrequency"]
    kept = {
        name: random_value(part.type, rng)
        for name, part in container.components.items()
        if not part.has_presence_bit or name in names
    }
    value = random_message("CAM", rng)
    container_value = {"basicVehicleContainerHighFrequency": kept}
    value["cam"]["camParameters"]["highFrequencyContainer"] = container_value
    return value


def high(value: dict[str, Any]) -> dict[str, Any]:
    found = value["cam"]["camParameters"]["highFrequencyContainer"]["basicVehicleContainerHighFrequency"]
    assert isinstance(found, dict)
    return found
