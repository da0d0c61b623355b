"""A rider's own page behind its signed link: what was promised, how it stands, cancelling."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.api import language_of, refused
from dispatch.edge.links import RideLinks
from dispatch.edge.page_parts import Pages, euros, read_form, see_other
from dispatch.edge.requests import fingerprint
from dispatch.edge.service import Dispatch, Key, Ride
from dispatch.ride_texts import RIDE
from dispatch.wording import sentence
from mobility.core.booking import BookingState, Channel
from mobility.core.ids import BookingId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of


class RidePages(Pages):
    """Handlers of one ride."""

    def __init__(self, dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks) -> None:
        """Show rides of ``dispatch`` to who has their key."""
        super().__init__(dispatch, templates)
        self._links = links

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

    def _opened(self, reference: str, key: str) -> Ride:
        ride = self.dispatch.ride(BookingId(reference)) if self._links.opens(reference, key) else None
        if ride is None:
            raise refused(Refusal(RefusalCode.UNKNOWN_BOOKING))
        return ride

    def _shown(self, request: Request, ride: Ride, fault: str, *, is_new: bool) -> Response:
        language = language_of(request)
        texts = RIDE[language]
        booking = ride.booking
        times = self.span(ride.pickup) | self.span(ride.arrival, names=("a0", "a1"))
        is_open = booking.state is BookingState.PROMISED
        planned = ride.planned_pickup
        context: dict[str, Any] = {
            "t": texts,
            "fault": fault,
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
            "pickup": texts["between"].format(**self.span(ride.pickup)),
            "arrival": texts["between"].format(**self.span(ride.arrival)),
            "vehicle": self.dispatch.region.fleet[ride.vehicle_id].label,
            "fare": euros(booking.fare_cent, language, texts["free"]),
        }
        return self.page(request, "ride", context, status=409 if fault else 200)


def ride_router(dispatch: Dispatch, templates: Jinja2Templates, links: RideLinks) -> APIRouter:
    """Return the routes below ``/ride``."""
    pages = RidePages(dispatch, templates, links)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/ride/{reference}", pages.ride, methods=["GET"])
    routes.add_api_route("/ride/{reference}/cancel", pages.cancel, methods=["POST"])
    return routes
