"""Frozen occasions on disk: whole or not there, changed bytes are told, names can not lead out of the folder."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.errors import CorruptionError, ReadOnlyError, StorageError
from mobility.core.events import OccasionNoted
from mobility.core.ids import OccasionId
from mobility.storage.database import open_reader
from mobility.storage.ledger import SqlLedger
from mobility.storage.occasion_files import OccasionFiles, newest_revision, occasions_kept, supervision_facts
from tests.contracts.sample_supervision import OCCASION, SUPERVISION
from tests.fakes.clock import SettableClock
from tests.v2x.recorder.van import NOON

NAME = OccasionId("van-1-conflict")


def put(folder: Path, name: OccasionId, *bodies: bytes) -> None:
    async def main() -> None:
        files = OccasionFiles(folder)
        for revision, body in enumerate(bodies, 1):
            await files.put(name, revision, body)

    asyncio.run(main())


def test_changed_bytes_are_told_and_not_served(tmp_path: Path) -> None:
    put(tmp_path, NAME, b'{"a":1}')
    file = next(tmp_path.glob("*/0001-*.json"))
    file.write_bytes(b'{"a":2}')
    with pytest.raises(CorruptionError, match="does not match the hash"):
        newest_revision(tmp_path, NAME)


def test_a_half_written_file_is_no_revision(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"{}")
    folder = next(tmp_path.iterdir())
    (folder / f".0002-{'0' * 64}.json.tmp").write_bytes(b'{"half')
    found = newest_revision(tmp_path, NAME)
    assert found is not None
    assert found.revision == 1


def test_revisions_are_counted_as_numbers(tmp_path: Path) -> None:
    put(tmp_path, NAME, *(str(n).encode() for n in range(1, 13)))
    found = newest_revision(tmp_path, NAME)
    assert found is not None
    assert (found.revision, found.body) == (12, b"12")


def test_a_disk_that_takes_nothing_is_a_read_only_fault(tmp_path: Path) -> None:
    (tmp_path / "occasions").write_text("a file where the folder should be")
    with pytest.raises(ReadOnlyError):
        put(tmp_path / "occasions", NAME, b"{}")


@settings(max_examples=80, deadline=None)
@given(name=st.text(min_size=1, max_size=40))
def test_any_name_stays_inside_the_folder_and_comes_back(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("names")
    try:
        put(folder / "occasions", OccasionId(name), b"{}")
    except StorageError:
        assert list(folder.iterdir()) in ([], [folder / "occasions"])
        return
    assert [path.name for path in folder.iterdir()] == ["occasions"]
    assert [found for found, _ in occasions_kept(folder / "occasions")] == [name]


@pytest.mark.parametrize("name", ["", "tables", "x" * 300])
def test_a_name_that_can_be_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageError, match="can not be the name"):
        put(tmp_path, OccasionId(name), b"{}")


def test_facts_of_some_kinds_are_read_without_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        async with SqlLedger.open(tmp_path / "ledger.sqlite", clock=SettableClock(NOON), inline=True) as ledger:
            await ledger.submit(lambda _, __: list(SUPERVISION), actor="test")

    asyncio.run(main())
    reader = open_reader(tmp_path / "ledger.sqlite")
    try:
        found = list(supervision_facts(reader, frozenset({"occasion_noted", "command_issued"})))
    finally:
        reader.close()
    assert [type(body).__name__ for _, body in found] == ["CommandIssued", "OccasionNoted"]
    assert found[1][1] == OccasionNoted(occasion=OCCASION)
