"""Who is late at the end of a shift is late for the next one, and riders of both hear of it."""

import asyncio
from dataclasses import replace

from dispatch.shift_change import with_shift_changes
from mobility.core.clock import Instant, shifted
from mobility.core.ids import BookingId
from mobility.core.plan import DayPlan, Tour
from mobility.core.region import Region
from mobility.core.service_day import ServiceTime
from tests.dispatch.room import room
from tests.dispatch.small_region import AREA, DAY, at, bus, region, wish
from tests.dispatch.upset_days import Upset, late, seen


def two_shifts() -> Region:
    """One bus, driven by one person until twelve and by another one from then on."""
    village = region([bus("bus-1")])
    (area,) = village.areas
    (rule,) = area.shifts
    noon = ServiceTime(12 * 3600)
    return replace(village, areas=(replace(area, shifts=(replace(rule, ends=noon), replace(rule, starts=noon))),))


def day(now: str = "11:25", first: str = "11:30", second: str = "12:05") -> Upset:
    """A ride at the end of the first shift, far out, and one at the begin of the second."""

    async def book():
        here = room(two_shifts())
        await here.book(wish("A", "G", first), key="k1")
        await here.book(wish("B", "D", second), key="k2")
        return here

    return seen(asyncio.run(book()), now)


def tours(plan: DayPlan) -> tuple[Tour, Tour]:
    first, second = sorted(plan.tours, key=lambda tour: tour.shift.span.earliest)
    return first, second


def test_the_second_tour_waits_for_the_bus_that_comes_back_too_late_and_its_rider_is_told() -> None:
    upset = day()
    best = upset.least_harm(late("bus-1", 35, begins="11:25"))
    first, second = tours(best.plan)
    back = shifted(Instant(first.tasks[-1].begin), 60 + 6 * 120)
    assert second.held_until is not None
    assert second.held_until >= back > second.shift.span.earliest
    assert second.tasks[0].begin >= shifted(second.held_until, 120)
    assert {each.booking_id for each in best.revisions} >= {second.tasks[0].booking_id}


def test_a_bus_that_is_back_in_time_changes_nothing() -> None:
    upset = day()
    plan = with_shift_changes(upset.service, upset.state, upset.plan, upset.now)
    assert plan == upset.plan


def test_lateness_that_can_still_be_made_up_moves_nobody_of_the_next_shift() -> None:
    upset = day(now="08:55", first="09:00")
    best = upset.least_harm(late("bus-1", 20, begins="08:55"))
    assert tours(best.plan)[1].held_until is None


def test_a_bus_still_out_when_its_shift_is_over_is_late_for_what_it_is_doing() -> None:
    upset = day(second="13:30")
    held = upset.least_harm(late("bus-1", 40, begins="11:25"))
    over = replace(upset, state=replace(upset.state, plans={(AREA, DAY.date): held.plan}), now=at("12:02"))
    again = over.least_harm(late("bus-1", 10, begins="12:02"))
    first, second = tours(again.plan)
    assert first.held_until is not None
    assert first.held_until > (tours(held.plan)[0].held_until or 0)
    assert second.held_until == shifted(Instant(first.tasks[-1].begin), 60 + 6 * 120), "when it is back"
    assert [each.booking_id for each in again.affected] == [BookingId("R-001")]
