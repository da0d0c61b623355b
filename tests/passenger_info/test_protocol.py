"""Commands of the push protocol: everything that is none gets one named error."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from passenger_info.protocol import (
    LONGEST_TEXT,
    Format,
    Hello,
    ProtocolError,
    Subscribe,
    Unsubscribe,
    parse_command,
)
from passenger_info.topics import Known, parse_topic

KNOWN = Known({"D": 0}, {"station": 0}, {"D1": 0})


def code_of(frame: bytes | str) -> str:
    with pytest.raises(ProtocolError) as caught:
        parse_command(frame)
    return caught.value.code


def test_the_three_commands_are_understood() -> None:
    assert parse_command('{"type":"hello"}') == Hello(version=1)
    assert parse_command('{"type":"unsub","id":"x"}') == Unsubscribe(request_id="x")
    said = '{"type":"sub","id":"x","topics":["all","all"],"format":"json","resume":{"epoch":"e","all":7}}'
    wanted = Subscribe(request_id="x", topics=("all",), format=Format.JSON, epoch="e", resume={"all": 7})
    assert parse_command(said) == wanted


def test_each_kind_of_nonsense_has_its_code() -> None:
    assert code_of(b"\x00\x01") == "not_text"
    assert code_of("x" * (LONGEST_TEXT + 1)) == "too_large"
    assert code_of("{") == "bad_json"
    assert code_of("[" * 60_000) == "bad_json"
    assert code_of("[]") == "bad_json"
    assert code_of('{"type":"shout"}') == "unknown_command"
    assert code_of('{"type":"sub","id":"","topics":["all"]}') == "bad_field"
    assert code_of('{"type":"sub","id":"x","topics":[]}') == "bad_field"
    assert code_of('{"type":"sub","id":"x","topics":[1]}') == "bad_field"
    assert code_of('{"type":"sub","id":"x","topics":["all"],"format":"xml"}') == "bad_field"
    assert code_of('{"type":"sub","id":"x","topics":["all"],"resume":{"all":-1}}') == "bad_field"
    assert code_of('{"type":"sub","id":"x","topics":["all"],"resume":{"all":true}}') == "bad_field"
    many = json.dumps({"type": "sub", "id": "x", "topics": [f"stop:{i}" for i in range(101)]})
    assert code_of(many) == "too_many_topics"


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(),
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.sampled_from(["type", "id", "topics", "resume", "format"]), inner)
            ),
        ).map(json.dumps),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["hello", "sub", "unsub"])},
            optional={
                "id": st.text() | st.integers(),
                "topics": st.lists(st.text()) | st.none(),
                "format": st.text(),
                "resume": st.dictionaries(st.text(), st.integers() | st.text()),
                "version": st.integers() | st.text(),
            },
        ).map(json.dumps),
    )
)
def test_whatever_arrives_is_a_command_or_a_named_error(frame: bytes | str) -> None:
    try:
        command = parse_command(frame)
    except ProtocolError as error:
        assert error.code
        assert error.detail
    else:
        assert isinstance(command, Hello | Subscribe | Unsubscribe)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text().map(lambda t: "bbox:" + t) | st.lists(st.floats()).map(lambda f: "bbox:" + str(f)[1:-1]))
def test_whatever_topic_is_asked_for_is_known_or_refused(text: str) -> None:
    try:
        name, box = parse_topic(text, KNOWN)
    except BadInputError:
        assert text != "all"
    else:
        assert parse_topic(name, KNOWN)[0] == name
        assert (box is not None) == name.startswith("bbox:")


def test_topics_of_things_that_do_not_exist_are_refused() -> None:
    assert parse_topic("route:D", KNOWN) == ("route:D", None)
    assert parse_topic("bbox:10.90,50.6,11,50.7", KNOWN)[0] == "bbox:10.9,50.6,11,50.7"
    for text in (
        "",
        "route:",
        "route:X",
        "stop:../etc/passwd",
        "trip:?",
        "bbox:1,2,3",
        "bbox:3,2,1,4",
        "bbox:nan,1,2,3",
    ):
        with pytest.raises(BadInputError):
            parse_topic(text, KNOWN)


def test_trips_of_no_timetable_are_known_while_they_are_published_or_repeat_one_that_is() -> None:
    known = Known({"D": 0}, {"station": 0}, {"D1": 0}, lambda topic: topic == "trip:tour-7")
    for text in ("trip:D1", "trip:D1+0815", "trip:tour-7"):
        assert parse_topic(text, known) == (text, None)
    for text in ("trip:tour-8", "trip:X+0815", "trip:+0815", "route:D+1"):
        with pytest.raises(BadInputError):
            parse_topic(text, known)


def test_event_formats_are_not_for_web_sockets() -> None:
    assert code_of('{"type":"sub","id":"x","topics":["all"],"format":"event-json"}') == "bad_field"
