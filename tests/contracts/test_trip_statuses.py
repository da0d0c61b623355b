"""The contract of ``TripStatuses``, tried on the service that implements it."""

from datetime import date

import pytest

from mobility.core.arrivals import TripStanding
from mobility.core.ports import TripStatuses
from mobility.core.vehicle import TripRef
from tests.contracts.arrivals_world import CANCELLED, NOW, PLANNED, RUNNING, world_at


@pytest.fixture(scope="module")
def statuses(tmp_path_factory: pytest.TempPathFactory) -> TripStatuses:
    return world_at(tmp_path_factory.mktemp("feed")).info


def test_a_trip_on_the_road_has_a_vehicle_a_delay_and_predictions_ahead(statuses: TripStatuses) -> None:
    status = statuses.status(RUNNING)
    assert status.standing is TripStanding.RUNNING
    assert status.vehicle_id == "shuttle-1"
    assert status.delay_s > 60
    assert status.calls[0].has_departed
    assert status.calls[0].departure is None
    assert all(call.arrival.p50 >= NOW for call in status.calls[1:])


def test_a_planned_trip_is_expected_and_a_cancelled_one_says_why(statuses: TripStatuses) -> None:
    assert statuses.status(PLANNED).standing is TripStanding.EXPECTED
    assert statuses.status(PLANNED).vehicle_id is None
    assert statuses.status(CANCELLED).standing is TripStanding.CANCELLED
    assert statuses.status(CANCELLED).reason == "Das Fahrzeug ist defekt."


def test_a_trip_the_timetable_does_not_know_has_no_status(statuses: TripStatuses) -> None:
    assert statuses.status(TripRef("NONE", RUNNING.start_date)) is None
    assert statuses.status(TripRef(RUNNING.trip_id, date(2031, 1, 1))) is None


def test_running_are_the_trips_with_a_vehicle(statuses: TripStatuses) -> None:
    assert [status.trip for status in statuses.running()] == [RUNNING]
