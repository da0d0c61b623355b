"""A vehicle on the road: its physical state, its telemetry samples, its radio. Scripts drive it."""

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b

from mobility.core.booking import Window
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import BootId
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef, VehicleSpec
from sim.chance import Chance
from sim.edge.instruments import Instruments
from sim.edge.radio_link import RadioLink
from sim.edge.supervised import Supervised
from sim.edge.world import World
from sim.leg import Leg, LegPlanner
from sim.radio import Coverage
from v2x.edge.client import Extension, MemoryBuffer, VehicleClient

USUAL_PERIOD_MS = 1000
"""Between two samples of an ordinary drive."""
FINE_PERIOD_MS = 100
"""Between two samples of an automated drive of SAE level 4."""
_FULL_CHARGE_S = 6 * 3600.0
"""Time to charge an empty battery in the depot; EZ10 about 6 h (movemnt.net)."""
_LEAST_CHARGE_FRAC = 0.03
"""A vehicle never quite stands still for want of energy; assumed to be charged at the terminus in time."""


class Vehicle:
    """One vehicle. Its script calls ``drive`` and ``stand_until`` and sets the public attributes in between."""

    def __init__(
        self,
        spec: VehicleSpec,
        *,
        world: World,
        chance: Chance,
        coverage: Coverage,
        silences: Sequence[Window] = (),
        latency_s: float = 0.0,
        instruments: Instruments | None = None,
    ) -> None:
        """Make a vehicle that is switched off. In ``silences`` its computer takes no samples.

        ``instruments`` are those of its event recorder, where it has one.
        """
        self.spec = spec
        self.planner = LegPlanner(spec)
        self.clock = world.clock
        self.link = RadioLink(partial(world.connect_vehicle, spec.vehicle_id), clock=world.clock, latency_s=latency_s)
        self.supervised = Supervised(spec.vehicle_id, world.command_keys, world.clock)
        boot = blake2b(f"{world.run_id}/{spec.vehicle_id}".encode(), digest_size=8).hexdigest()
        self.client = VehicleClient(
            vehicle_id=spec.vehicle_id,
            boot_id=BootId(boot),
            token=world.vehicle_token(spec.vehicle_id),
            buffer=MemoryBuffer(),
            connect=self.link.connect,
            clock=world.clock,
            on_command=self.supervised.on_command,
        )
        self.supervised.gateway_now = self.client.gateway_now
        self._instruments = instruments
        self._boot_id = BootId(boot)
        self._coverage = coverage
        self._silences = tuple(silences)
        self._phase_ms = int(chance.between(0, USUAL_PERIOD_MS, spec.vehicle_id, "phase"))
        self._next = Instant(0)
        self._charge_frac = chance.between(0.93, 1.0, spec.vehicle_id, "charge")
        self._charge_at = Instant(0)
        self.charging_w = 0.0
        """Power into the battery while the vehicle stands at a charger."""
        self.period_ms = USUAL_PERIOD_MS
        """Between two samples."""
        self.mode = DrivingMode.MANUAL
        self.doors = Doors.CLOSED
        self.its_messages: tuple[bytes, ...] = ()
        """What its radio broadcasts with the next sample."""
        self.passengers = 0
        """People aboard, those in wheelchairs included."""
        self.wheelchairs = 0
        self.trip: TripRef | None = None
        self.place: LatLon | None = None
        self.bearing_deg = 0.0
        self.odometer_m = 0.0
        self.energy_wh = 0.0
        """Energy drawn from the battery since the run began; 0 for a combustion engine."""

    @property
    def charge_frac(self) -> float:
        """State of charge, 0..1; meaningless without a battery."""
        return self._charge_frac

    def switch_on(self, place: LatLon) -> None:
        """Start the vehicle's computer at a place; samples follow from now on."""
        now = self.clock.now()
        rested_s = seconds_between(self._charge_at, now) if self._charge_at else 0.0
        self._charge_frac = min(1.0, self._charge_frac + rested_s / _FULL_CHARGE_S)
        self._charge_at = now
        self.place = place
        self.link.is_on = True
        self._next = self._tick_at_or_after(now)

    def switch_off(self) -> None:
        """Shut down: no samples until switched on again, meanwhile it charges."""
        now = self.clock.now()
        self._draw(0.0, now)
        self.trip = None
        self.doors = Doors.CLOSED
        if self.place is not None:
            self._record(now, self.place, 0.0, self.odometer_m, Extension(goes_to_rest=True))

    async def rest_until(self, moment: Instant) -> None:
        """Wait switched off."""
        await self._sleep_until(moment)

    async def stand_until(self, moment: Instant) -> None:
        """Stand at the present place, sampling."""
        place = self.place
        if place is None:
            raise RuntimeError("a vehicle must be switched on before it stands")
        while self._next < moment:
            await self._sleep_until(self._next)
            await self._sample(self._next, place, 0.0, self.odometer_m, 0.0)
        await self._sleep_until(moment)

    async def drive(self, leg: Leg, *, began: Instant) -> None:
        """Drive a leg that began at an instant, now or in the past, to its end, sampling."""
        ends = shifted(began, leg.duration_s)
        odometer_m = self.odometer_m
        self._next = max(self._next, self._tick_at_or_after(min(self.clock.now(), ends)))
        drawn_wh = 0.0
        while (tick := self._next) < ends:
            await self._sleep_until(tick)
            seen = leg.at((tick - began) / 1000)
            self.place = seen.place
            self.bearing_deg = seen.bearing_deg
            self.odometer_m = odometer_m + seen.driven_m
            await self._sample(tick, seen.place, seen.speed_mps, self.odometer_m, seen.drawn_wh - drawn_wh)
            drawn_wh = seen.drawn_wh
        await self._sleep_until(ends)
        seen = leg.at(leg.duration_s)
        self.place, self.bearing_deg = seen.place, seen.bearing_deg
        self.odometer_m = odometer_m + seen.driven_m
        self._draw(seen.drawn_wh - drawn_wh, ends)

    async def _sample(
        self, moment: Instant, place: LatLon, speed_mps: float, odometer_m: float, drawn_wh: float
    ) -> None:
        self._next = self._tick_at_or_after(Instant(moment + 1))
        self._draw(drawn_wh, moment)
        is_covered = self._coverage.covers(place, moment)
        if is_covered != self.link.is_covered:
            await self.link.cover(is_covered)
        if self._silences and any(span.holds(moment) for span in self._silences):
            return
        self._record(moment, place, speed_mps, odometer_m, self._measured(moment, place, speed_mps))

    def _measured(self, moment: Instant, place: LatLon, speed_mps: float) -> Extension | None:
        supervised = self.supervised
        supervised.drives(self.mode)
        if self._instruments is None:
            return None
        its_messages, self.its_messages = self.its_messages, ()
        return self._instruments.read(
            moment,
            place,
            speed_mps=speed_mps,
            bearing_deg=self.bearing_deg,
            mode=self.mode,
            supervised=supervised,
            its_messages=its_messages,
        )

    def _record(
        self, moment: Instant, place: LatLon, speed_mps: float, odometer_m: float, extension: Extension | None
    ) -> None:
        self.client.record(
            Sample(
                vehicle_id=self.spec.vehicle_id,
                boot_id=self._boot_id,
                seq=self.client.next_seq,
                device_time=moment,
                place=place,
                speed_mps=speed_mps,
                bearing_deg=self.bearing_deg,
                mode=self.mode,
                doors=self.doors,
                passengers=self.passengers,
                wheelchairs=self.wheelchairs,
                battery_frac=self._charge_frac if self.spec.battery_wh > 0 else None,
                odometer_m=odometer_m,
                trip=self.trip,
            ),
            extension,
        )

    def _draw(self, drive_wh: float, moment: Instant) -> None:
        battery_wh = self.spec.battery_wh
        if battery_wh > 0:
            hours = max(moment - self._charge_at, 0) / 3_600_000
            used_wh = drive_wh + self.planner.auxiliary_w * hours
            self.energy_wh += used_wh
            used_wh -= self.charging_w * hours
            self._charge_frac = min(max(self._charge_frac - used_wh / battery_wh, _LEAST_CHARGE_FRAC), 1.0)
        self._charge_at = moment

    def _tick_at_or_after(self, moment: Instant) -> Instant:
        return Instant(moment + (self._phase_ms - moment) % self.period_ms)

    async def _sleep_until(self, moment: Instant) -> None:
        wait_ms = moment - self.clock.now()
        await self.clock.sleep(wait_ms / 1000 if wait_ms > 0 else 0.0)
