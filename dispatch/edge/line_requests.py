"""What machines send about changes of the line service, and the change it describes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dispatch.edge.requests import Moment, Text, TripRequest
from dispatch.line_swap import Swap
from mobility.core.clock import Instant, instant
from mobility.core.errors import RefusedError
from mobility.core.geo import LatLon
from mobility.core.ids import LineChangeId, StopId, TripId, VehicleId
from mobility.core.line_change import DetourCall, LineChange, LineChangeKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.road_weather import RoadWeather
from mobility.core.vehicle import TripRef

_MOST_TRIPS = 1000
_MOST_STOPS = 200
_MOST_POINTS = 1000
_LONGEST_DRIVE_S = 7200.0

_Name = Annotated[Text, Field(min_length=1, max_length=200)]
_Reason = Annotated[Text, Field(max_length=200)]
_Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
_Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
_Drive = Annotated[float, Field(ge=0, le=_LONGEST_DRIVE_S, allow_inf_nan=False)]

LineAction = Literal["cancel", "reinstate"] | LineChangeKind
"""What can be asked for: the kinds of change, and two that are facts of their own."""


class ViaRequest(BaseModel):
    """A stop served on a detour only, and the driving time from the stop before."""

    model_config = ConfigDict(extra="forbid")
    stop_id: _Name
    drive_s: _Drive


class LineRequest(BaseModel):
    """A change of the line service; which fields count follows from ``kind``."""

    model_config = ConfigDict(extra="forbid")
    kind: LineAction
    trips: Annotated[list[TripRequest], Field(max_length=_MOST_TRIPS)] = []
    reason: _Reason = ""
    vehicle_id: _Name | None = None
    swap_with: _Name | None = None
    pattern_of: _Name | None = None
    departs: Moment | None = None
    stops: Annotated[list[_Name], Field(max_length=_MOST_STOPS)] = []
    leaves_at: _Name | None = None
    rejoins_at: _Name | None = None
    via: Annotated[list[ViaRequest], Field(max_length=_MOST_STOPS)] = []
    drive_s: _Drive = 0.0
    path: Annotated[list[tuple[_Lat, _Lon]], Field(max_length=_MOST_POINTS)] = []
    begins: Moment | None = None
    ends: Moment | None = None

    def refs(self) -> tuple[TripRef, ...]:
        """Return the trips that are named."""
        return tuple(TripRef(TripId(each.trip_id), each.start_date) for each in self.trips)

    def change(self, now: Instant) -> LineChange:
        """Return the change, without an id; it begins ``now`` where the request does not say.

        Raises ``ValueError`` for a request to cancel or to reinstate.
        """
        return LineChange(
            change_id=LineChangeId(""),
            kind=LineChangeKind(self.kind),
            begins=now if self.begins is None else instant(self.begins),
            ends=None if self.ends is None else instant(self.ends),
            reason=self.reason,
            trips=self.refs(),
            vehicle_id=None if self.vehicle_id is None else VehicleId(self.vehicle_id),
            pattern_of=None if self.pattern_of is None else TripId(self.pattern_of),
            departs=None if self.departs is None else instant(self.departs),
            stops=tuple(StopId(stop) for stop in self.stops),
            leaves_at=None if self.leaves_at is None else StopId(self.leaves_at),
            rejoins_at=None if self.rejoins_at is None else StopId(self.rejoins_at),
            via=tuple(DetourCall(StopId(each.stop_id), each.drive_s) for each in self.via),
            drive_s=self.drive_s,
            path=tuple(LatLon(lat, lon) for lat, lon in self.path),
        )

    def swap(self, now: Instant) -> Swap | None:
        """Return the swap of two vehicles, ``None`` where the request is none.

        Raises ``RefusedError`` for one without a vehicle, or for another kind of change.
        """
        if self.swap_with is None:
            return None
        if self.kind is not LineChangeKind.VEHICLE_ASSIGNED or self.vehicle_id is None:
            raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "swap_with"}), 422)
        return Swap(
            vehicle_id=VehicleId(self.vehicle_id),
            other_id=VehicleId(self.swap_with),
            begins=now if self.begins is None else instant(self.begins),
            reason=self.reason,
        )


class EndRequest(BaseModel):
    """Why a change is over."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class WeatherRequest(BaseModel):
    """What the road is like from a moment on, now where none is given."""

    model_config = ConfigDict(extra="forbid")
    weather: RoadWeather
    begins: Moment | None = None
