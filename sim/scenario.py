"""A scenario: what a simulated day is like, read from TOML. Everything not said keeps its default."""

import dataclasses
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NoReturn, TypeVar

from mobility.core.demand import RadioGap
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import ConnectionId, VehicleId
from mobility.core.service_day import ServiceTime, parse_service_time

T = TypeVar("T")

_LARGEST = 1e9
"""No number of a scenario is larger; refuses infinities and typing errors."""
_STARTS = ServiceTime(4 * 3600)
_ENDS = ServiceTime(25 * 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the road adds to the fastest driving time."""

    mean_frac: float = 0.06
    """Mean extra driving time as a share of the fastest."""
    deviation_frac: float = 0.05
    """Its standard deviation from one stop to the next."""
    day_deviation_frac: float = 0.03
    """Standard deviation that all vehicles of an hour share: rush, weather."""
    obstacle_share: float = 0.04
    """Share of stop-to-stop drives on which something makes the vehicle stop once more."""
    obstacle_mean_s: float = 14.0
    """Mean length of such a stop (exponential)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwell:
    """Times at a stop, in seconds."""

    doors_s: float = 6.0
    """Opening and closing."""
    per_person_s: float = 2.5
    """Each rider who boards or leaves."""
    ramp_s: float = 45.0
    """Each wheelchair, ramp out and in."""
    deviation_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Riding:
    """How people behave on this day, beside the bundle's demand. Shares lie in 0..1."""

    demand_factor: float = 1.0
    """Times the bundle's number of riders and wishes."""
    no_show_factor: float = 1.0
    """Times the bundle's share of no-shows."""
    cancel_factor: float = 1.0
    """Times the bundle's share of cancellations."""
    alternative_share: float = 0.7
    """Share of refused callers who take an alternative when one is offered."""
    late_share: float = 0.15
    """Share of citizen-bus riders who come to the stop only within the promised window."""
    impossible_share: float = 0.05
    """Wishes the service can not fulfil, as a share of the others."""
    wheelchair_share: float = 0.02
    """Share of line riders who use a wheelchair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trains:
    """Delays of trains with planned connections."""

    late_share: float = 0.25
    late_mean_s: float = 240.0
    """Mean delay of a late train (exponential)."""
    known_before_s: float = 600.0
    """How long before the scheduled arrival a delay is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsets:
    """What goes wrong for the citizen bus. Shares lie in 0..1; an ordinary day has none of it."""

    jam_share: float = 0.0
    """Share of its drives that are held up on the way: timber lorry, snow, a herd of sheep."""
    jam_mean_s: float = 600.0
    """Mean length (exponential)."""
    stall_share: float = 0.0
    """Share of shifts in which the bus stands still for a while: a flat tyre, a ramp that sticks."""
    stall_least_s: float = 900.0
    stall_most_s: float = 2400.0
    ill_share: float = 0.0
    """Share of shifts whose driver calls in sick, an hour before."""
    closure_share: float = 0.0
    """Share of service days on which a road near a stop is closed for three hours."""
    unannounced_share: float = 0.0
    """Share of parties of two or more of whom one comes in a wheelchair that was not booked."""
    reached_share: float = 0.8
    """Share of calls to riders that reach somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of the service day."""

    starts: ServiceTime
    ends: ServiceTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A vehicle's computer is off: no sample is taken at all."""

    vehicle: VehicleId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A simulated day."""

    name: str
    region: str
    """Name of the region bundle it belongs to."""
    day: date | None = None
    """The first service day; without it the region's scenario day."""
    starts: ServiceTime = _STARTS
    ends: ServiceTime = _ENDS
    traffic: Traffic = Traffic()
    dwell: Dwell = Dwell()
    riding: Riding = Riding()
    trains: Trains = Trains()
    upsets: Upsets = Upsets()
    radio_latency_s: float = 0.0
    gaps: tuple[RadioGap, ...] = ()
    """More circles without coverage than the bundle's demand already has."""
    outages: tuple[Span, ...] = ()
    """Spans in which no vehicle has a connection."""
    silences: tuple[Silence, ...] = ()
    late_trains: Mapping[ConnectionId, float] = field(default_factory=dict)
    """Delay in seconds by connection."""


def parse_scenario(text: str, *, source: str) -> Scenario:
    """Read a scenario; raises ``BadInputError`` naming ``source`` and the field that is wrong."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(str(error), source=source) from error
    return _scenario(_Part(source, table))


def _scenario(top: "_Part") -> Scenario:
    radio, faults = top.part("radio"), top.part("faults")
    scenario = Scenario(
        name=top.text("name"),
        region=top.text("region"),
        day=top.day("day"),
        starts=top.time("starts", "04:00:00"),
        ends=top.time("ends", "25:00:00"),
        traffic=top.part("traffic").numbers(Traffic),
        dwell=top.part("dwell").numbers(Dwell),
        riding=top.part("riding").numbers(Riding),
        trains=top.part("trains").numbers(Trains),
        upsets=top.part("upsets").numbers(Upsets),
        radio_latency_s=radio.number("latency_s", 0.0),
        gaps=tuple(_gap(part) for part in radio.parts("gap")),
        outages=tuple(part.closed(part.span()) for part in radio.parts("outage")),
        silences=tuple(_silence(part) for part in faults.parts("silence")),
        late_trains=dict(_late_train(part) for part in faults.parts("late_train")),
    )
    radio.close()
    faults.close()
    top.close()
    if scenario.ends <= scenario.starts:
        top.fail("ends", "the scenario ends before it starts")
    return scenario


def _gap(part: "_Part") -> RadioGap:
    lat_deg, lon_deg = part.number("lat", low=-90, high=90), part.number("lon", low=-180, high=180)
    centre = LatLon(lat_deg, lon_deg)
    return part.closed(RadioGap(name=part.text("name"), centre=centre, radius_m=part.number("radius_m", low=0)))


def _silence(part: "_Part") -> Silence:
    return part.closed(Silence(vehicle=VehicleId(part.text("vehicle")), span=part.span()))


def _late_train(part: "_Part") -> tuple[ConnectionId, float]:
    return part.closed((ConnectionId(part.text("connection")), part.number("delay_s", low=0)))


class _Part:
    """A TOML table that knows where it stands, so that every complaint names its field."""

    def __init__(self, source: str, table: dict[str, Any], path: str = "") -> None:
        self._source = source
        self._rest = dict(table)
        self._path = path

    def fail(self, name: str, message: str) -> NoReturn:
        """Complain about one field."""
        raise BadInputError(message, source=self._source, field=f"{self._path}{name}")

    def close(self) -> None:
        """Complain about the first field nobody asked for."""
        for name in self._rest:
            self.fail(name, "is not known here")

    def closed(self, value: T) -> T:
        """Return ``value`` once everything of this part was read."""
        self.close()
        return value

    def part(self, name: str) -> "_Part":
        """Return a sub-table, empty where absent."""
        table = self._rest.pop(name, {})
        if not isinstance(table, dict):
            self.fail(name, "must be a table")
        return _Part(self._source, table, f"{self._path}{name}.")

    def parts(self, name: str) -> list["_Part"]:
        """Return an array of tables, empty where absent."""
        tables = self._rest.pop(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.fail(name, "must be an array of tables, [[...]]")
        return [_Part(self._source, table, f"{self._path}{name}[{i}].") for i, table in enumerate(tables, start=1)]

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self._rest.pop(name, "")
        if not isinstance(value, str) or not value:
            self.fail(name, "must be a text")
        return value

    def number(self, name: str, default: float | None = None, *, low: float = 0.0, high: float = math.inf) -> float:
        """Return a finite number within limits."""
        value = self._rest.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(name, "must be a number")
        if not low <= value <= min(high, _LARGEST):
            self.fail(name, f"must lie in {low:g}..{min(high, _LARGEST):g}")
        return float(value)

    def day(self, name: str) -> date | None:
        """Return a date like 2025-10-14, or ``None`` where absent."""
        value = self._rest.pop(name, None)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            self.fail(name, "must be a date like 2025-10-14")
        return value

    def time(self, name: str, default: str = "") -> ServiceTime:
        """Return a service time like "25:00:00"; it may pass midnight."""
        value = self._rest.pop(name, default)
        try:
            return parse_service_time(value)
        except (ValueError, TypeError):
            self.fail(name, f'must be a time like "08:05:00", but is {value!r}')

    def span(self) -> Span:
        """Return the fields ``starts`` and ``ends``."""
        span = Span(starts=self.time("starts"), ends=self.time("ends"))
        if span.ends < span.starts:
            self.fail("ends", "lies before starts")
        return span

    def numbers(self, kind: Callable[..., T]) -> T:
        """Return a dataclass of numbers >= 0; fields named ``..._share`` or ``..._frac`` are at most 1."""
        defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        found = {
            name: self.number(name, default, high=1.0 if name.endswith(("_share", "_frac")) else math.inf)
            for name, default in defaults.items()
        }
        return self.closed(kind(**found))
