"""Two vehicles swap what they drive at the same moment: in one step, on both sides, and back again."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from dispatch.line_decide import cancelled, changed, ended, reinstated, swap
from dispatch.line_swap import Swap
from mobility.core.fold import State
from mobility.core.ids import LineChangeId, VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef
from tests.dispatch.line_room import asked, line_room, named, page_of, trip
from tests.dispatch.small_region import DAY, at
from tests.dispatch.test_line_changes import NOW, ROOM, after, code, line, made, wish

A, B = (LineChangeId(f"vehicle_assigned-swap-t-{letter}") for letter in "ab")
MANY = {"kind": "vehicle_assigned", "vehicle_id": "one", "swap_with": "two", "reason": "Tausch"}


def two(vehicle: str = "one", other: str = "two", clock: str = "08:00", token: str = "t") -> Swap:  # noqa: S107 - a name
    return Swap(
        token=token, vehicle_id=VehicleId(vehicle), other_id=VehicleId(other), begins=at(clock), reason="Tausch"
    )


def drivers(state: State) -> dict[str, str | None]:
    runs = ROOM.desk.book.today(NOW, state)
    return {run.ref.trip_id: ROOM.desk.book.vehicle_of(run, state) for run in runs}


def swapped(state: State, trips: Sequence[str] = (), wished: Swap | None = None) -> State:
    return after(state, swap(line(), state, [trip(name) for name in trips], wished or two(), NOW))


def test_two_vehicles_that_drive_at_the_same_moment_swap_what_neither_could_take_over_alone() -> None:
    alone = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-10", vehicle_id=VehicleId("two"))
    assert code(changed(line(), State(), alone, NOW)) is RefusalCode.VEHICLE_ELSEWHERE
    state = swapped(State(), ["d-10", "r-1002"])
    assert drivers(state) == {"d-09": "one", "d-10": "two", "d-11": "one", "r-0930": "two", "r-1002": "one"}
    assert {each: state.line_changes[each].trips for each in (A, B)} == {A: (trip("r-1002"),), B: (trip("d-10"),)}


def test_without_trips_they_swap_all_that_is_ahead_of_both_today() -> None:
    state = swapped(State(), wished=two(clock="09:31"))
    assert drivers(state) == {"d-09": "one", "d-10": "two", "d-11": "two", "r-0930": "two", "r-1002": "one"}


def test_swapping_again_brings_everything_back_and_a_trip_goes_with_whom_it_was_given_to() -> None:
    state = swapped(State(), ["d-10", "r-1002"])
    again = swapped(state, ["d-10", "r-1002"], two(token="u"))
    assert drivers(again) == drivers(State())
    assert A not in again.line_changes
    given = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09", name="c1", vehicle_id=VehicleId("spare"))
    third = swapped(after(State(), changed(line(), State(), given, NOW)), ["d-09", "r-0930"], two("spare"))
    assert drivers(third) | {"d-09": "two", "r-0930": "spare"} == drivers(third)
    assert LineChangeId("c1") not in third.line_changes


def test_both_halves_end_together() -> None:
    state = swapped(State(), ["d-10", "r-1002"])
    for half in (A, B):
        assert dict(after(state, ended(line(), state, half, "vorbei", NOW)).line_changes) == {}


@pytest.mark.parametrize(
    ("trips", "wished", "expected"),
    [
        (["d-10", "r-1002"], two("one", "one"), RefusalCode.SWAP_WITH_ITSELF),
        (["d-10", "r-1002"], two("one", "ghost"), RefusalCode.UNKNOWN_VEHICLE),
        (["d-10", "r-1002"], two("bus", "one"), RefusalCode.NOT_FOR_LINES),
        (["d-10", "r-1002"], two("one", "spare"), RefusalCode.SWAP_OF_OTHERS),
        (["d-10"], two(), RefusalCode.NOTHING_TO_SWAP),
        ([], two("one", "spare"), RefusalCode.NOTHING_TO_SWAP),
        ([], two(clock="10:30"), RefusalCode.NOTHING_TO_SWAP),
        (["d-10", "r-0930"], two(), RefusalCode.VEHICLE_ELSEWHERE),
        (["d-10", "nowhere"], two(), RefusalCode.UNKNOWN_TRIP),
    ],
)
def test_a_swap_that_does_not_work_says_why(trips: list[str], wished: Swap, expected: RefusalCode) -> None:
    assert code(swap(line(), State(), [trip(name) for name in trips], wished, NOW)) is expected


def test_a_vehicle_that_is_out_takes_nothing_over() -> None:
    out = wish(LineChangeKind.VEHICLE_OUT, vehicle_id=VehicleId("two"), ends=at("10:30"))
    state = after(State(), changed(line(), State(), out, NOW))
    assert code(swap(line(), state, [trip("d-10"), trip("r-1002")], two(), NOW)) is RefusalCode.VEHICLE_OUT


def test_a_trip_that_is_over_is_not_swapped_but_one_under_way_is() -> None:
    trips, late = [trip("d-10"), trip("r-1002")], at("10:30")
    assert code(swap(line(), State(), trips, two(), late)) is RefusalCode.TRIP_OVER
    under_way = line(d_10=2, r_1002=1)
    assert made(swap(under_way, State(), trips, two(), late)).trips == (trip("d-10"),)


def test_a_trip_does_not_go_back_to_a_vehicle_that_drives_another_by_now() -> None:
    first = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-10", name="c1", vehicle_id=VehicleId("spare"))
    state = after(State(), changed(line(), State(), first, NOW))
    second = wish(LineChangeKind.VEHICLE_ASSIGNED, "r-1002", name="c2", vehicle_id=VehicleId("one"))
    state = after(state, changed(line(), state, second, NOW))
    assert code(ended(line(), state, LineChangeId("c1"), "vorbei", NOW)) is RefusalCode.VEHICLE_ELSEWHERE
    assert isinstance(ended(line(), state, LineChangeId("c1"), "vorbei", at("11:30")), list), "that is long over"
    off = after(State(), cancelled(line(), State(), [trip("d-10")], "x", NOW))
    off = after(off, changed(line(), off, second, NOW))
    assert code(reinstated(line(), off, [trip("d-10")], "doch", NOW)) is RefusalCode.VEHICLE_ELSEWHERE


def test_no_vehicle_is_in_two_places_whatever_is_swapped_and_ended() -> None:
    state = State()
    for number, trips in enumerate((["d-10", "r-1002"], ["d-11", "r-1002"], [], ["d-09", "d-10", "r-0930"], [])):
        done = swap(line(), state, [trip(name) for name in trips], two(token=str(number)), NOW)
        state = state if isinstance(done, Refusal) else after(state, done)
        runs = ROOM.desk.book.today(NOW, state)
        busy = [(run, ROOM.desk.book.vehicle_of(run, state)) for run in runs]
        assert not [
            1 for run, who in busy for other, whom in busy if run is not other and who == whom and run.overlaps(other)
        ]


def test_the_interface_swaps_once_and_names_what_it_can_not_read() -> None:
    async def story() -> None:
        room = line_room()
        async with room.http() as http:
            body = {**MANY, "trips": [named("d-10"), named("r-1002")]}
            answer = await asked(http, "k", body)
            assert answer.status_code == 201, answer.text
            assert [each["trip_id"] for each in answer.json()["trips"]] == ["d-10", "r-1002"]
            assert (await asked(http, "k", body)).json() == answer.json()
            assert len(room.ledger.state.line_changes) == 2
            listed = (await http.get("/api/v1/line/changes")).json()["changes"]
            assert [(each["vehicle_id"], each["trips"][0]["trip_id"]) for each in listed] == [
                ("one", "r-1002"),
                ("two", "d-10"),
            ]
            for wrong in ({**MANY, "kind": "untracked"}, {**MANY, "vehicle_id": None}):
                refused = await asked(http, f"k-{wrong['kind']}", wrong)
                assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")

    asyncio.run(story())


def test_the_page_swaps_by_form_keeps_what_was_typed_and_ends_both_halves() -> None:
    async def story() -> None:
        room = line_room()
        async with room.http() as http:
            form = {"token": "t1", "kind": "swap", "swap-vehicle": "one", "swap-reason": "Akku", "swap-from": "09:31"}
            wrong = await http.post("/console/line/changes", data=form)
            assert wrong.status_code == 422
            assert 'id="swap" open' in wrong.text
            assert 'value="Akku"' in wrong.text
            done = await http.post("/console/line/changes", data={**form, "token": "t2", "swap-other": "two"})
            assert done.status_code == 303, done.text
            page = await page_of(http)
            assert "Anderes Fahrzeug, One, im Tausch mit Two, endet zusammen" in page
            assert page.count("anderes Fahrzeug</td>") == 3
            half = next(iter(room.ledger.state.line_changes))
            gone = await http.post(f"/console/line/changes/{half}/end", data={"token": "t3", "reason": "vorbei"})
            assert gone.status_code == 303, gone.text
            assert dict(room.ledger.state.line_changes) == {}
            assert "Swap vehicles" in await page_of(http, language="en")

    asyncio.run(story())


def test_only_the_service_day_that_was_asked_for_is_swapped() -> None:
    state = swapped(State())
    refs = [ref for change in state.line_changes.values() for ref in change.trips]
    assert {ref.start_date for ref in refs} == {DAY.date}
    later = TripRef(trip("d-10").trip_id, DAY.date + timedelta(days=1))
    assert isinstance(state.line_changes[B], LineChange)
    assert later not in refs
