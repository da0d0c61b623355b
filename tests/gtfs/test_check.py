"""Both validators over a feed, their notices merged."""

import importlib.util
from datetime import date

import pytest

from gtfs.edge import check as checking
from gtfs.edge.check import ValidatorError, check_feed, installed_validators
from gtfs.edge.write import schedule_zip
from gtfs.findings import Finding, Severity, merged
from mobility.core.errors import BadInputError
from tests.gtfs.feed_files import FILES, feed
from tests.gtfs.small_region import region

DAY = date(2025, 10, 14)


@pytest.fixture
def both_validators():
    missing = {"gtfs-guru", "gtfs-validator"} - set(installed_validators())
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


def finding(severity, code, count, validator, example=""):
    return Finding(severity=severity, code=code, count=count, validators=(validator,), example=example)


def test_notices_of_one_code_become_one_finding_and_errors_come_first():
    found = merged(
        [
            finding(Severity.INFO, "a", 1, "one"),
            finding(Severity.WARNING, "c", 2, "one"),
            finding(Severity.ERROR, "z", 1, "two", "row 7"),
            finding(Severity.WARNING, "b", 1, "one"),
            finding(Severity.WARNING, "c", 5, "two", "row 9"),
        ]
    )
    assert [(one.severity, one.code) for one in found] == [
        (Severity.ERROR, "z"),
        (Severity.WARNING, "b"),
        (Severity.WARNING, "c"),
        (Severity.INFO, "a"),
    ]
    assert found[2] == Finding(severity=Severity.WARNING, code="c", count=5, validators=("one", "two"), example="row 9")


def test_nothing_found_is_nothing_merged():
    assert merged([]) == []


@pytest.mark.usefixtures("both_validators")
def test_a_small_regions_feed_is_clean_in_both(tmp_path):
    path = tmp_path / "schedule.zip"
    path.write_bytes(schedule_zip(region()))
    assert check_feed(path, on=DAY) == []


@pytest.mark.usefixtures("both_validators")
def test_an_error_is_found_by_both_and_says_where(tmp_path):
    path = feed(tmp_path, {"trips.txt": FILES["trips.txt"].replace("R,daily,t2", "gone,daily,t2")})
    errors = [found for found in check_feed(path, on=DAY) if found.severity is Severity.ERROR]
    assert [(found.code, found.validators) for found in errors] == [
        ("foreign_key_violation", ("gtfs-guru", "gtfs-validator"))
    ]
    assert "gone" in errors[0].example


@pytest.mark.usefixtures("both_validators")
def test_the_day_decides_whether_a_calendar_has_expired(tmp_path):
    path = tmp_path / "schedule.zip"
    path.write_bytes(schedule_zip(region()))
    assert "expired_calendar" in [found.code for found in check_feed(path, on=date(2026, 11, 1))]


def test_what_is_no_feed_never_reaches_a_validator(tmp_path):
    path = tmp_path / "feed.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(BadInputError, match="no zip file"):
        check_feed(path)
    with pytest.raises(BadInputError, match="no such feed"):
        check_feed(tmp_path / "absent.zip")


def test_without_validators_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ValidatorError, match="pip install gtfs-guru gtfs-validator"):
        check_feed(feed(tmp_path))


@pytest.mark.usefixtures("both_validators")
def test_a_validator_that_breaks_down_is_not_blamed_on_the_feed(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "_RUN", "import sys; sys.exit('out of order')")
    with pytest.raises(ValidatorError, match="out of order"):
        check_feed(feed(tmp_path))
