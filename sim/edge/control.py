"""The telephone of the control room: whom drivers of the citizen bus call when something goes wrong."""

import asyncio
from typing import Protocol

from mobility.core.ids import VehicleId
from sim.edge.public_api import Stopover


class Control(Protocol):
    """Takes calls at once; what comes of them shows in the manifest."""

    def stands_still(self, vehicle_id: VehicleId, lasts_s: float) -> None:
        """Take the call of a driver whose bus will stand for so long."""
        ...

    def stands_there(self, task: Stopover, *, seats: int, wheelchairs: int) -> asyncio.Event:
        """Take the call of a driver before whom another party stands than was booked; set once it was decided."""
        ...
