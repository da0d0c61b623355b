"""Who drives, as facts: every change of a vehicle's driving mode goes to the ledger."""

import asyncio
from collections import deque

from mobility.core.clock import Instant
from mobility.core.events import DrivingModeChanged, Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.ports import Ledger
from mobility.core.vehicle import DrivingMode, VehicleState

MOST_WAITING = 10_000
"""Changes that wait for a ledger that takes nothing; beyond them the oldest is dropped, the telemetry still has it."""


class ModeLog:
    """Watches live states and records changes in the order they were seen."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing is recorded until ``run`` is running."""
        self._ledger = ledger
        self._modes: dict[VehicleId, DrivingMode] = {}
        self._changes: deque[DrivingModeChanged] = deque(maxlen=MOST_WAITING)
        self._has_changes = asyncio.Event()

    def observe(self, state: VehicleState) -> None:
        """Take note of a vehicle's newest state."""
        before = self._modes.get(state.vehicle_id, DrivingMode.UNKNOWN)
        after = state.sample.mode
        if after is before:
            return
        self._modes[state.vehicle_id] = after
        self._changes.append(
            DrivingModeChanged(vehicle_id=state.vehicle_id, before=before, after=after, at=state.as_of)
        )
        self._has_changes.set()

    async def run(self) -> None:
        """Record changes until cancelled. Raises ``StorageError`` when one can not be recorded now; it stays first."""
        while True:
            while self._changes:
                await self._record(self._changes[0])
            self._has_changes.clear()
            await self._has_changes.wait()

    async def _record(self, change: DrivingModeChanged) -> None:
        def decide(_: State, __: Instant) -> list[Event]:
            return [change]

        await self._ledger.submit(decide, actor=f"vehicle:{change.vehicle_id}")
        # While the ledger was busy a full queue may have dropped it.
        if self._changes and self._changes[0] is change:
            self._changes.popleft()
