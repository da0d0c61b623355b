"""What the lights of junctions show: fresh states only, with place where it is known, in bounded memory."""

from mobility.core.clock import Instant
from tests.v2x.its.junction_messages import mapem, spatem, srem
from v2x.its.codec import decode, encode
from v2x.its.message import ItsMessage
from v2x.its.signal_board import MOST_JUNCTIONS, SHOWN_FOR_S, SignalBoard

FULL_HOUR = Instant(1_763_463_600_000)
"""12:00 in Ilmenau on 18 November 2025: marks count from here."""


def heard(kind: str, value: dict) -> ItsMessage:  # type: ignore[type-arg]
    return decode(encode(kind, value))


def board(*messages: ItsMessage, at: int = FULL_HOUR) -> SignalBoard:
    made = SignalBoard()
    for message in messages:
        made.take(message, source="udp:10.0.0.7", trust="unsigned", now=Instant(at))
    return made


def test_each_signal_group_is_told_with_its_present_state_and_the_seconds_left():
    rows = board(heard("SPATEM", spatem())).rows(Instant(FULL_HOUR + 4000))
    assert [(row["signal_group"], row["event_state"], row["is_go"]) for row in rows] == [
        (1, "stop-And-Remain", False),
        (2, "protected-Movement-Allowed", True),
        (3, "caution-Conflicting-Traffic", False),
    ]
    assert [(row["earliest_end_s"], row["likely_end_s"], row["latest_end_s"]) for row in rows] == [
        (1230.5, None, None),
        (6.0, 11.0, None),
        (None, None, None),
    ]
    assert (rows[0]["intersection"], rows[0]["age_s"], rows[0]["source"]) == (5, 4.0, "udp:10.0.0.7")


def test_a_mark_of_the_next_hour_counts_on_and_one_that_is_over_is_nought():
    made = board(heard("SPATEM", spatem()), at=FULL_HOUR - 2000)
    assert made.rows(Instant(FULL_HOUR - 2000))[1]["earliest_end_s"] == 12.0
    made = board(heard("SPATEM", spatem()), at=FULL_HOUR + 11_000)
    assert made.rows(Instant(FULL_HOUR + 11_000))[1]["earliest_end_s"] == 0.0


def test_what_was_not_told_again_is_not_shown():
    made = board(heard("SPATEM", spatem()))
    just = Instant(FULL_HOUR + round(SHOWN_FOR_S * 1000))
    assert made.rows(just)
    assert made.rows(Instant(just + 1)) == []


def test_the_place_comes_from_the_map_of_the_same_junction():
    row = board(heard("MAPEM", mapem()), heard("SPATEM", spatem())).rows(FULL_HOUR)[0]
    assert (row["lat"], row["lon"]) == (50.684123, 10.914123)
    lone = board(heard("SPATEM", spatem())).rows(FULL_HOUR)[0]
    assert (lone["lat"], lone["lon"]) == (None, None)


def test_a_priority_request_says_nothing_about_lights():
    assert board(heard("SREM", srem())).rows(FULL_HOUR) == []


def test_the_junction_heard_longest_ago_is_forgotten():
    messages = []
    for number in range(MOST_JUNCTIONS + 1):
        value = spatem()
        value["spat"]["intersections"][0]["id"]["id"] = number
        messages.append(heard("SPATEM", value))
    known = {row["intersection"] for row in board(*messages).rows(FULL_HOUR)}
    assert known == set(range(1, MOST_JUNCTIONS + 1))
