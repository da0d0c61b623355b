"""The citizen bus: follows its manifest, waits for its riders, comes home at the end of the shift."""

from collections.abc import Mapping
from datetime import date

from mobility.core.booking import Window
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.vehicle import Doors, DrivingMode
from sim.chance import Chance
from sim.edge.control import Control
from sim.edge.passengers import Passengers
from sim.edge.public_api import PublicApi, Stopover
from sim.edge.tablet import Tablet
from sim.edge.vehicle import Vehicle
from sim.leg import Leg
from sim.roads import Roads
from sim.route import Way
from sim.scenario import Scenario
from sim.upsets import UpsetDay

_PREPARE_S = 1200
"""The driver comes this long before the shift: switches on, checks tyres, ramp and the sheet of the day."""
_PARK_S = 300
_LOOK_S = 60.0
"""A driver with nothing to do looks at the manifest this often."""
_LEAVE_EARLY_S = 120.0
"""Drivers set off this much before the manifest's times would need it; dispatch freezes the next stop by then."""
_THINK_S = 5.0
"""A driver whose manifest changed on the way reads it before setting off again."""
_HERE_M = 20.0
_WALLBOX_W = 11_000.0
"""The club's charger; assumed."""
_LOW_FRAC = 0.5
_WORTH_CHARGING_S = 1200.0
_CLOSE_S = 3.0
_BOARDING_RESERVE_S = 60.0
ANSWER_S = 60.0
"""The control room never answers sooner: it has to look at the plan."""
_LATE_GRACE_S = 120.0
"""A driver who is late waits at least this long before giving somebody up."""
_AS_PLANNED = 1.1
"""Expected driving time over free flow, for deciding when to leave."""


class CitizenBusDriver:
    """Drives one citizen bus. Counters are read for the scorecard."""

    def __init__(
        self,
        vehicle: Vehicle,
        *,
        roads: Roads,
        control: Control,
        api: PublicApi,
        passengers: Passengers,
        scenario: Scenario,
        chance: Chance,
    ) -> None:
        """Take the vehicle over."""
        self._vehicle = vehicle
        self._roads = roads
        self._control = control
        self._tablet = Tablet(api, vehicle)
        self._passengers = passengers
        self._scenario = scenario
        self._chance = chance
        self._day = date.min
        self._upsets = UpsetDay()
        self._stalled: set[Instant] = set()
        self._drives = 0
        self.boarded = 0
        self.alighted = 0
        self.no_shows = 0
        self.pickups_late = 0

    async def day(self, day: date, shifts: Mapping[Window, LatLon], upsets: UpsetDay) -> None:
        """Drive the shifts of a day, given in order with their depots, from the first depot back to the last one."""
        self._day, self._upsets = day, upsets
        clock = self._vehicle.clock
        left = [(span, depot) for span, depot in shifts.items() if span.latest > clock.now()]
        if not left:
            return
        await self._vehicle.rest_until(shifted(left[0][0].earliest, -_PREPARE_S))
        self._vehicle.mode = DrivingMode.MANUAL
        self._vehicle.switch_on(left[0][1])
        for span, depot in left:
            await self._vehicle.stand_until(max(span.earliest, clock.now()))
            if not self._upsets.is_ill(self._vehicle.spec.vehicle_id, span):
                await self._shift(span, depot)
        await self._vehicle.stand_until(shifted(clock.now(), _PARK_S))
        await self._tablet.refresh(day)
        self._vehicle.switch_off()

    async def _shift(self, span: Window, depot: LatLon) -> None:
        vehicle, clock = self._vehicle, self._vehicle.clock
        while True:
            await self._stall(span)
            tasks = [task for task in await self._tablet.open_tasks(self._day) if task.begin < span.latest]
            now = clock.now()
            if not tasks and now >= self._home_by(span, depot):
                break
            if tasks and (now >= self._leave_at(tasks[0]) or vehicle.passengers > 0):
                await self._do(tasks[0])
            else:
                await self._idle(depot, self._leave_at(tasks[0]) if tasks else span.latest)
        await self._go_home(depot)
        await self._charge_until(max(span.latest, clock.now()))

    async def _idle(self, depot: LatLon, until: Instant) -> None:
        """Wait a little where the vehicle stands; at its charger charge, and drive there when it is worth it."""
        vehicle, now = self._vehicle, self._vehicle.clock.now()
        is_home = distance_m(self._here(), depot) <= _HERE_M
        if is_home:
            await self._charge_until(shifted(now, _LOOK_S))
            return
        drive_s = self._way(depot).free_flow_s * _AS_PLANNED
        if vehicle.charge_frac < _LOW_FRAC and seconds_between(now, until) > 2 * drive_s + _WORTH_CHARGING_S:
            await self._go_home(depot)
        else:
            await vehicle.stand_until(shifted(now, _LOOK_S))

    async def _charge_until(self, moment: Instant) -> None:
        self._vehicle.charging_w = _WALLBOX_W
        await self._vehicle.stand_until(moment)
        self._vehicle.charging_w = 0.0

    async def _do(self, task: Stopover) -> None:
        """Drive to a task and do it, unless the manifest has another one first by then."""
        reached = await self._reach(task)
        if reached is None:
            await self._vehicle.stand_until(shifted(self._vehicle.clock.now(), _THINK_S))
            return
        task = reached
        if task.is_pickup:
            await self._pick_up(task)
        else:
            await self._set_down(task)
        self._vehicle.doors = Doors.CLOSED
        await self._vehicle.stand_until(shifted(self._vehicle.clock.now(), _CLOSE_S))

    async def _pick_up(self, task: Stopover) -> None:
        vehicle, clock = self._vehicle, self._vehicle.clock
        reserve_s = task.service_s + _BOARDING_RESERVE_S
        arrived = clock.now()
        rider_there: Instant | None = arrived  # whoever changes over from a broken bus stands beside it
        if not task.is_transfer:
            rider_there = self._passengers.stands_at(task.reference, task.window, arrived, reserve_s=reserve_s)
        await vehicle.stand_until(max(arrived, task.window.earliest))
        if rider_there is None:
            await vehicle.stand_until(max(task.window.latest, shifted(arrived, _LATE_GRACE_S)))
            if await self._wanted(task) is not None:
                self.no_shows += 1
                await self._tablet.report(task, "no_show", clock.now())
            return
        await vehicle.stand_until(max(clock.now(), rider_there))
        await self._look_who_stands_there(task)
        wanted = await self._wanted(task)
        if wanted is None:
            return
        task = wanted
        self.pickups_late += clock.now() > task.window.latest
        await self._open(task)
        vehicle.passengers += task.seats + task.wheelchairs
        vehicle.wheelchairs += task.wheelchairs
        self.boarded += 1
        await self._tablet.report(task, "boarded", clock.now())

    async def _set_down(self, task: Stopover) -> None:
        vehicle, clock = self._vehicle, self._vehicle.clock
        # Nobody is put out in the rain before the time they were told to be there.
        await vehicle.stand_until(max(clock.now(), shifted(task.window.earliest, -task.service_s)))
        await self._open(task)
        vehicle.passengers = max(vehicle.passengers - task.seats - task.wheelchairs, 0)
        vehicle.wheelchairs = max(vehicle.wheelchairs - task.wheelchairs, 0)
        self.alighted += 1
        await vehicle.stand_until(max(clock.now(), task.window.earliest))
        await self._tablet.report(task, "alighted", clock.now())

    async def _open(self, task: Stopover) -> None:
        vehicle = self._vehicle
        vehicle.doors = Doors.RAMP_OUT if task.wheelchairs and vehicle.spec.has_ramp else Doors.OPEN
        share = min(max(self._chance.normal(0.85, 0.12, "service", task.task_id), 0.5), 1.2)
        await vehicle.stand_until(shifted(vehicle.clock.now(), task.service_s * share))

    async def _wanted(self, task: Stopover) -> Stopover | None:
        """Return the task as the newest manifest has it, ``None`` where it has it no more."""
        tasks = await self._tablet.open_tasks(self._day)
        return next((other for other in tasks if other.task_id == task.task_id), None)

    async def _look_who_stands_there(self, task: Stopover) -> None:
        """Call the control room where a wheelchair stands at the stop that nobody booked, and wait for its word."""
        is_other = self._chance.happens(self._scenario.upsets.unannounced_share, task.task_id, "unannounced")
        if is_other and task.seats > 1 and not task.wheelchairs and not task.is_transfer:
            answered = self._control.stands_there(task, seats=task.seats - 1, wheelchairs=1)
            await self._vehicle.stand_until(shifted(self._vehicle.clock.now(), ANSWER_S))
            await answered.wait()

    async def _stall(self, shift: Window) -> None:
        """Stand still where the day has it so, and call the control room."""
        stall = self._upsets.stall_of(self._vehicle.spec.vehicle_id, shift)
        clock = self._vehicle.clock
        if stall is None or clock.now() < stall.at or stall.at in self._stalled:
            return
        self._stalled.add(stall.at)
        self._control.stands_still(self._vehicle.spec.vehicle_id, stall.lasts_s)
        await self._vehicle.stand_until(shifted(clock.now(), stall.lasts_s))

    async def _reach(self, task: Stopover) -> Stopover | None:
        """Drive to a task; return it as the newest manifest has it, ``None`` where it is not the one to do any more."""
        if distance_m(self._here(), task.place) > _HERE_M:
            await self._vehicle.stand_until(shifted(self._vehicle.clock.now(), self._jam_s()))
            await self._vehicle.drive(self._leg(task.place), began=self._vehicle.clock.now())
        tasks = await self._tablet.open_tasks(self._day)
        return tasks[0] if tasks and tasks[0].task_id == task.task_id else None

    async def _go_home(self, depot: LatLon) -> None:
        if distance_m(self._here(), depot) > _HERE_M:
            await self._vehicle.drive(self._leg(depot), began=self._vehicle.clock.now())

    def _jam_s(self) -> float:
        upsets = self._scenario.upsets
        key = (self._vehicle.spec.vehicle_id, "jam", self._day.isoformat(), self._drives)
        if not self._chance.happens(upsets.jam_share, *key):
            return 0.0
        return self._chance.exponential(upsets.jam_mean_s, *key, "length")

    def _way(self, place: LatLon) -> Way:
        return self._roads.between(self._here(), place, self._upsets, self._vehicle.clock.now())

    def _leg(self, place: LatLon) -> Leg:
        self._drives += 1
        traffic = self._scenario.traffic
        key = (self._vehicle.spec.vehicle_id, "drive", self._day.isoformat(), self._drives)
        # A drive across the district evens out what differs from one stop to the next.
        pace = self._chance.normal(1 + traffic.mean_frac, traffic.deviation_frac / 2, *key)
        return self._vehicle.planner.along(self._way(place), pace_factor=max(pace, 1.0))

    def _leave_at(self, task: Stopover) -> Instant:
        away = distance_m(self._here(), task.place) > _HERE_M
        drive_s = self._way(task.place).free_flow_s * _AS_PLANNED if away else 0.0
        return shifted(max(task.begin, task.window.earliest), -drive_s - _LEAVE_EARLY_S)

    def _home_by(self, span: Window, depot: LatLon) -> Instant:
        away = distance_m(self._here(), depot) > _HERE_M
        drive_s = self._way(depot).free_flow_s * _AS_PLANNED if away else 0.0
        return shifted(span.latest, -drive_s - _LEAVE_EARLY_S)

    def _here(self) -> LatLon:
        place = self._vehicle.place
        if place is None:
            raise RuntimeError("a citizen bus must be switched on before it drives")
        return place
