"""A leg: one drive of one vehicle from standstill to standstill, with everything telemetry needs of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.core.geo import LatLon
from mobility.core.vehicle import ServiceKind, VehicleSpec
from sim.energy import BODIES, DriveEnergy, drive_energy
from sim.road import Drive, Driving, Limit, Profile, drive, profile
from sim.route import Way
from sim.track import Track

_HABITS = {
    ServiceKind.SHUTTLE: (0.6, 0.7, 5.0),
    ServiceKind.CITIZEN_BUS: (1.3, 1.3, 15.0),
    ServiceKind.RESEARCH: (1.2, 1.2, 15.0),
    ServiceKind.LINE_BUS: (0.9, 0.9, 9.0),
}
"""Acceleration and braking in m/s2, power per mass in W/kg; assumed."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be seen of a vehicle on a leg at one moment."""

    place: LatLon
    bearing_deg: float
    speed_mps: float
    driven_m: float
    drawn_wh: float
    """Energy for driving since the leg began; auxiliaries not included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A drive along a track with its energy."""

    track: Track
    drive: Drive
    energy: DriveEnergy

    @property
    def duration_s(self) -> float:
        """Driving time."""
        return self.drive.duration_s

    @property
    def from_m(self) -> float:
        """Chainage where it starts."""
        return self.drive.profile.chainages_m[0]

    def at(self, time_s: float) -> Glimpse:
        """Return what is seen after ``time_s`` seconds, clamped to start and end."""
        moment = self.drive.at(time_s)
        place, bearing_deg = self.track.at(moment.chainage_m)
        return Glimpse(
            place, bearing_deg, moment.speed_mps, moment.chainage_m - self.from_m, self.energy.at(moment.chainage_m)
        )


class LegPlanner:
    """Plans legs of one vehicle; remembers fastest profiles, since line vehicles drive the same ones all day."""

    def __init__(self, spec: VehicleSpec) -> None:
        """Take top speed and kind from the vehicle."""
        acceleration, braking, power = _HABITS[spec.kind]
        self.driving = Driving(
            top_speed_mps=spec.max_speed_mps,
            acceleration_mps2=acceleration,
            braking_mps2=braking,
            power_per_mass_w_kg=power,
        )
        self._body = BODIES[spec.kind]
        self._known: dict[tuple[int, float, float], tuple[Track, Profile, DriveEnergy]] = {}

    @property
    def auxiliary_w(self) -> float:
        """Power drawn whenever the vehicle is switched on."""
        return self._body.auxiliary_w

    def between(self, way: Track, from_m: float, to_m: float, *, wanted_s: float, limits: Sequence[Limit] = ()) -> Leg:
        """Return the leg between two chainages that takes ``wanted_s`` or as long as vehicle and limits demand."""
        key = (id(way), from_m, to_m)
        known = self._known.get(key)
        if known is None or known[0] is not way:
            fastest = profile(way, self.driving, from_m=from_m, to_m=to_m, limits=limits)
            known = (way, fastest, drive_energy(fastest, way, self._body))
            self._known[key] = known
        return Leg(track=way, drive=drive(known[1], wanted_s=wanted_s), energy=known[2])

    def along(self, way: Way, *, pace_factor: float) -> Leg:
        """Return the leg along a whole way at ``pace_factor`` >= 1 times its free-flow time."""
        fastest = profile(way.track, self.driving, from_m=0.0, to_m=way.track.length_m, limits=way.limits)
        energy = drive_energy(fastest, way.track, self._body)
        return Leg(track=way.track, drive=drive(fastest, wanted_s=way.free_flow_s * pace_factor), energy=energy)
