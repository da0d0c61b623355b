"""The form "what happened?": answers checked by kind, and the disruption they describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.edge.requests import clean
from dispatch.wish_time import TimeFault, local_instant
from mobility.core.booking import Load
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.ids import BookingId, DisruptionId, ServiceAreaId, StopId, VehicleId
from mobility.core.place import Stop
from mobility.core.region import ServiceArea
from mobility.core.service_day import ServiceDay

_OF_VEHICLE = frozenset({DisruptionKind.VEHICLE_LATE, DisruptionKind.BREAKDOWN, DisruptionKind.DRIVER_MISSING})
_OF_BOOKING = frozenset({DisruptionKind.NO_SHOW, DisruptionKind.UNANNOUNCED_LOAD})
LONGEST_DELAY_MIN = 720
_DELAY_MIN = range(1, LONGEST_DELAY_MIN + 1)
_RADIUS_M = range(10, 5001)
_COUNT = range(100)
_LONGEST_NOTE = 200
FIELDS = (
    *("kind", "vehicle_id", "booking_id", "stop_id", "delay_min", "radius_m", "at"),
    *("seats", "wheelchairs", "prams", "luggage", "note"),
)
"""What the form asks, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Reads the form against what there is today."""

    areas: Sequence[ServiceArea]
    stops: Mapping[StopId, Stop]
    bookings: Mapping[BookingId, ServiceAreaId]
    """Rides that can be named, with their areas."""
    day: ServiceDay
    now: Instant

    def faults(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Return the fields whose answers do not do, in the order of the form."""
        kind = _kind(given)
        if kind is None:
            return ("kind",)
        checks = {
            "vehicle_id": kind in _OF_VEHICLE and self._area_of_vehicle(given) is None,
            "booking_id": kind in _OF_BOOKING and BookingId(_text(given, "booking_id")) not in self.bookings,
            "stop_id": _needs_stop(kind, given) and _text(given, "stop_id") not in self.stops,
            "delay_min": kind is DisruptionKind.VEHICLE_LATE and _number(given, "delay_min", _DELAY_MIN) is None,
            "radius_m": kind is DisruptionKind.ROAD_CLOSED and _number(given, "radius_m", _RADIUS_M) is None,
            "at": isinstance(self._moment(given), TimeFault),
            "seats": kind is DisruptionKind.UNANNOUNCED_LOAD and _load(given) is None,
            "note": not _is_fine(_text(given, "note")),
        }
        return tuple(name for name, is_wrong in checks.items() if is_wrong)

    def disruption(self, given: Mapping[str, str], disruption_id: DisruptionId) -> Disruption:
        """Return the disruption that checked answers describe."""
        kind = DisruptionKind(given["kind"])
        moment = self._moment(given)
        assert not isinstance(moment, TimeFault)  # noqa: S101 - checked before
        stop = self.stops.get(StopId(_text(given, "stop_id")))
        is_road, is_load = kind is DisruptionKind.ROAD_CLOSED, kind is DisruptionKind.UNANNOUNCED_LOAD
        return Disruption(
            disruption_id=disruption_id,
            kind=kind,
            area_id=self._area(kind, given),
            day=self.day.date,
            begins=moment,
            vehicle_id=VehicleId(_text(given, "vehicle_id")) if kind in _OF_VEHICLE else None,
            booking_id=BookingId(_text(given, "booking_id")) if kind in _OF_BOOKING else None,
            stop_id=stop.stop_id if stop is not None and kind is DisruptionKind.BREAKDOWN else None,
            delay_s=60.0 * (_number(given, "delay_min", _DELAY_MIN) or 0)
            if kind is DisruptionKind.VEHICLE_LATE
            else 0.0,
            load=_load(given) if is_load else None,
            centre=stop.place if stop is not None and is_road else None,
            radius_m=float(_number(given, "radius_m", _RADIUS_M) or 0) if is_road else 0.0,
            note=_text(given, "note"),
        )

    def _area(self, kind: DisruptionKind, given: Mapping[str, str]) -> ServiceAreaId:
        if kind in _OF_BOOKING:
            return self.bookings[BookingId(_text(given, "booking_id"))]
        of_stop = next((a for a in self.areas if _text(given, "stop_id") in a.stops), self.areas[0])
        of_vehicle = self._area_of_vehicle(given) if kind in _OF_VEHICLE else None
        return (of_vehicle or of_stop).area_id

    def _area_of_vehicle(self, given: Mapping[str, str]) -> ServiceArea | None:
        vehicle_id = _text(given, "vehicle_id")
        return next((a for a in self.areas if any(s.vehicle_id == vehicle_id for s in a.shifts)), None)

    def _moment(self, given: Mapping[str, str]) -> Instant | TimeFault:
        text = _text(given, "at")
        return local_instant(self.day.date, text, self.day.zone) if text else self.now


def _kind(given: Mapping[str, str]) -> DisruptionKind | None:
    text = given.get("kind", "")
    return DisruptionKind(text) if text in tuple(DisruptionKind) else None


def _needs_stop(kind: DisruptionKind, given: Mapping[str, str]) -> bool:
    """A closed road needs its place; where a broken vehicle stands may be left open, but not be nonsense."""
    if kind is DisruptionKind.ROAD_CLOSED:
        return True
    return kind is DisruptionKind.BREAKDOWN and bool(_text(given, "stop_id"))


def _text(given: Mapping[str, str], name: str) -> str:
    return given.get(name, "").strip()


def _number(given: Mapping[str, str], name: str, allowed: range) -> int | None:
    text = _text(given, name)
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(allowed[-1]))
    return int(text) if is_number and int(text) in allowed else None


def _load(given: Mapping[str, str]) -> Load | None:
    names = ("seats", "wheelchairs", "prams", "luggage")
    counts = [
        count for name in names if (count := _number({name: _text(given, name) or "0"}, name, _COUNT)) is not None
    ]
    if len(counts) < len(names) or counts[0] + counts[1] == 0:
        return None
    return Load(*counts)


def _is_fine(text: str) -> bool:
    try:
        clean(text)
    except ValueError:
        return False
    return len(text) <= _LONGEST_NOTE
