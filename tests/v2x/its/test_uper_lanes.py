"""Lanes: fields of a chunk read together are the fields read one by one."""

from random import Random
from struct import Struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v2x.its.uper_decode import decoder_for, source_of
from v2x.its.uper_encode import encode_value
from v2x.its.uper_lanes import Field, Lanes, lanes_of
from v2x.its.uper_types import Sequence, Text, integer, sequence


def fields_of(widths: list[int]) -> tuple[list[Field], int]:
    """Neighbouring fields of these widths, the first one highest, and the bits of all."""
    total = left = sum(widths)
    fields = []
    for width in widths:
        left -= width
        fields.append((left, width))
    return fields, total


def read(lanes: Lanes, chunk: int) -> dict[Field, int]:
    """What a decoder does with lanes."""
    copies = chunk
    for shift in lanes.shifts:
        copies |= copies << shift
    octets = (copies & lanes.mask).to_bytes(lanes.octets, "little")
    return dict(zip(lanes.fields, Struct(lanes.layout).unpack(octets), strict=True))


@given(st.lists(st.integers(1, 40), min_size=25, max_size=60), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_a_field_in_a_lane_is_what_a_shift_and_a_mask_give(widths: list[int], seed: int):
    fields, total = fields_of(widths)
    rng = Random(seed)
    # A group of fields is read under one name beside each of them; so fields may lie over one another.
    group = rng.randrange(len(fields) - 2)
    fields.append((fields[group + 2][0], sum(widths[group : group + 3])))
    lanes = lanes_of(fields, total)
    if lanes is None:
        return
    assert len(set(lanes.fields)) == len(lanes.fields)
    assert set(lanes.fields) <= set(fields)
    for chunk in (0, (1 << total) - 1, rng.getrandbits(total)):
        assert read(lanes, chunk) == {(low, bits): chunk >> low & ((1 << bits) - 1) for low, bits in lanes.fields}


def test_fields_of_at_most_sixteen_bits_all_find_a_lane():
    fields, total = fields_of([7, 12, 1, 9, 16, 3, 8, 2, 14, 5] * 4)
    lanes = lanes_of(fields, total)
    assert lanes is not None
    assert sorted(lanes.fields) == sorted(fields)


def test_a_few_fields_are_not_worth_lanes_and_a_field_too_wide_gets_none():
    assert lanes_of([(0, 8), (8, 8)], 16) is None
    wide, total = fields_of([65, *([4] * 40)])
    lanes = lanes_of(wide, total)
    assert lanes is not None
    assert (160, 65) not in lanes.fields


@pytest.mark.parametrize("bits", [1, 3, 7, 8, 13, 16, 20, 32])
def test_a_sequence_of_many_equal_fields_comes_back_from_its_lanes(bits: int):
    schema = sequence(**{f"f{number}": integer(0, (1 << bits) - 1) for number in range(40)})
    rng = Random(bits)
    assert (".to_bytes(" in source_of(schema)) == (bits <= 20)  # few wide fields are not worth it
    for _ in range(20):
        value = {name: rng.getrandbits(bits) for name in schema.components}
        assert decoder_for(schema)(encode_value(schema, value, "x")) == value


def test_what_stands_before_lanes_does_not_get_into_them():
    many: Sequence = sequence(**{f"f{number}": integer(0, 5) for number in range(40)})
    schema = sequence(name=Text(alphabet="", low=1, high=24), many=many)
    value = {"name": "ÿÿÿ", "many": dict.fromkeys(many.components, 5)}
    assert decoder_for(schema)(encode_value(schema, value, "x")) == value
