"""``mobility ledger``: exit codes and one JSON object."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from mobility.cli.ledger import app
from mobility.storage.ledger import SqlLedger
from tests.contracts.sample_facts import START, one_of_each
from tests.fakes.clock import SettableClock


def run(command: str, folder: Path, *more: str):
    return CliRunner().invoke(app, [command, "--data-dir", str(folder), *more])


def filled(folder: Path) -> Path:
    async def main() -> None:
        async with SqlLedger.open(folder / "ledger.sqlite", clock=SettableClock(START), inline=True) as ledger:
            await ledger.submit(lambda _s, _n: one_of_each(), actor="dispatcher")

    asyncio.run(main())
    return folder


def change(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection, connection:
        connection.execute(sql)


def test_a_sound_ledger_is_exit_code_0(tmp_path):
    done = run("verify", filled(tmp_path), "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["sound"] is True
    assert "sound" in run("verify", tmp_path).stdout


def test_a_changed_fact_is_exit_code_1_and_names_it(tmp_path):
    change(filled(tmp_path), "UPDATE facts SET actor = 'x' WHERE seq = 5")
    done = run("verify", tmp_path)
    assert done.exit_code == 1
    assert "fact 5" in done.stdout
    assert run("rebuild", tmp_path).exit_code == 1


def test_a_mended_projection_is_exit_code_1_once_and_0_afterwards(tmp_path):
    change(filled(tmp_path), "DELETE FROM bookings")
    assert run("verify", tmp_path).exit_code == 1
    first = run("rebuild", tmp_path, "--json")
    assert (first.exit_code, json.loads(first.stdout)) == (1, {"rows": 9, "was_equal": False})
    assert run("rebuild", tmp_path).exit_code == 0
    assert run("verify", tmp_path).exit_code == 0


def test_no_ledger_is_exit_code_2_and_none_is_made(tmp_path):
    for command in ("verify", "rebuild"):
        assert run(command, tmp_path).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_in_use_is_verified_but_not_rebuilt(tmp_path):
    async def main() -> None:
        async with SqlLedger.open(tmp_path / "ledger.sqlite", clock=SettableClock(START), inline=True) as ledger:
            await ledger.submit(lambda _s, _n: one_of_each(), actor="dispatcher")
            assert run("verify", tmp_path).exit_code == 0
            assert run("rebuild", tmp_path).exit_code == 2

    asyncio.run(main())
