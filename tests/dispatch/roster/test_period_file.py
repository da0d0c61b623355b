"""Period and roster files: what they say, and where they are wrong."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.edge.roster_files import read_period, read_roster, write_roster
from dispatch.roster.period import Period, holders_of
from dispatch.roster.period_file import Text, period_of, roster_csv, roster_of, volunteers_of
from dispatch.roster.plan import plan
from dispatch.roster.volunteer import Hours, PairWish
from mobility.core.errors import BadInputError
from mobility.core.roster import DutyRole
from mobility.core.service_day import ServiceTime
from tests.dispatch.roster.world import periods

SETTINGS = """
area = "buergerbus"
first = 2026-03-30
last = 2026-04-12
holidays_of = "TH"
closed = ["2026-04-09"]
rest_h = 10

[[shifts]]
group = "Di vormittags"
weekdays = ["tue"]
starts = "08:00"
ends = "12:30"
roles = ["driver", "substitute", "phone"]
vehicle = "van-1"

[[shifts]]
group = "Do und Mo"
weekdays = ["thu", "mon"]
starts = "12:30"
ends = "17:00"
roles = ["driver"]

[[pairs]]
one = "d-1"
other = "d-2"
wish = "together"

[[fixed]]
duty = "2026-03-31/Di vormittags/driver"
driver = "d-1"
"""
COLUMNS = (
    "ref,roles,wished,most,most_per_week,carry_over,preferred_groups,"
    "preferred_weekdays,vetoed_days,vetoed_hours,licence_until\n"
)
DAYS = "d-1,driver;substitute,2,3,,1,Di vormittags,tue;thu,2026-04-01..2026-04-05;2026-04-12"
HOURS = "mon 08:00-13:00"
PEOPLE = f"""{COLUMNS}{DAYS},{HOURS},2028-01-31
d-2,driver;substitute;phone,3,5,3,,,,,,
d-3,phone,2,2,,,,,,,
"""


def holidays(state: str, year: int) -> frozenset[date]:
    return frozenset({date(year, 4, 6)}) if state == "TH" else frozenset()


def read(settings_text: str = SETTINGS, people_text: str = PEOPLE) -> Period:
    return period_of(Text(settings_text, "period.toml"), Text(people_text, "volunteers.csv"), holidays)


def test_a_period_file_says_all_that_is_needed() -> None:
    found = read()
    assert [str(duty.duty_id) for duty in found.duties] == [
        "2026-03-30/Do und Mo/driver",
        "2026-03-31/Di vormittags/driver",
        "2026-03-31/Di vormittags/phone",
        "2026-03-31/Di vormittags/substitute",
        "2026-04-02/Do und Mo/driver",
        "2026-04-07/Di vormittags/driver",
        "2026-04-07/Di vormittags/phone",
        "2026-04-07/Di vormittags/substitute",
    ]
    first = found.volunteers[0]
    assert (first.driver, first.wished, first.most, first.most_per_week, first.target) == ("d-1", 2, 3, 7, 1)
    assert first.roles == {DutyRole.DRIVER, DutyRole.SUBSTITUTE}
    assert first.vetoed_days == {date(2026, 4, day) for day in (1, 2, 3, 4, 5, 12)}
    assert first.vetoed_hours == (Hours(weekday=0, starts=ServiceTime(28_800), ends=ServiceTime(46_800)),)
    assert first.licence_until == date(2028, 1, 31)
    assert found.pairs[0].wish is PairWish.TOGETHER
    assert found.rest_s == 36_000
    assert found.duties[2].vehicle_id is None
    assert plan(found).score.uncovered == 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"buergerbus"', "7", r"period\.toml, field area: 7 is no text"),
        ("2026-04-12", "2026-03-01", r"period\.toml, field last: .*not within 400 days"),
        ('["tue"]', '["die"]', r"period\.toml, row 1, field shifts\.weekdays: 'die' is none of"),
        ('"12:30"\nroles', '"07:00"\nroles', r"row 1, field shifts\.ends: the shift does not end after it starts"),
        ('"phone"]', '"pilot"]', r"row 1, field shifts\.roles: 'pilot' is none of"),
        ("rest_h = 10", "rest_h = -1", r"field rest_h: -1 is no whole number from 0 to 72"),
        ("rest_h = 10", "pause = 1", r"field pause: is not a known field"),
        ('other = "d-2"', 'other = "d-9"', r"period\.toml: field pairs: d-1 and d-9|pairs.*d-9"),
        ("2026-03-31/Di", "2026-03-30/Di", r"period\.toml.*there is no duty 2026-03-30/Di"),
        ("[[pairs]]", "[[pairs", r"period\.toml: is no valid TOML"),
    ],
)
def test_a_fault_in_the_settings_is_named_with_file_row_and_field(old: str, new: str, words: str) -> None:
    assert old in SETTINGS
    with pytest.raises(BadInputError, match=words):
        read(SETTINGS.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("d-3,phone,2", "d-3,phone,many", r"volunteers\.csv, row 3, field wished: 'many' is no whole number"),
        ("d-3,phone", "d-2,phone", r"volunteers\.csv, row 3, field ref: 'd-2' stands there twice"),
        ("d-3,phone", "d-3,", r"row 3, field roles: is empty"),
        ("2028-01-31", "31.01.2028", r"row 1, field licence_until: '31.01.2028' is no date like"),
        ("mon 08:00-13:00", "mon 8-13", r"row 1, field vetoed_hours: '8' is no time"),
        ("2026-04-01..2026-04-05", "2026-04-05..2026-04-01", r"row 1, field vetoed_days: .*does not end"),
        ("d-3,phone,2,2,,,,,,,", "d-3,phone", r"row 3: has 2 cells, the header 11"),
        ("ref,roles", "name,roles", r"volunteers\.csv: the header needs ref, roles, wished, most"),
    ],
)
def test_a_fault_in_the_volunteers_is_named_with_file_row_and_field(old: str, new: str, words: str) -> None:
    assert old in PEOPLE
    with pytest.raises(BadInputError, match=words):
        read(people_text=PEOPLE.replace(old, new, 1))


def test_files_on_disk_lead_to_a_roster_and_a_sheet_that_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "period.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "volunteers.csv").write_text(PEOPLE, encoding="utf-8")
    where = read_period(tmp_path / "period.toml")
    assert all(duty.day != date(2026, 4, 6) for duty in where.duties), "Easter Monday"
    roster = plan(where).roster
    table, page = write_roster(roster, tmp_path / "out", "de")
    assert read_roster(table, where).assignments == roster.assignments
    text = page.read_text(encoding="utf-8")
    assert text.count("<tr>") == len(roster.assignments) + text.count("<table>")
    assert "Dienstag, 31. März 2026" in text
    assert "Bereitschaft" in text


def test_absent_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.toml: the file is missing"):
        read_period(tmp_path / "nowhere.toml")
    (tmp_path / "period.toml").write_bytes(b"\xff\xfe area")
    with pytest.raises(BadInputError, match="is not UTF-8"):
        read_period(tmp_path / "period.toml")
    (tmp_path / "period.toml").write_text(SETTINGS, encoding="utf-8")
    with pytest.raises(BadInputError, match=r"volunteers\.csv: the file is missing"):
        read_period(tmp_path / "period.toml")


def test_a_roster_with_foreign_duties_or_people_is_refused() -> None:
    where = read()
    with pytest.raises(BadInputError, match="row 1, field duty: 'x' is no duty"):
        roster_of(Text("duty,driver\nx,d-1\n", "roster.csv"), where)
    with pytest.raises(BadInputError, match="row 1, field driver: 'z' is no volunteer"):
        roster_of(Text("duty,driver\n2026-03-31/Di vormittags/driver,z\n", "roster.csv"), where)


def test_what_stands_on_the_sheet_is_never_taken_for_markup(tmp_path: Path) -> None:
    where = read(SETTINGS.replace("Do und Mo", "<b>Do"))
    _, page = write_roster(plan(where).roster, tmp_path, "en")
    assert "<b>" not in page.read_text(encoding="utf-8")


@given(periods())
@settings(max_examples=40, deadline=None)
def test_a_roster_written_and_read_is_the_same(where: Period) -> None:
    roster = plan(where).roster
    again = roster_of(Text(roster_csv(roster, "de"), "roster.csv"), where)
    assert holders_of(again) == holders_of(roster)
    assert again == roster


@given(st.integers(0, len(SETTINGS)), st.integers(0, 40), st.text(max_size=8))
@settings(max_examples=150, deadline=None)
def test_a_damaged_settings_file_is_refused_or_read_but_never_a_fault(place: int, cut: int, noise: str) -> None:
    try:
        found = read(SETTINGS[:place] + noise + SETTINGS[place + cut :])
    except BadInputError as error:
        assert "period.toml" in str(error)
    else:
        assert found.last - found.first <= timedelta(days=400)


@given(st.integers(0, len(PEOPLE)), st.integers(0, 40), st.text(max_size=8))
@settings(max_examples=150, deadline=None)
def test_a_damaged_volunteers_file_is_refused_or_read_but_never_a_fault(place: int, cut: int, noise: str) -> None:
    try:
        found = volunteers_of(Text(PEOPLE[:place] + noise + PEOPLE[place + cut :], "volunteers.csv"))
    except BadInputError as error:
        assert "volunteers.csv" in str(error)
    else:
        assert all(one.most >= 0 for one in found)
