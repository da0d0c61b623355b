"""``fleet.toml``: vehicles, and which of them drives each block."""

from collections.abc import Mapping

from mobility.core.ids import BlockId, VehicleId
from mobility.core.vehicle import ServiceKind, VehicleSpec
from mobility.storage.bundle_fields import Fields, unique


def read_fleet(top: Fields) -> tuple[Mapping[VehicleId, VehicleSpec], Mapping[BlockId, VehicleId]]:
    """Return vehicles and blocks; raises ``BadInputError``."""
    rows = top.tables("vehicles")
    unique(rows, "id", lambda row: row.identifier("id"))
    fleet = {vehicle.vehicle_id: vehicle for vehicle in (_vehicle(row) for row in rows)}
    blocks = {}
    for block, vehicle in top.mapping("blocks").items():
        if vehicle not in fleet:
            top.fail(f"blocks.{block}", f"{vehicle!r} is no vehicle of the fleet")
        blocks[BlockId(block)] = VehicleId(vehicle)
    top.close()
    return fleet, blocks


def _vehicle(row: Fields) -> VehicleSpec:
    vehicle = VehicleSpec(
        vehicle_id=VehicleId(row.identifier("id")),
        label=row.text("label"),
        kind=row.choice("kind", ServiceKind),
        seats=row.whole("seats", low=1, high=300),
        wheelchair_places=row.whole("wheelchair_places", low=0, high=20),
        seats_lost_per_wheelchair=row.whole("seats_lost_per_wheelchair", low=0, high=20),
        sae_level=row.whole("sae_level", low=0, high=5),
        max_speed_mps=row.number("max_speed_kmh", low=1, high=200) / 3.6,
        has_ramp=row.flag("ramp"),
        battery_wh=row.number("battery_wh", low=0, high=2e6),
        is_bookable=row.flag("bookable"),
        # Bundles of vehicles that nobody books need not say it.
        pram_places=row.whole("pram_places", low=0, high=20) if row.has("pram_places") else 0,
        luggage_places=row.whole("luggage_places", low=0, high=100) if row.has("luggage_places") else 0,
    )
    if vehicle.wheelchair_places * vehicle.seats_lost_per_wheelchair > vehicle.seats:
        row.fail("seats_lost_per_wheelchair", "its wheelchair places cost more seats than it has")
    row.close()
    return vehicle
