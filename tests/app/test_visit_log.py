"""Stop visits outlive a restart, whatever a crash did to the last line."""

from datetime import date

import pytest

from mobility.app.visit_log import LEARNED_DAYS, VisitLog
from mobility.core.clock import Instant
from mobility.core.ids import StopId, TripId, VehicleId
from mobility.core.vehicle import TripRef
from passenger_info.visits import StopVisit

START = Instant(1_760_421_600_000)
DAY_MS = 24 * 3600 * 1000


class Clock:
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> Instant:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, not even {seconds} s")


def visit(sequence: int) -> StopVisit:
    return StopVisit(
        trip=TripRef(TripId("D-out"), date(2025, 10, 14)),
        vehicle_id=VehicleId("shuttle-1"),
        stop_id=StopId("campus-nord"),
        stop_sequence=sequence,
        scheduled_arrival=START,
        scheduled_departure=Instant(START + 30_000),
        arrival=Instant(START + 12_345),
        departure=None,
    )


def test_what_was_kept_comes_back_in_order(tmp_path):
    clock = Clock()
    log = VisitLog(tmp_path, clock)
    log.append([visit(1), visit(2)])
    clock.at = Instant(START + DAY_MS)
    log.append([visit(3)])
    log.close()
    assert list(VisitLog(tmp_path, clock).recent()) == [visit(1), visit(2), visit(3)]


def test_old_days_teach_nothing_any_more(tmp_path):
    clock = Clock()
    log = VisitLog(tmp_path, clock)
    log.append([visit(1)])
    log.close()
    clock.at = Instant(START + (LEARNED_DAYS + 1) * DAY_MS)
    assert list(VisitLog(tmp_path, clock).recent()) == []


@pytest.mark.parametrize(
    "damage",
    ['{"trip_id": "D-out", "start_d', "[]", "null", "\x00\xff", '{"trip_id": 1}', "[" * 100_000, '{"arrival": true}'],
)
def test_a_damaged_line_costs_that_line_only(tmp_path, damage):
    clock = Clock()
    log = VisitLog(tmp_path, clock)
    log.append([visit(1)])
    log.close()
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes() + damage.encode("latin-1") + b"\n" + path.read_bytes())
    assert list(VisitLog(tmp_path, clock).recent()) == [visit(1), visit(1)]
