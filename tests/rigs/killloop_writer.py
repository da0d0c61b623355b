"""The process that is killed: the real ledger and the real telemetry log, as busy as they can be.

This process imports everything once, then forks a writer for each line ``FOLDER NAME`` on its input, so that a round
costs no interpreter start. The writer prints one line for each acknowledgement, straight to the pipe: ``pid N``,
``ready``, ``fact BOOKING FIRST_SEQ LAST_SEQ``, ``sample BOOT SEQ``; when it has died, this process prints ``gone``.
With ``--plant`` a fault is built in that the rig has to find.
"""

import argparse
import asyncio
import os
import sys
import time
from itertools import count
from pathlib import Path

from mobility.core.ports import Committed
from mobility.storage import segment_files, segments
from mobility.storage.group import Command, GroupWriter
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog
from tests.contracts.sample_facts import START, accept
from tests.contracts.sample_records import record
from tests.fakes.clock import SettableClock

CALLERS = 24


def say(line: str) -> None:
    os.write(1, (line + "\n").encode())


async def book(ledger: SqlLedger, run: str, caller: int) -> None:
    for n in count():
        name = f"{run}-{caller}-{n}"
        reply = await ledger.submit(accept(name), actor="rider", idempotency_key=name, fingerprint=name)
        if isinstance(reply, Committed):
            say(f"fact {name} {reply.envelopes[0].seq} {reply.envelopes[-1].seq}")


async def drive(log: SegmentLog, run: str, vehicle: int) -> None:
    boot = f"{run}-{vehicle}"
    for seq in count():
        await log.append([record(seq, vehicle=f"bus-{vehicle}", boot=boot)])
        say(f"sample {boot} {seq}")


async def main(directory: Path, run: str) -> None:
    clock = SettableClock(START)
    async with (
        SqlLedger.open(directory / "ledger.db", clock=clock) as ledger,
        SegmentLog.open(directory / "telemetry", zone="Europe/Berlin") as log,
        asyncio.TaskGroup() as tasks,
    ):
        say("ready")
        for number in range(CALLERS):
            tasks.create_task(book(ledger, run, number))
        for number in range(CALLERS // 2):
            tasks.create_task(drive(log, run, number))


def plant_ack_before_commit() -> None:
    """Replies are given when a command is written, not when its group is committed (on a disk that takes its time)."""
    honest, honest_commit = GroupWriter._write, GroupWriter._commit

    def slow(self: GroupWriter, *rest) -> None:
        time.sleep(0.1)
        honest_commit(self, *rest)

    def hasty(self: GroupWriter, command: Command, *rest) -> None:
        honest(self, command, *rest)
        if command.waiting is not None:
            command.waiting.get_loop().call_soon_threadsafe(command.resolve)

    GroupWriter._write, GroupWriter._commit = hasty, slow  # type: ignore[method-assign]  # the planted fault


def plant_ack_before_write() -> None:
    """Telemetry is acknowledged while it lies in a buffer of the process."""

    def buffered(directory, used, *, is_durable: bool) -> segment_files.SegmentFiles:
        return segment_files.SegmentFiles(directory, used, is_durable=False)

    segments.SegmentFiles = buffered  # type: ignore[assignment,misc]  # the planted fault


def plant_no_projection() -> None:
    """Facts are written without the rows that show them."""
    from mobility.storage import fact_store  # noqa: PLC0415 - only this plant needs it

    fact_store.project = lambda *_: None  # the planted fault


PLANTS = {
    "ack-before-commit": plant_ack_before_commit,
    "ack-before-write": plant_ack_before_write,
    "no-projection": plant_no_projection,
}


def fork(directory: Path, run: str) -> None:
    """Run a writer in a process of its own and wait for its end."""
    writer = os.fork()
    if writer == 0:
        say(f"pid {os.getpid()}")
        asyncio.run(main(directory, run))
        os._exit(1)
    os.waitpid(writer, 0)
    say("gone")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    if given.plant:
        PLANTS[given.plant]()
    for order in sys.stdin:
        folder, name = order.split()
        fork(Path(folder), name)
