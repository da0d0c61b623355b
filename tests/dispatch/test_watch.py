"""Who will be late is known, and told to the control room, before the promise breaks."""

import asyncio
from collections.abc import Callable, Mapping

from dispatch.edge.promise_watch import PromiseWatch
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, StopId, VehicleId
from mobility.core.supervision import AlarmKind
from mobility.core.vehicle import Sample, VehicleState
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import at, wish


class Seen:
    """Positions as a test sets them."""

    def __init__(self) -> None:
        self.states: dict[VehicleId, VehicleState] = {}

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        return self.states

    def subscribe(self, listener: Callable[[VehicleState], None]) -> None:
        raise NotImplementedError

    def put(self, here: Room, vehicle_id: VehicleId, place: LatLon) -> None:
        now = here.clock.now()
        sample = Sample(vehicle_id=vehicle_id, boot_id=BootId("b"), seq=1, device_time=now, place=place)
        self.states[vehicle_id] = VehicleState(sample=sample, as_of=now, received_at=now)


def watched(story: Callable[[Room, PromiseWatch, Seen], object]) -> None:
    async def main() -> None:
        here, seen = room(), Seen()
        await here.book(wish("F", "C", "10:00"))
        await story(here, PromiseWatch(here.dispatch, here.ledger, seen), seen)  # type: ignore[misc] - an async story

    asyncio.run(main())


def kinds(here: Room) -> list[AlarmKind]:
    return [alarm.kind for alarm in here.ledger.state.supervised.alarms.values()]


def test_nobody_is_at_risk_while_all_goes_as_planned() -> None:
    async def story(here: Room, watch: PromiseWatch, seen: Seen) -> None:
        here.clock.moment = at("09:40")
        assert await watch.look() == ()
        assert kinds(here) == []

    watched(story)


def test_a_bus_that_is_still_far_away_raises_an_alarm_once_and_clears_it_when_it_catches_up() -> None:
    async def story(here: Room, watch: PromiseWatch, seen: Seen) -> None:
        (plan,) = here.ledger.state.plans.values()
        tour = plan.tours[0]
        stops = here.dispatch.region.stops
        here.clock.moment = at("10:12")
        seen.put(here, tour.shift.vehicle_id, stops[StopId("A")].place)
        (risk,) = await watch.look()
        assert risk.late[0].latest < risk.late[0].expected
        await watch.look()
        assert kinds(here) == [AlarmKind.PROMISE_AT_RISK]
        seen.put(here, tour.shift.vehicle_id, stops[StopId("F")].place)
        assert await watch.look() == ()
        assert kinds(here) == []

    watched(story)


def test_an_old_position_says_nothing() -> None:
    async def story(here: Room, watch: PromiseWatch, seen: Seen) -> None:
        (plan,) = here.ledger.state.plans.values()
        here.clock.moment = at("10:05")
        seen.put(here, plan.tours[0].shift.vehicle_id, here.dispatch.region.stops[StopId("A")].place)
        here.clock.moment = at("10:10")
        assert await watch.look() == ()

    watched(story)
