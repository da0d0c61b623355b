"""Pages for riders and drivers, without script: every question, every wrong answer, every state."""

import asyncio
import re
from urllib.parse import urlencode

import httpx
import pytest

from dispatch.wording import sentence, singular
from mobility.core.booking import Load
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.room import Room, client, ledger_text, room
from tests.dispatch.small_region import at, wish
from tests.dispatch.test_quote import OneLineBus

WISH = {
    "origin": "A",
    "destination": "D",
    "kind": "depart",
    "day": "2025-10-07",
    "time": "10:00",
    "seats": "1",
    "wheelchairs": "0",
}


NO_SERVICE = "An anderen Tagen fährt der Bürgerbus nicht."


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def first_offer(page: str) -> str:
    return re.findall(r'name="offer_id" value="([^"]+)"', page)[0]


async def contact_page(http: httpx.AsyncClient) -> httpx.Response:
    offers = await http.get("/book/offers", params=WISH)
    return await http.get("/book/contact", params={**WISH, "offer_id": first_offer(offers.text)})


def test_a_ride_is_booked_question_by_question_without_script() -> None:
    async def story() -> tuple[Room, list[httpx.Response]]:
        here = room()
        async with client(here) as http:
            pages = [await http.get("/book")]
            pages.append(await http.get("/book/when", params={"origin": "A", "destination": "D"}))
            pages.append(await http.get("/book/who", params={k: WISH[k] for k in list(WISH)[:5]}))
            contact = await contact_page(http)
            form = {**hidden(contact.text), "name": "Erika Muster", "phone": "03677 555", "note": "am Tor"}
            check = await http.post("/book/check", data=form)
            booked = await http.post("/book/confirm", data=hidden(check.text))
            again = await http.post("/book/confirm", data=hidden(check.text))
            ride = await http.get(booked.headers["location"])
            pages += [contact, check, booked, again, ride]
        return here, pages

    here, pages = asyncio.run(story())
    assert [page.status_code for page in pages] == [200, 200, 200, 200, 200, 303, 303, 200]
    assert pages[5].headers["location"] == pages[6].headers["location"]
    assert len(here.ledger.state.bookings) == 1
    assert "Ihre Fahrt ist bestellt" in pages[7].text
    assert "Der Bus holt Sie zwischen 09:45 und 10:00 Uhr ab." in pages[7].text
    assert "<script" not in "".join(page.text for page in pages)


def test_name_and_phone_go_to_the_vault_and_never_into_the_ledger() -> None:
    async def story() -> Room:
        here = room()
        async with client(here) as http:
            contact = await contact_page(http)
            check = await http.post(
                "/book/check", data={**hidden(contact.text), "name": "Wilma Geheim", "phone": "4711"}
            )
            await http.post("/book/confirm", data=hidden(check.text))
        return here

    here = asyncio.run(story())
    rider = next(iter(here.ledger.state.bookings.values())).rider
    person = asyncio.run(here.vault.get(rider))
    assert person is not None
    assert person.name == "Wilma Geheim"
    assert "Geheim" not in ledger_text(here)
    assert "4711" not in ledger_text(here)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"origin": ""}, "origin", "Wählen Sie, wo Sie einsteigen möchten."),
        ({"destination": "nirgends"}, "destination", "Wählen Sie, wohin Sie fahren möchten."),
        ({"day": "2025-02-30"}, "day", f"Wählen Sie einen Tag aus der Liste. {NO_SERVICE}"),
        ({"day": "x" * 5000}, "day", f"Wählen Sie einen Tag aus der Liste. {NO_SERVICE}"),
        ({"kind": "fly"}, "kind", "Wählen Sie, was Ihnen wichtig ist."),
        ({"time": "25:00"}, "time", "Schreiben Sie die Uhrzeit mit Stunde und Minute, zum Beispiel 9:30."),
        ({"time": "<b>"}, "time", "Schreiben Sie die Uhrzeit mit Stunde und Minute, zum Beispiel 9:30."),
        ({"seats": "-1"}, "seats", "Schreiben Sie eine Zahl von 0 bis 99."),
        ({"seats": "0"}, "seats", "Mindestens eine Person muss mitfahren."),
    ],
)
def test_a_wrong_answer_leads_back_to_its_question_with_a_summary_that_takes_focus(
    change: dict[str, str], field: str, sentence: str
) -> None:
    async def story() -> httpx.Response:
        async with client(room()) as http:
            return await http.get("/book/offers", params={**WISH, **change})

    page = asyncio.run(story())
    assert page.status_code == 422
    assert 'role="alert" tabindex="-1" autofocus' in page.text
    assert f'<a href="#{field}">{sentence}</a>' in page.text
    assert f'id="{field}"' in page.text
    assert "<b>" not in page.text.replace("</b>", "")


def test_a_wrong_time_stays_in_the_field_as_it_was_typed() -> None:
    async def story() -> str:
        async with client(room()) as http:
            return (await http.get("/book/who", params={**WISH, "time": "um zehn"})).text

    assert 'value="um zehn"' in asyncio.run(story())


def test_bytes_that_are_no_utf8_get_a_clear_sentence() -> None:
    async def story() -> httpx.Response:
        async with client(room()) as http:
            contact = await contact_page(http)
            body = urlencode(hidden(contact.text)).encode() + b"&name=%ff%fe"
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return await http.post("/book/check", content=body, headers=kind)

    page = asyncio.run(story())
    assert page.status_code == 422
    assert "Dieser Text enthält Zeichen, die wir nicht lesen können." in page.text


def test_a_huge_text_is_refused_at_its_field() -> None:
    async def story() -> httpx.Response:
        async with client(room()) as http:
            contact = await contact_page(http)
            return await http.post("/book/check", data={**hidden(contact.text), "name": "E", "note": "x" * 100_000})

    page = asyncio.run(story())
    assert page.status_code == 422
    assert "Das ist zu lang: höchstens 500 Zeichen." in page.text


def test_a_refusal_says_why_and_offers_what_would_work() -> None:
    async def story() -> str:
        async with client(room()) as http:
            return (await http.get("/book/offers", params={**WISH, "time": "7:30"})).text

    page = asyncio.run(story())
    assert "Zu dieser Zeit geht es nicht" in page
    assert "Diese Fahrten gehen" in page
    assert page.count('name="offer_id"') == 3


@pytest.mark.parametrize(
    ("change", "heading", "question"),
    [
        ({"seats": "40"}, "So viele Personen passen nicht in den Bus", "/book/who?"),
        ({"destination": "A"}, "Diese Strecke fährt der Bürgerbus nicht", "/book?"),
    ],
)
def test_a_refusal_no_other_time_would_change_leads_to_the_question_that_would(
    change: dict[str, str], heading: str, question: str
) -> None:
    async def story() -> str:
        async with client(room()) as http:
            return (await http.get("/book/offers", params={**WISH, **change})).text

    page = asyncio.run(story())
    assert f"<h1>{heading}</h1>" in page
    assert f'class="button" href="{question}' in page
    assert "keine andere Zeit" not in page


def test_the_offers_say_what_they_answer() -> None:
    async def story() -> str:
        async with client(room()) as http:
            return (await http.get("/book/offers", params={**WISH, "kind": "arrive"})).text

    assert re.search(r"Von .+ nach .+, Dienstag, 7. Oktober 2025, Ankunft bis 10:00 Uhr.", asyncio.run(story()))


def test_counts_of_one_are_followed_by_one_thing() -> None:
    late = Refusal(RefusalCode.NO_VEHICLE_IN_TIME, {"late_min": 1})
    assert "käme 1 Minute zu spät" in sentence(late, "de")
    assert "would be 1 minute late" in sentence(late, "en")
    assert singular("um 9:11 Minuten, 21 Minuten, 0,1 Minuten") == "um 9:11 Minuten, 21 Minuten, 0,1 Minuten"


def test_english_is_complete() -> None:
    async def story() -> str:
        async with client(room()) as http:
            return (await http.get("/book/offers", params={**WISH, "lang": "en"})).text

    page = asyncio.run(story())
    assert '<html lang="en">' in page
    assert "Pickup between 10:00 and 10:15" in page
    assert "€2.00" in page


def test_an_expired_offer_says_so_and_nothing_is_booked() -> None:
    async def story() -> tuple[Room, httpx.Response]:
        here = room()
        async with client(here) as http:
            contact = await contact_page(http)
            here.clock.advance(3600)
            return here, await http.post("/book/check", data={**hidden(contact.text), "name": "E"})

    here, page = asyncio.run(story())
    assert page.status_code == 409
    assert "Dieses Angebot gilt nicht mehr." in page.text
    assert not here.ledger.state.bookings


def test_a_ride_opens_only_with_its_key_and_can_be_cancelled_once() -> None:
    async def story() -> list[httpx.Response]:
        here = room()
        async with client(here) as http:
            contact = await contact_page(http)
            check = await http.post("/book/check", data={**hidden(contact.text), "name": "E"})
            booked = await http.post("/book/confirm", data=hidden(check.text))
            link = booked.headers["location"]
            ride = await http.get(link)
            wrong = await http.get(link.split("?")[0], params={"key": "IlItMDAxIg.forged"})
            cancel = f"{link.split('?')[0]}/cancel"
            done = await http.post(cancel, data=hidden(ride.text))
            after = await http.get(done.headers["location"])
            twice = await http.post(cancel, data={**hidden(ride.text), "token": "another"})
        return [ride, wrong, done, after, twice]

    ride, wrong, done, after, twice = asyncio.run(story())
    assert ride.status_code == 200
    assert wrong.status_code == 404
    assert done.status_code == 303
    assert "Diese Fahrt ist abgesagt." in after.text
    assert twice.status_code == 409
    assert "Das geht jetzt nicht" in twice.text


def test_the_driver_sees_the_next_task_first_and_reports_with_one_button() -> None:
    async def story() -> tuple[Room, list[httpx.Response]]:
        here = room()
        ride = await here.book(wish())
        await here.book(wish("B", "E", "12:00"), name="Otto Zweiter")
        here.clock.moment = ride.pickup.earliest
        async with client(here) as http:
            pages = [await http.get("/drive"), await http.get("/drive/bus")]
            token = hidden(pages[1].text)["token"]
            path = f"/drive/bus/tasks/{ride.booking.booking_id}:pickup"
            data = {"outcome": "boarded", "token": token}
            pages.append(await http.post(path, data=data))
            pages.append(await http.post(path, data=data))
            pages.append(await http.get("/drive/bus"))
            pages.append(await http.post(path, data={"outcome": "boarded", "token": "new"}))
        return here, pages

    here, pages = asyncio.run(story())
    assert [page.status_code for page in pages] == [200, 200, 303, 303, 200, 409]
    assert "Als Nächstes: Erika Muster steigt ein" in pages[1].text
    assert "Otto Zweiter steigt ein" in pages[1].text
    assert "Als Nächstes: Erika Muster steigt aus" in pages[4].text
    assert len([e for e in here.ledger.read() if type(e.body).__name__ == "RiderBoarded"]) == 1


def test_people_at_the_same_stop_come_together_and_later_tasks_are_a_line_that_unfolds_and_prints() -> None:
    async def story() -> str:
        here = room()
        await here.book(wish())
        await here.book(wish(), name="Otto Zweiter")
        async with client(here) as http:
            return (await http.get("/drive/bus")).text

    page = asyncio.run(story())
    assert re.search(r"Als Nächstes: .+ steigt ein", page)
    assert re.search(r"Auch hier: .+ steigt ein", page)
    later = page.partition("<h2>Danach</h2>")[2]
    on_screen, _, on_paper = later.partition('<ol class="tasks print-only">')
    assert on_screen.count("<summary>") == on_paper.count('<li class="task">') == 2
    assert "zugesagt" in on_paper
    assert 'class="button"' not in on_screen


def test_the_manifest_of_an_unknown_vehicle_is_a_clear_404_and_of_an_empty_day_says_so() -> None:
    async def story() -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        async with client(room()) as http:
            return (
                await http.get("/drive/ghost"),
                await http.get("/drive/bus"),
                await http.get("/drive", params={"date": "2025-10-08"}),
            )

    ghost, empty, closed = asyncio.run(story())
    assert ghost.status_code == 404
    assert "Dieses Fahrzeug kennen wir nicht." in ghost.text
    assert "keine Fahrten geplant" in empty.text
    assert "ist keine Schicht geplant" in closed.text


def test_what_people_typed_is_escaped_everywhere() -> None:
    async def story() -> str:
        here = room()
        ride = await here.book(wish(), name="<script>alert(1)</script>")
        async with client(here) as http:
            drive = await http.get("/drive/bus")
            book = await http.get("/book", params={"origin": '"><script>'})
        assert ride.booking.booking_id in drive.text
        return drive.text + book.text

    assert "<script" not in asyncio.run(story())


def test_prams_and_luggage_are_asked_for_booked_checked_and_told_to_the_driver() -> None:
    carried = {**WISH, "prams": "1", "luggage": "2", "dog": "1"}

    async def story() -> tuple[Room, list[httpx.Response]]:
        here = room()
        async with client(here) as http:
            pages = [await http.get("/book/who", params={k: WISH[k] for k in list(WISH)[:5]})]
            offers = await http.get("/book/offers", params=carried)
            contact = await http.get("/book/contact", params={**carried, "offer_id": first_offer(offers.text)})
            form = {**hidden(contact.text), "name": "Erika", "note": "Hund"}
            check = await http.post("/book/check", data=form)
            booked = await http.post("/book/confirm", data=hidden(check.text))
            manifest = await http.get("/drive/bus", params={"date": "2025-10-07"})
            too_many = await http.get("/book/offers", params={**carried, "prams": "2"})
            pages += [offers, contact, check, booked, manifest, too_many]
        return here, pages

    here, (who, _, contact, check, booked, manifest, too_many) = asyncio.run(story())
    assert "Wie viele Kinderwagen bringen Sie mit?" in who.text
    assert "Rollatoren" in who.text
    assert 'name="dog"' in who.text
    assert "Hund" in contact.text
    assert "1 mit Sitzplatz, 1 Kinderwagen, 2 große Gepäckstücke oder Rollatoren" in check.text
    assert booked.status_code == 303
    assert "1 Sitzplatz, 1 Kinderwagen, 2 große Gepäckstücke oder Rollatoren" in manifest.text
    assert "kein Platz für so viele Kinderwagen" in too_many.text
    (booking,) = here.ledger.state.bookings.values()
    assert booking.wish.load == Load(1, 0, 1, 2)


def test_the_line_bus_stands_on_the_page_with_stop_and_time() -> None:
    async def story() -> str:
        here = room(direct=OneLineBus(at("10:30")))
        async with client(here) as http:
            return (await http.get("/book/offers", params=WISH)).text

    page = asyncio.run(story())
    assert "Diesen Bus können Sie ohne Bestellung nehmen" in page
    assert "Bus 300 Richtung Stadt: 10:30 Uhr ab Haltestelle A, Ankunft 10:30 Uhr" in page
    assert page.index("Diesen Bus") < page.index('name="offer_id"')
