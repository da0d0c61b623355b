"""The driver's page when the day goes wrong: transfers and held departures in words a driver can act on."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from html import unescape

import httpx

from dispatch.connection_windows import connected
from dispatch.edge.connection_desk import Connections, Delay
from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.ride_texts import DRIVE
from mobility.core.booking import Channel, RideWish
from mobility.core.disruption import Disruption
from mobility.core.events import FeederDelayReported
from mobility.core.ids import ConnectionId, TaskId, VehicleId
from mobility.core.refusal import Refusal
from tests.dispatch.journeys import journey, trip, with_a_line
from tests.dispatch.room import Room, client, room
from tests.dispatch.small_region import at, bus, region, wish
from tests.dispatch.upset_days import broken, late

Story = Callable[[Room, httpx.AsyncClient], Awaitable[None]]


def told(story: Story, here: Room) -> None:
    async def main() -> None:
        async with client(here) as http:
            await story(here, http)

    asyncio.run(main())


def key(name: str) -> Key:
    return Key(value=name, fingerprint=name)


async def sheet(http: httpx.AsyncClient, vehicle: str, language: str = "de") -> str:
    answer = await http.get(f"/drive/{vehicle}", headers={"accept-language": language})
    assert answer.status_code == 200
    return unescape(answer.text)


async def repaired(here: Room, disruption: Disruption) -> None:
    repairs = Repairs(dispatch=here.dispatch, ledger=here.ledger)
    draft = await repairs.what_if(disruption)
    assert not isinstance(draft, Refusal)
    choice = draft.proposals[0].name
    assert await repairs.publish(draft.draft_id, choice, key("p"), "dispatcher") is None


def test_a_rescue_driver_sees_whom_to_fetch_out_of_which_bus_and_reports_it() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> None:
        await here.book(wish("B", "F", "09:00"), name="Anna Alt", key="k")
        here.clock.moment = at("09:01")
        boarded = here.dispatch.report_outcome(
            VehicleId("bus-1"), TaskId("R-001:pickup"), Outcome.BOARDED, at("09:01"), key("b")
        )
        assert await boarded is None
        await repaired(here, broken("bus-1", begins="09:01", stop="C"))
        assert "Dieses Fahrzeug nimmt ab 09:01 Uhr niemanden mehr mit." in await sheet(http, "bus-1")
        page = await sheet(http, "bus-2")
        assert "Als Nächstes: Anna Alt steigt zu Ihnen um" in page
        assert "Anna Alt sitzt im Fahrzeug Bus-1. Dieses Fahrzeug kann nicht weiterfahren." in page
        assert "Nicht da?" not in page, "who sits in the other bus is there"
        assert 'value="alighted"' not in page, "nobody gets off who has not got on"
        assert page.count("zugesagt") == page.count("zugesagt 09:") == 2, "on screen and paper, for the drop-off alone"
        token = re.findall(r'name="token" value="([^"]+)"', page)[0]
        here.clock.moment = at("09:08")
        path = "/drive/bus-2/tasks/R-001:transfer"
        done = await http.post(path, data={"token": token, "outcome": "boarded", "date": "2025-10-07"})
        assert done.status_code == 303
        page = await sheet(http, "bus-2")
        assert "Anna Alt ist zu Ihnen umgestiegen" in page
        assert 'value="alighted"' in page
        assert "Anna Alt has changed into your vehicle" in await sheet(http, "bus-2", "en")

    told(story, room(region([bus("bus-1"), bus("bus-2")])))


def test_a_late_bus_is_told_until_when_the_plan_holds_it() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> None:
        await here.book(wish("B", "F", "09:00"), key="k")
        here.clock.moment = at("08:45")
        await repaired(here, late("bus", 40, begins="08:45"))
        page = await sheet(http, "bus")
        assert re.search(r"Der Plan rechnet damit, dass Sie erst um 09:\d\d Uhr weiterfahren\.", page)
        here.clock.moment = at("12:00")
        assert "Der Plan rechnet damit" not in await sheet(http, "bus")

    told(story, room())


def test_a_driver_who_waits_for_a_late_feeder_reads_for_what_and_until_when() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> None:
        desk = Connections(here.dispatch, here.ledger)
        ride = connected(here.dispatch.region, journey("C", "G", "09:00", after=trip("d-09")))
        assert isinstance(ride, RideWish)
        booked = await here.book(ride)
        await desk.plan_rides()
        connection_id = ConnectionId(f"{booked.booking.booking_id}-after")
        delay = Delay(connection_id=connection_id, delay_s=480.0, channel=Channel.PHONE)
        assert not isinstance(await desk.take(delay, "dispatcher", key("d")), Refusal)
        assert any(isinstance(each.body, FeederDelayReported) for each in here.ledger.read())
        held = here.ledger.state.connections[connection_id].hold_until
        assert held is not None
        page = await sheet(http, "bus")
        assert re.search(r"Bitte warten Sie bis 09:\d\d Uhr: .+ kommt später\.", page)
        assert "Please wait until 09:" in await sheet(http, "bus", "en")

    told(story, room(with_a_line()))


def test_the_words_stand_in_both_languages() -> None:
    assert DRIVE["de"].keys() == DRIVE["en"].keys()
    for name, text in DRIVE["de"].items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", DRIVE["en"][name])), name
