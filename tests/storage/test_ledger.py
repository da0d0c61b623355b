"""What is particular to the ledger on SQLite: chain, projections, groups, one writer, and what a bad disk does."""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.errors import BadInputError, CorruptionError, ReadOnlyError, StorageError
from mobility.core.events import FeederDelayReported
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.ports import Committed
from mobility.storage import group
from mobility.storage.ledger import SqlLedger
from mobility.storage.prepared import Writing
from tests.contracts.sample_facts import START, accept, accepted, one_of_each
from tests.fakes.clock import SettableClock
from tests.patience import LONG_PATIENCE_S

ROOT = Path(__file__).parents[2]


def opened(path: Path, *, inline: bool = True) -> SqlLedger:
    return SqlLedger.open(path, clock=SettableClock(START), inline=inline)


def filled(path: Path) -> State:
    """Write one of each kind of fact and close the ledger."""

    async def main() -> State:
        async with opened(path) as ledger:
            for event in one_of_each():
                await ledger.submit(lambda _s, _n, event=event: [event], actor="dispatcher")
            return ledger.state

    return asyncio.run(main())


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(sql).rowcount > 0


def query(path: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def verified(path: Path):
    async def main():
        async with opened(path) as ledger:
            return ledger.verify()

    return asyncio.run(main())


def test_a_reopened_ledger_has_the_same_state_and_goes_on(tmp_path):
    before = filled(tmp_path / "l.db")

    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            assert ledger.state == before
            reply = await ledger.submit(accept("NEW"), actor="rider")
            assert isinstance(reply, Committed)
            assert reply.envelopes[0].seq == before.seq + 1

    asyncio.run(main())


def test_an_idempotency_key_is_known_after_a_restart(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            first = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        async with opened(tmp_path / "l.db") as ledger:
            again = await ledger.submit(accept("A"), actor="rider", idempotency_key="k", fingerprint="f")
        assert isinstance(first, Committed)
        assert isinstance(again, Committed)
        assert (again.envelopes, again.is_repeat) == (first.envelopes, True)

    asyncio.run(main())


def test_a_sound_ledger_is_verified(tmp_path):
    state = filled(tmp_path / "l.db")
    found = verified(tmp_path / "l.db")
    assert found.is_sound
    assert found.facts == state.seq
    assert len(found.head) == 64


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE facts SET body = replace(body, '250', '251') WHERE seq = 2",
        "UPDATE facts SET actor = 'rider' WHERE seq = 4",
        "UPDATE facts SET recorded_at = recorded_at + 1 WHERE seq = 4",
        "UPDATE facts SET kind = 'rider_erased' WHERE seq = 4",
        "UPDATE facts SET hash = zeroblob(32) WHERE seq = 4",
        "DELETE FROM facts WHERE seq = 3",
        "DELETE FROM facts WHERE seq = 1",
    ],
)
def test_a_changed_or_missing_fact_breaks_the_chain_and_is_never_served(tmp_path, sql):
    from mobility.storage.ledger_check import verify  # noqa: PLC0415 - only here without opening

    filled(tmp_path / "l.db")
    change(tmp_path / "l.db", sql)
    assert not verify(tmp_path / "l.db").is_sound
    with pytest.raises(CorruptionError):
        opened(tmp_path / "l.db")


def test_a_tail_cut_off_together_with_its_rows_is_seen_by_the_commands(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            await ledger.submit(lambda _s, _n: [one_of_each()[-1]], actor="rider", idempotency_key="k")

    asyncio.run(main())
    change(tmp_path / "l.db", "DELETE FROM facts WHERE seq = 1")
    assert "cut off" in verified(tmp_path / "l.db").fault


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE bookings SET seats = 5 WHERE booking_id = 'K7M-4QX'",
        "DELETE FROM promises WHERE booking_id = 'K7M-4QX'",
        "UPDATE plans SET version = 9",
        "INSERT INTO promises SELECT 'ghost', kind, 1, 2, 3, channel, 0, outcome FROM promises LIMIT 1",
    ],
)
def test_a_projection_that_does_not_follow_is_found_and_rebuilt(tmp_path, sql):
    filled(tmp_path / "l.db")
    change(tmp_path / "l.db", sql)
    assert "projection" in verified(tmp_path / "l.db").fault

    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            assert not ledger.rebuild().was_equal
            assert ledger.verify().is_sound
            assert ledger.rebuild().was_equal

    asyncio.run(main())


def test_live_projections_equal_rebuilt_ones_row_for_row(tmp_path):
    filled(tmp_path / "l.db")

    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            done = ledger.rebuild()
            assert done.was_equal
            assert done.rows == 4 + 4 + 1

    asyncio.run(main())


@settings(max_examples=25, deadline=None)
@given(orders=st.lists(st.sampled_from("ABCDE"), max_size=12))
def test_whatever_is_booked_projections_follow_from_the_facts(tmp_path_factory, orders):
    async def main() -> None:
        async with opened(tmp_path_factory.mktemp("ledger") / "l.db") as ledger:
            for name in orders:
                await ledger.submit(accept(name), actor="rider")
            assert ledger.rebuild().was_equal
            assert ledger.verify().is_sound

    asyncio.run(main())


def test_facts_and_their_rows_are_in_the_file(tmp_path):
    filled(tmp_path / "l.db")
    rows = query(tmp_path / "l.db", "SELECT booking_id, state, boarded_at, seats FROM bookings ORDER BY booking_id")
    assert rows == [
        ("C4N-CEL", "cancelled", None, 2),
        ("K7M-4QX", "completed", START, 1),
        ("N0S-H0W", "no_show", None, 2),
        ("W1T-HDR", "withdrawn", None, 2),
    ]
    assert query(tmp_path / "l.db", "SELECT version FROM plans") == [(4,)]


def test_a_value_no_column_holds_is_its_callers_fault_alone(tmp_path):
    from dataclasses import replace  # noqa: PLC0415 - used here only

    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            made, told, plan = accepted("A")
            huge = replace(made, booking=replace(made.booking, fare_cent=2**70))
            with pytest.raises(OverflowError):
                await ledger.submit(lambda _s, _n: [huge, told, plan], actor="rider")
            assert list(ledger.read()) == []
            assert not ledger.is_read_only
            assert isinstance(await ledger.submit(accept("A"), actor="rider"), Committed)

    asyncio.run(main())


def test_a_fact_that_is_no_number_is_refused_and_nothing_written(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            events = [e for e in one_of_each() if not isinstance(e, FeederDelayReported)]
            broken = FeederDelayReported(connection_id="rb46-0807", delay_s=float("nan"), channel=events[0].channel)
            with pytest.raises(BadInputError):
                await ledger.submit(lambda _s, _n: [*events[:14], broken], actor="dispatcher")
            assert ledger.state.seq == 0
            assert query(tmp_path / "l.db", "SELECT count(*) FROM facts") == [(0,)]

    asyncio.run(main())


def test_a_second_process_can_not_write(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "l.db"):
            with pytest.raises(StorageError, match="another process"):
                opened(tmp_path / "l.db")

    asyncio.run(main())


def test_a_foreign_file_is_no_ledger_and_stays_as_it_is(tmp_path):
    (tmp_path / "l.db").write_bytes(b"Dies ist keine Datenbank. " * 100)
    with pytest.raises(CorruptionError):
        opened(tmp_path / "l.db")
    assert (tmp_path / "l.db").read_bytes().startswith(b"Dies ist")


def test_a_newer_file_than_the_program_is_not_opened(tmp_path):
    filled(tmp_path / "l.db")
    change(tmp_path / "l.db", "UPDATE alembic_version SET version_num = 'ledger_9999'")
    with pytest.raises(StorageError, match="newer"):
        opened(tmp_path / "l.db")


def test_the_write_ahead_log_is_emptied_at_its_size_and_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(group, "CHECKPOINT_BYTES", 64 * 1024)

    async def main() -> int:
        async with opened(tmp_path / "l.db") as ledger:
            ledger._writer._checkpoint_at = 64 * 1024
            largest = 0
            for number in range(60):
                await ledger.submit(accept(str(number)), actor="rider")
                largest = max(largest, (tmp_path / "l.db-wal").stat().st_size)
            return largest

    assert asyncio.run(main()) < 160 * 1024
    assert not (tmp_path / "l.db-wal").exists()


def test_one_sync_serves_many_callers(tmp_path, monkeypatch):
    commits = []
    honest = Writing.run

    def counting(self, sql):
        if sql == "COMMIT":
            commits.append(sql)
        honest(self, sql)

    monkeypatch.setattr(Writing, "run", counting)

    async def main() -> None:
        async with opened(tmp_path / "l.db", inline=False) as ledger, asyncio.TaskGroup() as tasks:
            for number in range(200):
                tasks.create_task(ledger.submit(accept(str(number)), actor="rider"))

    asyncio.run(main())
    assert query(tmp_path / "l.db", "SELECT count(*) FROM facts") == [(600,)]
    assert len(commits) < 100


def failing(monkeypatch, statement: str, error: sqlite3.Error, code: int) -> None:
    """Let one statement of the writer fail as a bad disk would."""
    honest = Writing.run

    def bad(self, sql):
        if sql == statement:
            error.sqlite_errorcode = code
            raise error
        honest(self, sql)

    monkeypatch.setattr(Writing, "run", bad)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "SAVEPOINT command", "RELEASE command", "COMMIT"])
@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_FSYNC])
def test_after_a_failed_write_nothing_is_acknowledged_any_more(tmp_path, monkeypatch, inline, statement, code):
    async def main() -> None:
        async with opened(tmp_path / "l.db", inline=inline) as ledger:
            heard: list[object] = []
            ledger.subscribe(heard.extend)
            await ledger.submit(accept("A"), actor="rider")
            with monkeypatch.context() as patch:
                failing(patch, statement, sqlite3.OperationalError("disk I/O error"), code)
                with pytest.raises(ReadOnlyError):
                    await ledger.submit(accept("B"), actor="rider")
            assert ledger.is_read_only
            with pytest.raises(ReadOnlyError):
                await ledger.submit(accept("C"), actor="rider")
            assert list(ledger.state.bookings) == ["A"]
            assert [e.seq for e in ledger.read()] == [1, 2, 3]
            assert len(heard) == 3

    asyncio.run(main())
    assert verified(tmp_path / "l.db").facts == 3


def test_all_callers_of_a_group_that_failed_are_told(tmp_path, monkeypatch):
    async def outcome(ledger: SqlLedger, name: str) -> object:
        try:
            return await ledger.submit(accept(name), actor="rider")
        except ReadOnlyError as error:
            return error

    async def main() -> None:
        async with opened(tmp_path / "l.db", inline=False) as ledger:
            failing(monkeypatch, "COMMIT", sqlite3.OperationalError("database or disk is full"), sqlite3.SQLITE_FULL)
            async with asyncio.TaskGroup() as tasks:
                replies = [tasks.create_task(outcome(ledger, str(n))) for n in range(50)]
            assert {type(reply.result()) for reply in replies} == {ReadOnlyError}
            assert ledger.state == State()

    asyncio.run(main())


def test_a_file_held_by_another_program_is_no_reason_to_stop_for_good(tmp_path, monkeypatch):
    async def main() -> None:
        async with opened(tmp_path / "l.db") as ledger:
            with monkeypatch.context() as patch:
                failing(patch, "BEGIN IMMEDIATE", sqlite3.OperationalError("locked"), sqlite3.SQLITE_BUSY)
                with pytest.raises(StorageError):
                    await ledger.submit(accept("A"), actor="rider")
            assert not ledger.is_read_only
            assert isinstance(await ledger.submit(accept("A"), actor="rider"), Committed)

    asyncio.run(main())


def test_a_ledger_that_is_not_running_says_so(tmp_path):
    async def main() -> None:
        ledger = opened(tmp_path / "l.db", inline=False)
        with pytest.raises(StorageError, match="not running"):
            await ledger.submit(accept("A"), actor="rider")
        await ledger.stop()
        await ledger.stop()

    asyncio.run(main())


def test_a_caller_that_gave_up_waiting_disturbs_nobody(tmp_path):
    async def main() -> None:
        async with opened(tmp_path / "l.db", inline=False) as ledger:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await ledger.submit(accept("A"), actor="rider")
            await ledger.submit(accept("B"), actor="rider")
            assert BookingId("B") in ledger.state.bookings

    asyncio.run(main())


def test_a_full_disk_is_met_with_no_false_acknowledgement(tmp_path):
    """A child process may not write files larger than 400 kB; every fact it acknowledged must be there."""
    child = f"""
import asyncio, signal, sys
from pathlib import Path
from mobility.core.errors import ReadOnlyError
from mobility.storage.ledger import SqlLedger
from tests.contracts.sample_facts import START, accept
from tests.fakes.clock import SettableClock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
async def main():
    async with SqlLedger.open(Path({str(tmp_path / "l.db")!r}), clock=SettableClock(START)) as ledger:
        for number in range(2000):
            try:
                await ledger.submit(accept(str(number)), actor="rider")
            except ReadOnlyError:
                sys.stdout.write(f"read-only {{ledger.is_read_only}}")
                return
            sys.stdout.write(f"{{number}}\\n")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", child],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_PATIENCE_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.endswith("read-only True"), done.stderr
    acknowledged = set(done.stdout.split("\n")[:-1])
    kept = {name for (name,) in query(tmp_path / "l.db", "SELECT booking_id FROM bookings")}
    assert acknowledged
    assert acknowledged <= kept
    assert verified(tmp_path / "l.db").is_sound
