import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from sim.edge.loop import run_virtual
from tests.v2x.making import NOON, HeldBackLog, sample_at, settled
from v2x.edge import keeping as keeping_module
from v2x.edge.keeping import Keeping
from v2x.pressure import Pressure


class LoopClock:
    def now(self) -> Instant:
        return Instant(NOON + round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


def record_of(vehicle: str, seq: int) -> TelemetryRecord:
    sample = sample_at(seq, vehicle_id=VehicleId(vehicle))
    return TelemetryRecord(sample=sample, received_at=NOON, event_time=NOON, payload=b"payload")


class Heard:
    """A connection that notes what becomes of what it brought."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept_seqs: list[int] = []
        self.lost_seqs: list[int] = []
        self.dropped_seqs: list[int] = []
        self.faults: list[BaseException] = []
        self.times_taken = 0

    def taken(self) -> None:
        self.times_taken += 1

    def kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        self.kept_seqs += [each.sample.seq for each in records]

    def not_kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        self.lost_seqs += [each.sample.seq for each in records]

    def dropped(self, records: Sequence[TelemetryRecord]) -> None:
        self.dropped_seqs += [each.sample.seq for each in records]

    def fail(self, error: BaseException) -> None:
        self.faults.append(error)


class Room:
    def __init__(self, gather_s: float = 0.0) -> None:
        self.log = HeldBackLog()
        self.pressure = Pressure()
        self.read_only = 0
        self.keeping = Keeping(self.log, LoopClock(), self.pressure, on_read_only=self.stop, gather_s=gather_s)
        self.van, self.bus = Heard("van"), Heard("bus")

    def stop(self) -> None:
        self.read_only += 1
        self.keeping.drop_open()

    def bring(self, who: Heard, *seqs: int) -> None:
        self.keeping.put(who, [record_of(who.name, seq) for seq in seqs], 50 * len(seqs), LoopClock().now())


def in_room(body: Callable[[Room], Awaitable[None]], gather_s: float = 0.0) -> None:
    async def main() -> None:
        await body(Room(gather_s))

    run_virtual(main())


def test_what_all_connections_bring_meanwhile_goes_to_disk_in_one_group():
    async def body(room: Room) -> None:
        room.bring(room.van, 1)
        await settled()
        room.bring(room.bus, 1)
        room.bring(room.van, 2, 3)
        room.bring(room.bus, 2)
        await settled()
        assert room.log.syncing == 1
        assert (room.van.kept_seqs, room.van.times_taken, room.bus.times_taken) == ([], 1, 0)
        room.log.finish()
        await settled()
        assert room.van.kept_seqs == [1]
        room.log.finish()
        await settled()
        assert [len(group) for group in room.log.groups] == [1, 4]
        assert (room.van.kept_seqs, room.bus.kept_seqs) == ([1, 2, 3], [1, 2])
        assert room.pressure.pending_samples == 0

    in_room(body)


def test_two_groups_begin_so_far_apart_and_the_first_after_a_pause_at_once():
    async def body(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(5)
        room.bring(room.van, 1)
        await settled()
        assert room.log.syncing == 1
        assert loop.time() == 5
        room.log.finish()
        await settled()
        room.bring(room.van, 2)
        await asyncio.sleep(0.009)
        room.bring(room.bus, 1)
        assert room.log.syncing == 0
        await asyncio.sleep(0.004)
        assert room.log.syncing == 1
        room.log.finish()
        await settled()
        assert [len(group) for group in room.log.groups] == [1, 2]

    in_room(body, gather_s=0.012)


def test_a_group_that_is_full_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping_module, "MOST_RECORDS", 2)

    async def body(room: Room) -> None:
        room.bring(room.van, 1, 2, 3)
        room.bring(room.bus, 1)
        await settled()
        assert (room.van.times_taken, room.bus.times_taken) == (1, 0)
        room.log.finish()
        await settled()
        room.log.finish()
        await settled()
        assert (room.van.kept_seqs, room.bus.kept_seqs) == ([1, 2, 3], [1])

    in_room(body)


def test_a_passing_fault_costs_its_group_and_the_next_one_is_kept():
    async def body(room: Room) -> None:
        room.bring(room.van, 1)
        room.bring(room.bus, 1)
        await settled()
        room.bring(room.van, 2)
        room.log.finish(StorageError("too much waits"))
        await settled()
        room.log.finish()
        await settled()
        assert (room.van.lost_seqs, room.bus.lost_seqs) == ([1], [1])
        assert (room.van.kept_seqs, room.read_only) == ([2], 0)
        assert room.pressure.pending_samples == 0

    in_room(body)


def test_a_failed_disk_gives_up_what_is_under_way_and_what_waits():
    async def body(room: Room) -> None:
        room.bring(room.van, 1)
        await settled()
        room.bring(room.bus, 1)
        room.log.finish(ReadOnlyError("the disk is full"))
        await settled()
        assert (room.van.dropped_seqs, room.bus.dropped_seqs, room.read_only) == ([1], [1], 1)
        assert (room.log.syncing, room.pressure.pending_samples) == (0, 0)

    in_room(body)


def test_an_error_that_nobody_expects_is_told_to_all_of_its_group_and_does_not_stop_the_others():
    async def body(room: Room) -> None:
        room.bring(room.van, 1)
        await settled()
        room.bring(room.bus, 1)
        room.log.finish(RuntimeError("a fault in the program"))
        await settled()
        room.log.finish()
        await settled()
        assert [str(each) for each in room.van.faults] == ["a fault in the program"]
        assert (room.bus.faults, room.bus.kept_seqs) == ([], [1])

    in_room(body)
