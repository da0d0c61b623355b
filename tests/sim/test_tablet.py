"""The driver's tablet in a radio gap."""

from datetime import date
from types import SimpleNamespace

from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from sim.edge.loop import run_virtual
from sim.edge.passengers import Habit, Passengers
from sim.edge.public_api import Manifest, Stopover
from sim.edge.tablet import Tablet

DAY = date(2025, 10, 14)


def _task(name: str) -> Stopover:
    return Stopover(
        task_id=name,
        is_pickup=True,
        reference=name,
        place=LatLon(50.0, 10.0),
        window=Window(Instant(0), Instant(900_000)),
        begin=Instant(0),
        service_s=60.0,
        seats=1,
        wheelchairs=0,
        is_done=False,
    )


class Office:
    """Has two tasks for everybody and writes down what drivers report."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, str, int]] = []
        self.asked = 0

    async def manifest(self, vehicle_id, day):
        self.asked += 1
        return Manifest(shifts=(), tasks=(_task("a"), _task("b")))

    async def report_outcome(self, vehicle_id, task_id, outcome, at):
        self.reports.append((task_id, outcome, at))
        return True


def test_what_is_reported_in_a_gap_is_done_at_once_and_sent_behind_it():
    office = Office()
    vehicle = SimpleNamespace(spec=SimpleNamespace(vehicle_id=VehicleId("v")), link=SimpleNamespace(is_covered=True))

    async def main():
        tablet = Tablet(office, vehicle)
        first = await tablet.open_tasks(DAY)
        vehicle.link.is_covered = False
        await tablet.report(first[0], "boarded", Instant(5))
        in_gap = await tablet.open_tasks(DAY)
        sent_in_gap = list(office.reports)
        vehicle.link.is_covered = True
        behind = await tablet.open_tasks(DAY)
        return [[task.task_id for task in tasks] for tasks in (first, in_gap, behind)], sent_in_gap

    tasks, sent_in_gap = run_virtual(main())
    assert tasks == [["a", "b"], ["b"], ["b"]]
    assert sent_in_gap == []
    assert office.reports == [("a", "boarded", 5)]
    assert office.asked == 2


def test_riders_stand_at_the_stop_in_time_late_or_never():
    people = Passengers()
    window = Window(Instant(1_000_000), Instant(1_900_000))
    people.booked("late", Habit(comes_late_s=300), window)
    people.booked("very late", Habit(comes_late_s=3000), window)
    people.booked("away", Habit(stays_away=True), window)
    assert people.stands_at("unknown", window, Instant(1_000_000), reserve_s=120) == 1_000_000
    assert people.stands_at("late", window, Instant(1_000_000), reserve_s=120) == 1_300_000
    assert people.stands_at("very late", window, Instant(1_000_000), reserve_s=120) == 1_780_000
    assert people.stands_at("away", window, Instant(1_000_000), reserve_s=120) is None
