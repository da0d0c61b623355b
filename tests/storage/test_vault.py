"""What is particular to the vault on disk: durable, private, and erased down to the bytes."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mobility.core.errors import CorruptionError, ReadOnlyError, StorageError
from mobility.core.ids import RiderRef
from mobility.core.ports import Person
from mobility.storage import vault as vault_module
from mobility.storage.vault import SqlVault
from tests.fakes.references import CountingReferences

ERNA = Person(name="Erna Mustermann", phone="+49 3677 4711", note="Rollator")


def opened(path: Path, *, inline: bool = False) -> SqlVault:
    return SqlVault.open(path, references=CountingReferences(), inline=inline)


def test_a_person_is_there_after_a_restart(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "vault.db") as vault:
            rider = await vault.put(ERNA)
        async with opened(tmp_path / "vault.db") as vault:
            assert await vault.get(rider) == ERNA

    asyncio.run(main())


def test_erasing_leaves_no_byte_of_the_name_in_any_file(tmp_path):
    def has_trace() -> bool:
        return any(b"Erna" in path.read_bytes() or b"4711" in path.read_bytes() for path in tmp_path.iterdir())

    async def main() -> None:
        async with opened(tmp_path / "vault.db") as vault:
            rider = await vault.put(ERNA)
            await vault.put(Person(name="Otto"))
            assert has_trace()
            await vault.erase(rider)
            assert not has_trace()

    asyncio.run(main())
    assert not has_trace()


def test_nobody_else_may_read_the_file(tmp_path):
    asyncio.run(opened(tmp_path / "vault.db").stop())
    assert (tmp_path / "vault.db").stat().st_mode & 0o077 == 0


def test_a_full_disk_makes_it_read_only(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    async def main() -> None:
        async with opened(tmp_path / "vault.db") as vault:
            rider = await vault.put(ERNA)
            with monkeypatch.context() as patch:
                patch.setattr(vault_module, "insert", full)
                with pytest.raises(ReadOnlyError):
                    await vault.put(ERNA)
            assert vault.is_read_only
            with pytest.raises(ReadOnlyError):
                await vault.erase(rider)
            assert await vault.get(rider) == ERNA

    asyncio.run(main())


def test_a_foreign_file_is_no_vault(tmp_path):
    (tmp_path / "vault.db").write_bytes(b"Adressbuch " * 1000)
    with pytest.raises(CorruptionError):
        opened(tmp_path / "vault.db")


def test_a_second_process_can_not_write(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "vault.db"):
            with pytest.raises(StorageError, match="another process"):
                opened(tmp_path / "vault.db")

    asyncio.run(main())


def test_a_closed_vault_says_so(tmp_path):
    async def main() -> None:
        vault = opened(tmp_path / "vault.db")
        await vault.stop()
        with pytest.raises(StorageError, match="closed"):
            await vault.get(RiderRef("rider-1"))

    asyncio.run(main())


def test_nobody_else_on_the_machine_can_read_the_vault_or_its_log(tmp_path: Path) -> None:
    async def put(vault: SqlVault) -> None:
        await vault.put(ERNA)

    vault = opened(tmp_path / "vault.sqlite")
    asyncio.run(put(vault))
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("vault.sqlite*")}
    asyncio.run(vault.stop())
    assert {"vault.sqlite", "vault.sqlite-wal"} <= set(modes)
    assert [name for name, mode in modes.items() if mode and "lock" not in name] == []
