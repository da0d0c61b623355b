"""What a vehicle with an event recorder measures beside position and mode: accelerations, lights, weather, radio."""

import math
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.place import Stop
from mobility.core.vehicle import DrivingMode, VehicleSpec
from sim.chance import Chance
from sim.edge.supervised import Supervised
from v2x.edge.client import Environment, Extension, Light, LinkReading, SafetySystem, SystemState

_SELDOM_MS = 60_000
"""What hardly changes is told once a minute."""
_MODEM_MS = 1000
_DAY_MS = 86_400_000
_BRAKE_LIGHT_MPS2 = -0.7
_TURN_MPS2 = 0.6
"""Lateral acceleration from which the driver or the computer indicates."""
_LARGEST_MPS2 = 6.0
_CELL_DEG = 0.0004
"""Road surface and radio change from cell to cell, about 45 by 28 m."""
_SOFTWARE = {2: "ez10-sim 3.1.0", 4: "pmover-sim 0.9.2"}
_SYSTEMS = ("automated_driving", "emergency_brake_assist")


class Terrain:
    """Heights between the stops whose elevation is known, by inverse squared distance (Shepard 1968)."""

    def __init__(self, stops: Iterable[Stop]) -> None:
        """Take the stops of a region; unknown heights are left out."""
        known = [(each.place.lat_deg, each.place.lon_deg, each.elevation_m) for each in stops]
        self._known = np.array([row for row in known if not math.isnan(row[2])], dtype=float).reshape(-1, 3)

    def altitude_m(self, place: LatLon) -> float | None:
        """Return the height at a place, ``None`` where nothing is known at all."""
        known = self._known
        if not len(known):
            return None
        scale = math.cos(math.radians(place.lat_deg))
        d2 = (known[:, 0] - place.lat_deg) ** 2 + ((known[:, 1] - place.lon_deg) * scale) ** 2
        weight = 1.0 / (d2 + 1e-9)
        return round(float((weight * known[:, 2]).sum() / weight.sum()), 2)


class _Ground(NamedTuple):
    # What is the same all over a cell: ``surface_mps2`` is its roughness at 36 km/h, ``detour_ms`` what a weak signal
    # adds to the latency.
    cell: tuple[int, int]
    altitude_m: float | None
    surface_mps2: float
    detour_ms: float
    bandwidth_kbps: int
    rsrp_dbm: int
    loss_frac: float


class Instruments:
    """The sensors of one vehicle, read once a sample."""

    def __init__(self, spec: VehicleSpec, chance: Chance, terrain: Terrain) -> None:
        """Fit them to a vehicle."""
        self._spec = spec
        self._chance = chance
        self._terrain = terrain
        # Digits and the letters A to F only: a VIN has no I, O and Q.
        self._vin = "XSM" + blake2b(spec.vehicle_id.encode(), digest_size=7).hexdigest().upper()
        self._last: tuple[Instant, float, float] | None = None
        self._told_at = self._asked_at = Instant(-_SELDOM_MS)
        self._mode = DrivingMode.UNKNOWN
        self._ground: _Ground | None = None
        self._supply: tuple[int, float] = (0, 0.0)

    def read(
        self,
        moment: Instant,
        place: LatLon,
        *,
        speed_mps: float,
        bearing_deg: float,
        mode: DrivingMode,
        supervised: Supervised | None = None,
        its_messages: tuple[bytes, ...] = (),
    ) -> Extension:
        """Return what the sensors show at a moment, with what the vehicle asks, reports and broadcasts beside it."""
        long_mps2, lat_mps2 = self._accelerations(moment, speed_mps, bearing_deg)
        cell = (round(place.lat_deg / _CELL_DEG), round(place.lon_deg / _CELL_DEG))
        ground = self._ground
        if ground is None or cell != ground.cell:
            ground = self._ground = self._ground_at(cell, place)
        is_due = moment - self._told_at >= _SELDOM_MS
        if is_due:
            self._told_at = moment
        return Extension(
            altitude_m=ground.altitude_m,
            acceleration_long_mps2=long_mps2,
            acceleration_lat_mps2=lat_mps2,
            roughness_mps2=round(ground.surface_mps2 * math.sqrt(max(speed_mps, 0.0) / 10.0), 3),
            supply_v=self._supply_v(moment),
            lights_on=_lights(moment, long_mps2, lat_mps2),
            link=self._link(ground, moment) if self._is_link_due(moment) else None,
            environment=_environment(moment) if is_due else None,
            system=SystemState(software_version=_SOFTWARE.get(self._spec.sae_level, "sim")) if is_due else None,
            vin=self._vin if is_due else "",
            safety_systems=self._switched(mode),
            its_messages=its_messages,
            manoeuvre=supervised.request if supervised is not None else None,
            command_reports=supervised.take_reports() if supervised is not None else (),
            state_version=supervised.state_version if supervised is not None else None,
        )

    def _accelerations(self, moment: Instant, speed_mps: float, bearing_deg: float) -> tuple[float, float]:
        before, self._last = self._last, (moment, speed_mps, bearing_deg)
        if before is None or not 0 < moment - before[0] <= 2000:  # noqa: PLR2004 - ms; over a longer gap there is no slope
            return 0.0, 0.0
        dt_s = (moment - before[0]) / 1000
        turned_deg = (bearing_deg - before[2] + 180.0) % 360.0 - 180.0
        # A track is made of straight pieces: its corners are driven over two seconds, not in one sample.
        yaw_radps = math.radians(turned_deg) / max(dt_s, 2.0)
        return _clipped((speed_mps - before[1]) / dt_s), _clipped(-speed_mps * yaw_radps)

    def _ground_at(self, cell: tuple[int, int], place: LatLon) -> _Ground:
        chance = self._chance
        signal = chance.normal(-92.0, 9.0, "signal", *cell)
        return _Ground(
            cell,
            altitude_m=self._terrain.altitude_m(place),
            surface_mps2=0.25 * math.exp(0.5 * chance.normal(0.0, 1.0, "surface", *cell)),
            detour_ms=max(0.0, -100.0 - signal) * 4,
            bandwidth_kbps=max(200, round(20_000 + (signal + 92.0) * 700)),
            rsrp_dbm=round(signal),
            loss_frac=0.01 if signal < -105 else 0.0,  # noqa: PLR2004 - dBm, where 5G begins to lose blocks; assumed
        )

    def _supply_v(self, moment: Instant) -> float:
        span = moment // 10_000
        if span != self._supply[0]:
            self._supply = span, round(self._chance.normal(13.8, 0.1, self._spec.vehicle_id, "supply", span), 3)
        return self._supply[1]

    def _is_link_due(self, moment: Instant) -> bool:
        """Return whether the modem is to be asked again: once a second."""
        if moment - self._asked_at < _MODEM_MS:
            return False
        self._asked_at = moment
        return True

    def _link(self, ground: _Ground, moment: Instant) -> LinkReading:
        wait_ms = self._chance.exponential(12.0, self._spec.vehicle_id, "latency", moment // 1000)
        return LinkReading(
            latency_ms=round(18 + wait_ms + ground.detour_ms),
            bandwidth_kbps=ground.bandwidth_kbps,
            rsrp_dbm=ground.rsrp_dbm,
            loss_frac=ground.loss_frac,
        )

    def _switched(self, mode: DrivingMode) -> tuple[SafetySystem, ...]:
        before, self._mode = self._mode, mode
        automated = {DrivingMode.AUTOMATED, DrivingMode.ASSISTED}
        if (before in automated) == (mode in automated) and before is not DrivingMode.UNKNOWN:
            return ()
        is_active = mode in automated
        return tuple(SafetySystem(name=name, is_active=is_active, triggered_by="attendant") for name in _SYSTEMS)


def _lights(moment: Instant, long_mps2: float, lat_mps2: float) -> frozenset[Light]:
    hour = moment % _DAY_MS / 3_600_000
    on = {Light.DAYTIME_RUNNING if 6 <= hour < 16 else Light.LOW_BEAM}  # noqa: PLR2004 - hours UTC of an October day
    if long_mps2 < _BRAKE_LIGHT_MPS2:
        on.add(Light.BRAKE)
    if abs(lat_mps2) > _TURN_MPS2:
        on.add(Light.LEFT_INDICATOR if lat_mps2 > 0 else Light.RIGHT_INDICATOR)
    return frozenset(on)


def _environment(moment: Instant) -> Environment:
    height = math.sin(math.pi * max(0.0, min(1.0, (moment % _DAY_MS / 3_600_000 - 5.5) / 10.5)))
    return Environment(
        temperature_degc=round(6.0 + 7.0 * height, 1), illuminance_lx=round(20_000 * height), is_wiper_on=False
    )


def _clipped(value_mps2: float) -> float:
    return round(max(-_LARGEST_MPS2, min(_LARGEST_MPS2, value_mps2)), 3)
