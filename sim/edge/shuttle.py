"""Line vehicles, shuttles and buses alike: they drive their blocks' trips, stop by stop, as the day lets them."""

from collections.abc import Mapping, Sequence

from gtfs.timetable import Timetable, Trip
from mobility.core.booking import Window
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.vehicle import Doors, DrivingMode
from sim.boarding import Exchange, Passenger, dwell_s, exchange
from sim.chance import Chance
from sim.edge.platforms import Platforms
from sim.edge.public_api import PublicApi
from sim.edge.vehicle import Vehicle
from sim.leg import Leg
from sim.line_day import Run
from sim.route import Ways, straight_way
from sim.scenario import Scenario
from sim.track import Track, elevations_between, track_of_line

_PREPARE_S = 600
"""A vehicle is switched on this long before its first departure."""
_LOG_ON_S = 300
"""The attendant logs on to a trip this long before its departure, or on arrival where the layover is shorter."""
_BOARDING_OPENS_S = 120
"""Doors open this long before the departure of a trip's first call."""
_LEAST_LAYOVER_S = 20
_CLOSE_S = 3.0
"""Doors are shut this long before the vehicle moves."""
_SAME_PLACE_M = 15.0
_NEXT_PLATFORM_M = 80.0
_DEADHEAD_PACE = 1.15
_ASK_AGAIN_S = 30.0
_SLOWEST_FRAC = 1.6
_HOUR_MS = 3_600_000
_SUPERVISED = 2
_BREAKS_AT = 0.4
"""Share of a drive after which a vehicle breaks down."""
_LEAVES_S = 120.0
"""From a breakdown until everybody has left."""
_REST_S = 5400
"""A vehicle without a trip for longer than this is switched off in between."""


class Lines:
    """What all line vehicles share: timetable, tracks of its patterns, platforms, scenario."""

    def __init__(
        self,
        *,
        timetable: Timetable,
        ways: Ways,
        elevations_m: Mapping[StopId, float],
        platforms: Platforms,
        api: PublicApi,
        scenario: Scenario,
        chance: Chance,
        weather: Sequence[tuple[Instant, float]] = (),
    ) -> None:
        """Take the timetable that is driven and the elevations of its stops (metres).

        ``weather`` is what the road adds to driving times from an instant on, as a share.
        """
        self.timetable = timetable
        self.ways = ways
        self.platforms = platforms
        self.api = api
        self.scenario = scenario
        self.chance = chance
        self._elevations_m = elevations_m
        self._weather = sorted(weather, key=lambda change: change[0])
        self._tracks: dict[int, tuple[object, Track]] = {}
        self.trips_driven = 0
        self.holds = 0

    def slower_frac(self, at: Instant) -> float:
        """Return what the weather adds to a driving time, as a share."""
        return next((frac for begins, frac in reversed(self._weather) if begins <= at), 0.0)

    def track(self, trip: Trip) -> Track:
        """Return the track of a trip's pattern."""
        pattern = trip.pattern
        known = self._tracks.get(id(pattern))
        if known is None:
            stops = zip(pattern.stops, pattern.stop_chainage_m, strict=True)
            marks = [(chainage, self._elevations_m[stop]) for stop, chainage in stops if stop in self._elevations_m]
            rising = [mark for i, mark in enumerate(marks) if i == 0 or mark[0] > marks[i - 1][0]]
            elevations_m = elevations_between(pattern.line.chainages_m, rising)
            known = (pattern, track_of_line(pattern.line, self.timetable.frame, elevations_m=elevations_m))
            self._tracks[id(pattern)] = known
        return known[1]

    def place(self, trip: Trip, call_index: int) -> LatLon:
        """Return where a trip stops at a call: on its line, beside the stop."""
        return self.track(trip).at(trip.pattern.stop_chainage_m[call_index])[0]


class LineDriver:
    """Drives one vehicle through the duties of its days."""

    def __init__(self, vehicle: Vehicle, lines: Lines) -> None:
        """Take the vehicle over."""
        self._vehicle = vehicle
        self._lines = lines
        self._aboard: tuple[Passenger, ...] = ()
        self._driving = driving_mode(vehicle.spec.sae_level)
        self._breakdown: Window | None = None

    async def day(self, runs: Sequence[Run], breakdown: Window | None = None) -> None:
        """Drive all runs of a service day in order; those already over are left out, one under way is joined.

        In ``breakdown`` the vehicle comes to a stand on its way, and drives no trip that should begin meanwhile.
        """
        self._breakdown = breakdown
        left = [run for run in runs if run.arrives(run.last) > self._vehicle.clock.now()]
        for duty in _duties(left):
            await self._duty(duty)

    async def _duty(self, left: Sequence[Run]) -> None:
        vehicle, clock = self._vehicle, self._vehicle.clock
        first = left[0]
        await vehicle.rest_until(shifted(first.departs(0), -_PREPARE_S))
        began = clock.now()
        vehicle.mode = DrivingMode.MANUAL
        vehicle.switch_on(self._lines.place(first.trip, 0))
        if began > first.departs(0):
            await self._join(first, began)
            left = left[1:]
        for run in left:
            if self._breakdown is None or not self._breakdown.holds(run.departs(0)):
                await self._trip(run)
        vehicle.trip = None
        await vehicle.stand_until(shifted(clock.now(), _PREPARE_S / 2))
        vehicle.switch_off()

    async def _trip(self, run: Run) -> None:
        vehicle = self._vehicle
        await self._reach(self._lines.place(run.trip, 0))
        await vehicle.stand_until(max(vehicle.clock.now(), shifted(run.departs(0), -_LOG_ON_S)))
        vehicle.trip = run.ref
        opens = shifted(run.departs(0), -_BOARDING_OPENS_S)
        await vehicle.stand_until(max(shifted(vehicle.clock.now(), _LEAST_LAYOVER_S), opens))
        await self._continue(run, 0)

    async def _join(self, run: Run, now: Instant) -> None:
        """Take over a trip that began before the simulation did, as if it had been on time."""
        vehicle = self._vehicle
        vehicle.trip = run.ref
        at = max(i for i in range(run.last) if run.departs(i) <= now)
        for i in range(at + 1):
            waiting = self._lines.platforms.waiting(run.trip, run.day.date, i)
            self._aboard = exchange(self._aboard, waiting, call_index=i, spec=vehicle.spec).aboard
        self._show_load()
        vehicle.mode = self._driving
        await vehicle.drive(self._leg(run, at), began=run.departs(at))
        await self._continue(run, at + 1)

    async def _continue(self, run: Run, call_index: int) -> None:
        for i in range(call_index, run.last):
            await self._serve(run, i)
            if self._breakdown is not None and self._breakdown.holds(self._vehicle.clock.now()):
                await self._break_down(run, i, self._breakdown)
                return
            await self._drive(run, i)
        await self._arrive(run, run.last)
        self._lines.trips_driven += 1
        self._vehicle.trip = None

    async def _break_down(self, run: Run, i: int, breakdown: Window) -> None:
        """Come to a stand between two stops; everybody leaves, and the trip ends here."""
        vehicle, chainages = self._vehicle, run.trip.pattern.stop_chainage_m
        there_m = chainages[i] + _BREAKS_AT * (chainages[i + 1] - chainages[i])
        wanted_s = self._wanted_s(run, i) * _BREAKS_AT
        leg = vehicle.planner.between(self._lines.track(run.trip), chainages[i], there_m, wanted_s=wanted_s)
        await vehicle.drive(leg, began=vehicle.clock.now())
        vehicle.mode = DrivingMode.MANUAL
        await vehicle.stand_until(shifted(vehicle.clock.now(), _LEAVES_S))
        self._aboard = ()
        self._show_load()
        await vehicle.stand_until(breakdown.latest)
        vehicle.trip = None

    async def _serve(self, run: Run, i: int) -> None:
        """Stop at a call: doors, riders, the schedule, a connection; then close and go."""
        vehicle, lines = self._vehicle, self._lines
        await self._arrive(run, i)
        await vehicle.stand_until(max(vehicle.clock.now(), shifted(run.departs(i), -_CLOSE_S)))
        await self._hold(run, i)
        late = lines.platforms.from_trains(run.trip, run.day.date, i, vehicle.clock.now())
        if late:
            await self._exchange(run, i, late, "train")
        vehicle.doors = Doors.CLOSED
        hesitation_s = lines.chance.exponential(2.0, vehicle.spec.vehicle_id, *_key(run, i), "go")
        await vehicle.stand_until(shifted(vehicle.clock.now(), _CLOSE_S + min(hesitation_s, 15.0)))
        lines.platforms.departed(run.trip, run.day.date, i)

    async def _arrive(self, run: Run, i: int) -> None:
        riders = self._lines.platforms.waiting(run.trip, run.day.date, i)
        await self._exchange(run, i, riders, "stop")
        if i == run.last:
            self._vehicle.doors = Doors.CLOSED

    async def _exchange(self, run: Run, i: int, waiting: Sequence[Passenger], purpose: str) -> None:
        vehicle, lines = self._vehicle, self._lines
        happened = exchange(self._aboard, waiting, call_index=i, spec=vehicle.spec)
        key = (vehicle.spec.vehicle_id, *_key(run, i), purpose)
        open_s = dwell_s(happened, lines.scenario.dwell, deviation=lines.chance.normal(0.0, 1.0, *key))
        ramp_s = happened.ramps * lines.scenario.dwell.ramp_s
        await self._open(open_s, ramp_s, happened)
        lines.platforms.boarded(happened.boarded)
        lines.platforms.leave_behind(run.trip, i, happened.left_behind)

    async def _open(self, open_s: float, ramp_s: float, happened: Exchange) -> None:
        """Open the doors; half-way through the load changes, so that a watcher sees people leave, then board."""
        vehicle = self._vehicle
        opened = vehicle.clock.now()
        vehicle.doors = Doors.RAMP_OUT if ramp_s > 0 and vehicle.spec.has_ramp else Doors.OPEN
        await vehicle.stand_until(shifted(opened, open_s / 2))
        self._aboard = happened.aboard
        self._show_load()
        await vehicle.stand_until(shifted(opened, open_s))
        vehicle.doors = Doors.OPEN

    def _show_load(self) -> None:
        self._vehicle.passengers = len(self._aboard)
        self._vehicle.wheelchairs = sum(rider.in_wheelchair for rider in self._aboard)

    async def _hold(self, run: Run, i: int) -> None:
        """Ask whether to wait for a train, and wait as long as told or until its riders are here."""
        vehicle, lines = self._vehicle, self._lines
        if not lines.platforms.is_train_expected(run.trip, run.day.date, i):
            return
        is_held = False
        while True:
            holds = await lines.api.holds()
            until = max((h.hold_until for h in holds if h.trip == run.ref and h.hold_until is not None), default=None)
            now = vehicle.clock.now()
            if until is None or until <= now:
                break
            is_held = True
            await vehicle.stand_until(min(until, shifted(now, _ASK_AGAIN_S)))
        lines.holds += is_held

    async def _drive(self, run: Run, i: int) -> None:
        vehicle, lines = self._vehicle, self._lines
        vehicle.mode = self._driving
        key = (vehicle.spec.vehicle_id, *_key(run, i))
        leg = self._leg(run, i)
        traffic = lines.scenario.traffic
        if lines.chance.happens(traffic.obstacle_share, *key, "obstacle") and leg.drive.profile.duration_s > 0:
            await self._drive_past_obstacle(run, i, key)
        else:
            await vehicle.drive(leg, began=vehicle.clock.now())

    async def _drive_past_obstacle(self, run: Run, i: int, key: tuple[str | int, ...]) -> None:
        """Stop between two stops; on an automated vehicle the attendant takes over and hands back."""
        vehicle, lines = self._vehicle, self._lines
        chainages = run.trip.pattern.stop_chainage_m
        share = lines.chance.between(0.2, 0.8, *key, "obstacle place")
        there_m = chainages[i] + share * (chainages[i + 1] - chainages[i])
        wanted_s = self._wanted_s(run, i)
        way = lines.track(run.trip)
        before = vehicle.planner.between(way, chainages[i], there_m, wanted_s=wanted_s * share)
        await vehicle.drive(before, began=vehicle.clock.now())
        if self._driving is not DrivingMode.MANUAL:
            vehicle.mode = DrivingMode.MANUAL
        stands_s = lines.chance.exponential(lines.scenario.traffic.obstacle_mean_s, *key, "obstacle time")
        await vehicle.stand_until(shifted(vehicle.clock.now(), min(stands_s, 180.0)))
        vehicle.mode = self._driving
        after = vehicle.planner.between(way, there_m, chainages[i + 1], wanted_s=wanted_s * (1 - share))
        await vehicle.drive(after, began=vehicle.clock.now())

    def _leg(self, run: Run, i: int) -> Leg:
        chainages = run.trip.pattern.stop_chainage_m
        way = self._lines.track(run.trip)
        return self._vehicle.planner.between(way, chainages[i], chainages[i + 1], wanted_s=self._wanted_s(run, i))

    def _wanted_s(self, run: Run, i: int) -> float:
        """Return the driving time today: the fastest, plus this hour's traffic, plus this drive's own."""
        traffic, chance = self._lines.scenario.traffic, self._lines.chance
        fastest_s = run.trip.fastest_s
        scheduled_s = seconds_between(run.departs(i), run.arrives(i + 1))
        base_s = float(fastest_s[i + 1]) if fastest_s is not None else scheduled_s
        hour = run.departs(i) // _HOUR_MS
        extra = self._lines.slower_frac(run.departs(i))
        extra += chance.normal(traffic.mean_frac, traffic.day_deviation_frac, "traffic", hour)
        extra += chance.normal(0.0, traffic.deviation_frac, "traffic", *_key(run, i))
        return base_s * min(max(1.0 + extra, 0.95), _SLOWEST_FRAC)

    async def _reach(self, place: LatLon) -> None:
        """Drive to where a trip starts, off service."""
        vehicle = self._vehicle
        here = vehicle.place or place
        away_m = distance_m(here, place)
        if away_m <= _SAME_PLACE_M:
            return
        way = straight_way(here, place) if away_m <= _NEXT_PLATFORM_M else self._lines.ways.between(here, place)
        vehicle.mode = DrivingMode.MANUAL
        vehicle.doors = Doors.CLOSED
        await vehicle.drive(vehicle.planner.along(way, pace_factor=_DEADHEAD_PACE), began=vehicle.clock.now())


def _duties(runs: Sequence[Run]) -> list[list[Run]]:
    """Return runs in stretches without a long rest."""
    duties: list[list[Run]] = []
    for run in runs:
        if duties and run.departs(0) - duties[-1][-1].arrives(duties[-1][-1].last) <= _REST_S * 1000:
            duties[-1].append(run)
        else:
            duties.append([run])
    return duties


def driving_mode(sae_level: int) -> DrivingMode:
    """Return who drives in ordinary service: up to SAE level 2 a person supervises all the time (SAE J3016)."""
    if sae_level == 0:
        return DrivingMode.MANUAL
    return DrivingMode.ASSISTED if sae_level <= _SUPERVISED else DrivingMode.AUTOMATED


def _key(run: Run, i: int) -> tuple[str | int, ...]:
    return run.trip.trip_id, run.day.date.isoformat(), i
