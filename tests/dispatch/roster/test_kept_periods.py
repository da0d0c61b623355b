"""Where volunteers' wishes are kept: one contract for memory and disk, and what a disk adds."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.edge.kept_periods import FilePeriods
from dispatch.edge.roster_service import MemoryPeriods, Periods
from dispatch.roster.kept_period import period_kept, period_text
from dispatch.roster.period import Period
from dispatch.roster.period_file import Text
from mobility.core.errors import BadInputError, CorruptionError, ReadOnlyError
from mobility.core.ids import DriverRef, ServiceAreaId
from tests.dispatch.roster.world import AREA, MONDAY, apart, duty_id, pattern, period, periods, person

Make = Callable[[Path], Periods]
each_adapter = pytest.mark.parametrize("make", [lambda _: MemoryPeriods(), FilePeriods], ids=["memory", "disk"])


def spring() -> Period:
    shift = pattern()
    people = [person("anna", preferred_weekdays=frozenset({0})), person("bert"), person("carla")]
    return period(people, shift, pairs=(apart("anna", "bert"),), fixed={duty_id(shift): DriverRef("anna")})


@each_adapter
def test_what_was_put_is_there_and_the_newest_counts(make: Make, tmp_path: Path) -> None:
    kept = make(tmp_path / "wishes")
    assert kept.get(AREA, MONDAY) is None
    kept.put(spring())
    assert kept.get(AREA, MONDAY) == spring()
    newer = replace(spring(), rest_s=0)
    kept.put(newer)
    assert kept.get(AREA, MONDAY) == newer
    assert kept.get(ServiceAreaId("elsewhere"), MONDAY) is None


@each_adapter
def test_what_was_erased_is_gone(make: Make, tmp_path: Path) -> None:
    kept = make(tmp_path)
    kept.put(spring())
    assert kept.erase(AREA, MONDAY) is True
    assert kept.get(AREA, MONDAY) is None
    assert kept.erase(AREA, MONDAY) is False


@each_adapter
def test_a_volunteer_who_leaves_is_forgotten_in_every_period(make: Make, tmp_path: Path) -> None:
    kept = make(tmp_path)
    elsewhere = replace(spring(), area_id=ServiceAreaId("../hill/😀"))
    kept.put(spring())
    kept.put(elsewhere)
    assert kept.forget(DriverRef("anna")) == 2
    left = kept.get(AREA, MONDAY)
    assert left is not None
    assert [each.driver for each in left.volunteers] == ["bert", "carla"]
    assert (left.pairs, left.fixed) == ((), {})
    assert kept.forget(DriverRef("anna")) == 0
    assert kept.get(elsewhere.area_id, MONDAY) is not None


def test_the_disk_outlasts_the_process_and_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "wishes"
    before = os.umask(0)
    try:
        FilePeriods(folder).put(spring())
    finally:
        os.umask(before)
    assert FilePeriods(folder).get(AREA, MONDAY) == spring()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    FilePeriods(folder).forget(DriverRef("anna"))
    assert "anna" not in file.read_text(encoding="utf-8"), "erased from the disk as well"


@pytest.mark.parametrize("fault", [b"", b"\xff\xfe", b"[]", b'{"form": 2}', b'{"form": 1, "area": "village"}'])
def test_a_damaged_file_is_named_and_never_lost(fault: bytes, tmp_path: Path) -> None:
    kept = FilePeriods(tmp_path)
    kept.put(spring())
    (file,) = tmp_path.iterdir()
    file.write_bytes(fault)
    with pytest.raises(CorruptionError, match=file.name):
        kept.get(AREA, MONDAY)
    with pytest.raises(CorruptionError, match=file.name):
        kept.forget(DriverRef("anna"))
    assert file.read_bytes() == fault
    kept.put(spring())
    assert kept.get(AREA, MONDAY) == spring()
    (aside,) = tmp_path.glob("*.damaged-1")
    assert aside.read_bytes() == fault
    assert kept.erase(AREA, MONDAY) is True
    assert list(tmp_path.iterdir()) == []


def test_a_cut_off_or_changed_text_is_refused(tmp_path: Path) -> None:
    text = period_text(spring())
    for broken in (
        text[: len(text) // 2],
        text.replace('"wished": 1', '"wished": -1'),
        text.replace('"most"', '"mst"'),
    ):
        with pytest.raises(BadInputError, match="spring"):
            period_kept(Text(broken, "spring"))


def test_a_disk_that_takes_nothing_says_so_and_leaves_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = FilePeriods(tmp_path)
    kept.put(spring())

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReadOnlyError, match="No space left"):
        kept.put(replace(spring(), rest_s=0))
    assert kept.get(AREA, MONDAY) == spring()
    assert len(list(tmp_path.iterdir())) == 1, "nothing half written stays behind"


@settings(max_examples=100, deadline=None)
@given(periods())
def test_every_period_comes_back_as_it_was(where: Period) -> None:
    text = period_text(where)
    again = period_kept(Text(text, "kept"))
    assert again == where
    assert period_text(again) == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(str))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    with pytest.raises(BadInputError, match="kept"):
        period_kept(Text(text, "kept"))
