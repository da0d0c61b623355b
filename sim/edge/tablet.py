"""The driver's tablet: manifest and reports over HTTP, usable without network; what waits is sent later."""

from dataclasses import dataclass
from datetime import date

from mobility.core.clock import Instant
from sim.edge.public_api import Manifest, PublicApi, Stopover
from sim.edge.vehicle import Vehicle


@dataclass(frozen=True, slots=True)
class _Report:
    task_id: str
    outcome: str
    at: Instant


class Tablet:
    """Keeps the last manifest and all unsent reports of one vehicle."""

    def __init__(self, api: PublicApi, vehicle: Vehicle) -> None:
        """Belong to a vehicle and share its radio."""
        self._api = api
        self._vehicle = vehicle
        self._manifest = Manifest(shifts=(), tasks=())
        self._unsent: list[_Report] = []
        self._reported: dict[str, None] = {}

    async def open_tasks(self, day: date) -> tuple[Stopover, ...]:
        """Return the tasks still to do, fresh where there is network, else as last known less those reported here."""
        await self.refresh(day)
        return tuple(t for t in self._manifest.tasks if not t.is_done and t.task_id not in self._reported)

    async def refresh(self, day: date) -> Manifest:
        """Send what waits, fetch the manifest, return the newest known."""
        if self._vehicle.link.is_covered:
            await self._send()
            self._manifest = await self._api.manifest(self._vehicle.spec.vehicle_id, day)
        return self._manifest

    async def report(self, task: Stopover, outcome: str, at: Instant) -> None:
        """Note ``boarded``, ``alighted`` or ``no_show`` and send it now or when there is network again."""
        self._reported[task.task_id] = None
        self._unsent.append(_Report(task.task_id, outcome, at))
        if self._vehicle.link.is_covered:
            await self._send()

    async def _send(self) -> None:
        while self._unsent:
            report = self._unsent[0]
            await self._api.report_outcome(self._vehicle.spec.vehicle_id, report.task_id, report.outcome, report.at)
            self._unsent.pop(0)
