"""Facts survive being bytes; what is no fact gives one clear error."""

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, CorruptionError
from mobility.core.events import (
    ConnectionPlanned,
    Envelope,
    Event,
    FeederDelayReported,
    RideRefused,
    RiderErased,
    TripCancelled,
)
from mobility.core.geo import LatLon
from mobility.core.refusal import Refusal, RefusalCode
from mobility.storage.codec import (
    KINDS,
    EncodedEvent,
    decode_envelope,
    decode_event,
    encode_envelope,
    encode_event,
)
from tests.contracts.sample_facts import START, one_of_each, wish

_plain = st.text(st.characters(codec="utf-8"), max_size=20)
_finite = st.floats(allow_nan=False, allow_infinity=False)


def _facts(member: type) -> st.SearchStrategy[Event]:
    st.register_type_strategy(Window, _windows())
    st.register_type_strategy(str, _plain)
    st.register_type_strategy(float, _finite)
    st.register_type_strategy(int, st.integers(-(2**53), 2**53))
    st.register_type_strategy(Refusal, _refusals())
    st.register_type_strategy(LatLon, _places())
    return st.builds(member)


def _places() -> st.SearchStrategy[LatLon]:
    return st.builds(LatLon, st.floats(-90, 90), st.floats(-180, 180))


def _windows() -> st.SearchStrategy[Window]:
    spans = st.tuples(st.integers(0, 2**45), st.integers(0, 2**30))
    return spans.map(lambda s: Window(Instant(s[0]), Instant(s[0] + s[1])))


def _refusals() -> st.SearchStrategy[Refusal]:
    values = st.one_of(_plain, st.integers(-(2**53), 2**53), _finite)
    return st.builds(Refusal, st.sampled_from(RefusalCode), st.dictionaries(_plain, values, max_size=4))


@pytest.mark.parametrize("member", get_args(Event), ids=lambda member: member.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_fact_comes_back_as_it_was(member: type, data):
    event = data.draw(_facts(member))
    envelope = Envelope(seq=7, recorded_at=START, actor="driver:d-7", body=event)
    assert decode_envelope(encode_envelope(envelope)) == envelope


def test_there_is_an_example_of_every_kind_of_fact():
    assert {type(event) for event in one_of_each()} == set(get_args(Event))


def test_the_stored_kinds_are_part_of_the_format_and_stay():
    assert sorted(KINDS) == [
        "alarm_cleared",
        "alarm_raised",
        "alert_published",
        "alert_withdrawn",
        "booking_cancelled",
        "booking_changed",
        "booking_made",
        "booking_withdrawn",
        "command_issued",
        "command_progressed",
        "command_proposed",
        "connection_decided",
        "connection_planned",
        "disruption_ended",
        "disruption_reported",
        "driving_mode_changed",
        "feeder_delay_reported",
        "hazard_ended",
        "hazard_reported",
        "line_change_ended",
        "line_changed",
        "manoeuvre_asked",
        "manoeuvre_closed",
        "occasion_frozen",
        "occasion_noted",
        "plan_published",
        "promise_settled",
        "promise_told",
        "public_tour_published",
        "revision_due",
        "revision_lapsed",
        "revision_told",
        "ride_refused",
        "rider_alighted",
        "rider_boarded",
        "rider_erased",
        "rider_no_show",
        "rider_transferred",
        "road_weather_reported",
        "roster_published",
        "trip_cancelled",
        "trip_reinstated",
    ]


def test_the_bytes_are_canonical():
    for event in one_of_each():
        encoded = encode_event(event)
        assert encode_event(decode_event(encoded)) == encoded
    erased = encode_event(next(event for event in one_of_each() if isinstance(event, RiderErased)))
    assert erased.body == b'{"rider":"rider-of-K7M-4QX"}'


def test_the_order_of_a_refusals_parameters_does_not_change_the_bytes():
    one = Refusal(RefusalCode.TOO_SHORT, {"a": 1, "b": "x"})
    other = Refusal(RefusalCode.TOO_SHORT, {"b": "x", "a": 1})
    first, second = (encode_event(replace(one_of_each()[0], refusal=refusal)) for refusal in (one, other))
    assert first == second


def test_text_one_and_number_one_stay_different():
    refusal = Refusal(RefusalCode.TOO_SHORT, {"a": 1, "b": 1.0, "c": "1"})
    event = RideRefused(wish=wish(), channel=one_of_each()[0].channel, refusal=refusal)
    back = decode_event(encode_event(event))
    assert isinstance(back, RideRefused)
    assert [type(v) for v in back.refusal.parameters.values()] == [int, float, str]


@pytest.mark.parametrize("delay_s", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_fact(delay_s: float):
    event = next(e for e in one_of_each() if isinstance(e, FeederDelayReported))
    with pytest.raises(BadInputError):
        encode_event(replace(event, delay_s=delay_s))


def test_a_value_of_the_wrong_type_is_no_fact():
    event = next(e for e in one_of_each() if isinstance(e, ConnectionPlanned))
    with pytest.raises(BadInputError):
        encode_event(replace(event, connection="rb46"))


def test_half_a_character_is_no_text():
    event = next(e for e in one_of_each() if isinstance(e, TripCancelled))
    with pytest.raises(BadInputError):
        encode_event(replace(event, reason="\ud800"))
    with pytest.raises(BadInputError):
        encode_envelope(Envelope(seq=1, recorded_at=START, actor="\ud800", body=event))


def test_something_that_is_no_event_is_no_fact():
    with pytest.raises(BadInputError):
        encode_event(date(2025, 10, 14))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_foreign_bytes_give_the_one_error(data: bytes):
    with pytest.raises(CorruptionError):
        decode_envelope(data)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(_json, st.sampled_from([*sorted(KINDS), "", "other"]), _json)
def test_foreign_json_gives_the_one_error(body, kind, seq):
    import json  # noqa: PLC0415 - used here only

    plain = {"body": body, "kind": kind, "schema": 1, "seq": seq, "recorded_at": 1, "actor": "a"}
    with pytest.raises(CorruptionError):
        decode_envelope(json.dumps(plain).encode())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(one_of_each()), st.data())
def test_a_cut_envelope_gives_the_one_error(event: Event, data):
    encoded = encode_envelope(Envelope(seq=1, recorded_at=START, actor="rider", body=event))
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(CorruptionError):
        decode_envelope(encoded[:cut])


def test_a_fact_with_a_field_too_many_is_foreign():
    encoded = encode_event(one_of_each()[-1])
    wider = EncodedEvent(kind=encoded.kind, schema=1, body=encoded.body[:-1] + b',"more":1}')
    with pytest.raises(CorruptionError):
        decode_event(wider)


def test_a_newer_schema_than_this_program_knows_is_refused():
    encoded = encode_event(one_of_each()[-1])
    with pytest.raises(CorruptionError, match="newer"):
        decode_event(replace(encoded, schema=2))


def test_an_older_schema_is_raised_step_by_step():
    steps = {("trip_cancelled", 0): lambda plain: {"trip": plain["trip"], "reason": plain["why"]}}
    event = next(e for e in one_of_each() if isinstance(e, TripCancelled))
    today = encode_event(event)
    old = EncodedEvent(kind=today.kind, schema=0, body=today.body.replace(b'"reason"', b'"why"'))
    assert decode_event(old, steps) == event


def test_an_older_schema_without_a_step_is_refused():
    encoded = encode_event(one_of_each()[-1])
    with pytest.raises(CorruptionError, match="no way"):
        decode_event(replace(encoded, schema=0))
