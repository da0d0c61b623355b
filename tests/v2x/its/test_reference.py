"""SPATEM, MAPEM, SREM and SSEM through the reference codec: strict all the same, and a junction's light out of them."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.v2x.its.junction_messages import JUNCTION_MESSAGES, spatem
from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.signal_state import SignalState, signal_state


@pytest.mark.parametrize("name", sorted(JUNCTION_MESSAGES))
def test_a_message_comes_back_as_it_was_written(name: str):
    read = decode(encode(name, JUNCTION_MESSAGES[name]))
    assert (read.message, read.protocol_version, read.station_id) == (name, 2, 9)
    assert read.value == JUNCTION_MESSAGES[name]
    assert (read.latitude, read.speed_value, read.cause_code) == (None, None, None)


@given(st.integers(0, 2**32), st.sampled_from(sorted(JUNCTION_MESSAGES)))
@settings(max_examples=150, deadline=None)
def test_what_is_accepted_is_canonical_and_all_else_is_the_documented_error(seed: int, name: str):
    rng = Random(seed)
    octets = bytearray(encode(name, JUNCTION_MESSAGES[name]))
    for _ in range(rng.randint(0, 3)):
        octets[rng.randrange(6, len(octets))] ^= 1 << rng.randrange(8)
    uper = bytes(octets[: rng.choice([len(octets), rng.randint(2, len(octets))])])
    try:
        read = decode(uper)
    except ItsError as error:
        assert error.kind in {ItsErrorKind.MALFORMED, ItsErrorKind.TRUNCATED}
    else:
        assert read.message == name
        assert "regional" in str(read.value) or encode(name, read.value) == uper


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"spat": {"nothing": 1}}, "unknown component 'nothing'"),
        ({"spat": []}, "list is no SEQUENCE"),
        ({"spat": {"intersections": []}}, "SPATEM"),
        ({"spat": {}}, "SPATEM"),
        ({"extra": 1}, "unknown component 'extra'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(change: dict[str, Any], reason: str):
    with pytest.raises(ItsError, match=reason) as refused:
        encode("SPATEM", {**spatem(), **change})
    assert refused.value.kind == ItsErrorKind.MALFORMED


def test_a_junction_s_light_is_found_by_intersection_and_signal_group():
    value = decode(encode("SPATEM", spatem())).value
    red = signal_state(value, 5, 1)
    assert red == SignalState(event_state="stop-And-Remain", min_end_s=1234.5, max_end_s=None, likely_s=None)
    assert not red.is_go
    green = signal_state(value, 5, 2)
    assert green == SignalState(event_state="protected-Movement-Allowed", min_end_s=10.0, max_end_s=None, likely_s=15.0)
    assert green.is_go
    amber = signal_state(value, 5, 3)
    assert amber is not None
    assert (amber.is_go, amber.min_end_s) == (False, None)


@pytest.mark.parametrize(("intersection", "group"), [(5, 9), (6, 1)])
def test_a_light_nobody_speaks_of_is_none(intersection: int, group: int):
    assert signal_state(spatem(), intersection, group) is None
