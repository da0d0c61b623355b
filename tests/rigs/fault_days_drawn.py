"""Some hours of a day of faults: which day, which hours and what goes wrong follow from a seed.

Drawn anew for every seed: a day of a week in autumn (the last one ends in the night that has an hour twice), a window,
how often trips are cancelled, brought back, untracked, pass a stop or are driven beside the timetable, breakdowns,
ramps, traffic, late trains, radio latency, outages of the radio, vehicles that fall silent, the road's weather, and on
half of the weekdays the road works of ``ilmenau-week`` with their detour. Every range is assumed.
"""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from mobility.core.ids import VehicleId
from mobility.core.road_weather import RoadWeather
from mobility.core.service_day import ServiceTime
from sim.edge.scenarios import load_scenario
from sim.scenario import LineFaults, LineUpset, LineUpsetKind, Scenario, Silence, Traffic, Trains, WeatherChange
from sim.table import Span

_MONDAY = date(2025, 10, 20)
_SATURDAY = 5
_DAYS = 6
"""No line runs on Sundays."""
_FIRST_S, _LAST_S = 5 * 3600 + 1800, 19 * 3600
"""Windows begin between these times of the service day, when there are lines to be seen."""
_NIGHT_SHARE, _NIGHT_S = 0.1, 23 * 3600 + 1800
"""Some windows are the night of Saturday, with its buses and the hour that comes twice."""
_VEHICLES = ("shuttle-1", "shuttle-2", "bus-1", "bus-2", "bus-3", "bus-4")


def drawn_scenario(seed: int, hours: float) -> Scenario:
    """Return the window of ``hours`` of a seed."""
    chance = Random(seed)
    base = load_scenario("ilmenau-faults")
    is_night = chance.random() < _NIGHT_SHARE
    day = _MONDAY + timedelta(days=_SATURDAY if is_night else chance.randrange(_DAYS))
    starts = _NIGHT_S if is_night else chance.randrange(_FIRST_S, _LAST_S, 900)
    ends = starts + round(hours * 3600)
    window = (starts, ends)
    return replace(
        base,
        name=f"fault-day-{seed}",
        day=day,
        starts=ServiceTime(starts),
        ends=ServiceTime(ends),
        traffic=_traffic(chance),
        trains=Trains(late_share=chance.uniform(0.2, 0.8), late_mean_s=chance.uniform(120, 600), known_before_s=600),
        line_faults=_faults(chance),
        radio_latency_s=chance.choice((0.0, 0.0, 0.4, 2.0)),
        outages=tuple(_span(chance, window, 20, 240) for _ in range(chance.randrange(3))),
        silences=tuple(
            Silence(vehicle=VehicleId(chance.choice(_VEHICLES)), span=_span(chance, window, 20, 900))
            for _ in range(chance.randrange(6))
        ),
        line=_detour(chance, window) if day.weekday() < _SATURDAY and chance.random() < 0.5 else (),
        weather=tuple(_weather(chance, window) for _ in range(chance.randrange(3))),
    )


def _traffic(chance: Random) -> Traffic:
    return Traffic(
        mean_frac=chance.uniform(0.05, 0.25),
        deviation_frac=chance.uniform(0.05, 0.25),
        day_deviation_frac=chance.uniform(0.02, 0.08),
        obstacle_share=chance.uniform(0.02, 0.2),
        obstacle_mean_s=chance.uniform(10, 90),
    )


def _faults(chance: Random) -> LineFaults:
    return LineFaults(
        cancel_share=chance.uniform(0, 0.25),
        reinstate_share=chance.uniform(0, 0.6),
        untracked_share=chance.uniform(0, 0.15),
        closed_share=chance.uniform(0, 0.25),
        extra_share=chance.uniform(0.2, 1.0),
        breakdown_share=chance.uniform(0, 0.8),
        ramp_share=chance.uniform(0, 0.6),
    )


def _span(chance: Random, window: tuple[int, int], least_s: float, most_s: float) -> Span:
    begins = chance.randrange(*window)
    return Span(starts=ServiceTime(begins), ends=ServiceTime(begins + round(chance.uniform(least_s, most_s))))


def _detour(chance: Random, window: tuple[int, int]) -> tuple[LineUpset, ...]:
    """The road works of the week, told at another moment and for trips from then on."""
    works = next(upset for upset in load_scenario("ilmenau-week").line if upset.kind is LineUpsetKind.DETOUR)
    told_s = chance.randrange(*window)
    return (replace(works, day=None, told_at=ServiceTime(told_s), begins=ServiceTime(told_s)),)


def _weather(chance: Random, window: tuple[int, int]) -> WeatherChange:
    weather = chance.choice(list(RoadWeather))
    told_at = ServiceTime(chance.randrange(*window))
    return WeatherChange(weather=weather, day=None, told_at=told_at, slower_frac=chance.uniform(0, 0.3))
