"""The forms of the page about line trips: answers checked by kind, and the change they describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.edge.requests import is_reason
from dispatch.line_book import OF_LINES, LineBook
from dispatch.line_swap import Swap
from dispatch.wish_time import TimeFault, local_instant
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import LineChangeId, StopId, TripId, VehicleId
from mobility.core.line_change import OF_VEHICLES, DetourCall, LineChange, LineChangeKind
from mobility.core.road_weather import RoadWeather
from mobility.core.service_day import service_day_of
from mobility.core.vehicle import TripRef

VIAS = 3
"""Replacement stops of a detour, and closed stops, the form has room for."""
_MINUTES = range(1, 121)
_MOST_POINTS = 500
_TIME_FAULTS = {TimeFault.UNREADABLE: "time", TimeFault.SKIPPED: "skipped", TimeFault.TWICE: "twice"}
_WITHOUT_TRIPS = OF_VEHICLES | {LineChangeKind.EXTRA}
"""What is said without choosing trips."""


@dataclass(kw_only=True)
class LineForm:
    """Reads the answers to one form; what does not do is collected in ``faults`` by field.

    Faults: ``reason``, ``time``, ``skipped``, ``twice``, ``minutes``, ``choice``, ``path``.
    """

    book: LineBook
    now: Instant
    given: Mapping[str, str]
    trips: Sequence[TripRef]
    kind: str
    """``cancel``, ``reinstate``, ``swap``, ``weather`` or a kind of change."""
    faults: dict[str, str] = field(default_factory=dict)

    def reason(self) -> str:
        """Return the reason, which riders or the record need."""
        text = self._text("reason")
        if not is_reason(text):
            self.faults[f"{self.kind}-reason"] = "reason"
        return text

    def weather(self) -> tuple[RoadWeather, Instant | None]:
        """Return the state of the road and since when."""
        text = self._text("weather")
        if text not in tuple(RoadWeather):
            self.faults[f"{self.kind}-weather"] = "choice"
            return RoadWeather.UNKNOWN, None
        return RoadWeather(text), self._moment("from")

    def change(self) -> LineChange:
        """Return the change described; it counts only where there are no ``faults`` after."""
        kind = LineChangeKind(self.kind)
        is_detour, is_extra = kind is LineChangeKind.DETOUR, kind is LineChangeKind.EXTRA
        has_vehicle = kind in OF_VEHICLES or kind is LineChangeKind.VEHICLE_ASSIGNED
        begins = (self._moment("from") if kind in OF_VEHICLES else None) or self.now
        return LineChange(
            change_id=LineChangeId(""),
            kind=kind,
            begins=begins,
            ends=self._moment("until") if kind in OF_VEHICLES else None,
            reason=self.reason(),
            trips=() if kind in _WITHOUT_TRIPS else tuple(self.trips),
            vehicle_id=self._vehicle(is_needed=has_vehicle) if has_vehicle or is_extra else None,
            pattern_of=self._pattern_of() if is_extra else None,
            departs=self._moment("at", is_needed=True) if is_extra else None,
            stops=self._stops() if kind is LineChangeKind.STOPS_CLOSED else (),
            leaves_at=self._stop("leaves_at", is_needed=True) if is_detour else None,
            rejoins_at=self._stop("rejoins_at", is_needed=True) if is_detour else None,
            via=self._via() if is_detour else (),
            drive_s=self._drive_s("drive_min") if is_detour else 0.0,
            path=self._path() if is_detour else (),
        )

    def swap(self) -> Swap:
        """Return the swap described; it counts only where there are no ``faults`` after."""
        return Swap(
            vehicle_id=self._vehicle(is_needed=True) or VehicleId(""),
            other_id=self._vehicle("other", is_needed=True) or VehicleId(""),
            begins=self._moment("from") or self.now,
            reason=self.reason(),
        )

    def _text(self, name: str) -> str:
        return self.given.get(f"{self.kind}-{name}", "").strip()

    def _moment(self, name: str, *, is_needed: bool = False) -> Instant | None:
        text = self._text(name)
        if not text and not is_needed:
            return None
        day = service_day_of(self.now, self.book.timetable.zone)
        moment = local_instant(day.date, text, day.zone)
        if isinstance(moment, TimeFault):
            self.faults[f"{self.kind}-{name}"] = _TIME_FAULTS[moment]
            return None
        return moment

    def _vehicle(self, name: str = "vehicle", *, is_needed: bool) -> VehicleId | None:
        text = self._text(name)
        spec = self.book.region.fleet.get(VehicleId(text))
        if (is_needed or text) and (spec is None or spec.kind not in OF_LINES):
            self.faults[f"{self.kind}-{name}"] = "choice"
        return VehicleId(text) if text else None

    def _pattern_of(self) -> TripId | None:
        text = self._text("pattern_of")
        if text not in self.book.timetable.trips:
            self.faults[f"{self.kind}-pattern_of"] = "choice"
        return TripId(text)

    def _stop(self, name: str, *, is_needed: bool = False) -> StopId | None:
        text = self._text(name)
        if (text or is_needed) and text not in self.book.timetable.stops:
            self.faults[f"{self.kind}-{name}"] = "choice"
        return StopId(text) if text else None

    def _stops(self) -> tuple[StopId, ...]:
        found = [self._stop(f"stop_{n}", is_needed=n == 1) for n in range(1, VIAS + 1)]
        return tuple(dict.fromkeys(stop for stop in found if stop is not None))

    def _via(self) -> tuple[DetourCall, ...]:
        calls: list[DetourCall] = []
        for n in range(1, VIAS + 1):
            stop = self._stop(f"via_{n}")
            if stop is not None:
                calls.append(DetourCall(stop, self._drive_s(f"via_min_{n}")))
        return tuple(calls)

    def _drive_s(self, name: str) -> float:
        text = self._text(name).replace(",", ".")
        try:
            minutes = float(text) if len(text) <= len("119.99") else 0.0
        except ValueError:
            minutes = 0.0
        if not _MINUTES[0] / 2 <= minutes <= _MINUTES[-1]:
            self.faults[f"{self.kind}-{name}"] = "minutes"
            return 0.0
        return 60.0 * minutes

    def _path(self) -> tuple[LatLon, ...]:
        lines = [line for line in self.given.get(f"{self.kind}-path", "").splitlines() if line.strip()]
        try:
            if len(lines) > _MOST_POINTS or len(lines) == 1:
                raise ValueError  # noqa: TRY301 - the same answer as for what can not be read
            return tuple(_place(line) for line in lines)
        except ValueError:
            self.faults[f"{self.kind}-path"] = "path"
            return ()


def _place(line: str) -> LatLon:
    lat, lon = (part.strip() for part in line.replace(";", ",").split(","))
    return LatLon(float(lat), float(lon))
