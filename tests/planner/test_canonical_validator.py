"""MobilityData's canonical validator, from Maven Central, has nothing to say against our static feed."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from gtfs.edge.write import schedule_zip
from mobility.storage.bundles import load_region, shipped_region
from tests.patience import LONG_PATIENCE_S
from tests.planner.programs import REPOSITORY, absent, java, maven, may_fetch, require_java

HERE = Path(__file__).parent / "canonical"
VERSION = os.environ.get("MOBILITY_CANONICAL_VALIDATOR", "6.0.0")
"""The newest whose parts were all there when this was written: of 7.0, 7.1 and 8.0 Central lacked one or another."""
_NOT_KNOWN_THEN = {"safe_duration_factor", "safe_duration_offset"}
"""Columns adopted in 2026; a validator of 2024 says, as information, that it does not know them."""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validator and what it needs, as a folder of jars; offline from the local repository where that is enough."""
    require_java(17, needs_compiler=True)
    project = tmp_path_factory.mktemp("canonical")
    shutil.copy(HERE / "pom.xml", project)
    core = REPOSITORY.joinpath("org", "mobilitydata", "gtfs-validator", "gtfs-validator-core", VERSION)
    if not core.is_dir() and not may_fetch():
        absent(f"the canonical validator {VERSION} is not here")
    command = ("dependency:copy-dependencies", f"-DoutputDirectory={project / 'lib'}", f"-Dcanonical.version={VERSION}")
    fault = maven("-o", *command, cwd=project)
    if fault and may_fetch():
        fault = maven(*command, cwd=project)
    if fault:
        absent(f"Maven does not give the canonical validator {VERSION}: {fault}")
    return project / "lib"


def validated(libraries: Path, feed: Path, out: Path) -> Mapping[str, object]:
    """The validator's report on a feed."""
    program = java(17, needs_compiler=True)
    assert program is not None
    command = [program, "-Xmx1G", "-cp", f"{libraries}/*", HERE / "Validate.java", feed, out, "DE", "2025-10-14"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG_PATIENCE_S)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((out / "system_errors.json").read_text())["notices"] == []
    report: Mapping[str, object] = json.loads((out / "report.json").read_text())
    return report


@pytest.mark.slow
def test_the_static_feed_with_the_citizen_bus_has_no_error_and_no_warning(libraries: Path, tmp_path: Path) -> None:
    feed = tmp_path / "schedule.zip"
    feed.write_bytes(schedule_zip(load_region(shipped_region("ilmenau"))))
    report = validated(libraries, feed, tmp_path / "report")
    assert report["summary"]["counts"]["Routes"] >= 5
    notices = {notice["code"]: notice for notice in report["notices"]}
    assert [code for code, notice in notices.items() if notice["severity"] != "INFO"] == []
    for sample in notices.pop("unknown_column", {"sampleNotices": []})["sampleNotices"]:
        assert sample["fieldName"] in _NOT_KNOWN_THEN
    assert notices == {}


@pytest.mark.slow
def test_the_validator_sees_a_fault_that_was_put_in(libraries: Path, tmp_path: Path) -> None:
    folder, feed = tmp_path / "feed", tmp_path / "schedule.zip"
    feed.write_bytes(schedule_zip(load_region(shipped_region("ilmenau"))))
    shutil.unpack_archive(feed, folder)
    trips = (folder / "trips.txt").read_text().replace("D,mofr,D-out", "no-such-line,mofr,D-out", 1)
    (folder / "trips.txt").write_text(trips)
    report = validated(
        libraries, Path(shutil.make_archive(str(tmp_path / "wrong"), "zip", folder)), tmp_path / "report"
    )
    assert "foreign_key_violation" in {notice["code"] for notice in report["notices"]}
