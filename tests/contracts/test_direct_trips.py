"""The contract of ``DirectTrips``, tried on the service that implements it."""

import pytest

from mobility.core.clock import shifted
from mobility.core.ports import DirectTrips
from tests.contracts.arrivals_world import CANCELLED, END, PLANNED, RUNNING, START, world_at
from tests.passenger_info.day import at


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> DirectTrips:
    return world_at(tmp_path_factory.mktemp("feed")).info


def test_a_trip_that_leaves_in_the_span_and_calls_later_is_direct(direct: DirectTrips) -> None:
    found = direct.direct(START, END, at("07:50"), at("09:30"))
    assert RUNNING in [status.trip for status in found]
    assert PLANNED not in [status.trip for status in found], "it goes the other way"


def test_the_way_back_is_another_trip(direct: DirectTrips) -> None:
    found = [status.trip for status in direct.direct(END, START, at("07:50"), at("09:30"))]
    assert PLANNED in found
    assert RUNNING not in found


def test_each_shows_both_its_calls(direct: DirectTrips) -> None:
    for status in direct.direct(START, END, at("07:50"), at("09:30")):
        stops = [call.stop_id for call in status.calls]
        assert stops.index(START) < stops.index(END)


def test_outside_the_span_there_is_none(direct: DirectTrips) -> None:
    assert list(direct.direct(START, END, shifted(at("08:00"), 1), shifted(at("08:00"), 2))) == []


def test_a_cancelled_trip_is_shown_as_such_or_not_at_all(direct: DirectTrips) -> None:
    found = direct.direct(START, END, at("07:50"), at("12:00"))
    assert all(status.standing == "cancelled" for status in found if status.trip == CANCELLED)
