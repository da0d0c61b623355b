"""A rider's own page behind its signed link: news first, what was promised, how it stands, cancelling."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.api import language_of, refused
from dispatch.edge.links import RideLinks
from dispatch.edge.page_parts import Pages, euros, read_form, see_other
from dispatch.edge.requests import fingerprint
from dispatch.edge.service import Dispatch, Key, Ride
from dispatch.edge.tellings import Attempt, Tellings
from dispatch.ride_texts import RIDE
from dispatch.telling import Call
from dispatch.telling_texts import RIDE_NEWS
from dispatch.wording import sentence
from mobility.core.booking import BookingState, Channel, Window
from mobility.core.ids import BookingId, ConnectionId, TripId
from mobility.core.promise import TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import Region
from mobility.core.service_day import service_day_of


class RidePages(Pages):
    """Handlers of one ride."""

    def __init__(
        self, dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks, tellings: Tellings | None
    ) -> None:
        """Show rides of ``dispatch`` to who has their key, with the news of ``tellings``."""
        super().__init__(dispatch, templates)
        self._links = links
        self._tellings = tellings

    async def ride(self, request: Request, reference: str, key: str = "") -> Response:
        """Show a ride; ``new=1`` says it was booked just now."""
        return self._shown(request, self._opened(reference, key), "", is_new=request.query_params.get("new") == "1")

    async def cancel(self, request: Request, reference: str) -> Response:
        """Cancel a ride and show it."""
        given = await read_form(request)
        ride = self._opened(reference, given.get("key", ""))
        content = {"reference": reference}
        token = given.get("token", "")[:100]
        command = Key(value=f"cancel-{reference}-{token}", fingerprint=fingerprint("cancel-form", content))
        done = await self.dispatch.cancel(BookingId(reference), Channel.WEB, command)
        if isinstance(done, Refusal):
            return self._shown(request, ride, sentence(done, language_of(request)), is_new=False)
        return see_other(self._links.link(BookingId(reference)))

    async def read(self, request: Request, reference: str) -> Response:
        """Take a rider's word that the news were read: now they are told."""
        given = await read_form(request)
        ride = self._opened(reference, given.get("key", ""))
        attempt = Attempt(
            booking_id=ride.booking.booking_id,
            channel=Channel.WEB,
            outcome=TellingOutcome.REACHED,
            news=given.get("news", "")[:40],
        )
        content = {"reference": reference, "news": attempt.news}
        command = Key(value=f"read-{reference}-{attempt.news}", fingerprint=fingerprint("read-form", content))
        told = await self._tellings.tell(attempt, "rider", command) if self._tellings else None
        # Somebody may have called meanwhile: then there is nothing left to confirm, and nothing is wrong.
        if isinstance(told, Refusal) and told.code is not RefusalCode.ALREADY_TOLD:
            return self._shown(request, ride, sentence(told, language_of(request)), is_new=False)
        return see_other(f"{self._links.link(BookingId(reference))}&read=1")

    def _journey(self, ride: Ride, texts: Mapping[str, str]) -> list[str]:
        """Return what the rider comes with and goes on with, and whether it waits."""
        known = self.dispatch.state.connections
        names = (ConnectionId(f"{ride.booking.booking_id}-{end}") for end in ("after", "before"))
        said: list[str] = []
        for connection in (known[name] for name in names if name in known):
            if connection.trip is None:
                what, leaves, name = "bus", ride.planned_pickup or connection.departure, "from_feeder"
                at, with_whom = connection.feeder_arrival, connection.feeder
            else:
                what, leaves, name = "trip", connection.departure, "to_trip"
                at, with_whom = leaves, _line_of(self.dispatch.region, connection.trip.trip_id)
            said.append(texts[name].format(name=with_whom, time=self.clock(at)))
            if connection.hold_until is not None:
                said.append(texts[f"{what}_waits"].format(time=self.clock(connection.hold_until)))
            elif connection.ready > leaves:
                said.append(texts[f"{what}_goes"])
        return said

    def _opened(self, reference: str, key: str) -> Ride:
        ride = self.dispatch.ride(BookingId(reference)) if self._links.opens(reference, key) else None
        if ride is None:
            raise refused(Refusal(RefusalCode.UNKNOWN_BOOKING))
        return ride

    def _shown(self, request: Request, ride: Ride, fault: str, *, is_new: bool) -> Response:
        language = language_of(request)
        texts = {**RIDE[language], **RIDE_NEWS[language]}
        booking = ride.booking
        call = self._tellings.call_of(booking.booking_id) if self._tellings else None
        pickup, arrival = _newest(ride, call)
        times = self.span(pickup) | self.span(arrival, names=("a0", "a1"))
        is_open = booking.state is BookingState.PROMISED
        planned = ride.planned_pickup
        context: dict[str, Any] = {
            "t": texts,
            "fault": fault,
            "news": self._tellings.news(call, language) if self._tellings and call else (),
            "news_id": call.news_id if call else "",
            "journey": self._journey(ride, texts) if is_open else (),
            "is_withdrawn": booking.state is BookingState.WITHDRAWN,
            "was_read": call is None and request.query_params.get("read") == "1",
            "is_new": is_new and is_open,
            "is_open": is_open,
            "reference": booking.booking_id,
            "key": self._links.key(booking.booking_id),
            "token": self.dispatch.references.token() if is_open else "",
            "status": texts[booking.state.value].format(**times),
            "planned": texts["planned"].format(time=self.clock(planned)) if is_open and planned is not None else "",
            "day": service_day_of(ride.pickup.earliest, self.dispatch.region.zone).date,
            "origin": self.stop_name(booking.wish.origin),
            "destination": self.stop_name(booking.wish.destination),
            "pickup": texts["between"].format(**self.span(pickup)),
            "arrival": texts["between"].format(**self.span(arrival)),
            "vehicle": self.dispatch.region.fleet[ride.vehicle_id].label,
            "fare": euros(booking.fare_cent, language, texts["free"]),
        }
        return self.page(request, "ride", context, status=409 if fault else 200)


def _line_of(region: Region, trip_id: TripId) -> str:
    line = next((line for line in region.lines if any(trip.trip_id == trip_id for trip in line.trips)), None)
    return str(trip_id) if line is None else line.short_name


def _newest(ride: Ride, call: Call | None) -> tuple[Window, Window]:
    """Return the windows that hold now, told or not: an old time must not send anybody to the stop in vain."""
    if call is None:
        return ride.pickup, ride.arrival
    return call.revision.pickup or ride.pickup, call.revision.arrival or ride.arrival


def ride_router(
    dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks, tellings: Tellings | None = None
) -> APIRouter:
    """Return the routes below ``/ride``; without ``tellings`` the pages show no news."""
    pages = RidePages(dispatch, templates, links, tellings)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/ride/{reference}", pages.ride, methods=["GET"])
    routes.add_api_route("/ride/{reference}/cancel", pages.cancel, methods=["POST"])
    routes.add_api_route("/ride/{reference}/read", pages.read, methods=["POST"])
    return routes
