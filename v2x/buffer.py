"""What a vehicle keeps until the gateway has acknowledged it: the port, and an implementation in memory."""

from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from mobility.core.ids import BootId
from v2x.ranges import SeqRange

DEFAULT_CAPACITY = 1_000_000
"""Samples: more than a day at 10 Hz."""

T = TypeVar("T")


class Buffer(Protocol):
    """Unacknowledged samples of this and former boots. Bounded: when full, the oldest sample gives way."""

    @property
    def dropped(self) -> int:
        """Samples that gave way, unacknowledged, because the buffer was full."""
        ...

    def __len__(self) -> int:
        """Return the number of samples held."""
        ...

    def put(self, boot_id: BootId, seq: int, payload: bytes) -> None:
        """Keep a sample; ``seq`` rises within a boot."""
        ...

    def get(self, boot_id: BootId, seq: int) -> bytes | None:
        """Return a sample's bytes, ``None`` where it is not held."""
        ...

    def release(self, boot_id: BootId, through_seq: int, ranges: Sequence[SeqRange]) -> Sequence[int]:
        """Free the samples up to ``through_seq`` and in ``ranges``; return the sequence numbers that were held."""
        ...

    def holdings(self) -> Sequence[tuple[BootId, int, int]]:
        """Return boots, oldest first, each with the first and last sequence number held."""
        ...


class Held(Generic[T]):
    """Items by boot and sequence number, in the order they came; the bookkeeping that every buffer shares."""

    def __init__(self) -> None:
        """Start empty."""
        self._boots: dict[BootId, tuple[deque[int], dict[int, T]]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return the number of items."""
        return self._count

    def put(self, boot_id: BootId, seq: int, item: T) -> None:
        """Keep an item; raises ``ValueError`` unless ``seq`` is above all of its boot that are held."""
        boot = self._boots.get(boot_id)
        if boot is None:
            boot = self._boots[boot_id] = (deque(), {})
        order, items = boot
        if order and seq <= order[-1]:
            msg = f"sequence number {seq} after {order[-1]}"
            raise ValueError(msg)
        order.append(seq)
        items[seq] = item
        self._count += 1

    def get(self, boot_id: BootId, seq: int) -> T | None:
        """Return an item, ``None`` where it is not held."""
        boot = self._boots.get(boot_id)
        return None if boot is None else boot[1].get(seq)

    def release(self, boot_id: BootId, through_seq: int, ranges: Sequence[SeqRange]) -> Sequence[int]:
        """Free the items up to ``through_seq`` and in ``ranges``; return the sequence numbers that were held."""
        boot = self._boots.get(boot_id)
        if boot is None:
            return ()
        order, items = boot
        freed: list[int] = []
        while order and order[0] <= through_seq:
            seq = order.popleft()
            del items[seq]
            freed.append(seq)
            # Freed out of order before, they are still in the order: both its ends are held ones at all times.
            while order and order[0] not in items:
                order.popleft()
        for first, last in ranges:
            freed.extend(_release_range(items, first, last))
        while order and order[0] not in items:
            order.popleft()
        while order and order[-1] not in items:
            order.pop()
        self._count -= len(freed)
        if not items:
            del self._boots[boot_id]
        return freed

    def drop_oldest(self) -> None:
        """Free the first item of the oldest boot."""
        boot_id, (order, _) = next(iter(self._boots.items()))
        self.release(boot_id, order[0], ())

    def holdings(self) -> Sequence[tuple[BootId, int, int]]:
        """Return boots in the order they came, each with the first and last sequence number held."""
        return [(boot_id, order[0], order[-1]) for boot_id, (order, _) in self._boots.items()]

    def everything(self) -> Sequence[tuple[BootId, int, T]]:
        """Return all items in order."""
        return [(boot_id, seq, item) for boot_id, (_, items) in self._boots.items() for seq, item in items.items()]


class MemoryBuffer:
    """Keeps samples as long as the process lives. For simulated vehicles."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        """Hold at most ``capacity`` samples."""
        self._held: Held[bytes] = Held()
        self._capacity = capacity
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Samples that gave way, unacknowledged, because the buffer was full."""
        return self._dropped

    def __len__(self) -> int:
        """Return the number of samples held."""
        return len(self._held)

    def put(self, boot_id: BootId, seq: int, payload: bytes) -> None:
        """Keep a sample; raises ``ValueError`` unless ``seq`` rises within the boot."""
        self._held.put(boot_id, seq, payload)
        if len(self._held) > self._capacity:
            self._held.drop_oldest()
            self._dropped += 1

    def get(self, boot_id: BootId, seq: int) -> bytes | None:
        """Return a sample's bytes, ``None`` where it is not held."""
        return self._held.get(boot_id, seq)

    def release(self, boot_id: BootId, through_seq: int, ranges: Sequence[SeqRange]) -> Sequence[int]:
        """Free the samples up to ``through_seq`` and in ``ranges``; return the sequence numbers that were held."""
        return self._held.release(boot_id, through_seq, ranges)

    def holdings(self) -> Sequence[tuple[BootId, int, int]]:
        """Return boots, oldest first, each with the first and last sequence number held."""
        return self._held.holdings()


def _release_range(items: dict[int, T], first: int, last: int) -> list[int]:
    span = range(first, last + 1)
    held = [seq for seq in span if seq in items] if len(span) <= len(items) else [seq for seq in items if seq in span]
    for seq in held:
        del items[seq]
    return held
