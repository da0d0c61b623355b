"""``mobility region``: exit codes, one JSON object, nothing half-written."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mobility.cli.region import app
from mobility.storage.bundles import load_network, load_region, load_sources, shipped_region

MAP = """<?xml version="1.0"?>
<osm version="0.6">
<node id="1" lat="50.00" lon="11.50"/><node id="2" lat="50.01" lon="11.50"/><node id="3" lat="50.01" lon="11.51"/>
<way id="7"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="tertiary"/></way>
<way id="8"><nd ref="3"/><nd ref="1"/><tag k="highway" v="residential"/></way>
</osm>
"""

FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\na,Talbus,https://example.org/,Europe/Berlin\n",
    "stops.txt": (
        'stop_id,stop_name,stop_lat,stop_lon\ns 1,"Kirche, oben",50.00,11.50\ns2,Mühle,50.01,11.51\nfar,Fern,48,9\n'
    ),
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,a,1,3\n",
    "trips.txt": "route_id,service_id,trip_id\nr,d,t\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t,08:00:00,08:00:00,s 1,1\nt,08:10:00,08:10:00,s2,2\nt,12:10:00,12:10:00,far,3\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "d,1,1,1,1,1,1,1,20250101,20251231\n"
    ),
}


def _run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def _feed(path: Path, **changes: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**FEED, **{f"{key}.txt": value for key, value in changes.items()}}.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def street_map(tmp_path: Path) -> Path:
    file = tmp_path / "valley.osm"
    file.write_text(MAP)
    return file


def test_the_shipped_bundle_passes_with_exit_0() -> None:
    code, out, _ = _run("check", shipped_region("ilmenau"))
    assert code == 0
    assert out.endswith("0 errors, 0 warnings\n")


def test_the_check_prints_one_json_object() -> None:
    code, out, _ = _run("check", shipped_region("ilmenau"), "--json")
    assert code == 0
    assert json.loads(out) == {"bundle": str(shipped_region("ilmenau")), "errors": 0, "warnings": 0, "findings": []}


def test_a_broken_bundle_fails_with_exit_1_and_names_the_place(tmp_path: Path) -> None:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    fleet = directory / "fleet.toml"
    fleet.write_text(fleet.read_text().replace("seats = 8", "seats = -8"))
    code, out, _ = _run("check", directory, "--json")
    assert code == 1
    report = json.loads(out)
    assert report["errors"] == 1
    assert "fleet.toml, row 4, field vehicles[4].seats" in report["findings"][0]["sentence"]


def test_a_bundle_that_contradicts_itself_fails_with_exit_1(tmp_path: Path) -> None:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    lines = directory / "lines.toml"
    lines.write_text(lines.read_text().replace('"2:30", "4:40"', '"3:30", "4:40"'))
    code, out, _ = _run("check", directory)
    assert code == 1
    assert "error run-too-fast: Pattern D-out allows 40 s from ehrenberg to campus-nord" in out


def test_a_directory_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    code, _, err = _run("check", tmp_path / "nowhere")
    assert code == 2
    assert "no such directory" in err


def test_a_map_becomes_a_bundle_that_passes(street_map: Path, tmp_path: Path) -> None:
    out = tmp_path / "Oberes Tal"
    code, text, _ = _run("build", "--osm", street_map, "--out", out, "--json")
    assert code == 0
    assert json.loads(text)["nodes"] == 2
    region = load_region(out)
    assert (region.region_id, region.name, region.crs) == ("oberes-tal", "Oberes Tal", "EPSG:32632")
    assert "OpenStreetMap" in region.attribution
    assert "ODbL" in region.attribution
    assert _run("check", out)[0] == 0


def test_the_same_map_gives_the_same_bytes(street_map: Path, tmp_path: Path) -> None:
    for name in ("a/valley", "b/valley"):
        assert _run("build", "--osm", street_map, "--out", tmp_path / name)[0] == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 4
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.filterwarnings("default")
def test_a_feed_brings_its_stops_on_the_map_and_is_kept(street_map: Path, tmp_path: Path) -> None:
    feed = _feed(tmp_path / "feed.zip")
    code, text, err = _run("build", "--osm", street_map, "--gtfs", feed, "--out", tmp_path / "valley", "--json")
    assert code == 0, err
    assert json.loads(text)["stops"] == 2
    region = load_region(tmp_path / "valley")
    assert [(stop.stop_id, stop.name) for stop in region.stops.values()] == [("s 1", "Kirche, oben"), ("s2", "Mühle")]
    assert region.agency_name == "Talbus"
    assert (tmp_path / "valley" / "gtfs" / "schedule.zip").read_bytes() == feed.read_bytes()
    assert "stop:s 1" in {row.subject for row in load_sources(tmp_path / "valley")}
    assert _run("check", tmp_path / "valley")[0] == 0


@pytest.mark.filterwarnings("default")
def test_a_feed_of_elsewhere_or_a_broken_one_leaves_nothing_behind(street_map: Path, tmp_path: Path) -> None:
    elsewhere = _feed(tmp_path / "elsewhere.zip", stops=FEED["stops.txt"].replace("50.0", "52.0"))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(elsewhere.read_bytes()[:200])
    before = sorted(tmp_path.iterdir())
    for feed, words in ((elsewhere, "no stop of the feed"), (broken, "broken.zip")):
        code, _, err = _run("build", "--osm", street_map, "--gtfs", feed, "--out", tmp_path / "valley")
        assert code == 1
        assert words in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"garbage", MAP.encode()[:200], b"\x1f\x8b\x08"])
@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.pbf"])
def test_a_broken_map_is_one_error_and_leaves_nothing_behind(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"broken{suffix}"
    file.write_bytes(content)
    code, out, err = _run("build", "--osm", file, "--out", tmp_path / "valley")
    assert code == 1
    assert out == ""
    assert err.strip().startswith("mobility: broken.osm")
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_a_directory_in_use_is_not_touched(street_map: Path, tmp_path: Path) -> None:
    out = tmp_path / "valley"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    code, _, err = _run("build", "--osm", street_map, "--out", out)
    assert code == 1
    assert "is in use" in err
    assert [entry.name for entry in out.iterdir()] == ["mine.txt"]


def test_a_build_needs_one_map(street_map: Path, tmp_path: Path) -> None:
    assert _run("build", "--out", tmp_path / "x")[0] == 2
    assert _run("build", "--osm", street_map, "--place", "Ilmenau", "--out", tmp_path / "x")[0] == 2
    assert _run("build", "--osm", tmp_path / "absent.osm", "--out", tmp_path / "x")[0] == 2


def test_the_real_extract_becomes_a_bundle_that_routes(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bayreuth"
    assert _run("build", "--osm", shared_data / "osm" / "north-bayreuth.osm.pbf", "--out", out)[0] == 0
    network = load_network(out)
    times = network.matrix_s([network.place(node) for node in (0, 100, 500)])
    assert (times[~(times == 0)] > 10).all()
    assert _run("check", out)[0] == 0


def test_drawing_anew_gives_the_shipped_bytes(tmp_path: Path) -> None:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    (directory / "network.npz").write_bytes(b"old")
    assert _run("draw", directory)[0] == 0
    assert (directory / "network.npz").read_bytes() == (shipped_region("ilmenau") / "network.npz").read_bytes()


def test_drawing_without_a_drawing_is_wrong_use_and_a_bad_one_an_error(tmp_path: Path) -> None:
    assert _run("draw", tmp_path)[0] == 2
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "roads.csv").write_text("x\n")
    (tmp_path / "drawn" / "nodes.csv").write_text("x\n")
    code, _, err = _run("draw", tmp_path)
    assert code == 1
    assert "drawn/nodes.csv" in err
