"""The dispatcher at the telephone: takes drivers' calls, chooses repairs, and tells riders what changed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mobility.core.clock import Clock, Instant, seconds_between, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from mobility.core.region import Region
from sim.chance import Chance
from sim.edge.passengers import Passengers
from sim.edge.public_api import PublicApi, Stopover, moment_of, window_of
from sim.scenario import Upsets
from sim.upsets import CLOSED_RADIUS_M, Closure, Illness, UpsetDay

LOOK_EVERY_S = 60.0
_THINK_S = 45.0
"""From a driver's call to the published repair; assumed."""
_CALL_S = 75.0
"""One call to a rider, reached or not; assumed."""
_AGAIN_S = 300.0
"""Whoever was not reached is called again after this; a late bus is looked at again after this."""
_HURRY_S = 60.0
"""Both sooner where the time that a rider knows is over soon, yet not more often than this; assumed."""

_MORE_S = 180
"""What a dispatcher adds to the delay that is seen; assumed."""

_Step = Callable[[], Awaitable[None]]


class Dispatcher:
    """Uses the interface that every dispatcher uses, one thing after the other."""

    def __init__(
        self,
        api: PublicApi,
        *,
        region: Region,
        clock: Clock,
        passengers: Passengers,
        upsets: Upsets,
        chance: Chance,
    ) -> None:
        """Start with nothing to do."""
        self._passengers = passengers
        self._api = api
        self._region = region
        self._clock = clock
        self._upsets = upsets
        self._chance = chance
        self._calls: asyncio.Queue[_Step] = asyncio.Queue()
        self._tried: dict[str, tuple[Instant, int]] = {}
        self._seen_late: dict[VehicleId, Instant] = {}
        self.repairs = 0
        """Repairs that were published."""
        self.calls = 0
        """Calls to riders, reached or not."""

    def stands_still(self, vehicle_id: VehicleId, lasts_s: float) -> None:
        """Take the call of a driver whose bus will stand for so long."""
        body = {"kind": "vehicle_late", "vehicle_id": vehicle_id, "delay_s": round(lasts_s)}
        self._calls.put_nowait(lambda: self._repaired(body))

    def stands_there(self, task: Stopover, *, seats: int, wheelchairs: int) -> asyncio.Event:
        """Take the call of a driver before whom another party stands than was booked."""
        load = {"seats": seats, "wheelchairs": wheelchairs}
        body = {"kind": "unannounced_load", "booking_id": task.reference, "load": load}
        decided = asyncio.Event()

        async def decide() -> None:
            await self._repaired(body)
            decided.set()

        self._calls.put_nowait(decide)
        return decided

    async def run(self, days: Sequence[UpsetDay]) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for day in days:
                for ill in day.illnesses:
                    group.create_task(self._at(ill.told_at, self._ill(ill)))
                for closed in day.closures:
                    group.create_task(self._at(closed.told_at, self._closed(closed)))
            group.create_task(self._work())

    async def _at(self, moment: Instant, step: _Step) -> None:
        await self._clock.sleep(max((moment - self._clock.now()) / 1000, 0.0))
        self._calls.put_nowait(step)

    async def _work(self) -> None:
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            while await self._next():
                pass

    async def _next(self) -> bool:
        """Do what is most urgent: who calls, then who is late, then one rider; return whether a rider was called."""
        while not self._calls.empty():
            await self._calls.get_nowait()()
        for risk in await self._api.at_risk():
            await self._late(risk)
        for news in await self._api.tellings():
            if await self._tell(news):
                return True
        return False

    async def _late(self, risk: dict[str, Any]) -> None:
        vehicle_id, now = VehicleId(risk["vehicle_id"]), self._clock.now()
        if now < self._seen_late.get(vehicle_id, now):
            return
        # A little more than is seen now: the jam is not over while the bus stands in it.
        delay_s = max(round(risk["delay_s"]), 0) + _MORE_S
        await self._repaired({"kind": "vehicle_late", "vehicle_id": vehicle_id, "delay_s": delay_s})
        self._seen_late[vehicle_id] = _again(self._clock.now(), [moment_of(each["latest"]) for each in risk["late"]])

    def _ill(self, ill: Illness) -> _Step:
        body = {
            "kind": "driver_missing",
            "vehicle_id": ill.vehicle_id,
            "begins": self._api.iso(ill.shift.earliest),
            "ends": self._api.iso(ill.shift.latest),
        }
        return lambda: self._repaired(body)

    def _closed(self, closure: Closure) -> _Step:
        place: LatLon = self._region.stops[closure.stop_id].place
        body = {
            "kind": "road_closed",
            "area_id": closure.area_id,
            "begins": self._api.iso(closure.span.earliest),
            "ends": self._api.iso(closure.span.latest),
            "centre": {"lat": place.lat_deg, "lon": place.lon_deg},
            "radius_m": CLOSED_RADIUS_M,
        }
        return lambda: self._repaired(body)

    async def _repaired(self, body: dict[str, Any]) -> None:
        """Report what happened and publish the answer that does the least harm."""
        await self._clock.sleep(_THINK_S)
        draft = await self._api.report_disruption(body)
        proposals = draft.get("proposals", ())
        if proposals:
            self.repairs += await self._api.publish_repair(draft["draft_id"], proposals[0]["choice"])

    async def _tell(self, news: dict[str, Any]) -> bool:
        """Call a rider with news unless that was tried just now; return whether there was a call."""
        key, now = f"{news['reference']}-{news['news_id']}", self._clock.now()
        after, tries = self._tried.get(key, (now, 0))
        if now < after:
            return False
        await self._clock.sleep(_CALL_S)
        is_reached = self._chance.happens(self._upsets.reached_share, key, tries, "reached")
        outcome = "reached" if is_reached else "not_reached"
        replaced = [window_of(told).latest for kind, told in news["told"].items() if told and news["new"][kind]]
        self._tried[key] = _again(self._clock.now(), replaced), tries + 1
        self.calls += 1
        if is_reached and news["new"]["pickup"]:
            self._passengers.told(news["reference"], window_of(news["new"]["pickup"]))
        await self._api.tell(news["reference"], {"outcome": outcome, "news_id": news["news_id"]}, f"{key}-{tries}")
        return True


def _again(now: Instant, told: Sequence[Instant]) -> Instant:
    """Return when to come back to something; ``told`` is when the times end that riders know so far.

    Half of the time that is left is still time to call somebody; once it is over there is nothing to hurry for.
    """
    left_s = min((seconds_between(now, ends) for ends in told if ends > now), default=2 * _AGAIN_S)
    return shifted(now, min(max(left_s / 2, _HURRY_S), _AGAIN_S))
