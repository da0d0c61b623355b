"""What a port of passenger information is tried on: one late trip on the road, one planned, one cancelled."""

from mobility.core.clock import Instant
from mobility.core.ids import StopId
from mobility.core.vehicle import TripRef
from tests.passenger_info.day import DAY, ONE_HOUR, Drive, at, run_on, timetable_of
from tests.passenger_info.world import World

RUNNING, PLANNED, CANCELLED = TripRef("D1", DAY), TripRef("D2", DAY), TripRef("D3", DAY)
START, END = StopId("station"), StopId("campus")
NOW: Instant = at("08:04")


def world_at(folder) -> World:
    """D1 five minutes late between its stops, D2 back from the campus later, D3 cancelled."""
    timetable = timetable_of(ONE_HOUR, folder)
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable, start_late_s=200).states(), until=NOW)
    world.cancel(CANCELLED, "Das Fahrzeug ist defekt.")
    return world
