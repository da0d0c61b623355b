"""Energy of a drive: a kinematic balance of kinetic energy, height, rolling and air resistance, plus auxiliaries.

Masses, drag, efficiencies and auxiliary power are assumed (no source was found); the auxiliaries of the shuttle are
set so that a mixed day lands at 0.36 to 0.47 kWh/km, the field figure of Issy-les-Moulineaux 2017
(automobile-entreprise.com, 8.6 kWh a day over 600 km in a month).
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from mobility.core.vehicle import ServiceKind
from sim.road import Profile
from sim.track import Track

_GRAVITY_MPS2 = 9.81
_AIR_KG_M3 = 1.2
_J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What moving a vehicle costs. All values assumed."""

    mass_kg: float
    rolling_ratio: float
    """Rolling resistance coefficient."""
    drag_area_m2: float
    """Air drag coefficient times frontal area."""
    driveline_frac: float
    """Efficiency from battery to wheel."""
    recuperation_frac: float
    """Share of braking energy that comes back into the battery."""
    auxiliary_w: float
    """Sensors, computers, doors, heating: drawn whenever the vehicle is switched on."""


BODIES: Mapping[ServiceKind, Body] = MappingProxyType(
    {
        ServiceKind.SHUTTLE: Body(
            mass_kg=2700,
            rolling_ratio=0.012,
            drag_area_m2=3.2,
            driveline_frac=0.85,
            recuperation_frac=0.6,
            auxiliary_w=1000,
        ),
        ServiceKind.CITIZEN_BUS: Body(
            mass_kg=2900,
            rolling_ratio=0.011,
            drag_area_m2=1.3,
            driveline_frac=0.85,
            recuperation_frac=0.6,
            auxiliary_w=1200,
        ),
        ServiceKind.RESEARCH: Body(
            mass_kg=2900,
            rolling_ratio=0.011,
            drag_area_m2=1.3,
            driveline_frac=0.85,
            recuperation_frac=0.6,
            auxiliary_w=3000,
        ),
        ServiceKind.LINE_BUS: Body(
            mass_kg=13000,
            rolling_ratio=0.009,
            drag_area_m2=5.0,
            driveline_frac=0.85,
            recuperation_frac=0.6,
            auxiliary_w=6000,
        ),
    }
)
"""Bodies by kind of vehicle."""


@dataclass(frozen=True, slots=True)
class DriveEnergy:
    """Energy drawn for driving along a profile: cumulated at the marks ``chainages_m``; auxiliaries not included."""

    chainages_m: tuple[float, ...]
    energies_wh: tuple[float, ...]

    def at(self, chainage_m: float) -> float:
        """Return watt-hours drawn since the start when at a chainage (less than before where it recuperated)."""
        marks, energies = self.chainages_m, self.energies_wh
        if chainage_m >= marks[-1]:
            return energies[-1]
        if chainage_m <= marks[0]:
            return 0.0
        i = bisect_right(marks, chainage_m) - 1
        return energies[i] + (chainage_m - marks[i]) / (marks[i + 1] - marks[i]) * (energies[i + 1] - energies[i])


def drive_energy(profile: Profile, way: Track, body: Body) -> DriveEnergy:
    """Return the energy of driving ``profile`` along ``way``.

    Exact within a phase of constant acceleration: there the square of speed is linear in distance.
    """
    total_wh, energies = 0.0, [0.0]
    for (a_m, b_m), (u, v) in zip(pairwise(profile.chainages_m), pairwise(profile.speeds_mps), strict=True):
        length_m, rise_m = b_m - a_m, way.elevation_m(b_m) - way.elevation_m(a_m)
        kinetic_j = body.mass_kg * (v * v - u * u) / 2
        resistance_n = (
            body.mass_kg * _GRAVITY_MPS2 * body.rolling_ratio + _AIR_KG_M3 * body.drag_area_m2 * (u * u + v * v) / 4
        )
        wheel_j = kinetic_j + body.mass_kg * _GRAVITY_MPS2 * rise_m + resistance_n * length_m
        factor = 1 / body.driveline_frac if wheel_j > 0 else body.recuperation_frac
        total_wh += wheel_j * factor / _J_PER_WH
        energies.append(total_wh)
    return DriveEnergy(profile.chainages_m, tuple(energies))
