"""The JSON interface of dispatch: quotes, bookings, manifests."""

from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request

from dispatch.edge.answers import Answers
from dispatch.edge.links import RideLinks
from dispatch.edge.requests import (
    BookingRequest,
    OutcomeRequest,
    PlaceRequest,
    QuoteRequest,
    TripRequest,
    fingerprint,
    idempotency_key,
)
from dispatch.edge.service import Dispatch, Key
from dispatch.manifest import Manifest
from mobility.core.booking import Channel, Load, RideWish
from mobility.core.clock import instant
from mobility.core.errors import RefusedError
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, RiderRef, ServiceAreaId, StopId, TaskId, TripId, VehicleId
from mobility.core.ports import Person
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef

T = TypeVar("T")
_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_NOT_FOUND = frozenset({RefusalCode.UNKNOWN_BOOKING, RefusalCode.UNKNOWN_CONNECTION, RefusalCode.UNKNOWN_VEHICLE})


class Api:
    """Handlers bound to the service."""

    def __init__(self, dispatch: Dispatch, links: RideLinks) -> None:
        """Answer for ``dispatch``."""
        self._dispatch = dispatch
        self._links = links
        self._answers = Answers(dispatch.region.zone, links, dispatch.region.stops)

    async def quote(self, body: QuoteRequest, request: Request) -> dict[str, Any]:
        """Answer a wish with offers, or a refusal with alternatives."""
        # An end given as a place is looked for on foot; the wish leaves its stop empty until one is found.
        origin, destination = StopId(body.origin or ""), StopId(body.destination or "")
        area_id = ServiceAreaId(body.area_id or self._dispatch.area_of(origin, destination).area_id)
        if all(area.area_id != area_id for area in self._dispatch.region.areas):
            raise RefusedError(Refusal(RefusalCode.OUTSIDE_AREA, {"area": area_id}), 404)
        wish = RideWish(
            area_id=area_id,
            origin=origin,
            destination=destination,
            kind=body.kind,
            at=instant(body.at),
            load=Load(body.seats, body.wheelchairs, body.prams, body.luggage),
            after_trip=_trip(body.after_trip),
            before_trip=_trip(body.before_trip),
        )
        places = (_latlon(body.origin_place), _latlon(body.destination_place))
        if places == (None, None):
            answer = await self._dispatch.quote(wish, body.channel)
        else:
            answer = await self._dispatch.quote_near(wish, body.channel, *places)
        return self._answers.quote(answer, language_of(request))

    async def book(self, body: BookingRequest, key: _IdempotencyKey) -> dict[str, Any]:
        """Book an offer."""
        person = Person(name=body.name, phone=body.phone, note=body.note)
        command = Key(value=key, fingerprint=fingerprint("book", body.model_dump(mode="json")))
        ride = await self._dispatch.accept(body.offer_id, person, body.channel, command)
        return self._answers.ride(taken(ride))

    async def booking(self, reference: str, key: str = "") -> dict[str, Any]:
        """Return a booking to who has its key."""
        self._check(reference, key)
        ride = self._dispatch.ride(BookingId(reference))
        return self._answers.ride(taken(ride or Refusal(RefusalCode.UNKNOWN_BOOKING)))

    async def cancel(self, reference: str, command_key: _IdempotencyKey, key: str = "") -> dict[str, Any]:
        """Cancel a booking for who has its key."""
        self._check(reference, key)
        command = Key(value=command_key, fingerprint=fingerprint("cancel", {"reference": reference}))
        return self._answers.ride(taken(await self._dispatch.cancel(BookingId(reference), Channel.API, command)))

    async def manifest(
        self, vehicle_id: str, day: Annotated[date | None, Query(alias="date")] = None
    ) -> dict[str, Any]:
        """Return a vehicle's manifest of a day, today's without ``date``."""
        found = self._dispatch.manifest(VehicleId(vehicle_id), day)
        if found is None:
            raise RefusedError(Refusal(RefusalCode.UNKNOWN_VEHICLE), 404)
        return self._answers.manifest(found, await names(self._dispatch, found))

    async def report(self, vehicle_id: str, task_id: str, body: OutcomeRequest, key: _IdempotencyKey) -> dict[str, Any]:
        """Take a driver's report."""
        at = self._dispatch.clock.now() if body.at is None else instant(body.at)
        content = {"vehicle_id": vehicle_id, "task_id": task_id, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("report", content))
        refusal = await self._dispatch.report_outcome(VehicleId(vehicle_id), TaskId(task_id), body.outcome, at, command)
        if refusal is not None:
            raise refused(refusal)
        return {"task_id": task_id, "outcome": body.outcome}

    def _check(self, reference: str, key: str) -> None:
        if not self._links.opens(reference, key):
            # The same answer as for a booking that does not exist: references can not be probed.
            raise RefusedError(Refusal(RefusalCode.UNKNOWN_BOOKING), 404)


def api_router(dispatch: Dispatch, links: RideLinks) -> APIRouter:
    """Return the routes below ``/api/v1``."""
    api = Api(dispatch, links)
    routes = APIRouter(prefix="/api/v1", tags=["dispatch"])
    routes.add_api_route("/quotes", api.quote, methods=["POST"])
    routes.add_api_route("/bookings", api.book, methods=["POST"], status_code=201)
    routes.add_api_route("/bookings/{reference}", api.booking, methods=["GET"])
    routes.add_api_route("/bookings/{reference}/cancel", api.cancel, methods=["POST"])
    routes.add_api_route("/manifests/{vehicle_id}", api.manifest, methods=["GET"])
    routes.add_api_route("/manifests/{vehicle_id}/tasks/{task_id}", api.report, methods=["POST"])
    return routes


async def names(dispatch: Dispatch, manifest: Manifest) -> dict[RiderRef, str]:
    """Return the names of a manifest's riders, without those that were erased."""
    riders = dict.fromkeys(task.rider for task in manifest.tasks)
    people = {rider: await dispatch.person(rider) for rider in riders}
    return {rider: person.name for rider, person in people.items() if person is not None}


def refused(refusal: Refusal) -> RefusedError:
    """Return the fault that carries a refusal out, with the status that fits its code."""
    if refusal.code is RefusalCode.INVALID_INPUT:
        return RefusedError(refusal, 422)
    return RefusedError(refusal, 404 if refusal.code in _NOT_FOUND else 409)


def taken(outcome: T | Refusal) -> T:
    """Return the outcome, or raise its refusal."""
    if isinstance(outcome, Refusal):
        raise refused(outcome)
    return outcome


def _trip(trip: TripRequest | None) -> TripRef | None:
    return None if trip is None else TripRef(TripId(trip.trip_id), trip.start_date)


def _latlon(place: PlaceRequest | None) -> LatLon | None:
    return None if place is None else LatLon(place.lat, place.lon)


def language_of(request: Request) -> str:
    """Return the language of the answer, German where nothing has set one."""
    return str(getattr(request.state, "language", "de"))
