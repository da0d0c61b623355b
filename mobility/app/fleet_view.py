"""The fleet as the control room sees it: one JSON object per vehicle, from live state, trip and specification."""

from collections.abc import Mapping
from typing import TypedDict
from zoneinfo import ZoneInfo

from mobility.core.arrivals import TripStatus
from mobility.core.clock import Instant, datetime_at
from mobility.core.ids import RouteId, StopId, VehicleId
from mobility.core.ports import TripStatuses, VehicleStates
from mobility.core.vehicle import VehicleSpec, VehicleState


class VehicleView(TypedDict):
    """One vehicle; ``None`` where nothing is known. Field names carry their units."""

    vehicle_id: str
    label: str
    kind: str
    sae_level: int | None
    mode: str
    lat: float
    lon: float
    bearing_deg: float | None
    speed_mps: float | None
    as_of: str
    age_s: float
    doors: str
    passengers: int | None
    seats: int | None
    battery_frac: float | None
    trip_id: str | None
    route: str | None
    headsign: str | None
    delay_s: float | None
    next_stop: str | None
    standing: str | None


class FleetView:
    """Reads the live ports; keeps nothing itself."""

    def __init__(
        self,
        *,
        vehicles: VehicleStates,
        trips: TripStatuses,
        specs: Mapping[VehicleId, VehicleSpec],
        route_names: Mapping[RouteId, str],
        stop_names: Mapping[StopId, str],
        zone: str,
    ) -> None:
        """``zone`` is the IANA zone in which times are written."""
        self._vehicles = vehicles
        self._trips = trips
        self._specs = specs
        self._route_names = route_names
        self._stop_names = stop_names
        self._zone = ZoneInfo(zone)

    def views(self, now: Instant) -> list[VehicleView]:
        """Return all vehicles heard of, by id."""
        by_vehicle = {status.vehicle_id: status for status in self._trips.running() if status.vehicle_id is not None}
        latest = self._vehicles.latest()
        return [self._view(latest[vehicle], by_vehicle.get(vehicle), now) for vehicle in sorted(latest)]

    def time(self, moment: Instant) -> str:
        """Return ISO 8601 with the region's offset."""
        return datetime_at(moment, self._zone).isoformat(timespec="milliseconds")

    def _view(self, state: VehicleState, status: TripStatus | None, now: Instant) -> VehicleView:
        sample = state.sample
        spec = self._specs.get(sample.vehicle_id)
        return VehicleView(
            vehicle_id=sample.vehicle_id,
            label=spec.label if spec else sample.vehicle_id,
            kind=spec.kind.value if spec else "line_bus",
            sae_level=spec.sae_level if spec else None,
            mode=sample.mode.value,
            lat=round(sample.place.lat_deg, 7),
            lon=round(sample.place.lon_deg, 7),
            bearing_deg=sample.bearing_deg,
            speed_mps=sample.speed_mps,
            as_of=self.time(state.as_of),
            age_s=round(state.age_s(now), 1),
            doors=sample.doors.value,
            passengers=sample.passengers,
            seats=spec.seats if spec else None,
            battery_frac=sample.battery_frac,
            trip_id=status.trip.trip_id if status else None,
            route=self._route_names.get(status.route_id) if status else None,
            headsign=status.headsign if status else None,
            delay_s=status.delay_s if status else None,
            next_stop=self._next_stop(status),
            standing=status.standing.value if status else None,
        )

    def _next_stop(self, status: TripStatus | None) -> str | None:
        if status is None:
            return None
        ahead = next((call for call in status.calls if not call.has_departed), None)
        return self._stop_names.get(ahead.stop_id) if ahead else None
