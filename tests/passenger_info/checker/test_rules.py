"""One rule, one test: a message that breaks it is found, by us and by the reference; the same message before is not."""

from pathlib import Path

import pytest

from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from passenger_info.checker.finding import Severity
from passenger_info.checker.static_view import StaticView
from passenger_info.checker.table import NOT_CHECKED, RULE_IDS
from tests.passenger_info.checker.broken import READ_S, Break, update, vehicle
from tests.passenger_info.checker.broken_spec import BREAKS
from tests.passenger_info.checker.reference import reference_sequence
from tests.passenger_info.checker.small_feed import NOW_S, Message, good_message


def sequence(broken: Break) -> list[tuple[int, Message]]:
    """A good message, and two seconds later one that would be good were it not broken."""
    before, after = good_message(NOW_S - 2), good_message()
    update(before).timestamp = vehicle(before).timestamp = NOW_S - 4
    broken(after)
    return [(READ_S - 2, before), (READ_S, after)]


def test_every_rule_of_the_table_has_its_test_and_every_error_rule_is_in_the_table() -> None:
    assert set(BREAKS) == set(RULE_IDS)
    absent = {"E005", "E007", "E008", "E014"}
    assert {f"E{n:03d}" for n in range(1, 53)} - absent == {rule for rule in RULE_IDS if rule[0] == "E"} | {"E010"}
    assert set(NOT_CHECKED).isdisjoint(RULE_IDS)


def test_the_good_message_breaks_no_rule(view: StaticView, reference, tmp_path: Path) -> None:
    messages = sequence(lambda _: None)
    checker = Checker(view)
    for at_s, message in messages:
        assert checker.check(message, Instant(at_s * 1000)) == ()
        assert [found for e in message.entity for found in checker.check_entity(e, Instant(at_s * 1000))] == []
    told = reference_sequence(reference, [(at_s, m.SerializeToString()) for at_s, m in messages], tmp_path / "good")
    assert [{rule for rule in rules if rule[0] in "ES"} for rules in told] == [set(), set()]


@pytest.mark.parametrize("rule_id", sorted(BREAKS))
def test_a_message_that_breaks_a_rule_is_found_as_the_reference_finds_it(
    view: StaticView, reference, tmp_path: Path, rule_id: str
) -> None:
    messages = sequence(BREAKS[rule_id])
    checker = Checker(view)
    found = [checker.check(message, Instant(at_s * 1000)) for at_s, message in messages]
    assert found[0] == ()
    assert rule_id in {finding.rule_id for finding in found[1]}
    assert all(finding.severity is Severity.ERROR and finding.detail for finding in found[1])
    folder = tmp_path / rule_id
    told = reference_sequence(reference, [(at_s, m.SerializePartialToString()) for at_s, m in messages], folder)
    assert told[1] & set(RULE_IDS) == {finding.rule_id for finding in found[1]}
