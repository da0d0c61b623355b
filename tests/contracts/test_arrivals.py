"""The contract of ``Arrivals`` and ``DirectTrips``, tried on the service that implements them."""

import pytest

from mobility.core.arrivals import TripStanding
from mobility.core.clock import Instant, shifted
from mobility.core.ids import StopId
from mobility.core.ports import Arrivals, DirectTrips
from tests.contracts.arrivals_world import CANCELLED, END, NOW, PLANNED, RUNNING, START, world_at
from tests.passenger_info.day import at


@pytest.fixture(scope="module")
def arrivals(tmp_path_factory: pytest.TempPathFactory) -> Arrivals:
    return world_at(tmp_path_factory.mktemp("feed")).info


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> DirectTrips:
    return world_at(tmp_path_factory.mktemp("feed")).info


def times(arrivals: Arrivals, stop: str, horizon_s: float = 7200) -> list[Instant]:
    rows = [(row.status.calls[row.call_index]) for row in arrivals.departures(StopId(stop), horizon_s=horizon_s)]
    return [call.departure.p50 if call.departure else call.scheduled_departure for call in rows]


def test_departures_come_in_the_order_of_their_expected_time(arrivals: Arrivals) -> None:
    for stop in ("station", "market", "north", "campus"):
        assert times(arrivals, stop) == sorted(times(arrivals, stop))
        assert all(moment >= NOW for moment in times(arrivals, stop))


def test_each_row_points_at_its_stop(arrivals: Arrivals) -> None:
    rows = arrivals.departures(StopId("north"), horizon_s=7200)
    assert [row.status.trip for row in rows] == [RUNNING, PLANNED, CANCELLED]
    assert all(row.status.calls[row.call_index].stop_id == "north" for row in rows)


def test_what_has_left_is_no_departure_and_where_a_trip_ends_none_begins(arrivals: Arrivals) -> None:
    assert RUNNING not in [row.status.trip for row in arrivals.departures(START, horizon_s=7200)]
    assert RUNNING not in [row.status.trip for row in arrivals.departures(END, horizon_s=7200)]


def test_the_horizon_bounds_what_is_returned(arrivals: Arrivals) -> None:
    assert arrivals.departures(END, horizon_s=300) == []
    assert [row.status.trip for row in arrivals.departures(END, horizon_s=1200)] == [PLANNED]


def test_an_unknown_stop_has_no_departures(arrivals: Arrivals) -> None:
    assert list(arrivals.departures(StopId("nowhere"), horizon_s=7200)) == []


def test_direct_trips_leave_in_the_span_and_call_at_the_destination_later(direct: DirectTrips) -> None:
    found = direct.direct(START, END, at("07:30"), at("08:30"))
    assert [status.trip for status in found] == [RUNNING]
    assert found[0].calls[0].stop_id == START
    assert direct.direct(END, START, at("07:30"), at("08:30"))[0].trip == PLANNED
    assert list(direct.direct(START, END, at("07:00"), shifted(at("08:00"), -1))) == []
    assert list(direct.direct(START, START, at("07:30"), at("08:30"))) == []


def test_a_cancelled_direct_trip_says_so(direct: DirectTrips) -> None:
    [status] = direct.direct(START, END, at("08:30"), at("09:30"))
    assert status.standing is TripStanding.CANCELLED
