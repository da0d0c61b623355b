"""The UPER codec over its schemas: what it accepts is exactly the canonical form, and the reference codec agrees."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrate_asn1dir import ITS_CAM_2, ITS_DENM_3

from tests.v2x.its.values import MESSAGES, damaged, random_message, random_uper
from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsMessage
from v2x.its.reference import decode_by_reference, encode_by_reference
from v2x.its.uper_decode import decoder_for, source_of
from v2x.its.uper_encode import encode_value
from v2x.its.uper_types import (
    NUMERIC_ALPHABET,
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
    bits,
    defaulting,
    enumerated,
    extensible_choice,
    extensible_enumerated,
    extensible_sequence,
    ia5,
    integer,
    optional,
    sequence,
    sequence_of,
)

SEEDS = st.integers(0, 2**32)
NAMES = st.sampled_from(sorted(MESSAGES))


@given(SEEDS, NAMES)
@settings(max_examples=150, deadline=None)
def test_a_message_comes_back_as_it_was_written_and_the_reference_codec_reads_and_writes_the_same(seed: int, name: str):
    value = random_message(name, Random(seed))
    uper = encode(name, value)
    read = decode(uper)
    assert read == ItsMessage(name, 2, value["header"]["stationID"], value)
    assert decode_by_reference(name, uper) == value
    assert encode_by_reference(name, value) == uper


@given(SEEDS, NAMES)
@settings(max_examples=200, deadline=None)
def test_damaged_bytes_are_accepted_exactly_when_the_reference_codec_would_write_them_again(seed: int, name: str):
    rng = Random(seed)
    whole = random_uper(name, rng)
    bad = damaged(whole, rng)
    if bad[:2] != whole[:2]:
        with pytest.raises(ItsError):
            decode(bad)
        return
    ours, theirs = outcome(lambda: decode(bad).value), outcome(lambda: decode_by_reference(name, bad))
    if "_ext_" in str(theirs):
        # pycrate carries names of extensions nobody knows yet; here they are refused.
        assert ours == ItsErrorKind.MALFORMED
    elif isinstance(theirs, ItsErrorKind):
        assert isinstance(ours, ItsErrorKind)
    else:
        assert ours == theirs
        assert encode(name, theirs) == bad


def outcome(reading) -> Any:
    try:
        return reading()
    except ItsError as error:
        return error.kind


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x02\x02", b"\x02\x01"]))
@settings(max_examples=200, deadline=None)
def test_random_bytes_give_a_message_or_the_documented_error(tail: bytes, head: bytes):
    try:
        read = decode(head + tail)
    except ItsError as error:
        assert error.kind in ItsErrorKind
    else:
        assert encode(read.message, read.value) == head + tail


@given(SEEDS, NAMES)
@settings(max_examples=60, deadline=None)
def test_every_message_cut_short_is_called_truncated(seed: int, name: str):
    rng = Random(seed)
    uper = random_uper(name, rng)
    with pytest.raises(ItsError) as refused:
        decode(uper[: rng.randrange(len(uper))])
    assert refused.value.kind == ItsErrorKind.TRUNCATED


@given(SEEDS, NAMES, st.binary(min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_byte_too_many_is_refused(seed: int, name: str, tail: bytes):
    with pytest.raises(ItsError, match="bytes follow the message") as refused:
        decode(random_uper(name, Random(seed)) + tail)
    assert refused.value.kind == ItsErrorKind.MALFORMED


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (integer(0, 255), 7, "07"),
        (integer(1, 65535, is_extensible=True), 65536, "8180800000"),
        (integer(-1, 14), -1, "00"),
        (Boolean(), True, "80"),
        (enumerated("a", "b", "c"), "c", "80"),
        (extensible_enumerated("a", extensions=("b",)), "b", "80"),
        (bits(7), "1000001", "82"),
        (bits(1, 13), "1", "08"),
        (OctetString(low=1, high=20), "ff", "07f8"),
        (ia5(6), "AAAAAA", "83060c183040"),
        (Text(alphabet=NUMERIC_ALPHABET, low=1, high=16), "19", "12a0"),
        (Text(alphabet="", low=1, high=24), "ä", "02c3a4"),
        (sequence_of(integer(1, 30), 1, 3, is_extensible=True), [1, 1, 1, 1], "82000000"),
        (sequence(a=defaulting(integer(0, 15), 6), b=optional(Boolean())), {}, "00"),
        (extensible_sequence(a=integer(0, 1)), {"a": 1}, "40"),
        (extensible_choice(a=Boolean(), b=Boolean()), {"b": True}, "60"),
    ],
)
def test_every_type_is_written_as_the_standard_says_and_read_back(schema: Type, value: Any, expected: str):
    assert encode_value(schema, value, "x").hex() == expected
    assert decoder_for(schema)(bytes.fromhex(expected)) == value


@pytest.mark.parametrize(
    ("schema", "octets", "reason"),
    [
        (integer(0, 100), "ca", "encoded value 101 is out of range"),
        (integer(0, 3601), "e120", "encoded value 3602 is out of range"),
        (integer(1, 65535, is_extensible=True), "808080", "shortest form"),
        (integer(1, 65535, is_extensible=True), "800000", "encoded value 0 is out of range"),
        (enumerated("a", "b", "c"), "c0", "encoded value 3 is out of range"),
        (extensible_enumerated("a", "b"), "80", "unknown extension"),
        (extensible_enumerated("a", extensions=("b",)), "81", "encoded value 1 is out of range"),
        (sequence(a=defaulting(integer(0, 15), 6)), "b0", "encoded value 6 is out of range"),
        (extensible_sequence(a=integer(0, 1)), "c0", "unknown extension"),
        (extensible_choice(a=Boolean(), b=Boolean()), "80", "unknown extension"),
        (sequence_of(integer(1, 30), 1, 3, is_extensible=True), "81800000", "shortest form"),
        (sequence_of(Boolean(), 1, 3, is_extensible=True), "c000", "128 or more"),
        (Text(alphabet=NUMERIC_ALPHABET, low=1, high=16), "0c", "not in its alphabet"),
        (Text(alphabet="", low=1, high=24), "01ff", "not UTF-8"),
        (Text(alphabet="", low=1, high=24), "00", "out of range"),
        (integer(0, 1), "01", "padding is not zero"),
        (integer(0, 1), "0000", "bytes follow"),
    ],
)
def test_what_is_not_canonical_is_refused_and_the_field_is_named(schema: Type, octets: str, reason: str):
    with pytest.raises(ItsError, match=reason) as refused:
        decoder_for(schema)(bytes.fromhex(octets))
    assert refused.value.kind == ItsErrorKind.MALFORMED


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        (integer(0, 1), 2, "outside 0..1"),
        (integer(0, 1), True, "not a whole number"),
        (integer(0, 1), "1", "not a whole number"),
        (integer(1, 2, is_extensible=True), 2**1016, "more than 127"),
        (Boolean(), 1, "not true or false"),
        (enumerated("a"), "b", "none of its names"),
        (bits(2), "12", "not a text of 0 and 1"),
        (bits(2), "1", "size 1 is outside"),
        (OctetString(low=1, high=2), "FF", "lower-case hex"),
        (OctetString(low=1, high=2), "f", "lower-case hex"),
        (ia5(1), "ä", "outside its alphabet"),
        (ia5(1), 1, "not a text"),
        (Text(alphabet="", low=1, high=1), "\ud800", "surrogate"),
        (Text(alphabet="", low=1, high=1), "ab", "2 characters"),
        (sequence_of(Boolean(), 0, 1), {}, "not a list"),
        (sequence(a=Boolean()), [], "not an object"),
        (sequence(a=Boolean()), {}, "a is missing"),
        (sequence(a=Boolean()), {"b": 1}, "unknown component 'b'"),
        (extensible_choice(a=Boolean()), {}, "exactly one entry"),
        (extensible_choice(a=Boolean()), {"b": 1}, "unknown alternative 'b'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_the_component_is_named(schema: Type, value: Any, reason: str):
    with pytest.raises(ItsError, match=reason) as refused:
        encode_value(schema, value, "x")
    assert refused.value.kind == ItsErrorKind.MALFORMED


def test_the_source_of_a_decoder_can_be_read():
    source = source_of(sequence(a=integer(0, 3), b=bits(2)))
    assert "'a': (c0 >> 2), 'b': k" in source
    assert "refuse_value" in source_of(integer(0, 2), is_careful=True)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("CAM", ITS_CAM_2.CAM_PDU_Descriptions.CAM),
        ("DENM", ITS_DENM_3.DENM_PDU_Descriptions.DENM),
    ],
)
def test_the_schema_is_the_standard_s_component_by_component(name: str, reference: Any):
    compared = check_same(MESSAGES[name][1], reference, name)
    assert compared > 100


def check_same(ours: Type, theirs: Any, path: str) -> int:
    """Compare a schema with the reference codec's type tree, which was made from the standard's ASN.1 module."""
    match ours:
        case Integer():
            (bounds,) = theirs._const_val.root
            assert (ours.low, ours.high) == (bounds.lb, bounds.ub), path
            assert ours.is_extensible == (theirs._const_val.ext is not None), path
        case Boolean():
            assert theirs.TYPE == "BOOLEAN", path
        case Enumerated():
            assert list(ours.names) == theirs._root, path
            assert list(ours.extensions) == (theirs._ext or []), path
            assert ours.is_extensible == (theirs._ext is not None), path
        case BitString() | OctetString():
            assert ("BIT STRING" if isinstance(ours, BitString) else "OCTET STRING") == theirs.TYPE, path
            assert (ours.low, ours.high) == size_of(theirs), path
        case Text():
            kinds = {128: "IA5String", 11: "NumericString", 0: "UTF8String"}
            assert kinds[len(ours.alphabet)] == theirs.TYPE, path
            assert (ours.low, ours.high) == size_of(theirs), path
        case SequenceOf():
            assert (ours.low, ours.high) == size_of(theirs), path
            assert ours.is_extensible == (theirs._const_sz.ext is not None), path
            return 1 + check_same(ours.element, theirs._cont, f"{path}[]")
        case Sequence():
            names = list(theirs._cont)
            assert list(ours.components) == names, path
            assert ours.is_extensible == (theirs._ext is not None), path
            for key, part in ours.components.items():
                assert part.is_optional == bool(theirs._cont[key]._opt), f"{path}.{key}"
                assert part.default == theirs._cont[key]._def, f"{path}.{key}"
            return 1 + sum(check_same(part.type, theirs._cont[key], key) for key, part in ours.components.items())
        case Choice():
            names = list(theirs._cont)
            assert list(ours.alternatives) == names, path
            assert ours.is_extensible == (theirs._ext is not None), path
            return 1 + sum(check_same(part, theirs._cont[key], key) for key, part in ours.alternatives.items())
    return 1


def size_of(theirs: Any) -> tuple[int, int]:
    (bounds,) = theirs._const_sz.root
    return (bounds, bounds) if isinstance(bounds, int) else (bounds.lb, bounds.ub)
