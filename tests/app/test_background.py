"""What a server does by itself: it seals old days and records who drives."""

import asyncio
from datetime import date
from pathlib import Path

from mobility.app.archive import Archive
from mobility.app.clock import LoopClock
from mobility.app.mode_log import ModeLog
from mobility.core.clock import Instant
from mobility.core.events import DrivingModeChanged
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import DrivingMode, Sample, VehicleState
from sim.edge.loop import run_virtual
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger

NOON = ServiceDay(date(2025, 10, 14), "Europe/Berlin").at(12 * 3600)


class Days:
    """Remembers which days were sealed."""

    def __init__(self) -> None:
        self.sealed: list[date] = []

    async def seal(self, day: ServiceDay) -> Path | None:
        self.sealed.append(day.date)
        return None


def test_a_day_is_sealed_two_days_later_and_a_week_is_caught_up_at_the_start() -> None:
    async def scene() -> list[date]:
        days = Days()
        task = asyncio.ensure_future(Archive(days, LoopClock(NOON), "Europe/Berlin").run())
        await asyncio.sleep(60)
        assert days.sealed == [date(2025, 10, d) for d in range(5, 13)]
        days.sealed.clear()
        await asyncio.sleep(24 * 3600)
        task.cancel()
        return days.sealed

    assert run_virtual(scene())[-1] == date(2025, 10, 13)


def state(mode: DrivingMode, at: int) -> VehicleState:
    sample = Sample(
        vehicle_id=VehicleId("shuttle-1"),
        boot_id=BootId("b"),
        seq=at,
        device_time=Instant(at),
        place=LatLon(50.68, 10.92),
        mode=mode,
    )
    return VehicleState(sample=sample, as_of=Instant(at), received_at=Instant(at))


def test_only_changes_of_the_driving_mode_become_facts() -> None:
    async def scene() -> list[tuple[DrivingMode, DrivingMode, int]]:
        ledger = MemoryLedger(SettableClock(NOON))
        log = ModeLog(ledger)
        task = asyncio.ensure_future(log.run())
        for mode, at in ((DrivingMode.MANUAL, 1), (DrivingMode.MANUAL, 2), (DrivingMode.ASSISTED, 3)):
            log.observe(state(mode, at))
        await asyncio.sleep(0.01)
        task.cancel()
        facts = [envelope.body for envelope in ledger.read()]
        return [(fact.before, fact.after, fact.at) for fact in facts if isinstance(fact, DrivingModeChanged)]

    assert run_virtual(scene()) == [
        (DrivingMode.UNKNOWN, DrivingMode.MANUAL, 1),
        (DrivingMode.MANUAL, DrivingMode.ASSISTED, 3),
    ]
