"""Who drives, as facts: every change of a vehicle's driving mode goes to the ledger."""

import asyncio

from mobility.core.clock import Instant
from mobility.core.events import DrivingModeChanged, Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.ports import Ledger
from mobility.core.vehicle import DrivingMode, VehicleState


class ModeLog:
    """Watches live states and records changes in the order they were seen."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing is recorded until ``run`` is running."""
        self._ledger = ledger
        self._modes: dict[VehicleId, DrivingMode] = {}
        self._changes: asyncio.Queue[DrivingModeChanged] = asyncio.Queue()

    def observe(self, state: VehicleState) -> None:
        """Take note of a vehicle's newest state."""
        before = self._modes.get(state.vehicle_id, DrivingMode.UNKNOWN)
        after = state.sample.mode
        if after is before:
            return
        self._modes[state.vehicle_id] = after
        self._changes.put_nowait(
            DrivingModeChanged(vehicle_id=state.vehicle_id, before=before, after=after, at=state.as_of)
        )

    async def run(self) -> None:
        """Record changes until cancelled. Raises ``ReadOnlyError`` when nothing can be recorded any more."""
        while True:
            change = await self._changes.get()

            def decide(_: State, __: Instant, fact: DrivingModeChanged = change) -> list[Event]:
                return [fact]

            await self._ledger.submit(decide, actor=f"vehicle:{change.vehicle_id}")
