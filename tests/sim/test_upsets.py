"""What goes wrong is drawn before the day begins, and everybody finds a way around it."""

from dataclasses import replace

from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted
from mobility.core.ids import StopId
from mobility.core.service_day import ServiceDay
from sim.chance import Chance
from sim.edge.passengers import Habit, Passengers
from sim.roads import Roads
from sim.route import Ways
from sim.scenario import Upsets
from sim.upsets import Closure, UpsetDay, upsets_of
from tests.sim.stage import shipped

REGION = shipped()[0]
DAY = ServiceDay(REGION.scenario_day, REGION.zone)
WORST = Upsets(ill_share=1.0, stall_share=1.0, closure_share=1.0)


def test_an_ordinary_day_has_no_upsets() -> None:
    assert upsets_of(REGION, Upsets(), Chance(1), DAY.date) == UpsetDay()


def test_the_same_seed_gives_the_same_upsets_and_another_seed_others() -> None:
    some = Upsets(stall_share=0.9, closure_share=1.0)
    assert upsets_of(REGION, some, Chance(1), DAY.date) == upsets_of(REGION, some, Chance(1), DAY.date)
    assert upsets_of(REGION, some, Chance(1), DAY.date) != upsets_of(REGION, some, Chance(2), DAY.date)


def test_a_driver_who_is_ill_calls_before_the_shift_and_the_bus_of_that_shift_does_not_stall() -> None:
    day = upsets_of(REGION, WORST, Chance(1), DAY.date)
    assert len(day.illnesses) == sum(len(area.shifts) for area in REGION.areas)
    assert day.stalls == ()
    assert all(ill.told_at < ill.shift.earliest for ill in day.illnesses)
    assert all(day.is_ill(ill.vehicle_id, ill.shift) for ill in day.illnesses)


def test_a_stall_lies_in_its_shift_and_is_found_by_vehicle_and_time() -> None:
    day = upsets_of(REGION, replace(WORST, ill_share=0.0), Chance(1), DAY.date)
    for stall in day.stalls:
        assert day.stall_of(stall.vehicle_id, Window(stall.at, shifted(stall.at, 1))) == stall
    assert day.stalls


def test_days_without_service_go_without_upsets() -> None:
    assert upsets_of(REGION, WORST, Chance(1), DAY.plus(1).date) == UpsetDay()


def test_the_bus_drives_around_a_closed_road_while_it_is_closed() -> None:
    roads = Roads(REGION, Ways(REGION.network))
    origin, through, destination = (
        REGION.stops[StopId(name)].place
        for name in ("stuetzerbach-haus-des-gastes", "homburger-platz", "ilmenau-bahnhof")
    )
    span = Window(DAY.at(9 * 3600), DAY.at(12 * 3600))
    closure = Closure(
        area_id=REGION.areas[0].area_id, stop_id=StopId("homburger-platz"), told_at=span.earliest, span=span
    )
    upsets = UpsetDay(closures=(closure,))
    open_way = roads.between(origin, destination, upsets, DAY.at(8 * 3600))
    around = roads.between(origin, destination, upsets, DAY.at(10 * 3600))
    assert around.free_flow_s > open_way.free_flow_s
    assert roads.between(origin, destination, upsets, DAY.at(13 * 3600)) == open_way
    # Whoever stands inside is waved out on the open road.
    assert roads.between(through, destination, upsets, DAY.at(10 * 3600)).free_flow_s > 0


def test_people_come_by_the_last_time_they_were_told_and_go_home_when_nobody_came() -> None:
    people = Passengers()
    first, later = Window(Instant(1_000_000), Instant(1_900_000)), Window(Instant(4_000_000), Instant(4_900_000))
    people.booked("x", Habit(), first)
    assert people.stands_at("x", later, Instant(4_000_000), reserve_s=60) is None
    people.told("x", later)
    assert people.stands_at("x", later, Instant(4_000_000), reserve_s=60) == 4_000_000
