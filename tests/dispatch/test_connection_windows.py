"""Rides that continue a journey get windows in which the transfer works, or hear why there is none."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.connection_windows import CHANGE_S, Transfer, connected, feeder, follower, protected
from mobility.core.booking import RideWish, Window, WishKind
from mobility.core.clock import Instant, shifted
from mobility.core.ids import StopId
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.journeys import TRAIN, journey, trip, with_a_line
from tests.dispatch.small_region import at, wish

REGION = with_a_line()
WIDE = (Window(at("08:00"), at("11:00")), Window(at("08:00"), at("11:00")))


def test_a_rider_from_a_line_trip_is_fetched_once_he_has_walked_over() -> None:
    found = feeder(REGION, journey("C", "G", "09:00", after=trip("d-09")))
    assert isinstance(found, Transfer)
    assert (found.at, found.stop_id, found.transfer_s) == (at("09:04"), "C", CHANGE_S)
    wished = connected(REGION, journey("C", "G", "09:30", after=trip("d-09")))
    assert isinstance(wished, RideWish)
    assert (wished.kind, wished.at) == (WishKind.DEPART, at("09:06"))


def test_a_rider_from_a_train_is_fetched_after_the_way_from_the_platform() -> None:
    wished = connected(REGION, journey("A", "G", "10:00", after=TRAIN))
    assert isinstance(wished, RideWish)
    assert wished.at == at("08:53")


def test_a_rider_who_goes_on_with_a_trip_is_there_before_it_leaves() -> None:
    wished = connected(REGION, journey("G", "A", "08:00", before=trip("d-10")))
    assert isinstance(wished, RideWish)
    assert (wished.kind, wished.at) == (WishKind.ARRIVE, at("09:58"))


def test_the_windows_of_a_connected_ride_end_where_the_transfer_would_fail() -> None:
    both = journey("C", "A", "09:00", after=trip("d-09"), before=trip("d-10"))
    found = protected(REGION, both, WIDE, longest_wait_s=7200.0)
    assert found == (Window(at("09:06"), at("11:00")), Window(at("08:00"), at("09:58")))
    assert protected(REGION, wish(), WIDE, longest_wait_s=7200.0) == WIDE, "no trip, no change"


@pytest.mark.parametrize(
    "ride",
    [
        journey("C", "G", "09:00", after=trip("nothing")),
        journey("C", "G", "09:00", after=trip("d-09", date(2025, 10, 11))),
        journey("G", "A", "09:00", after=trip("d-09")),
        journey("A", "G", "09:00", after=trip("d-09")),
        journey("A", "E", "09:00", before=trip("d-09")),
        journey("?", "E", "09:00", after=TRAIN),
        journey("A", "?", "09:00", before=trip("d-09")),
    ],
    ids=["unknown", "saturday", "far from the line", "first stop", "last stop", "no origin", "no destination"],
)
def test_a_transfer_that_can_not_be_is_refused_by_name(ride: RideWish) -> None:
    found = connected(REGION, ride)
    assert isinstance(found, Refusal)
    assert found.code is RefusalCode.NO_TRANSFER
    assert set(found.parameters) == {"trip", "stop"}
    assert isinstance(protected(REGION, ride, WIDE, longest_wait_s=7200.0), Refusal)


def test_windows_that_do_not_meet_the_transfer_are_refused() -> None:
    late = (Window(at("11:00"), at("11:15")), WIDE[1])
    assert isinstance(
        protected(REGION, journey("C", "G", "09:00", after=trip("d-09")), late, longest_wait_s=7200.0), Refusal
    )
    found = protected(
        REGION, journey("G", "A", "09:00", before=trip("d-10")), (WIDE[0], late[0]), longest_wait_s=7200.0
    )
    assert isinstance(found, Refusal)


@given(st.integers(0, 240), st.integers(0, 60), st.integers(0, 240), st.integers(0, 60), st.integers(0, 3600))
def test_protected_windows_lie_inside_the_promised_ones_and_inside_the_transfer(
    first: int, first_width: int, second: int, second_width: int, longest_wait_s: int
) -> None:
    def span(start: int, width: int) -> Window:
        begin = shifted(at("08:00"), 60 * start)
        return Window(begin, shifted(begin, 60 * width))

    ride = replace(journey("C", "A", "09:00", after=trip("d-09")), before_trip=trip("d-10"))
    promised = span(first, first_width), span(second, second_width)
    found = protected(REGION, ride, promised, longest_wait_s=float(longest_wait_s))
    ready, gone = at("09:06"), at("09:58")
    if isinstance(found, Refusal):
        left = (
            min(promised[0].latest, shifted(ready, longest_wait_s)) - max(promised[0].earliest, ready),
            min(promised[1].latest, gone) - promised[1].earliest,
        )
        wide_ms = [each.latest - each.earliest for each in promised]
        assert any(narrow_ms < 0 or 2 * narrow_ms < whole for narrow_ms, whole in zip(left, wide_ms, strict=True))
        return
    for narrow, wide in zip(found, promised, strict=True):
        assert wide.earliest <= narrow.earliest <= narrow.latest <= wide.latest
        assert 2 * (narrow.latest - narrow.earliest) >= wide.latest - wide.earliest
    assert ready <= found[0].earliest
    assert found[0].latest <= shifted(ready, longest_wait_s)
    assert found[1].latest <= gone


def test_transfers_know_where_they_are() -> None:
    after = follower(REGION, journey("G", "C", "09:00", before=trip("d-10")))
    assert isinstance(after, Transfer)
    assert (after.stop_id, after.name, after.be_there) == (StopId("C"), "D Campus", Instant(at("10:02")))
