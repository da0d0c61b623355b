import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from v2x.mqtt.quadkeys import levels, quadkey
from v2x.mqtt.topics import GATEWAY, Address, Kind, Topics
from v2x.mqtt.traceparent import traceparent_of

TOPICS = Topics.of("ilmenau")
PLACE = LatLon(50.684, 10.919)
names = st.text(st.characters(codec="utf-8", exclude_characters="/+#"), min_size=1, max_size=40).filter(
    lambda text: text.isprintable() and not text.startswith("$")
)


def test_topics_are_those_of_the_public_pilots() -> None:
    shuttle = VehicleId("shuttle-1")
    where = levels(quadkey(PLACE))
    assert TOPICS.up(Kind.CAM, shuttle, PLACE) == f"ilmenau/inQueue/v2x/cam/shuttle-1/{where}"
    assert TOPICS.up(Kind.BATCH, shuttle) == "ilmenau/inQueue/v2x/batch/shuttle-1"
    assert TOPICS.down(Kind.STATUS, GATEWAY) == "ilmenau/outQueue/v2x/status/gateway"
    assert TOPICS.tile(Kind.DENM, PLACE, 4) == f"ilmenau/outQueue/v2x/denm/+/{where[:7]}/#"
    assert TOPICS.everything_up() == "ilmenau/inQueue/v2x/#"
    assert TOPICS.all_up(Kind.CAM, "gateways") == "$share/gateways/ilmenau/inQueue/v2x/cam/#"


@given(name=names, kind=st.sampled_from(Kind), place=st.none() | st.just(PLACE))
def test_what_is_published_is_read_back(name: str, kind: Kind, place: LatLon | None) -> None:
    vehicle_id = VehicleId(name)
    where = "" if place is None else quadkey(place)
    assert TOPICS.read(TOPICS.up(kind, vehicle_id, place)) == Address(kind=kind, vehicle_id=vehicle_id, quadkey=where)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "ilmenau/inQueue/v2x/batch",
        "ilmenau/outQueue/v2x/batch/shuttle-1",
        "erfurt/inQueue/v2x/batch/shuttle-1",
        "ilmenau/inQueue/info/batch/shuttle-1",
        "ilmenau/inQueue/v2x/cpm/shuttle-1",
        "ilmenau/inQueue/v2x/batch/",
        "ilmenau/inQueue/v2x/cam/shuttle-1/0/4",
        "ilmenau/inQueue/v2x/cam/shuttle-1/01",
        "ilmenau/inQueue/v2x/cam/shuttle-1//",
        "ilmenau/inQueue/v2x/cam/shuttle-1/" + "/".join("0" * 23),
        "ilmenau/inQueue/v2x/batch/" + "x" * 129,
        "ilmenau/inQueue/v2x/batch/a\nb",
    ],
)
def test_foreign_topics_are_refused(topic: str) -> None:
    with pytest.raises(BadInputError):
        TOPICS.read(topic)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for topic in (text, f"ilmenau/inQueue/v2x/{text}", f"ilmenau/inQueue/v2x/batch/{text}"):
        try:
            address = TOPICS.read(topic)
        except BadInputError:
            continue
        assert TOPICS.up(address.kind, address.vehicle_id) in topic


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "$SYS", "a\0", "x" * 129])
def test_names_that_fit_no_level_are_refused(name: str) -> None:
    with pytest.raises(BadInputError):
        Topics.of(name)
    with pytest.raises(BadInputError):
        TOPICS.up(Kind.BATCH, VehicleId(name))
    if name:
        with pytest.raises(BadInputError):
            TOPICS.all_up(Kind.CAM, name)


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_parent_is_found_among_other_properties() -> None:
    assert traceparent_of([("x", "y"), ("traceparent", TRACE)]) == TRACE


@pytest.mark.parametrize(
    "text", ["", TRACE.upper(), TRACE[:-1], TRACE.replace("00-", "ff-", 1), f"00-{'0' * 32}-00f067aa0ba902b7-01", "a\n"]
)
def test_what_is_no_trace_parent_is_left_out(text: str) -> None:
    assert traceparent_of([("traceparent", text)]) == ""
