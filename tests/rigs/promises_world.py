"""The world around the dispatch service: riders, drivers and a dispatcher, who know only its HTTP interface.

Time is virtual: everybody has a next instant at which to act, the earliest acts first, and nothing takes time between.
"""

import heapq
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from mobility.core.clock import Instant, datetime_at, instant, shifted
from mobility.core.ids import StopId, VehicleId
from mobility.core.region import Region
from tests.fakes.clock import SettableClock
from tests.rigs.promises_day import JAM_SHARE, Blow, Caller, DayScript

LOOK_S = 60.0
"""So often an idle driver looks at the manifest, and the dispatcher at the desk."""
CALL_S = 60.0
"""One call, reached or not."""
REACHED_SHARE = 0.85
AGAIN_S = 120.0
"""Whoever was not reached is called again after this."""
MOST_TRIES = 3
"""So often a repair is tried to be published, each time with fresh proposals."""
_BEGIN = Instant(0)
NO_SHOW_WAIT_S = 180.0
CLOSED_RADIUS_M = 150.0

Drives = Callable[[StopId, StopId], float | None]
"""Seconds from stop to stop as the roads are now at the planned pace, ``None`` where there is no way."""
Step = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Agenda:
    """Who acts when."""

    clock: SettableClock
    _queue: list[tuple[Instant, int, Step]] = field(default_factory=list)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: Instant, step: Step) -> None:
        """Let ``step`` happen at ``moment``, or now where that is past."""
        heapq.heappush(self._queue, (max(moment, self.clock.now()), next(self._count), step))

    def after(self, delay_s: float, step: Step) -> None:
        """Let ``step`` happen ``delay_s`` from now."""
        self.at(shifted(self.clock.now(), delay_s), step)

    async def run(self, ends: Instant) -> None:
        """Let everything happen up to ``ends``."""
        while self._queue and self._queue[0][0] <= ends:
            self.clock.moment, _, step = heapq.heappop(self._queue)
            await step()


@dataclass(slots=True)
class Api:
    """The service as a stranger sees it."""

    http: httpx.AsyncClient
    zone: ZoneInfo
    refused: list[str] = field(default_factory=list)
    """Commands that were refused, for the report of the rig."""
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def iso(self, moment: Instant) -> str:
        """Return an instant as the interface writes it."""
        return datetime_at(moment, self.zone).isoformat()

    async def get(self, path: str) -> dict[str, Any]:
        """Read; raises for anything but success."""
        return _body((await self.http.get(path)).raise_for_status())

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Command; ``None`` when it was refused."""
        key = {"Idempotency-Key": f"rig-{next(self._count)}"}
        answer = await self.http.post(path, json=dict(body), headers=key)
        if answer.is_server_error:
            answer.raise_for_status()
        if answer.is_success:
            return _body(answer)
        self.refused.append(f"{path}: {_body(answer).get('code', answer.status_code)}")
        return None


def _body(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    return body


def moment_of(text: str) -> Instant:
    """Return the instant of a time in an answer."""
    return instant(datetime.fromisoformat(text))


@dataclass(slots=True)
class Driver:
    """Drives a vehicle by its manifest, as it is whenever looked at."""

    vehicle_id: VehicleId
    place: StopId
    world: "World"
    is_out: bool = False
    """Broken down, or nobody is there to drive."""
    stands_until: Instant = _BEGIN
    heading: str = ""
    """Stop of the drive at hand, empty while standing."""
    begun: set[str] = field(default_factory=set)
    """Tasks it set off for: nobody gets stuck twice on the way to the same."""

    async def look(self) -> None:
        """Do what is next."""
        if self.is_out:
            return
        world, now = self.world, self.world.agenda.clock.now()
        task = await self._next()
        if now < self.stands_until:
            world.agenda.at(self.stands_until, self.look)
        elif task is None or now < moment_of(task["leave"]):
            soon = shifted(now, LOOK_S)
            world.agenda.at(soon if task is None else min(soon, moment_of(task["leave"])), self.look)
        elif task["stop_id"] != self.place:
            await self._leave(task)
        else:
            await self._serve(task)

    async def _next(self) -> dict[str, Any] | None:
        manifest = await self.world.api.get(f"/api/v1/manifests/{self.vehicle_id}")
        tasks = [task for task in manifest["tasks"] if not task["is_done"]]
        return dict(tasks[0]) if tasks else None

    async def _leave(self, task: Mapping[str, Any]) -> None:
        world = self.world
        planned_s = world.drives(self.place, StopId(task["stop_id"]))
        if planned_s is None:
            world.agenda.after(LOOK_S, self.look)
            return
        traffic = world.script.traffic
        if task["task_id"] not in self.begun and traffic.random() < JAM_SHARE:
            await self._get_stuck(traffic.uniform(180, 1200))
        else:
            self.heading = task["stop_id"]
            world.agenda.after(planned_s * traffic.uniform(0.85, 1.08), self._arrive)
        self.begun.add(task["task_id"])

    async def _get_stuck(self, lasts_s: float) -> None:
        """Stand in a jam, say so, and look at the manifest again when it is over."""
        self.stands_until = shifted(self.world.agenda.clock.now(), lasts_s)
        await self.world.dispatcher.is_told_late(self.vehicle_id, lasts_s)
        self.world.agenda.at(self.stands_until, self.look)

    async def _arrive(self) -> None:
        self.place, self.heading = StopId(self.heading), ""
        await self.look()

    async def _serve(self, task: Mapping[str, Any]) -> None:
        world, now = self.world, self.world.agenda.clock.now()
        opens = moment_of(task["window"]["earliest"])
        if now < opens:
            world.agenda.at(min(opens, shifted(now, LOOK_S)), self.look)
            return
        is_absent = task["kind"] == "pickup" and task["reference"] in world.stay_away
        wait_s = NO_SHOW_WAIT_S if is_absent else float(task["service_s"])
        outcome = "no_show" if is_absent else ("boarded" if task["kind"] == "pickup" else "alighted")

        async def report() -> None:
            if not self.is_out:
                at = {"outcome": outcome, "at": world.api.iso(world.agenda.clock.now())}
                await world.api.post(f"/api/v1/manifests/{self.vehicle_id}/tasks/{task['task_id']}", at)
                await self.look()

        world.agenda.after(wait_s, report)


@dataclass(slots=True)
class Dispatcher:
    """Sits at the desk: takes calls, publishes the least harmful repair, tells riders."""

    world: "World"
    calls_riders: bool = True
    repairs: int = 0
    stranded: int = 0
    """Riders aboard whom no proposal could bring on: they need a taxi."""
    free_at: Instant = _BEGIN
    again: dict[str, Instant] = field(default_factory=dict)
    looked: dict[str, Instant] = field(default_factory=dict)

    async def look(self) -> None:
        """Look at vehicles that will be late, and at the call list."""
        world, now = self.world, self.world.agenda.clock.now()
        await world.watches()
        for risk in (await world.api.get("/api/v1/promises/at-risk"))["at_risk"]:
            if now >= self.looked.get(risk["vehicle_id"], now):
                self.looked[risk["vehicle_id"]] = shifted(now, 300)
                await self._late(risk)
        if self.calls_riders:
            await self._call()
        world.agenda.after(LOOK_S, self.look)

    async def is_told_late(self, vehicle_id: VehicleId, delay_s: float) -> None:
        """Take a driver's call."""
        self.looked[vehicle_id] = shifted(self.world.agenda.clock.now(), 300)
        await self.repair({"kind": "vehicle_late", "vehicle_id": vehicle_id, "delay_s": round(delay_s)})

    async def repair(self, body: Mapping[str, Any]) -> None:
        """Report a disruption and publish the first proposal."""
        draft = await self.world.api.post("/api/v1/repairs/disruptions", body)
        if draft is None:
            return
        path = f"/api/v1/repairs/drafts/{draft['draft_id']}"
        for _ in range(MOST_TRIES):
            if draft is None or not draft["proposals"]:
                break
            chosen = draft["proposals"][0]
            if await self.world.api.post(f"{path}/publish", {"choice": chosen["choice"]}) is not None:
                self.repairs += 1
                self.stranded += len(chosen["stranded"])
                break
            # The plan has moved on: the draft holds fresh proposals now.
            draft = await self.world.api.get(path)

    async def _late(self, risk: Mapping[str, Any]) -> None:
        manifest = await self.world.api.get(f"/api/v1/manifests/{risk['vehicle_id']}")
        following = next((task for task in manifest["tasks"] if not task["is_done"]), None)
        if following is not None:
            delay_s = (moment_of(risk["held_until"]) - moment_of(following["leave"])) / 1000
            body = {"kind": "vehicle_late", "vehicle_id": risk["vehicle_id"], "delay_s": max(round(delay_s), 1)}
            await self.repair(body)

    async def _call(self) -> None:
        """Call everybody who has to know, the most urgent first, one after the other."""
        now = self.world.agenda.clock.now()
        self.free_at = max(self.free_at, now)
        for news in (await self.world.api.get("/api/v1/tellings"))["tellings"]:
            key = news["reference"] + news["news_id"]
            if now >= self.again.get(key, now):
                self.free_at = shifted(self.free_at, CALL_S)
                self.again[key] = shifted(self.free_at, AGAIN_S)
                self.world.agenda.at(self.free_at, _Telling(self.world, news).tell)


@dataclass(frozen=True, slots=True)
class _Telling:
    world: "World"
    news: Mapping[str, Any]

    async def tell(self) -> None:
        """Tell by telephone, or through the driver who is aboard the same bus."""
        is_aboard = self.news["state"] == "boarded"
        is_reached = is_aboard or self.world.script.traffic.random() < REACHED_SHARE
        body = {
            "outcome": "reached" if is_reached else "not_reached",
            "channel": "driver" if is_aboard else "phone",
            "news_id": self.news["news_id"],
        }
        await self.world.api.post(f"/api/v1/tellings/{self.news['reference']}", body)


@dataclass(slots=True, kw_only=True)
class World:
    """Everybody, and what is true."""

    region: Region
    script: DayScript
    agenda: Agenda
    api: Api
    drives: Drives
    watches: Step
    """Lets the server look at its promises: its own task in the background."""
    improves: Step
    """Lets the server's planner look at the day."""
    calls_riders: bool = True
    stay_away: set[str] = field(default_factory=set)
    """References of riders who will not be at the stop."""
    drivers: dict[VehicleId, Driver] = field(default_factory=dict)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        """Put everybody in place."""
        area, day = self.region.areas[0], self.script.day
        self.dispatcher = Dispatcher(self, calls_riders=self.calls_riders)
        for shift in area.shifts:
            driver = self.drivers.setdefault(shift.vehicle_id, Driver(shift.vehicle_id, shift.depot, self))
            self.agenda.at(day.at(shift.starts), driver.look)
        for caller in self.script.callers:
            self.agenda.at(caller.at, _Calling(self, caller).ask)
        for blow in self.script.blows:
            self.agenda.at(blow.told_at, _Blowing(self, blow).strike)
        self.agenda.at(day.at(area.opens - 3600), self.dispatcher.look)


@dataclass(frozen=True, slots=True)
class _Calling:
    world: World
    caller: Caller

    async def ask(self) -> None:
        """Ask for a ride and take the first offer."""
        caller, api = self.caller, self.world.api
        wish = {
            "origin": caller.origin,
            "destination": caller.destination,
            "kind": caller.kind.value,
            "at": api.iso(caller.wished),
            "seats": caller.seats,
            "channel": "phone",
        }
        answer = await api.post("/api/v1/quotes", wish)
        if not answer or not answer["offers"]:
            return
        taken = {"offer_id": answer["offers"][0]["offer_id"], "name": caller.name, "channel": "phone"}
        ride = await api.post("/api/v1/bookings", taken)
        if ride is None:
            return
        await self.world.improves()
        if caller.stays_away:
            self.world.stay_away.add(ride["reference"])
        if caller.cancels_after_s is not None:
            link = httpx.URL(ride["link"])

            async def cancel() -> None:
                key = link.params.get("key", "")
                await api.post(f"/api/v1/bookings/{ride['reference']}/cancel?key={key}", {})
                await self.world.improves()

            self.world.agenda.after(caller.cancels_after_s, cancel)


@dataclass(frozen=True, slots=True)
class _Blowing:
    world: World
    blow: Blow

    async def strike(self) -> None:
        """Let it happen, and let the dispatcher be told."""
        blow, dispatcher = self.blow, self.world.dispatcher
        body: dict[str, Any] = {"kind": blow.kind, "begins": self.world.api.iso(blow.at)}
        if blow.vehicle_id is None:
            await self._close_road(body)
            return
        driver = self.world.drivers[blow.vehicle_id]
        if driver.is_out:
            return
        body["vehicle_id"] = blow.vehicle_id
        if blow.kind == "stands_still":
            driver.stands_until = shifted(blow.at, blow.lasts_s)
            await dispatcher.is_told_late(blow.vehicle_id, blow.lasts_s)
            return
        if blow.kind == "breakdown":
            driver.is_out = True
            body["stop_id"] = driver.heading or driver.place
        else:
            self.world.agenda.at(blow.at, self._is_missing)
        await dispatcher.repair(body)

    async def _is_missing(self) -> None:
        assert self.blow.vehicle_id is not None
        self.world.drivers[self.blow.vehicle_id].is_out = True

    async def _close_road(self, body: dict[str, Any]) -> None:
        assert self.blow.stop_id is not None
        place = self.world.region.stops[self.blow.stop_id].place
        body |= {
            "ends": self.world.api.iso(shifted(self.blow.at, self.blow.lasts_s)),
            "centre": {"lat": place.lat_deg, "lon": place.lon_deg},
            "radius_m": CLOSED_RADIUS_M,
        }
        await self.world.dispatcher.repair(body)
