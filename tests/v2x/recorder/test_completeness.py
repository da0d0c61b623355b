"""Day tables: order and repetition change nothing, shares are what counting by hand gives, summer time ends well."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from tests.v2x.recorder.van import NOON, SHUTTLE, SPECS, VAN, ZONE, drive, record, usual
from v2x.extension import Extension
from v2x.recorder.completeness import DAY_SECONDS, DayTable, decode_table, encode_table
from v2x.recorder.day_report import day_report
from v2x.recorder.days import DAYS_KEPT, DayTables
from v2x.recorder.facts import VehicleFacts
from v2x.recorder.gaps import gaps_of
from v2x.recorder.items import RECORD_BIT, Item, fitted, holds_s, mask_of

DAY = date(2025, 11, 18)
RECORDS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["b1", "b2"]), st.integers(0, (1 << 13) - 1)), max_size=40
)


def table_of(records: list[tuple[int, str, int]]) -> DayTable:
    table = DayTable(VAN, DAY, ZONE)
    for second, boot, mask in records:
        table.add(Instant(table.starts + second * 1000), BootId(boot), mask | RECORD_BIT)
    return table


def plain(table: DayTable) -> tuple[bytes, dict[BootId, tuple[int, int]], int]:
    return table.masks.tobytes(), dict(sorted(table.spans.items())), table.heard


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, order=st.randoms(use_true_random=False))
def test_a_table_is_the_same_for_any_order_and_any_repetition(records, order):
    mixed = [*records, *records[: len(records) // 2]]
    order.shuffle(mixed)
    assert plain(table_of(mixed)) == plain(table_of(records))


@settings(max_examples=20, deadline=None)
@given(records=RECORDS)
def test_shares_are_what_counting_second_by_second_gives(records):
    shares = table_of(records).shares()
    spans = {boot: [s for s, b, _ in records if b == boot] for boot in ("b1", "b2")}
    expected = {s for seconds in spans.values() if seconds for s in range(min(seconds), max(seconds) + 1)}
    for item, share in shares.items():
        said = {s for s, _, mask in records if mask & item.bit}
        present = [s for s in expected if any(s - age in said for age in range(holds_s(item)))]
        assert (share.expected, share.present) == (len(expected), len(present))


@settings(max_examples=40, deadline=None)
@given(records=RECORDS)
def test_a_table_comes_back_from_its_bytes(records):
    table = table_of(records)
    assert plain(decode_table(encode_table(table), ZONE)) == plain(table)


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_other_bytes_are_no_table(data):
    with pytest.raises(BadInputError):
        decode_table(data, ZONE)


@settings(max_examples=100, deadline=None)
@given(where=st.integers(0, 200), byte=st.integers(0, 255))
def test_changed_bytes_give_a_table_or_the_documented_error(where, byte):
    data = bytearray(encode_table(table_of([(5, "b1", 3)])))
    data[where % len(data)] = byte
    try:
        found = decode_table(bytes(data), ZONE)
    except BadInputError:
        return
    assert len(found.masks) == DAY_SECONDS


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 10, 26), 25), (date(2025, 3, 30), 23), (DAY, 24)])
def test_the_days_on_which_clocks_change_have_their_own_length(day, hours):
    table = DayTable(VAN, day, ZONE)
    assert (table.ends - table.starts) == hours * 3_600_000
    table.add(Instant(table.ends - 1), BootId("b1"), RECORD_BIT)
    assert table.spans[BootId("b1")] == (hours * 3600 - 1, hours * 3600 - 1)


def test_a_mask_names_what_a_record_carries():
    full = mask_of(record(1), usual(1))
    assert {item for item in Item if full & item.bit} == set(Item) - {Item.MANOEUVRES, Item.COMMANDS}
    bare = mask_of(record(1, speed_mps=None), Extension())
    assert {item for item in Item if bare & item.bit} == {Item.POSITION, Item.AUTOMATION}


def test_from_level_4_every_item_is_expected_and_below_it_what_was_heard():
    assert fitted(4, 0) == frozenset(Item)
    assert fitted(2, Item.SPEED.bit | RECORD_BIT) == {Item.SPEED}


def test_a_level_4_vehicle_that_never_sends_an_item_has_it_missing_not_unfitted():
    days = DayTables(ZONE)
    for seq in range(1, 50):
        days.observe(record(seq, Extension()), Extension(), NOON)
    report = day_report(days.of_day(DAY)[VAN], VehicleFacts(), SPECS[VAN])
    states = {row["number"]: row["status"] for row in report["items"]}
    assert states[1] == states[12] == "missing"
    assert states[4] == states[13] == "nothing_expected"


def test_a_clock_astray_makes_no_tables():
    days = DayTables(ZONE)
    for at in (0, NOON - (DAYS_KEPT + 1) * 86_400_000, NOON + 40 * 86_400_000):
        days.observe(record(1, at=max(at, 1)), None, NOON)
    assert days.uncounted == 3
    assert days.of_day(DAY) == {}


@settings(max_examples=60, deadline=None)
@given(now_h=st.integers(0, 23), back_h=st.integers(0, 100))
def test_a_late_record_never_begins_a_day_anew_that_was_dropped(now_h, back_h):
    days = DayTables(ZONE)
    now = Instant(NOON + now_h * 3_600_000)
    moment = now - back_h * 3_600_000
    days.observe(record(1, at=moment), None, now)
    (table,) = list(days.changed()) or [None]
    days.drop_old(now)
    if table is not None:
        assert days.of_day(table.day) == {VAN: table}
    else:
        assert days.uncounted == 1


def test_old_tables_leave_once_they_are_kept():
    days = DayTables(ZONE)
    days.observe(record(1), None, NOON)
    later = Instant(NOON + DAYS_KEPT * 86_400_000)
    days.drop_old(later)
    assert VAN in days.of_day(DAY)
    assert [table.vehicle_id for table in days.changed()] == [VAN]
    days.drop_old(later)
    assert days.of_day(DAY) == {}
    days.observe(record(2), None, later)
    assert (days.of_day(DAY), days.uncounted) == ({}, 1)


def test_a_kept_table_and_a_live_one_are_one():
    whole, early, late = DayTables(ZONE), DayTables(ZONE), DayTables(ZONE)
    for n, each in enumerate(drive(1, 100)):
        for days in (whole, early if n < 60 else late):
            days.observe(each, usual(each.sample.seq), NOON)
    late.merge(decode_table(encode_table(early.of_day(DAY)[VAN]), ZONE))
    assert plain(late.of_day(DAY)[VAN]) == plain(whole.of_day(DAY)[VAN])


def test_a_kept_table_of_a_vehicle_not_heard_yet_is_taken_and_grows():
    days, early = DayTables(ZONE), DayTables(ZONE)
    early.observe(record(1, vehicle_id=SHUTTLE), None, NOON)
    days.merge(decode_table(encode_table(early.of_day(DAY)[SHUTTLE]), ZONE))
    days.observe(record(5, vehicle_id=SHUTTLE), None, NOON)
    noon_s = days.of_day(DAY)[SHUTTLE].second_of(NOON)
    assert days.of_day(DAY)[SHUTTLE].spans == {BootId("b1"): (noon_s + 1, noon_s + 5)}


@settings(max_examples=60, deadline=None)
@given(first=st.integers(1, 120), length=st.integers(1, 120), after=st.integers(1, 120))
def test_a_gap_of_an_item_is_told_exactly_while_it_is_overdue(first, length, after):
    table = DayTable(VehicleId("v"), DAY, ZONE)
    all_bits = sum(item.bit for item in Item) | RECORD_BIT
    total = first + length + after
    for second in range(total):
        lost = Item.SUPPLY.bit if first <= second < first + length else 0
        table.add(Instant(table.starts + second * 1000), BootId("b"), all_bits & ~lost)
        gaps = gaps_of(table, newest=Instant(table.starts + second * 1000), live_since=table.starts, sae_level=4)
        is_overdue = lost != 0 and second - (first - 1) > 30
        assert (gaps.items == {Item.SUPPLY}) is is_overdue
        assert gaps.missing_s == 0
