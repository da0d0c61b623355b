"""Writing a built bundle: whole and readable, or not at all."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from mobility.core.evidence import SourceRow
from mobility.core.geo import LatLon
from mobility.core.ids import StopId
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, line_length_m, road_network
from mobility.core.place import Evidence, Stop
from mobility.storage.bundle_write import BundleHead, write_bundle
from mobility.storage.bundles import load_region, load_sources

HEAD = BundleHead(
    region_id="tal",
    name="Tal",
    zone="Europe/Berlin",
    crs="EPSG:25832",
    version="1",
    agency_name="Talbus",
    agency_url="https://example.org/",
    attribution="drawn",
    scenario_day=date(2025, 10, 14),
)
STOP = Stop(
    stop_id=StopId("s1"),
    name="Mühle",
    locality="Oberdorf",
    place=LatLon(50.0, 10.0),
    elevation_m=float("nan"),
    is_line_stop=True,
    is_meeting_point=False,
    is_wheelchair_accessible=True,
    evidence=Evidence.SOURCED,
)
ROW = SourceRow(
    subject="stop:s1", fact="name", value="Mühle", evidence=Evidence.SOURCED, source="a feed", dated="2025-10-14"
)


def _network() -> RoadNetwork:
    a, b = LatLon(50.0, 10.0), LatLon(50.01, 10.0)
    edges = [
        RoadEdge(tail=tail, head=1 - tail, length_m=line_length_m(line), time_s=80, line=line)
        for tail, line in enumerate([(a, b), (b, a)])
    ]
    return road_network([a, b], [400, 410], edges)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "tal"
    write_bundle(out, HEAD, _network(), stops=[STOP], sources=[ROW], feed=b"PK")
    region = load_region(out)
    assert (region.region_id, region.agency_name, region.scenario_day) == ("tal", "Talbus", date(2025, 10, 14))
    stop = region.stops[StopId("s1")]
    assert (stop.name, stop.locality, stop.place, stop.evidence) == ("Mühle", "Oberdorf", STOP.place, Evidence.SOURCED)
    assert load_sources(out) == (ROW,)
    assert (out / "gtfs" / "schedule.zip").read_bytes() == b"PK"


@pytest.mark.parametrize(
    "head", [replace(HEAD, zone="Europe/Tal"), replace(HEAD, name=""), replace(HEAD, agency_url="x")]
)
def test_parts_that_make_no_bundle_leave_nothing_behind(tmp_path: Path, head: BundleHead) -> None:
    with pytest.raises(BadInputError, match=r"region\.toml"):
        write_bundle(tmp_path / "tal", head, _network())
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="can not be written"):
        write_bundle(tmp_path / "file" / "tal", HEAD, _network())


def test_an_empty_directory_may_be_filled_and_a_file_may_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_bundle(tmp_path / "empty", HEAD, _network())
    assert load_region(tmp_path / "empty").network.node_count == 2
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="is in use"):
        write_bundle(tmp_path / "file", HEAD, _network())


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_is_read_as_it_was_written_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, attribution: str
) -> None:
    out = tmp_path_factory.mktemp("bundles") / "tal"
    stop = replace(STOP, name=name)
    try:
        write_bundle(out, replace(HEAD, name=name, attribution=attribution), _network(), stops=[stop])
    except BadInputError:
        assert not out.exists()
        return
    region = load_region(out)
    assert (region.name, region.attribution) == (name.strip(), attribution.strip())
    assert region.stops[StopId("s1")].name == name.strip()
