"""Which samples of a vehicle's boots are kept: ranges of sequence numbers, each with the CRC32C of its bytes.

Held for the whole retention, four bytes a sample, so that a duplicate is found however late it comes. A sample without
neighbours (sources that number by milliseconds have nothing else) takes twelve: two flat arrays hold all of them.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from mobility.core.ids import BootId, VehicleId
from v2x.device_clock import DeviceClock
from v2x.ranges import SeqRange, without


class BootReceived:
    """Sequence numbers of one boot: durable ones in ranges, those on their way to disk in ``pending``."""

    __slots__ = ("_crcs", "_lone", "_lone_crcs", "_starts", "clock", "highest", "pending")

    def __init__(self, kept: Mapping[int, int] | None = None) -> None:
        """Start from what is durable already: sequence number to CRC32C."""
        self._starts: list[int] = []
        self._crcs: list[array[int]] = []
        # Durable ones that neither follow nor precede another, ascending, and the CRC32C of each.
        self._lone = array("q")
        self._lone_crcs = array("I")
        self.pending: dict[int, int] = {}
        """Sequence number to CRC32C of samples that were taken and are not durable yet."""
        self.clock = DeviceClock()
        """What is known of the clock that gave the samples their times."""
        self.highest = 0
        """Highest sequence number seen or announced; 0 before the first."""
        for seq, crc in sorted(kept.items()) if kept else ():
            self.add(seq, crc)

    def crc(self, seq: int) -> int | None:
        """Return the CRC32C of a durable or pending sample, ``None`` for a new one."""
        i = bisect_right(self._starts, seq) - 1
        if i >= 0:
            offset = seq - self._starts[i]
            if offset < len(self._crcs[i]):
                return self._crcs[i][offset]
        at = self._lone_at(seq)
        return self.pending.get(seq) if at is None else self._lone_crcs[at]

    def is_durable(self, seq: int) -> bool:
        """Return whether the sample is on disk."""
        i = bisect_right(self._starts, seq) - 1
        return (i >= 0 and seq - self._starts[i] < len(self._crcs[i])) or self._lone_at(seq) is not None

    def forget(self, seq: int) -> None:
        """Let go of a pending sample that could not be made durable."""
        self.pending.pop(seq, None)

    def settle(self, seq: int) -> None:
        """Make a pending sample durable; without effect when it is not pending."""
        crc = self.pending.pop(seq, None)
        if crc is not None:
            self.add(seq, crc)

    def add(self, seq: int, crc: int) -> None:
        """Note a durable sample; ``seq`` must be new."""
        self.highest = max(self.highest, seq)
        starts, crcs = self._starts, self._crcs
        i = bisect_right(starts, seq) - 1
        if i >= 0 and seq == starts[i] + len(crcs[i]):
            crcs[i].append(crc)
        else:
            i += 1
            before = self._pop_lone(seq - 1)
            if before is not None:
                starts.insert(i, seq - 1)
                crcs.insert(i, array("I", (before, crc)))
            elif self._lone_at(seq + 1) is not None or (i < len(starts) and starts[i] == seq + 1):
                starts.insert(i, seq)
                crcs.insert(i, array("I", (crc,)))
            else:
                at = bisect_left(self._lone, seq)
                self._lone.insert(at, seq)
                self._lone_crcs.insert(at, crc)
                return
        after = self._pop_lone(seq + 1)
        if after is not None:
            crcs[i].append(after)
        elif i + 1 < len(starts) and starts[i + 1] == seq + 1:
            crcs[i].extend(crcs.pop(i + 1))
            starts.pop(i + 1)

    @property
    def through(self) -> int:
        """Highest sequence number such that it and all before it, from 1 on, are durable; 0 for none."""
        if self._starts and self._starts[0] == 1:
            return len(self._crcs[0])
        return int(bool(self._lone) and self._lone[0] == 1)

    @property
    def next_seq(self) -> int:
        """One after the highest durable sequence number."""
        after_runs = self._starts[-1] + len(self._crcs[-1]) if self._starts else 1
        return max(after_runs, self._lone[-1] + 1) if self._lone else after_runs

    def ranges(self) -> list[SeqRange]:
        """Return the durable ranges in ascending order."""
        runs = [(start, start + len(crcs) - 1) for start, crcs in zip(self._starts, self._crcs, strict=True)]
        return sorted([*runs, *((seq, seq) for seq in self._lone)]) if self._lone else runs

    def missing(self, first: int, last: int) -> list[SeqRange]:
        """Return the ranges of ``first..last`` that are not durable."""
        return without((first, last), self.ranges())

    def _lone_at(self, seq: int) -> int | None:
        if not self._lone:
            return None
        at = bisect_left(self._lone, seq)
        return at if at < len(self._lone) and self._lone[at] == seq else None

    def _pop_lone(self, seq: int) -> int | None:
        at = self._lone_at(seq)
        if at is None:
            return None
        self._lone.pop(at)
        return self._lone_crcs.pop(at)


class Received:
    """What is kept of all vehicles and boots."""

    def __init__(self, kept: Mapping[tuple[VehicleId, BootId], Mapping[int, int]] | None = None) -> None:
        """Start from what a telemetry log has (``TelemetryLog.received``); a boot is read when it is first heard of."""
        self._kept = kept or {}
        self._boots: dict[tuple[VehicleId, BootId], BootReceived] = {}

    def boot(self, vehicle_id: VehicleId, boot_id: BootId) -> BootReceived:
        """Return what is kept of a boot, empty for a new one."""
        key = (vehicle_id, boot_id)
        boot = self._boots.get(key)
        if boot is None:
            boot = self._boots[key] = BootReceived(self._kept.get(key))
        return boot
