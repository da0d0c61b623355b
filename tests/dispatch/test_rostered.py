"""Who drives by the roster stands on the manifest, whichever came first: booking, roster, or its next version."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx

from dispatch.edge.service import Key
from dispatch.rostered import driven_by
from mobility.core.booking import Channel
from mobility.core.events import PlanPublished
from mobility.core.fold import State
from mobility.core.ids import BookingId, DriverRef
from mobility.core.plan import Tour
from tests.dispatch.room import Room, client, room
from tests.dispatch.small_region import AREA, DAY, ZONE, at, wish

PLACE = f"/api/v1/rosters/{AREA}/2025-10-07"
DUTY = "2025-10-07/Di/driver"
SETTINGS = {
    "area": AREA,
    "first": "2025-10-07",
    "last": "2025-10-07",
    "shifts": [
        {
            "group": "Di",
            "weekdays": ["tue"],
            "starts": "08:00",
            "ends": "17:00",
            "roles": ["driver", "substitute"],
            "vehicle": "bus",
        }
    ],
}
PEOPLE = [
    {"ref": "anna", "roles": "driver", "wished": 1, "most": 1},
    {"ref": "bert", "roles": "driver;substitute", "wished": 0, "most": 1},
    {"ref": "carla", "roles": "substitute", "wished": 0, "most": 1},
]
Story = Callable[[Room, httpx.AsyncClient], Awaitable[Any]]


def told(story: Story) -> Any:
    async def main() -> Any:
        here = room()
        async with client(here) as http:
            return await story(here, http)

    return asyncio.run(main())


async def planned(http: httpx.AsyncClient) -> dict[str, str]:
    body = {"settings": SETTINGS, "volunteers": PEOPLE, "work_s": 5}
    answer = await http.post("/api/v1/rosters/plan", json=body, headers={"Idempotency-Key": "plan"})
    assert answer.status_code == 201, answer.text
    return {row["duty"]: row["driver"] for row in answer.json()["assignments"]}


async def anna_cancels(http: httpx.AsyncClient) -> None:
    answer = (await http.post(f"{PLACE}/cancellations", json={"duty": DUTY})).json()
    body = {"changes": answer["proposals"][0]["changes"], "cancels": DUTY}
    done = await http.post(f"{PLACE}/assignments", json=body, headers={"Idempotency-Key": "change"})
    assert done.status_code == 200, done.text


async def driver(http: httpx.AsyncClient) -> str:
    manifest = (await http.get("/api/v1/manifests/bus", params={"date": "2025-10-07"})).json()
    return str(manifest["shifts"][0]["driver"])


def test_a_published_roster_changes_the_driver_on_the_manifest() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> list[str]:
        drivers = [await driver(http)]
        await here.book(wish("B", "E", "10:00"), key="first")
        drivers.append(await driver(http))
        assert (await planned(http))[DUTY] == "anna"
        drivers.append(await driver(http))
        await here.book(wish("A", "D", "14:00"), key="second")
        drivers.append(await driver(http))
        return drivers

    assert told(story) == ["driver-bus", "driver-bus", "anna", "anna"]


def test_the_roster_s_next_version_changes_plans_that_drive_by_the_former() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        await planned(http)
        ride = await here.book(wish("B", "E", "10:00"), key="first")
        before = here.ledger.state
        await anna_cancels(http)
        return before, here.ledger.state, await driver(http), ride.booking.booking_id

    before, after, now_drives, _ = told(story)
    assert now_drives == "bert"
    ((former, plan),) = [(before.plans[key], after.plans[key]) for key in after.plans]
    assert plan.version == former.version + 1
    assert [tour.tasks for tour in plan.tours] == [tour.tasks for tour in former.tours], "nothing else changes"


def test_rides_can_be_booked_and_cancelled_after_the_roster_changed() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        await planned(http)
        ride = await here.book(wish("B", "E", "10:00"), key="first")
        await anna_cancels(http)
        await here.book(wish("A", "D", "14:00"), key="second")
        command = Key(value="c", fingerprint="c")
        await here.dispatch.cancel(BookingId(ride.booking.booking_id), Channel.PHONE, command)
        return await driver(http)

    assert told(story) == "bert"


def test_a_driver_of_a_repair_a_shift_that_is_over_and_an_open_duty_stay_as_they_are() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> State:
        await planned(http)
        await here.book(wish("B", "E", "10:00"), key="first")
        return here.ledger.state

    state = told(story)
    (former,) = state.rosters.values()
    (key, plan), *_ = state.plans.items()

    def given_to(name: str | None) -> Any:
        holder = None if name is None else DriverRef(name)
        changed = [replace(each, driver=holder) for each in former.assignments]
        return replace(former, version=2, assignments=tuple(changed))

    def drivers(facts: list[PlanPublished]) -> list[str]:
        return [tour.shift.driver for fact in facts for tour in fact.plan.tours]

    assert drivers(driven_by(state, given_to("bert"), ZONE, at("12:00"))) == ["bert"]
    assert driven_by(state, given_to("bert"), ZONE, at("17:00")) == []
    assert driven_by(state, given_to(None), ZONE, at("12:00")) == []
    assert driven_by(state, former, ZONE, at("12:00")) == []

    def stepped_in(tour: Tour) -> Tour:
        return replace(tour, shift=replace(tour.shift, driver=DriverRef("dora")))

    repaired = replace(plan, tours=tuple(stepped_in(tour) for tour in plan.tours))
    other = replace(state, plans={key: repaired})
    assert driven_by(other, given_to("bert"), ZONE, at("12:00")) == []
    elsewhere = replace(given_to("bert"), first=DAY.date.replace(day=8), last=DAY.date.replace(day=9))
    assert driven_by(state, elsewhere, ZONE, at("12:00")) == []
