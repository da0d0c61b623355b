"""The gate: what is wrong stays inside, is counted by rule, and is told once."""

from mobility.core.clock import Instant, shifted
from passenger_info.checker.checker import Checker
from passenger_info.checker.finding import RuleFinding
from passenger_info.checker.gate import Gate
from passenger_info.checker.static_view import StaticView
from tests.passenger_info.checker.small_feed import NOW_S, good_message

NOW = Instant(NOW_S * 1000)


def test_a_wrong_entity_stays_inside_and_is_told_once_until_it_changes(view: StaticView) -> None:
    told: list[RuleFinding] = []
    gate = Gate(Checker(view), told.append)
    entity = good_message().entity[2]
    assert gate.may_publish(entity, NOW)
    entity.vehicle.position.bearing = 400
    assert not gate.may_publish(entity, NOW)
    assert not gate.may_publish(entity, shifted(NOW, 1))
    assert [(f.rule_id, f.entity_id) for f in told] == [("E027", "vehicle:bus-1")]
    assert gate.refused == {"E027": 2}
    entity.vehicle.position.bearing = 40
    assert gate.may_publish(entity, shifted(NOW, 2))
    entity.vehicle.position.bearing = 400
    assert not gate.may_publish(entity, shifted(NOW, 3))
    assert len(told) == 2


def test_a_dataset_that_may_not_be_sent_counts_as_never_sent(view: StaticView) -> None:
    gate = Gate(Checker(view))
    message = good_message()
    assert gate.may_send(message.SerializeToString(), NOW)
    message.header.timestamp = NOW_S + 5
    message.entity[0].trip_update.vehicle.id = "bus-2"
    assert not gate.may_send(message.SerializeToString(), shifted(NOW, 5))
    message.entity[0].trip_update.vehicle.id = "bus-1"
    assert gate.may_send(message.SerializeToString(), shifted(NOW, 5)), "the same second again: nobody has seen it"
    assert gate.refused == {"E047": 1}


def test_a_dataset_that_goes_back_behind_the_one_sent_before_stays_inside(view: StaticView) -> None:
    gate = Gate(Checker(view))
    message = good_message(NOW_S + 10)
    assert gate.may_send(message.SerializeToString(), shifted(NOW, 10))
    for _ in range(2):
        message.header.timestamp = NOW_S + 5
        assert not gate.may_send(message.SerializeToString(), shifted(NOW, 11))
    assert gate.refused == {"E018": 2}


def test_bytes_that_are_no_message_stay_inside(view: StaticView) -> None:
    gate = Gate(Checker(view))
    assert not gate.may_send(b"\xff\xff\xff", NOW)
    assert gate.refused == {"decode": 1}
