"""What machines send about upset days: the body of a disruption, checked, and the disruption it describes."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dispatch.disruption import LONGEST_DELAY_S
from dispatch.edge.requests import Moment, Text
from dispatch.edge.service import Dispatch
from mobility.core.booking import Load
from mobility.core.clock import Instant, instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DisruptionId, DriverRef, ServiceAreaId, StopId, VehicleId

_MOST_PEOPLE = 1000
_Name = Annotated[Text, Field(min_length=1, max_length=100)]
_Count = Annotated[int, Field(ge=0, le=_MOST_PEOPLE)]


class LoadBody(BaseModel):
    """What really stands at the stop."""

    model_config = ConfigDict(extra="forbid")
    seats: _Count = 0
    wheelchairs: _Count = 0
    prams: _Count = 0
    luggage: _Count = 0


class PlaceBody(BaseModel):
    """A WGS84 position in degrees."""

    model_config = ConfigDict(extra="forbid")
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class DisruptionRequest(BaseModel):
    """What happened, or might. Without ``begins`` now, without ``date`` today.

    ``note`` must say nothing about persons: it stays for ever.
    """

    model_config = ConfigDict(extra="forbid")
    kind: DisruptionKind
    area_id: _Name | None = None
    day: Annotated[date | None, Field(alias="date")] = None
    begins: Moment | None = None
    ends: Moment | None = None
    vehicle_id: _Name | None = None
    booking_id: _Name | None = None
    stop_id: _Name | None = None
    delay_s: Annotated[float, Field(ge=0, le=LONGEST_DELAY_S, allow_inf_nan=False)] = 0.0
    load: LoadBody | None = None
    centre: PlaceBody | None = None
    radius_m: Annotated[float, Field(ge=0, le=50_000, allow_inf_nan=False)] = 0.0
    note: Annotated[Text, Field(max_length=200)] = ""
    substitute: _Name | None = None
    """Who could drive a shift without a driver: a reference, no name."""


class PublishRequest(BaseModel):
    """Which proposal of a draft is to become true: its ``choice``."""

    model_config = ConfigDict(extra="forbid")
    choice: _Name


def disruption_of(body: DisruptionRequest, dispatch: Dispatch) -> Disruption:
    """Return the disruption that a body describes, still without an id; what it names need not exist."""
    load, centre = body.load, body.centre
    return Disruption(
        disruption_id=DisruptionId(""),
        kind=body.kind,
        area_id=ServiceAreaId(body.area_id) if body.area_id is not None else _area_id(body, dispatch),
        day=body.day or dispatch.today.date,
        begins=dispatch.clock.now() if body.begins is None else instant(body.begins),
        ends=None if body.ends is None else Instant(instant(body.ends)),
        vehicle_id=None if body.vehicle_id is None else VehicleId(body.vehicle_id),
        booking_id=None if body.booking_id is None else BookingId(body.booking_id),
        stop_id=None if body.stop_id is None else StopId(body.stop_id),
        delay_s=body.delay_s,
        load=None if load is None else Load(load.seats, load.wheelchairs, load.prams, load.luggage),
        centre=None if centre is None else LatLon(centre.lat, centre.lon),
        radius_m=body.radius_m,
        note=body.note,
    )


def substitute_of(body: DisruptionRequest) -> DriverRef | None:
    """Return who is named to step in."""
    return None if body.substitute is None else DriverRef(body.substitute)


def _area_id(body: DisruptionRequest, dispatch: Dispatch) -> ServiceAreaId:
    """Return the area of the booking or the vehicle, else the first of all."""
    booking = dispatch.state.bookings.get(BookingId(body.booking_id)) if body.booking_id is not None else None
    if booking is not None:
        return booking.wish.area_id
    areas = dispatch.region.areas
    of_vehicle = (a for a in areas if any(shift.vehicle_id == body.vehicle_id for shift in a.shifts))
    return next(of_vehicle, areas[0]).area_id
