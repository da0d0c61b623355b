"""What the simulator may touch of the world outside: HTTP, the vehicle gateway and a clock. Nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx

from mobility.core.clock import Clock
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server seen from outside; the same for a real one over sockets and one in this process."""

    http: httpx.AsyncClient
    """Its ``base_url`` is the server."""
    connect_vehicle: Callable[[VehicleId], Awaitable[FrameStream]]
    """Opens a vehicle's connection to the gateway; raises ``StreamClosedError`` or ``OSError`` when that fails."""
    clock: Clock
    vehicle_token: Callable[[VehicleId], str] = str
    """The token a vehicle names itself with; by default its own id."""
    command_keys: Mapping[str, bytes] = field(default_factory=dict)
    """Public Ed25519 keys, by their ids, of those who may command a vehicle; without any it obeys nobody."""
    run_id: str = "sim"
    """Tells runs against one server apart: part of every boot id and idempotency key."""
