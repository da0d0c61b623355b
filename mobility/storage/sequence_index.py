"""What was received of one vehicle and boot: sequence number to checksum, four bytes a sample.

Sequences rise by one, so they lie in runs: an array for each stretch without a gap.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping


class SequenceIndex(Mapping[int, int]):
    """A mapping that grows; iterates in rising order. The first checksum kept for a sequence number stays."""

    def __init__(self) -> None:
        """Start empty."""
        self._starts: list[int] = []
        self._runs: list[array[int]] = []

    def add(self, seq: int, checksum: int) -> None:
        """Keep ``checksum`` (0..2**32-1) for ``seq`` unless there is one."""
        at = bisect_right(self._starts, seq) - 1
        if at >= 0:
            run = self._runs[at]
            offset = seq - self._starts[at]
            if offset < len(run):
                return
            if offset == len(run):
                run.append(checksum)
                return
        self._starts.insert(at + 1, seq)
        self._runs.insert(at + 1, array("I", (checksum,)))

    def add_run(self, start: int, checksums: "array[int]") -> None:
        """Keep the checksums of ``start``, ``start`` + 1 and so on."""
        end = self._starts[-1] + len(self._runs[-1]) if self._starts else start
        if start < end:
            for offset, checksum in enumerate(checksums):
                self.add(start + offset, checksum)
        elif start == end and self._starts:
            self._runs[-1].extend(checksums)
        else:
            self._starts.append(start)
            self._runs.append(checksums)

    def __getitem__(self, seq: int) -> int:
        """Return the checksum; raises ``KeyError`` for a number that was never received."""
        at = bisect_right(self._starts, seq) - 1
        if at < 0 or seq - self._starts[at] >= len(self._runs[at]):
            raise KeyError(seq)
        return self._runs[at][seq - self._starts[at]]

    def __iter__(self) -> Iterator[int]:
        """Yield sequence numbers in rising order."""
        for start, run in zip(self._starts, self._runs, strict=True):
            yield from range(start, start + len(run))

    def __len__(self) -> int:
        """Count them."""
        return sum(len(run) for run in self._runs)
