"""What needs no session: raw ITS messages and VDV 435 positions, kept in groups and acknowledged after the disk."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from mobility.core.clock import Clock, Instant
from mobility.core.errors import BadInputError, ReadOnlyError, StorageError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.edge.gateway import Gateway
from v2x.edge.wake import Wake
from v2x.mqtt.counters import MqttCounters
from v2x.mqtt.vdv435 import parse_position, record_of
from v2x.quarantine import Quarantine, QuarantineReason
from v2x.session import KEPT_OF_OVERSIZED_BYTES

MOST_WAITING = 4096
"""Messages that may wait; the broker's window is far below, so only unacknowledged (QoS 0) ones are dropped."""
GROUP = 256
"""Most messages that go to disk together."""
AGAIN_S = 1.0
"""Wait before a group is tried once more that could not be kept."""

_log = structlog.get_logger()


class RawTaker(Protocol):
    """Takes raw ITS messages; returns when what they hold is durable, raises ``StorageError`` when it can not be."""

    async def take(self, frame: bytes, source: str, now: Instant) -> object:
        """Take one frame as it arrived at ``now``."""
        ...


Done = Callable[[], None]


class StatelessIntake:
    """Two bounded queues and the task that empties them."""

    def __init__(
        self,
        gateway: Gateway,
        its_input: RawTaker | None,
        *,
        clock: Clock,
        quarantine: Quarantine,
        counters: MqttCounters,
    ) -> None:
        """Keep positions through ``gateway.inject``; ``its_input`` takes raw messages (``None``: dropped, counted)."""
        self._gateway = gateway
        self._its_input = its_input
        self._clock = clock
        self._quarantine = quarantine
        self._counters = counters
        self._raw: deque[tuple[bytes, str, Done]] = deque()
        self._positions: deque[tuple[TelemetryRecord, Done]] = deque()
        self._arrived = Wake()

    def put_raw(self, frame: bytes, source: str, done: Done) -> bool:
        """Queue a raw message; return whether ``done`` will be called once it is durable."""
        if self._its_input is None:
            self._counters.foreign += 1
            return False
        if len(self._raw) >= MOST_WAITING:
            self._counters.dropped += 1
            return False
        self._counters.raw += 1
        self._raw.append((frame, source, done))
        self._arrived.set()
        return True

    def put_position(self, vehicle_id: VehicleId, payload: bytes, done: Done) -> bool:
        """Queue a position; return whether ``done`` will be called once it is durable."""
        try:
            record = record_of(parse_position(payload), vehicle_id, self._clock.now())
        except BadInputError:
            self._counters.unusable += 1
            self._quarantine.keep(vehicle_id, QuarantineReason.CORRUPT, payload[:KEPT_OF_OVERSIZED_BYTES])
            return False
        if len(self._positions) >= MOST_WAITING:
            self._counters.dropped += 1
            return False
        self._counters.positions += 1
        self._positions.append((record, done))
        self._arrived.set()
        return True

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if self._positions:
                await self._keep_positions()
            elif self._raw:
                await self._keep_raw()
            else:
                await self._arrived.wait()

    async def _keep_positions(self) -> None:
        group = [self._positions.popleft() for _ in range(min(GROUP, len(self._positions)))]
        await self._until_kept(lambda: self._gateway.inject([record for record, _ in group]))
        for _, done in group:
            done()

    async def _keep_raw(self) -> None:
        group = [self._raw.popleft() for _ in range(min(GROUP, len(self._raw)))]
        async with asyncio.TaskGroup() as tasks:
            for frame, source, done in group:
                tasks.create_task(self._keep_one(frame, source, done))

    async def _keep_one(self, frame: bytes, source: str, done: Done) -> None:
        its_input = self._its_input
        assert its_input is not None  # noqa: S101 - nothing is queued without it
        now = self._clock.now()
        try:
            await self._until_kept(lambda: its_input.take(frame, source, now))
        except BadInputError:
            self._counters.unusable += 1
            self._quarantine.keep(None, QuarantineReason.CORRUPT, frame[:KEPT_OF_OVERSIZED_BYTES])
        done()

    async def _until_kept(self, keep: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await keep()
            except ReadOnlyError:
                # Not before a restart: unacknowledged, the broker holds this and what follows until then.
                _log.warning("MQTT messages wait", fault="nothing can be made durable")
                await asyncio.get_running_loop().create_future()
            except StorageError as error:
                _log.warning("MQTT messages wait", fault=str(error))
                await self._clock.sleep(AGAIN_S)
            else:
                return
