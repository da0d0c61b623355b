"""Setting up a repair: which tours go on, which rides are freed by force, and what no vehicle can reach any more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dispatch.closures import cut_off
from dispatch.disruption import Upset, upset
from dispatch.lanes import Lane, duty_of, lane_of
from dispatch.quote import Service
from dispatch.reinsertion import Bench, Ride
from dispatch.rescue import is_transfer, transfer_task
from dispatch.route import UNREACHABLE_MS
from dispatch.shift_change import with_shift_changes
from dispatch.tours import route_of
from dispatch.weighing import Case
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.fold import State
from mobility.core.ids import BookingId, StopId, TaskId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour


def case_of(
    service: Service, state: State, disruption: Disruption, now: Instant, *, before: DayPlan, roads: Service
) -> Case:
    """Return the case of a disruption; ``roads`` drives as roads are then, ``service`` as the plan was made."""
    known = upset(roads, state, disruption, now)
    known = replace(known, plan=with_shift_changes(roads, known.state, known.plan, now))
    passed = {k: _passed(roads, known.state, tour, now) for k, tour in enumerate(known.plan.tours)}
    opener = _Opener(roads, known, disruption, now, passed)
    lanes, freed = opener.opened()
    everywhere = disruption.kind is DisruptionKind.ROAD_CLOSED
    return Case(
        service=roads,
        disruption=disruption,
        now=now,
        before=before,
        cost_before_ms=_cost_ms(service, state, before, now),
        upset=known,
        bench=Bench(roads, now),
        lanes=lanes,
        freed=freed,
        passed=passed,
        cut_off=opener.cut,
        stuck=frozenset(opener.stuck),
        touched=frozenset(k for k, tour in enumerate(known.plan.tours) if everywhere or tour != before.tours[k]),
    )


def without(case: Case, rides: Iterable[BookingId]) -> tuple[dict[int, Lane], tuple[Ride, ...]] | None:
    """Return the lanes without some rides and these as rides to be put back; ``None`` when a lane falls apart."""
    named = set(rides)
    lanes = dict(case.lanes)
    freed: list[Ride] = []
    for position, lane in case.lanes.items():
        mine = [booking_id for booking_id in lane.movable() if booking_id in named]
        if not mine:
            continue
        shorter = _lane_without(case.service, case.upset.state, lane, mine, case.now)
        if shorter is None:
            return None
        lanes[position] = shorter
        tasks = [call.task for call in lane.calls]
        freed.extend(_ride(case.upset.state, tasks, booking_id, position) for booking_id in mine)
    return lanes, tuple(freed)


def _lane_without(service: Service, state: State, lane: Lane, rides: Iterable[BookingId], now: Instant) -> Lane | None:
    tour = lane.route.tour
    gone, passed = set(rides), lane.route.passed
    left = tuple(task for k, task in enumerate(tour.tasks) if k < passed or task.booking_id not in gone)
    return lane_of(service, state, lane.position, replace(tour, tasks=left), now)


class _Opener:
    """Opens every tour that goes on and frees the rides of those that do not."""

    def __init__(
        self, service: Service, known: Upset, disruption: Disruption, now: Instant, passed: Mapping[int, int]
    ) -> None:
        self._service = service
        self._known = known
        self._disruption = disruption
        self._now = now
        self._passed = passed
        self._homes = _homes(service, known, now)
        self._unserved = frozenset(_unserved(service, known.plan, passed, self._homes))
        self.cut: dict[BookingId, StopId] = {}
        self.stuck: set[BookingId] = set()

    def opened(self) -> tuple[dict[int, Lane], tuple[Ride, ...]]:
        """Return the lanes and the freed rides."""
        lanes: dict[int, Lane] = {}
        freed: list[Ride] = []
        for position, tour in enumerate(self._known.plan.tours):
            reachable = self._reachable(tour, self._passed[position])
            lane = None if tour.out_from is not None else self._lane(position, reachable, freed)
            if lane is None:
                freed.extend(self._all_freed(position, reachable))
            else:
                lanes[position] = lane
        return lanes, tuple(freed)

    def _lane(self, position: int, tour: Tour, freed: list[Ride]) -> Lane | None:
        """Return the tour's lane; rides that make it impossible are freed, ``None`` when it is so without them."""
        lane = lane_of(self._service, self._known.state, position, tour, self._now)
        if lane is not None:
            return lane
        passed = self._passed[position]
        route = route_of(
            tour, self._service.fleet[tour.shift.vehicle_id], self._known.state.bookings, self._now, self._service.drive
        )
        fixed = {task.booking_id for task in tour.tasks[: passed + route.frozen]}
        movable = [
            task.booking_id
            for task in tour.tasks[passed:]
            if task.kind is TaskKind.PICKUP and task.booking_id not in fixed
        ]
        gone = set(movable)
        left = tuple(task for k, task in enumerate(tour.tasks) if k < passed or task.booking_id not in gone)
        lane = lane_of(self._service, self._known.state, position, replace(tour, tasks=left), self._now)
        if lane is not None:
            freed.extend(_ride(self._known.state, tour.tasks[passed:], booking_id, position) for booking_id in movable)
        return lane

    def _reachable(self, tour: Tour, passed: int) -> Tour:
        """Return the tour without the rides to or from stops that nobody reaches, which are kept in mind.

        Who is aboard already gets out at the nearest stop that is reached.
        """
        open_tasks = tour.tasks[passed:]
        boarding = {task.booking_id for task in open_tasks if task.kind is TaskKind.PICKUP}
        gone: set[BookingId] = set()
        moved: dict[TaskId, StopId] = {}
        for task in open_tasks:
            if task.stop_id in self._unserved:
                if task.booking_id not in boarding and (instead := self._nearest(task.stop_id)) is not None:
                    moved[task.task_id] = instead
                    self.stuck.add(task.booking_id)
                    continue
                gone.add(task.booking_id)
                if task.booking_id in boarding and not any(is_transfer(t.task_id) for t in open_tasks):
                    self.cut.setdefault(task.booking_id, task.stop_id)
                else:
                    self.stuck.add(task.booking_id)
        if not (gone or moved):
            return tour
        left = (task for k, task in enumerate(tour.tasks) if k < passed or task.booking_id not in gone)
        return replace(tour, tasks=tuple(replace(t, stop_id=moved.get(t.task_id, t.stop_id)) for t in left))

    def _nearest(self, stop_id: StopId) -> StopId | None:
        """Return the stop that is reached nearest to one that is not; ``None`` where no stop is."""
        drive, stops = self._service.drive, self._service.area.stops
        unserved = {*cut_off(stops, self._homes, drive), stop_id}
        # On the way out of a closed road, which is open to whoever stands in it.
        ways = sorted((drive(stop_id, stop), stop) for stop in stops if stop not in unserved)
        return ways[0][1] if ways and ways[0][0] < UNREACHABLE_MS else None

    def _all_freed(self, position: int, tour: Tour) -> list[Ride]:
        """Return every ride of a vehicle that does not go on; riders aboard are to be fetched where it stands."""
        state, passed = self._known.state, self._passed[position]
        open_tasks = tour.tasks[passed:]
        boarding = {task.booking_id for task in open_tasks if task.kind is TaskKind.PICKUP}
        stop_id = self._stands(tour)
        moment = max(self._now, tour.out_from or self._now)
        rides: list[Ride] = []
        for task in open_tasks:
            if task.kind is TaskKind.PICKUP:
                rides.append(_ride(state, open_tasks, task.booking_id, position))
            elif task.booking_id not in boarding:
                fetch = transfer_task(tour, task, stop_id, moment)
                booking = state.bookings[task.booking_id]
                rides.append(Ride(booking, fetch, task, position, is_aboard=True))
        return rides

    def _stands(self, tour: Tour) -> StopId:
        if self._disruption.stop_id is not None and self._disruption.vehicle_id == tour.shift.vehicle_id:
            return self._disruption.stop_id
        spec = self._service.fleet[tour.shift.vehicle_id]
        return route_of(tour, spec, self._known.state.bookings, self._now, self._service.drive).duty.start


def _ride(state: State, tasks: Iterable[Task], booking_id: BookingId, home: int) -> Ride:
    mine = {task.kind: task for task in tasks if task.booking_id == booking_id}
    pickup = mine[TaskKind.PICKUP]
    booking = state.bookings[booking_id]
    # Whoever waits for a transfer sits in a broken vehicle, whichever van was to come.
    return Ride(booking, pickup, mine[TaskKind.DROPOFF], home, is_aboard=is_transfer(pickup.task_id))


def _passed(service: Service, state: State, tour: Tour, now: Instant) -> int:
    return route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive).passed


def _homes(service: Service, known: Upset, now: Instant) -> tuple[StopId, ...]:
    """Return the depots, and where vehicles stand that can not get there."""
    tours, bookings = known.plan.tours, known.state.bookings
    routes = (route_of(t, service.fleet[t.shift.vehicle_id], bookings, now, service.drive) for t in tours)
    stands = (duty_of(route, now, service.drive).depot for route in routes if not route.is_out)
    return tuple(dict.fromkeys((*(tour.shift.depot for tour in tours), *stands)))


def _unserved(
    service: Service, plan: DayPlan, passed: Mapping[int, int], homes: Sequence[StopId]
) -> tuple[StopId, ...]:
    stops = [task.stop_id for k, tour in enumerate(plan.tours) for task in tour.tasks[passed[k] :]]
    return cut_off(stops, homes, service.drive)


def _cost_ms(service: Service, state: State, plan: DayPlan, now: Instant) -> int:
    lanes = (lane_of(service, state, k, tour, now) for k, tour in enumerate(plan.tours))
    return sum(lane.times.cost_ms for lane in lanes if lane is not None)
