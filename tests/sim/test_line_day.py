"""What line vehicles drive on days that differ from the timetable, and what the control room tells of it."""

import asyncio
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import httpx
import pytest

from gtfs.from_region import timetable_of
from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import StopId, TripId, VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay, ServiceTime, parse_service_time
from mobility.storage.bundles import load_region, shipped_region
from sim.edge.line_control import LineControl
from sim.edge.public_api import PublicApi
from sim.edge.scenarios import load_scenario, shipped_scenarios
from sim.edge.world import World
from sim.line_day import LineDay
from sim.scenario import LineUpset, parse_scenario

TUESDAY = date(2025, 10, 21)
ONE, TWO = VehicleId("shuttle-1"), VehicleId("shuttle-2")


@cache
def region() -> Region:
    return load_region(shipped_region("ilmenau"))


def upset(kind: str, *, told_at: str = "06:00:00", more: str = "", trips: tuple[str, ...] = ()) -> LineUpset:
    listed = ", ".join(f'"{trip}"' for trip in trips)
    text = f"""
name = "x"
region = "ilmenau"
[[line]]
kind = "{kind}"
told_at = "{told_at}"
trips = [{listed}]
{more}
"""
    return parse_scenario(text, source="x").line[0]


def line_day(*upsets: LineUpset) -> LineDay:
    known = region()
    return LineDay(
        timetable=timetable_of(known), stops=known.stops, blocks=known.blocks, day=TUESDAY, upsets=list(upsets)
    )


def trips(day: LineDay, vehicle_id: VehicleId) -> list[TripId]:
    return [run.trip.trip_id for run in day.runs(vehicle_id)]


def test_without_upsets_a_vehicle_drives_its_block_in_order():
    driven = trips(line_day(), ONE)
    assert driven[:3] == ["D-out-mofr-0607", "D-in-mofr-0640", "D-out-mofr-0707"]
    assert len(driven) == 26


def test_nobody_drives_what_was_cancelled_before_it_began():
    early = upset("cancel", told_at="08:00:00", trips=("D-out-mofr-0807",))
    late = upset("cancel", told_at="08:10:00", trips=("D-out-mofr-0807",))
    assert "D-out-mofr-0807" not in trips(line_day(early), ONE)
    assert "D-out-mofr-0807" in trips(line_day(late), ONE)
    again = upset("reinstate", told_at="08:05:00", trips=("D-out-mofr-0807",))
    assert "D-out-mofr-0807" in trips(line_day(early, again), ONE)


def test_a_trip_that_should_not_be_in_the_timetable_is_not_driven():
    assert "D-out-mofr-0807" not in trips(line_day(upset("removed", trips=("D-out-mofr-0807",))), ONE)


def test_the_other_vehicle_takes_over_what_is_assigned_to_it():
    swapped = line_day(upset("vehicle_assigned", trips=("D-in-mofr-1140",), more='vehicle = "shuttle-2"'))
    assert "D-in-mofr-1140" not in trips(swapped, ONE)
    assert trips(swapped, TWO)[8] == "D-in-mofr-1140"


def test_an_extra_trip_drives_its_pattern_at_its_own_time():
    more = 'vehicle = "shuttle-2"\npattern_of = "D-out-mofr-1107"\ndeparts = "11:22:00"'
    extra = line_day(upset("extra", trips=("D-out-mofr-1107+1122",), more=more))
    run = next(run for run in extra.runs(TWO) if run.trip.trip_id == "D-out-mofr-1107+1122")
    assert run.departs(0) == ServiceDay(TUESDAY, region().zone).at(parse_service_time("11:22:00"))


def test_a_closed_stop_is_passed_and_a_detour_serves_other_stops():
    closed = upset("stops_closed", trips=("D-out-mofr-0807",), more='stops = ["campus-nord"]')
    run = next(run for run in line_day(closed).runs(ONE) if run.trip.trip_id == "D-out-mofr-0807")
    assert run.trip.pattern.stops == ("neuhaeuser-weg", "ehrenberg", "campus-ost", "gustav-kirchhoff-platz")
    more = """leaves_at = "ehrenberg"
rejoins_at = "gustav-kirchhoff-platz"
drive_s = 200
[[line.via]]
stop = "krankenhaus"
drive_s = 150
"""
    around = line_day(upset("detour", trips=("D-out-mofr-0807",), more=more))
    run = next(run for run in around.runs(ONE) if run.trip.trip_id == "D-out-mofr-0807")
    assert run.trip.pattern.stops == ("neuhaeuser-weg", "ehrenberg", StopId("krankenhaus"), "gustav-kirchhoff-platz")


def test_an_untracked_trip_is_driven_in_the_dark():
    dark = line_day(upset("untracked", trips=("D-out-mofr-0807",))).dark(ONE)
    at = ServiceDay(TUESDAY, region().zone).at
    assert [window.holds(at(ServiceTime(8 * 3600 + 600))) for window in dark] == [True]
    assert not dark[0].holds(at(ServiceTime(9 * 3600)))


def test_a_broken_vehicle_stands_from_the_breakdown_until_it_is_mended():
    more = 'vehicle = "shuttle-1"\nbegins = "10:45:00"\nends = "13:55:00"'
    broken = line_day(upset("vehicle_out", told_at="10:48:00", more=more))
    window = broken.breakdown(ONE)
    assert window is not None
    assert (window.latest - window.earliest) == (3 * 3600 + 600) * 1000
    assert broken.breakdown(TWO) is None


def test_an_upset_of_a_trip_that_does_not_exist_is_refused():
    with pytest.raises(BadInputError, match="no trip"):
        line_day(upset("vehicle_assigned", trips=("D-99",), more='vehicle = "shuttle-2"')).runs(TWO)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_no_vehicle_of_a_shipped_scenario_is_in_two_places_at_once(name):
    scenario = load_scenario(name)
    known = region()
    first = scenario.day or known.scenario_day
    for day in sorted({each.day or first for each in scenario.line} | {first}):
        upsets = [each for each in scenario.line if (each.day or first) == day]
        plan = LineDay(timetable=timetable_of(known), stops=known.stops, blocks=known.blocks, day=day, upsets=upsets)
        for vehicle_id in known.fleet:
            runs = plan.runs(vehicle_id)
            ends = [run.arrives(run.last) for run in runs]
            assert all(end <= run.departs(0) for end, run in zip(ends, runs[1:], strict=False)), (day, vehicle_id)


class _Clock:
    """A clock that is where a sleeper wants it to be."""

    def __init__(self, now: Instant) -> None:
        self._now = now

    def now(self) -> Instant:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now = Instant(self._now + round(seconds * 1000))


def test_the_control_room_enters_each_change_when_it_is_known_and_ends_what_lasts():
    heard: list[tuple[str, str, object]] = []
    day = ServiceDay(TUESDAY, region().zone)
    clock = _Clock(day.at(ServiceTime(0)))

    async def answer(request: httpx.Request) -> httpx.Response:
        heard.append((str(clock.now()), request.url.path, request.read()))
        return httpx.Response(201, json={"change_id": "c-1", "trips": []})

    async def main() -> LineControl:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server.invalid") as http:
            world = World(http=http, connect_vehicle=_nowhere, clock=clock)
            control = LineControl(PublicApi(world, ZoneInfo(day.zone)), clock)
            more = 'vehicle = "shuttle-1"\nbegins = "10:45:00"\nends = "13:55:00"'
            broken = upset("vehicle_out", told_at="10:48:00", more=more)
            cancelled = upset("cancel", told_at="10:50:00", trips=("D-in-mofr-1040",))
            await control.day(day, [broken, cancelled], [])
            return control

    control = asyncio.run(main())
    told = [day.at(parse_service_time(time)) for time in ("10:48:00", "10:50:00", "13:55:00")]
    assert [(at, path) for at, path, _ in heard] == [
        (str(told[0]), "/api/v1/line/changes"),
        (str(told[1]), "/api/v1/line/changes"),
        (str(told[2]), "/api/v1/line/changes/c-1/end"),
    ]
    assert (control.entered, control.refused) == (2, 0)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_change_of_many_trips_has_a_key_that_the_interface_takes(name):
    keys: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(201, json={"change_id": "", "trips": []})

    async def main() -> None:
        scenario = load_scenario(name)
        first = ServiceDay(scenario.day or region().scenario_day, region().zone)
        clock = _Clock(first.at(ServiceTime(0)))
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server.invalid") as http:
            control = LineControl(
                PublicApi(World(http=http, connect_vehicle=_nowhere, clock=clock), ZoneInfo(first.zone)), clock
            )
            for day in sorted({each.day or first.date for each in scenario.line}):
                upsets = [each for each in scenario.line if (each.day or first.date) == day]
                await control.day(ServiceDay(day, first.zone), upsets, [])

    asyncio.run(main())
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys), default=0) <= 200


async def _nowhere(_vehicle_id: VehicleId) -> None:
    raise OSError("no vehicles here")
