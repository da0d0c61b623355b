"""Entities beside each other: the change that breaks a rule stands apart until the pair is whole."""

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from passenger_info.checker.case import Now
from passenger_info.checker.checker import Checker
from passenger_info.checker.company import Company
from passenger_info.checker.finding import RuleFinding
from passenger_info.checker.gate import Gate
from passenger_info.checker.note import NO_DETOURS, EntityNote, UpdateNote, VehicleNote
from passenger_info.checker.reading import TripRead
from passenger_info.checker.static_view import StaticView
from tests.passenger_info.checker.small_feed import (
    NOW_S,
    Message,
    TripDescriptor,
    add_position,
    good_message,
    tell_trip,
)

NOW = Instant(NOW_S * 1000)
MOMENT = Now(NOW, NOW_S)
Entity = gtfs_realtime.FeedEntity
TOGETHER = {"E047", "E052", "S003", "S020"}


def published(gate: Gate, message: Message) -> set[str]:
    """What of a message may be published by itself."""
    return {entity.id for entity in message.entity if gate.may_publish(entity, NOW)}


def test_what_fits_together_is_published_as_a_whole(view: StaticView) -> None:
    gate = Gate(Checker(view))
    assert len(published(gate, good_message())) == 6
    assert not gate.apart(NOW)
    assert gate.refused == {}


def test_a_position_that_contradicts_its_update_stands_apart_until_the_pair_is_whole(view: StaticView) -> None:
    told: list[RuleFinding] = []
    gate, message = Gate(Checker(view), told.append), good_message()
    published(gate, message)
    assert not gate.apart(NOW)
    update = message.entity[0]
    update.trip_update.vehicle.id = "bus-2"
    assert gate.may_publish(update, NOW), "by itself it is right"
    assert set(gate.apart(NOW)) == {"trip:D1"}, "it was changed; the position stood there before"
    for bearing in (80.0, 85.0):
        message.entity[2].vehicle.position.bearing = bearing
        published(gate, message)
        assert set(gate.apart(NOW)) == {"trip:D1"}
    assert [(f.rule_id, f.entity_id) for f in told] == [("E047", "trip:D1")], "once"
    assert gate.refused == {"E047": 1}
    message.entity[2].vehicle.vehicle.id = "bus-2"
    published(gate, message)
    assert not gate.apart(NOW)
    message.entity[2].vehicle.vehicle.id = "bus-1"
    published(gate, message)
    assert set(gate.apart(NOW)) == {"vehicle:bus-1"}
    assert gate.refused == {"E047": 2}
    gate.gone("trip:D1")
    assert not gate.apart(NOW), "nobody contradicts it any more"


def test_of_two_new_ones_that_contradict_each_other_the_position_stands_apart(view: StaticView) -> None:
    gate, message = Gate(Checker(view)), good_message()
    message.entity[0].trip_update.vehicle.id = "bus-2"
    published(gate, message)
    assert set(gate.apart(NOW)) == {"vehicle:bus-1"}


def test_a_vehicle_has_one_position_and_a_trip_one_update(view: StaticView) -> None:
    gate, message = Gate(Checker(view)), good_message()
    published(gate, message)
    assert not gate.apart(NOW)
    add_position(message)
    message.entity[-1].id = "vehicle:twin"
    twin = message.entity.add(id="trip:twin")
    twin.trip_update.CopyFrom(message.entity[0].trip_update)
    published(gate, message)
    assert set(gate.apart(NOW)) == {"trip:twin", "vehicle:twin"}
    assert gate.refused == {"E052": 1, "S003": 1}


def test_a_copy_is_driven_only_while_an_update_makes_it(view: StaticView) -> None:
    company = Checker(view).company
    copied = TripRead(trip_id="D1-copy", start_date="20251014", relationship=TripDescriptor.DUPLICATED)
    model = TripRead(trip_id="D1", start_date="20251014", relationship=TripDescriptor.DUPLICATED)
    made = EntityNote("trip:x", False, UpdateNote(model, "", "D1-copy"), None, 0, NO_DETOURS)
    driven = EntityNote("vehicle:bus-1", False, None, VehicleNote(copied, "bus-1"), 0, NO_DETOURS)
    company.tell("vehicle:bus-1", driven)
    assert judged(company) == {"vehicle:bus-1": {"S020"}}
    company.tell("trip:x", made)
    assert judged(company) == {}
    company.tell("trip:x", None)
    assert judged(company) == {"vehicle:bus-1": {"S020"}}


def judged(company: Company) -> dict[str, set[str]]:
    company.judge(MOMENT)
    return {name: {finding.rule_id for finding in found} for name, found in company.apart.items()}


def test_only_what_names_another_trip_or_vehicle_is_asked(view: StaticView) -> None:
    gate, message = Gate(Checker(view)), good_message()
    published(gate, message)
    assert gate.checker.company.judge(MOMENT)
    message.entity[2].vehicle.position.bearing = 12.0
    message.entity[0].trip_update.stop_time_update[3].arrival.time += 1
    published(gate, message)
    assert not gate.checker.company.judge(MOMENT)
    message.entity[2].vehicle.ClearField("trip")
    published(gate, message)
    assert gate.checker.company.judge(MOMENT)


_VEHICLES = st.sampled_from(["bus-1", "bus-2", "bus-3", ""])
_CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["D1", "D2", "LOOP", None]), _VEHICLES), max_size=4),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(rounds=_CHANGES)
def test_whatever_changes_what_is_left_breaks_nothing_and_nothing_stands_apart_in_vain(
    view: StaticView, rounds: list[list[tuple[int, str | None, str]]]
) -> None:
    gate, right = Gate(Checker(view)), dict[str, Entity]()
    for changes in rounds:
        for k, trip_id, vehicle_id in changes:
            name = f"vehicle:{k}" if k % 2 else f"trip:{k}"
            entity = None if k % 2 == 0 and trip_id is None else named(name, trip_id, vehicle_id)
            right.pop(name, None)
            if entity is None:
                gate.gone(name)
            elif gate.may_publish(entity, NOW):
                right[name] = entity
        apart = set(gate.apart(NOW))
        assert apart <= right.keys()
        inside = [entity for name, entity in right.items() if name not in apart]
        assert not broken(view, inside)
        for name in apart:
            assert broken(view, [*inside, right[name]])


def named(name: str, trip_id: str | None, vehicle_id: str) -> Entity:
    message = good_message()
    if name.startswith("vehicle"):
        entity = message.entity[2]
        entity.vehicle.vehicle.id = vehicle_id
        if trip_id is None:
            entity.vehicle.ClearField("trip")
        else:
            tell_trip(entity.vehicle.trip, trip_id)
    else:
        entity = message.entity[1 if trip_id == "D2" else 0]
        tell_trip(entity.trip_update.trip, trip_id or "D1")
        entity.trip_update.vehicle.id = vehicle_id
    entity.id = name
    return entity


def broken(view: StaticView, entities: list[Entity]) -> set[str]:
    message = Message(header=good_message().header, entity=sorted(entities, key=lambda entity: entity.id))
    return {finding.rule_id for finding in Checker(view).check(message, NOW)} & TOGETHER
