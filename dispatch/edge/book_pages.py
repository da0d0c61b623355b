"""The booking page: one question a page, no script, personal data never in an address."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.api import language_of
from dispatch.edge.links import RideLinks
from dispatch.edge.page_parts import Pages, euros, people, read_form, see_other
from dispatch.edge.requests import fingerprint
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.wish_form import EXTRAS, LIMITS, NUMBERS, QUESTIONS, WISH_FIELDS, Fault, Form, contact_faults, kept
from dispatch.offer import Offer
from dispatch.page_texts import BOOK
from dispatch.rules import LineBus
from dispatch.wording import sentence
from mobility.core.booking import Channel, RideWish
from mobility.core.ids import StopId
from mobility.core.ports import Person
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of

_CARRIED = (*WISH_FIELDS, "offer_id", "token", "name", "phone", "note")
_PATHS = {"route": "/book", "when": "/book/when", "who": "/book/who"}
_WAYS = (RefusalCode.OUTSIDE_AREA, RefusalCode.SAME_STOP, RefusalCode.TOO_SHORT, RefusalCode.WAY_CLOSED)
_PARTIES = (
    RefusalCode.PARTY_TOO_LARGE,
    RefusalCode.NO_WHEELCHAIR_PLACE,
    RefusalCode.NO_PRAM_PLACE,
    RefusalCode.NO_LUGGAGE_ROOM,
)


class BookPages(Pages):
    """Handlers of the booking dialogue."""

    def __init__(self, dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks) -> None:
        """Book with ``dispatch``; the confirmation is the ride's signed page."""
        super().__init__(dispatch, templates)
        self._links = links

    async def route(self, request: Request) -> Response:
        """Ask from where to where; answers in the address are filled in."""
        return self._question(request, "route", kept(request.query_params), [])

    async def when(self, request: Request) -> Response:
        """Ask when."""
        return self._asked(request, 1)

    async def who(self, request: Request) -> Response:
        """Ask who travels."""
        return self._asked(request, 2)

    async def offers(self, request: Request) -> Response:
        """Show offers, or why there is none and what would work."""
        given = kept(request.query_params)
        form = self._form(given)
        wrong = form.first_wrong(len(QUESTIONS), given)
        if wrong is not None:
            return self._question(request, wrong[0], given, wrong[1])
        return await self._offers(request, form, given, [])

    async def contact(self, request: Request) -> Response:
        """Ask for name and phone once an offer was chosen."""
        given = kept(request.query_params, (*WISH_FIELDS, "offer_id"))
        form = self._form(given)
        wrong = form.first_wrong(len(QUESTIONS), given)
        if wrong is not None:
            return self._question(request, wrong[0], given, wrong[1])
        if not given.get("offer_id"):
            return await self._offers(request, form, given, [Fault("offer_id", "fault_offer")])
        offer = self.dispatch.offer(given["offer_id"])
        if offer is None:
            return self._not_booked(request, given, Refusal(RefusalCode.OFFER_EXPIRED))
        token = self.dispatch.references.token()
        note = ", ".join(_texts(request)[extra] for extra in EXTRAS if given.get(extra))
        return self._contact(request, {**given, "token": token, "note": note}, [])

    async def check(self, request: Request) -> Response:
        """Show everything once more before it is booked."""
        given = await read_form(request)
        faults = contact_faults(given)
        if faults:
            return self._contact(request, _carried(given), faults)
        offer = self.dispatch.offer(given.get("offer_id", ""))
        if offer is None:
            return self._not_booked(request, given, Refusal(RefusalCode.OFFER_EXPIRED))
        language = language_of(request)
        context = {
            "t": BOOK[language],
            "given": _carried(given),
            "offer": self._shown(offer, language),
            "origin": self.stop_name(offer.wish.origin),
            "destination": self.stop_name(offer.wish.destination),
            "day": offer.day,
            "people": people(offer.wish.load, BOOK[language], prefix="people_"),
            "query": urlencode(kept(given)),
        }
        return self.page(request, "book_check", context)

    async def confirm(self, request: Request) -> Response:
        """Book, and go on to the ride's own page; a second sending leads to the same ride."""
        given = _carried(await read_form(request))
        faults = contact_faults(given)
        if faults or not given.get("token"):
            return self._contact(request, {**given, "token": self.dispatch.references.token()}, faults)
        person = Person(name=given["name"].strip(), phone=given.get("phone", "").strip(), note=given.get("note", ""))
        command = Key(value=f"form-{given['token']}", fingerprint=fingerprint("book-form", given))
        ride = await self.dispatch.accept(given.get("offer_id", ""), person, Channel.WEB, command)
        if isinstance(ride, Refusal):
            return self._not_booked(request, given, ride)
        return see_other(f"{self._links.link(ride.booking.booking_id)}&new=1")

    def _asked(self, request: Request, number: int) -> Response:
        """Ask question ``number`` unless an earlier one is still open."""
        given = kept(request.query_params)
        wrong = self._form(given).first_wrong(number, given)
        if wrong is not None:
            return self._question(request, wrong[0], given, wrong[1])
        return self._question(request, QUESTIONS[number], given, [])

    def _form(self, given: Mapping[str, str]) -> Form:
        ends = (StopId(given.get("origin", "")), StopId(given.get("destination", "")))
        area = self.dispatch.area_of(*ends)
        return Form(area, self.dispatch.region.zone, self.dispatch.days_with_service(area))

    def _question(self, request: Request, question: str, given: dict[str, str], faults: Sequence[Fault]) -> Response:
        number = QUESTIONS.index(question)
        form = self._form(given)
        context = {
            **self._common(request, given, faults),
            "number": number + 1,
            "target": (*_PATHS.values(), "/book/offers")[number + 1],
            "back": None if number == 0 else f"{_PATHS[QUESTIONS[number - 1]]}?{urlencode(given)}",
            "villages": self.stops_by_village(form.area.stops),
            "days": form.days,
            "extras": EXTRAS,
            "numbers": NUMBERS,
        }
        return self.page(request, f"book_{question}", context, status=422 if faults else 200)

    async def _offers(self, request: Request, form: Form, given: dict[str, str], faults: Sequence[Fault]) -> Response:
        wish = form.wish(given)
        quote = await self.dispatch.quote(wish, Channel.WEB)
        language = language_of(request)
        found = sorted((*quote.offers, *quote.alternatives), key=lambda offer: offer.pickup.earliest)
        context = {
            **self._common(request, given, faults),
            "offers": [self._shown(offer, language) for offer in found],
            "asked": self._asked_for(wish),
            "refusal": sentence(quote.refusal, language) if quote.refusal is not None else "",
            "line_bus": self._line_bus(quote.line_bus, language),
            **_refused(quote.refusal, given),
            "back": f"/book/who?{urlencode(given)}",
        }
        return self.page(request, "book_offers", context, status=422 if faults else 200)

    def _contact(self, request: Request, given: dict[str, str], faults: Sequence[Fault]) -> Response:
        context = {
            **self._common(request, given, faults),
            "limits": LIMITS,
            "back": f"/book/offers?{urlencode(kept(given))}",
        }
        return self.page(request, "book_contact", context, status=422 if faults else 200)

    def _not_booked(self, request: Request, given: Mapping[str, str], refusal: Refusal) -> Response:
        language = language_of(request)
        context = {
            "t": BOOK[language],
            "refusal": sentence(refusal, language),
            "again": f"/book/offers?{urlencode(kept(given))}",
        }
        return self.page(request, "book_refused", context, status=409)

    def _common(self, request: Request, given: Mapping[str, str], faults: Sequence[Fault]) -> dict[str, Any]:
        texts = _texts(request)
        told = {fault.field: texts[fault.text].format(limit=LIMITS.get(fault.field, 0)) for fault in faults}
        return {"t": texts, "given": given, "faults": told}

    def _asked_for(self, wish: RideWish) -> dict[str, Any]:
        """Return what the offers answer, to be said in one sentence."""
        return {
            "kind": wish.kind.value,
            "origin": self.stop_name(wish.origin),
            "destination": self.stop_name(wish.destination),
            "day": service_day_of(wish.at, self.dispatch.region.zone).date,
            "time": self.clock(wish.at),
        }

    def _line_bus(self, bus: LineBus | None, language: str) -> str:
        """Return the scheduled bus as one sentence, empty where none is to be taken instead."""
        if bus is None:
            return ""
        texts = BOOK[language]
        there = "" if bus.arrival is None else texts["line_bus_there"].format(time=self.clock(bus.arrival))
        return texts["line_bus"].format(
            line=bus.line, headsign=bus.headsign, stop=bus.stop_name, time=self.clock(bus.departure), there=there
        )

    def _shown(self, offer: Offer, language: str) -> dict[str, Any]:
        texts = BOOK[language]
        return {
            "offer_id": offer.offer_id,
            "day": offer.day,
            "pickup": texts["between"].format(**self.span(offer.pickup)),
            "arrival": texts["between"].format(**self.span(offer.arrival)),
            "fare": euros(offer.fare_cent, language, texts["free"]),
        }


def _texts(request: Request) -> Mapping[str, str]:
    return BOOK[language_of(request)]


def _refused(refusal: Refusal | None, given: Mapping[str, str]) -> dict[str, str]:
    """Return what a refusal is about, as a key of the wording, and the question where the answer can be changed."""
    about, question = ("time", "when")
    if refusal is not None and refusal.code in _WAYS:
        about, question = ("way", "route")
    elif refusal is not None and refusal.code in _PARTIES:
        about, question = ("party", "who")
    elif refusal is not None and refusal.code is RefusalCode.LINE_BUS_RUNS:
        about = "bus"
    return {"refused_about": about, "change": f"{_PATHS[question]}?{urlencode(given)}"}


def _carried(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "")[:2000] for name in _CARRIED if given.get(name)}


def book_router(dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks) -> APIRouter:
    """Return the routes below ``/book``."""
    pages = BookPages(dispatch, templates, links)
    routes = APIRouter(include_in_schema=False)
    for path, handler in (("", pages.route), ("/when", pages.when), ("/who", pages.who), ("/offers", pages.offers)):
        routes.add_api_route(f"/book{path}", handler, methods=["GET"])
    routes.add_api_route("/book/contact", pages.contact, methods=["GET"])
    routes.add_api_route("/book/check", pages.check, methods=["POST"])
    routes.add_api_route("/book/confirm", pages.confirm, methods=["POST"])
    return routes
