"""A scenario: what a simulated day is like, read from TOML. Everything not said keeps its default."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mobility.core.demand import RadioGap
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import ConnectionId, StopId, TripId, VehicleId
from mobility.core.line_change import DetourCall
from mobility.core.road_weather import RoadWeather
from mobility.core.service_day import ServiceTime
from sim.table import Span, Table

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
class Silence:
    """A vehicle's computer is off: no sample is taken at all."""

    vehicle: VehicleId
    span: Span


class LineUpsetKind(StrEnum):
    """What differs from the timetable, in the words of the interface it is told through."""

    CANCEL = "cancel"
    REINSTATE = "reinstate"
    EXTRA = "extra"
    DETOUR = "detour"
    STOPS_CLOSED = "stops_closed"
    REMOVED = "removed"
    VEHICLE_ASSIGNED = "vehicle_assigned"
    VEHICLE_OUT = "vehicle_out"
    RAMP_BROKEN = "ramp_broken"
    UNTRACKED = "untracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUpset:
    """Something on a line that differs from its timetable.

    Who drives knows it from the start; the server hears of it at ``told_at``.
    """

    kind: LineUpsetKind
    day: date | None
    """The service day; without it the scenario's first."""
    told_at: ServiceTime
    begins: ServiceTime
    """Of a breakdown: when the vehicle comes to a stand."""
    ends: ServiceTime | None
    trips: tuple[TripId, ...] = ()
    vehicle: VehicleId | None = None
    pattern_of: TripId | None = None
    departs: ServiceTime | None = None
    stops: tuple[StopId, ...] = ()
    leaves_at: StopId | None = None
    rejoins_at: StopId | None = None
    drive_s: float = 0.0
    path: tuple[LatLon, ...] = ()
    via: tuple[DetourCall, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFaults:
    """What is drawn for the lines, beside what the scenario names. An ordinary day has none of it."""

    cancel_share: float = 0.0
    """Share of trips cancelled at most an hour and a half before they begin."""
    reinstate_share: float = 0.0
    """Share of those that run after all."""
    untracked_share: float = 0.0
    """Share of trips that nobody can see."""
    closed_share: float = 0.0
    """Share of trips that pass one of their stops."""
    extra_share: float = 0.0
    """Share of breaks long enough for one more trip that are used for it."""
    breakdown_share: float = 0.0
    """Share of vehicles that break down on a day."""
    ramp_share: float = 0.0
    """Share of vehicles whose ramp sticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherChange:
    """The road gets wet, snowy, foggy or dry."""

    weather: RoadWeather
    day: date | None
    told_at: ServiceTime
    slower_frac: float
    """What it adds to every line's driving time, as a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One simulated day or several."""

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
    line: tuple[LineUpset, ...] = ()
    line_faults: LineFaults = LineFaults()
    weather: tuple[WeatherChange, ...] = ()
    timetable_until: date | None = None
    """Calendars that end earlier go on to this day, so that a day may lie beyond the bundle's timetable."""


def parse_scenario(text: str, *, source: str) -> Scenario:
    """Read a scenario; raises ``BadInputError`` naming ``source`` and the field that is wrong."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(str(error), source=source) from error
    return _scenario(Table(source, table))


def _scenario(top: Table) -> Scenario:
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
        line=tuple(_line_upset(part) for part in top.parts("line")),
        line_faults=top.part("line_faults").numbers(LineFaults),
        weather=tuple(_weather(part) for part in top.parts("weather")),
        timetable_until=top.day("timetable_until"),
    )
    radio.close()
    faults.close()
    top.close()
    if scenario.ends <= scenario.starts:
        top.fail("ends", "the scenario ends before it starts")
    return scenario


def _gap(part: Table) -> RadioGap:
    lat_deg, lon_deg = part.number("lat", low=-90, high=90), part.number("lon", low=-180, high=180)
    centre = LatLon(lat_deg, lon_deg)
    return part.closed(RadioGap(name=part.text("name"), centre=centre, radius_m=part.number("radius_m", low=0)))


def _silence(part: Table) -> Silence:
    return part.closed(Silence(vehicle=VehicleId(part.text("vehicle")), span=part.span()))


def _late_train(part: Table) -> tuple[ConnectionId, float]:
    return part.closed((ConnectionId(part.text("connection")), part.number("delay_s", low=0)))


def _line_upset(part: Table) -> LineUpset:
    told_at = part.time("told_at")
    upset = LineUpset(
        kind=part.one_of("kind", LineUpsetKind),
        day=part.day("day"),
        told_at=told_at,
        begins=part.time_or("begins", told_at),
        ends=part.time_or("ends", None),
        trips=tuple(TripId(each) for each in part.texts("trips")),
        vehicle=VehicleId(part.text("vehicle", "")) or None,
        pattern_of=TripId(part.text("pattern_of", "")) or None,
        departs=part.time_or("departs", None),
        stops=tuple(StopId(each) for each in part.texts("stops")),
        leaves_at=StopId(part.text("leaves_at", "")) or None,
        rejoins_at=StopId(part.text("rejoins_at", "")) or None,
        drive_s=part.number("drive_s", 0.0),
        path=tuple(_place(corner) for corner in part.parts("path")),
        via=tuple(_detour_call(call) for call in part.parts("via")),
        reason=part.text("reason", ""),
    )
    return part.closed(upset)


def _place(part: Table) -> LatLon:
    return part.closed(LatLon(part.number("lat", low=-90, high=90), part.number("lon", low=-180, high=180)))


def _detour_call(part: Table) -> DetourCall:
    return part.closed(DetourCall(StopId(part.text("stop")), part.number("drive_s")))


def _weather(part: Table) -> WeatherChange:
    weather = part.one_of("weather", RoadWeather)
    return part.closed(
        WeatherChange(
            weather=weather,
            day=part.day("day"),
            told_at=part.time("told_at"),
            slower_frac=part.number("slower_frac", 0.0, high=2.0),
        )
    )
