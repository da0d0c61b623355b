"""Deciding changes of the line service: what is taken, what is refused, and how the refusal helps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.line_book import LineBook
from dispatch.line_decide import LineNow, cancelled, changed, ended, reinstated, weather_reported
from dispatch.wording import sentence
from mobility.core.clock import Instant, shifted
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.events import Envelope, Event, TripCancelled
from mobility.core.fold import State, fold
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import DisruptionId, LineChangeId, StopId, TripId, VehicleId
from mobility.core.line_change import DetourCall, LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded, TripReinstated
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.road_weather import RoadWeather, WeatherReport
from mobility.core.vehicle import TripRef
from tests.dispatch.line_room import LineRoom, line_room, place_of, trip
from tests.dispatch.small_region import AREA, DAY, at

ROOM = line_room()
NOW = at("08:00")


def line(room: LineRoom = ROOM, **left: int) -> LineNow:
    """What decisions look at; ``left`` are trips under way and how many calls they have left."""
    return LineNow(book=room.desk.book, seen={trip(name.replace("_", "-")): n for name, n in left.items()})


def after(state: State, events: Sequence[Event] | Refusal, now: Instant = NOW) -> State:
    """The state once the events have happened."""
    assert not isinstance(events, Refusal), events
    seqs = count(state.seq + 1)
    return fold(state, [Envelope(seq=next(seqs), recorded_at=now, actor="dispatcher", body=e) for e in events])


def wish(kind: LineChangeKind, *trips: str, name: str = "c1", **more: object) -> LineChange:
    """A change of trips of the day."""
    refs = tuple(trip(each) for each in trips)
    change = LineChange(change_id=LineChangeId(name), kind=kind, begins=NOW, trips=refs, reason="Grund")
    return replace(change, **more)  # type: ignore[arg-type]  # fields by name


def detour(*trips: str, name: str = "c1", **more: object) -> LineChange:
    """A detour from A to E past C, a way that vehicles can drive in eight minutes."""
    usual = {"leaves_at": StopId("A"), "rejoins_at": StopId("E"), "drive_s": 480.0}
    return wish(LineChangeKind.DETOUR, *trips, name=name, **{**usual, **more})


def code(outcome: object) -> RefusalCode:
    """Why it was refused; every refusal has its sentence in both languages."""
    assert isinstance(outcome, Refusal), outcome
    for language in ("de", "en"):
        said = sentence(outcome, language)
        assert "…" not in said, said
        assert "{" not in said, said
    return outcome.code


def made(outcome: list[Event] | Refusal) -> LineChange:
    """The change that was decided."""
    assert not isinstance(outcome, Refusal), outcome
    assert isinstance(outcome[-1], LineChanged), outcome
    return outcome[-1].change


def test_trips_are_cancelled_in_the_order_of_their_departure_each_once() -> None:
    done = cancelled(line(), State(), [trip("d-10"), trip("d-09"), trip("d-10")], "Personalmangel", NOW)
    assert done == [TripCancelled(trip=trip(name), reason="Personalmangel") for name in ("d-09", "d-10")]


def test_a_trip_is_cancelled_once_and_reinstated_once() -> None:
    state = after(State(), cancelled(line(), State(), [trip("d-09")], "x", NOW))
    again = cancelled(line(), state, [trip("d-10"), trip("d-09")], "x", NOW)
    assert code(again) is RefusalCode.ALREADY_CANCELLED
    back = reinstated(line(), state, [trip("d-09")], "repariert", NOW)
    assert back == [TripReinstated(trip=trip("d-09"), reason="repariert")]
    assert code(reinstated(line(), after(state, back), [trip("d-09")], "x", NOW)) is RefusalCode.NOT_CANCELLED


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ([], RefusalCode.NO_TRIP_NAMED),
        ([trip("d-99")], RefusalCode.UNKNOWN_TRIP),
        ([TripRef(TripId("d-09"), DAY.plus(4).date)], RefusalCode.TRIP_NOT_ON_DAY),
        ([trip("d-09"), trip("../etc")], RefusalCode.UNKNOWN_TRIP),
    ],
)
def test_only_trips_of_the_timetable_on_their_days_can_change(refs: list[TripRef], expected: RefusalCode) -> None:
    assert code(cancelled(line(), State(), refs, "x", NOW)) is expected
    change = replace(wish(LineChangeKind.UNTRACKED), trips=tuple(refs))
    assert code(changed(line(), State(), change, NOW)) is expected


def test_a_trip_that_is_over_can_not_be_cancelled_but_a_late_one_still_can() -> None:
    late = at("09:20")
    assert code(cancelled(line(), State(), [trip("d-09")], "x", late)) is RefusalCode.TRIP_OVER
    assert cancelled(line(d_09=1), State(), [trip("d-09")], "x", late) == [TripCancelled(trip=trip("d-09"), reason="x")]


def test_an_extra_trip_is_named_by_its_pattern_and_departure_and_can_be_cancelled() -> None:
    wished = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("09:40"))
    change = made(changed(line(), State(), wished, NOW))
    assert change.trips == (TripRef(TripId("d-09+0940"), DAY.date),)
    state = after(State(), [LineChanged(change=change)])
    run = ROOM.desk.book.run(change.trips[0], state)
    assert not isinstance(run, Refusal)
    assert (run.begins, run.ends) == (at("09:40"), at("09:48"))
    assert not isinstance(cancelled(line(), state, change.trips, "x", NOW), Refusal)


def test_two_extra_trips_of_one_minute_have_two_names_but_the_same_twice_is_refused() -> None:
    extra = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("09:40"))
    state = after(State(), changed(line(), State(), extra, NOW))
    assert code(changed(line(), state, replace(extra, change_id=LineChangeId("c2")), NOW)) is (
        RefusalCode.EXTRA_TRIP_EXISTS
    )
    second = replace(extra, change_id=LineChangeId("c2"), vehicle_id=VehicleId("spare"))
    assert made(changed(line(), state, second, NOW)).trips[0].trip_id == "d-09+0940-2"


def test_a_name_that_was_cancelled_is_not_given_again() -> None:
    extra = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("09:40"))
    state = after(State(), changed(line(), State(), extra, NOW))
    state = after(state, cancelled(line(), state, [TripRef(TripId("d-09+0940"), DAY.date)], "x", NOW))
    state = after(state, ended(line(), state, LineChangeId("c1"), "doch nicht", NOW))
    assert made(changed(line(), state, extra, NOW)).trips[0].trip_id == "d-09+0940-2"


def named_extra(name: str, *, day: date = DAY.date, departs: str = "09:40") -> LineChange:
    """An extra trip whose name somebody chose."""
    ref = TripRef(TripId(name), day)
    more = {"pattern_of": TripId("d-09"), "departs": at(departs)}
    return replace(wish(LineChangeKind.EXTRA, **more), trips=(ref,))


def test_an_extra_trip_keeps_the_name_and_the_service_day_it_was_given() -> None:
    late = named_extra("d-09+2530", departs="25:30")
    change = made(changed(line(), State(), late, NOW))
    assert change.trips == (TripRef(TripId("d-09+2530"), DAY.date),)
    state = after(State(), [LineChanged(change=change)])
    again = replace(named_extra("d-09+2530", departs="25:40"), change_id=LineChangeId("c2"))
    assert code(changed(line(), state, again, NOW)) is RefusalCode.EXTRA_TRIP_EXISTS
    off = after(state, cancelled(line(), state, change.trips, "x", NOW))
    off = after(off, ended(line(), off, LineChangeId("c1"), "x", NOW))
    assert code(changed(line(), off, late, NOW)) is RefusalCode.ALREADY_CANCELLED


@pytest.mark.parametrize(
    "wished",
    [
        named_extra("d-10"),
        named_extra("elsewhere+0940"),
        named_extra("d-09+0940", day=DAY.plus(-2).date),
        named_extra("d-09+0940", day=DAY.plus(1).date),
        replace(named_extra("d-09+0940"), trips=(trip("d-09+1"), trip("d-09+2"))),
    ],
)
def test_a_name_that_is_another_trip_s_or_of_another_day_is_refused(wished: LineChange) -> None:
    assert code(changed(line(), State(), wished, NOW)) is RefusalCode.INVALID_INPUT


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"pattern_of": TripId("d-99"), "departs": at("09:40")}, RefusalCode.UNKNOWN_TRIP),
        ({"pattern_of": TripId("d-09")}, RefusalCode.INVALID_INPUT),
        ({"pattern_of": TripId("d-09"), "departs": at("07:00")}, RefusalCode.IN_THE_PAST),
        ({"pattern_of": TripId("d-09"), "departs": shifted(NOW, 40 * 86_400)}, RefusalCode.TOO_FAR_AHEAD),
        (
            {"pattern_of": TripId("d-09"), "departs": at("09:40"), "vehicle_id": VehicleId("bus")},
            RefusalCode.NOT_FOR_LINES,
        ),
        (
            {"pattern_of": TripId("d-09"), "departs": at("09:05"), "vehicle_id": VehicleId("one")},
            RefusalCode.VEHICLE_ELSEWHERE,
        ),
    ],
)
def test_an_extra_trip_needs_a_pattern_a_time_and_a_vehicle_that_is_free(
    more: dict[str, object], expected: RefusalCode
) -> None:
    assert code(changed(line(), State(), wish(LineChangeKind.EXTRA, **more), NOW)) is expected


def test_an_extra_trip_that_follows_its_vehicle_s_own_is_taken() -> None:
    more = {"pattern_of": TripId("d-09"), "departs": at("09:08"), "vehicle_id": VehicleId("one")}
    assert made(changed(line(), State(), wish(LineChangeKind.EXTRA, **more), NOW)).vehicle_id == "one"


def test_a_detour_without_a_way_of_its_own_takes_the_fastest_one_from_stop_to_stop() -> None:
    change = made(changed(line(), State(), detour("d-09", "d-10"), NOW))
    assert change.path[0] == place_of(ROOM, "A")
    assert change.path[-1] == place_of(ROOM, "E")
    assert len(change.path) == 5
    assert change.trips == (trip("d-09"), trip("d-10"))


def test_a_closed_road_leaves_a_detour_without_a_way() -> None:
    closed = Disruption(
        disruption_id=DisruptionId("r"),
        kind=DisruptionKind.ROAD_CLOSED,
        area_id=AREA,
        day=DAY.date,
        begins=at("07:00"),
        centre=place_of(ROOM, "B"),
        radius_m=100.0,
    )
    state = State(disruptions={closed.disruption_id: closed})
    assert code(changed(line(), state, detour("d-09"), NOW)) is RefusalCode.NO_WAY
    around = tuple(place_of(ROOM, stop, east_m=0.0 if stop in "AE" else 300.0) for stop in "ABCDE")
    assert made(changed(line(), state, detour("d-09", path=around), NOW)).path == around


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"leaves_at": StopId("B")}, RefusalCode.STOP_NOT_ON_TRIP),
        ({"rejoins_at": StopId("F")}, RefusalCode.STOP_NOT_ON_TRIP),
        ({"leaves_at": StopId("E"), "rejoins_at": StopId("A")}, RefusalCode.DETOUR_BACKWARDS),
        ({"leaves_at": StopId("A"), "rejoins_at": StopId("A")}, RefusalCode.DETOUR_BACKWARDS),
        ({"leaves_at": None}, RefusalCode.INVALID_INPUT),
        ({"drive_s": 0.0}, RefusalCode.INVALID_INPUT),
        ({"drive_s": 300.0}, RefusalCode.DETOUR_TOO_FAST),
        ({"via": (DetourCall(StopId("nowhere"), 60.0),)}, RefusalCode.UNKNOWN_STOP),
        ({"path": (LatLon(50.6, 10.9),)}, RefusalCode.INVALID_INPUT),
        ({"ends": at("07:00")}, RefusalCode.PERIOD_BACKWARDS),
    ],
)
def test_a_detour_that_no_vehicle_could_drive_is_refused(more: dict[str, object], expected: RefusalCode) -> None:
    assert code(changed(line(), State(), detour("d-09", **more), NOW)) is expected


@pytest.mark.parametrize(("east_m", "is_taken"), [(100.0, True), (200.0, False)])
def test_a_way_begins_and_ends_near_its_stops(east_m: float, *, is_taken: bool) -> None:
    for stop in "AE":
        path = tuple(place_of(ROOM, each, east_m=east_m if each == stop else 0.0) for each in "ACE")
        done = changed(line(), State(), detour("d-09", path=path), NOW)
        if is_taken:
            assert made(done).path == path
        else:
            assert code(done) is RefusalCode.DETOUR_APART


def test_a_way_passes_its_replacement_stops_and_no_leg_is_faster_than_50_km_per_h() -> None:
    path = tuple(place_of(ROOM, each) for each in "ABCDE")
    fits = detour("d-09", via=(DetourCall(StopId("C"), 240.0),), drive_s=240.0, path=path)
    assert made(changed(line(), State(), fits, NOW)).via == fits.via
    # 2400 m in 100 s are 86 km/h, though the whole way would be slow enough.
    hasty = replace(fits, via=(DetourCall(StopId("C"), 100.0),), drive_s=500.0)
    assert code(changed(line(), State(), hasty, NOW)) is RefusalCode.DETOUR_TOO_FAST
    aside = tuple(place_of(ROOM, each, east_m=0.0 if each in "AE" else 400.0) for each in "ABCDE")
    assert code(changed(line(), State(), replace(fits, path=aside), NOW)) is RefusalCode.DETOUR_APART


def test_a_trip_past_the_place_can_not_be_detoured_any_more() -> None:
    late = at("09:06")
    after_c = detour("d-09", leaves_at=StopId("A"), rejoins_at=StopId("C"), drive_s=240.0)
    assert code(changed(line(d_09=2), State(), after_c, late)) is RefusalCode.ALREADY_PASSED
    assert made(changed(line(d_09=1), State(), after_c, late)).leaves_at == "A"


def test_a_trip_has_one_detour_at_a_time_but_closed_stops_may_add_up() -> None:
    state = after(State(), changed(line(), State(), detour("d-09"), NOW))
    again = changed(line(), state, detour("d-10", "d-09", name="c2"), NOW)
    assert isinstance(again, Refusal)
    assert again.parameters == {"change_id": "c1"}
    assert code(again) is RefusalCode.ALREADY_CHANGED
    closed = wish(LineChangeKind.STOPS_CLOSED, "d-09", name="c3", stops=(StopId("C"),))
    assert made(changed(line(), state, closed, NOW)).stops == ("C",)


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ((), RefusalCode.INVALID_INPUT),
        (("B",), RefusalCode.STOP_NOT_ON_TRIP),
        (("nowhere",), RefusalCode.UNKNOWN_STOP),
        (("A", "C"), RefusalCode.TOO_FEW_STOPS),
    ],
)
def test_stops_are_closed_on_trips_that_call_there_and_two_must_stay(
    stops: tuple[str, ...], expected: RefusalCode
) -> None:
    wished = wish(LineChangeKind.STOPS_CLOSED, "d-09", stops=tuple(StopId(stop) for stop in stops))
    assert code(changed(line(), State(), wished, NOW)) is expected


def test_closed_stops_add_up_to_too_few() -> None:
    one = wish(LineChangeKind.STOPS_CLOSED, "d-09", stops=(StopId("C"),))
    state = after(State(), changed(line(), State(), one, NOW))
    other = wish(LineChangeKind.STOPS_CLOSED, "d-09", name="c2", stops=(StopId("E"),))
    assert code(changed(line(), state, other, NOW)) is RefusalCode.TOO_FEW_STOPS
    assert code(changed(line(), state, replace(one, change_id=LineChangeId("c2")), NOW)) is (
        RefusalCode.ALREADY_CHANGED
    )
    assert code(changed(line(d_09=2), State(), one, at("09:06"))) is RefusalCode.ALREADY_PASSED


def test_a_trip_that_runs_is_not_hidden_and_a_cancelled_one_not_changed() -> None:
    hidden = wish(LineChangeKind.REMOVED, "d-09")
    assert code(changed(line(d_09=0), State(), hidden, NOW)) is RefusalCode.TRIP_RUNS_NOW
    state = after(State(), cancelled(line(), State(), [trip("d-09")], "x", NOW))
    for wished in (hidden, detour("d-09"), wish(LineChangeKind.UNTRACKED, "d-09")):
        assert code(changed(line(), state, wished, NOW)) is RefusalCode.ALREADY_CANCELLED


def test_an_extra_trip_is_changed_like_any_other_but_ended_instead_of_hidden() -> None:
    extra = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("09:40"))
    state = after(State(), changed(line(), State(), extra, NOW))
    hidden = changed(line(), state, wish(LineChangeKind.REMOVED, "d-09+0940", name="c2"), NOW)
    assert code(hidden) is RefusalCode.EXTRA_TRIP_CHANGED
    assert isinstance(hidden, Refusal)
    assert "„c1“" in sentence(hidden, "de")
    for number, wished in enumerate(
        (
            detour("d-09+0940", via=(DetourCall(StopId("D"), 300.0),)),
            wish(LineChangeKind.STOPS_CLOSED, "d-09+0940", stops=(StopId("C"),)),
            wish(LineChangeKind.UNTRACKED, "d-09+0940"),
            wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09+0940", vehicle_id=VehicleId("spare")),
        )
    ):
        named = replace(wished, change_id=LineChangeId(f"x{number}"))
        done = changed(line(), state, named, NOW)
        assert made(done).trips == (trip("d-09+0940"),)
        state = after(state, done)
    assert code(changed(line(d_09_0940=2), state, detour("d-09+0940", name="c9"), NOW)) is RefusalCode.ALREADY_CHANGED
    # Its name may be given again, and the next trip of that name is not detoured.
    assert list(after(state, ended(line(), state, LineChangeId("c1"), "doch nicht", NOW)).line_changes) == []


def test_a_spare_vehicle_takes_trips_over_and_gives_them_up_to_the_next() -> None:
    first = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09", "d-10", vehicle_id=VehicleId("spare"))
    state = after(State(), changed(line(), State(), first, NOW))
    # Shuttle one has nothing else to do at nine now.
    second = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09", name="c2", vehicle_id=VehicleId("one"))
    done = changed(line(), state, second, NOW)
    state = after(state, done)
    assert state.line_changes[LineChangeId("c1")].trips == (trip("d-10"),)
    third = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09", "d-10", name="c3", vehicle_id=VehicleId("spare"))
    done = changed(line(), state, third, NOW)
    assert isinstance(done, list)
    assert [type(event) for event in done] == [LineChangeEnded, LineChangeEnded, LineChanged]
    assert list(after(state, done).line_changes) == ["c3"]


def test_a_vehicle_can_not_be_in_two_places() -> None:
    # Shuttle two drives back at 10:02, which the trip out at ten overlaps.
    wished = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-10", vehicle_id=VehicleId("two"))
    refused = changed(line(), State(), wished, NOW)
    assert code(refused) is RefusalCode.VEHICLE_ELSEWHERE
    assert "10:02" in sentence(refused, "de") if isinstance(refused, Refusal) else False
    free = after(State(), cancelled(line(), State(), [trip("r-1002")], "x", NOW))
    assert made(changed(line(), free, wished, NOW)).vehicle_id == "two"
    both = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-10", "r-1002", vehicle_id=VehicleId("spare"))
    assert code(changed(line(), State(), both, NOW)) is RefusalCode.VEHICLE_ELSEWHERE


def test_a_vehicle_that_is_out_gets_no_trips_while_it_is() -> None:
    out = wish(LineChangeKind.VEHICLE_OUT, vehicle_id=VehicleId("spare"), ends=at("09:30"))
    state = after(State(), changed(line(), State(), out, NOW))
    early = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-09", name="c2", vehicle_id=VehicleId("spare"))
    assert code(changed(line(), state, early, NOW)) is RefusalCode.VEHICLE_OUT
    later = wish(LineChangeKind.VEHICLE_ASSIGNED, "d-10", name="c3", vehicle_id=VehicleId("spare"))
    assert made(changed(line(), state, later, NOW)).vehicle_id == "spare"
    assert code(changed(line(), state, replace(out, change_id=LineChangeId("c4")), NOW)) is (
        RefusalCode.ALREADY_CHANGED
    )


@pytest.mark.parametrize(
    ("kind", "vehicle", "expected"),
    [
        (LineChangeKind.VEHICLE_OUT, None, RefusalCode.UNKNOWN_VEHICLE),
        (LineChangeKind.VEHICLE_OUT, "ghost", RefusalCode.UNKNOWN_VEHICLE),
        (LineChangeKind.VEHICLE_OUT, "bus", RefusalCode.NOT_FOR_LINES),
        (LineChangeKind.RAMP_BROKEN, "two", RefusalCode.NO_RAMP),
    ],
)
def test_only_vehicles_of_lines_break_down_here(
    kind: LineChangeKind, vehicle: str | None, expected: RefusalCode
) -> None:
    wished = wish(kind, vehicle_id=None if vehicle is None else VehicleId(vehicle))
    assert code(changed(line(), State(), wished, NOW)) is expected


def test_a_change_is_ended_once_with_a_reason_and_not_under_its_riders() -> None:
    extra = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("08:00"))
    state = after(State(), changed(line(), State(), extra, NOW))
    assert code(ended(line(), state, LineChangeId("c1"), "", NOW)) is RefusalCode.REASON_NEEDED
    riding = LineNow(book=ROOM.desk.book, seen={TripRef(TripId("d-09+0800"), DAY.date): 0})
    assert code(ended(riding, state, LineChangeId("c1"), "x", NOW)) is RefusalCode.TRIP_RUNS_NOW
    done = ended(line(), state, LineChangeId("c1"), "vorbei", NOW)
    assert done == [LineChangeEnded(change_id=LineChangeId("c1"), reason="vorbei")]
    assert code(ended(line(), after(state, done), LineChangeId("c1"), "x", NOW)) is RefusalCode.UNKNOWN_CHANGE


def test_road_reports_come_in_the_order_of_their_begin() -> None:
    state = after(State(), weather_reported(line(), State(), WeatherReport(RoadWeather.WET, NOW), NOW))
    older = WeatherReport(RoadWeather.DRY, shifted(NOW, -60))
    assert code(weather_reported(line(), state, older, NOW)) is RefusalCode.OLDER_REPORT
    far = WeatherReport(RoadWeather.SNOW, shifted(NOW, 7200))
    assert code(weather_reported(line(), state, far, NOW)) is RefusalCode.INVALID_INPUT
    soon = WeatherReport(RoadWeather.FOG, shifted(NOW, 600))
    assert after(state, weather_reported(line(), state, soon, NOW)).road_weather == soon


@settings(max_examples=100, deadline=None)
@given(
    stops=st.lists(st.sampled_from("ABCDE"), min_size=2, max_size=5),
    drives_s=st.lists(st.floats(1, 2000), min_size=4, max_size=4),
    east_m=st.lists(st.floats(-400, 400), min_size=5, max_size=5),
)
def test_every_detour_that_is_taken_is_near_its_stops_and_slow_enough(
    stops: list[str], drives_s: list[float], east_m: list[float]
) -> None:
    via = tuple(DetourCall(StopId(stop), drives_s[k]) for k, stop in enumerate(stops[1:-1]))
    path = tuple(place_of(ROOM, stop, east_m=east_m[k]) for k, stop in enumerate(stops))
    wished = detour(
        "d-09", leaves_at=StopId(stops[0]), rejoins_at=StopId(stops[-1]), via=via, drive_s=drives_s[3], path=path
    )
    done = changed(line(), State(), wished, NOW)
    if isinstance(done, Refusal):
        assert code(done) in {
            RefusalCode.STOP_NOT_ON_TRIP,
            RefusalCode.DETOUR_BACKWARDS,
            RefusalCode.DETOUR_APART,
            RefusalCode.DETOUR_TOO_FAST,
        }
        return
    ends = (place_of(ROOM, stops[0]), place_of(ROOM, stops[-1]))
    assert distance_m(path[0], ends[0]) <= 152
    assert distance_m(path[-1], ends[1]) <= 152
    apart_m = distance_m(path[0], path[-1])
    assert apart_m / sum((*(call.drive_s for call in via), wished.drive_s)) <= 50 / 3.6 * 1.01


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["cancel", "reinstate"]), st.sampled_from(["d-09", "d-10"]))))
def test_a_trip_is_off_exactly_when_its_last_taken_command_cancelled_it(steps: list[tuple[str, str]]) -> None:
    state, off = State(), set()
    for what, name in steps:
        decide = cancelled if what == "cancel" else reinstated
        done = decide(line(), state, [trip(name)], "x", NOW)
        assert isinstance(done, Refusal) == ((what == "cancel") == (name in off))
        if not isinstance(done, Refusal):
            state = after(state, done)
            off ^= {name}
    assert {ref.trip_id for ref in state.cancelled_trips} == off


def test_the_day_shows_extra_trips_among_the_scheduled_ones() -> None:
    extra = wish(LineChangeKind.EXTRA, pattern_of=TripId("d-09"), departs=at("09:40"))
    state = after(State(), changed(line(), State(), extra, NOW))
    book = LineBook(ROOM.region, ROOM.timetable)
    names = [run.ref.trip_id for run in book.today(NOW, state)]
    assert names == ["d-09", "r-0930", "d-09+0940", "d-10", "r-1002", "d-11"]
