"""A link is live, stale, lost or resting; false alarms are rare on a bad one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from tests.v2x.link.lossy_link import alarms
from v2x.link.state import LOST_AFTER_MS, STALE_AFTER_MS, LinkState, Presence

T0 = Instant(1_763_463_600_000)


def at(seconds: float) -> Instant:
    return Instant(T0 + round(seconds * 1000))


def test_a_link_is_stale_after_two_seconds_and_lost_after_five() -> None:
    presence = Presence(T0)
    states = [presence.state(at(second)) for second in (0, 1.999, 2, 4.999, 5, 3600)]
    assert states == [
        *(LinkState.LIVE, LinkState.LIVE, LinkState.STALE, LinkState.STALE),
        *(LinkState.LOST, LinkState.LOST),
    ]


def test_the_next_deadline_is_exactly_when_the_vehicle_may_be_lost() -> None:
    presence = Presence(T0)
    presence.hear(at(3))
    assert presence.deadline(at(3)) == at(8)
    presence.check(at(7.999))
    assert not presence.is_lost
    presence.check(at(8))
    assert presence.is_lost
    assert presence.lost_since == at(3)


def test_a_lost_vehicle_is_back_only_after_five_seconds_without_a_break() -> None:
    presence = Presence(T0)
    presence.check(at(5))
    # Flickering at the edge of coverage: one frame, then nothing for three seconds.
    for second in (10, 13, 16):
        presence.hear(at(second))
        presence.check(at(second))
        assert presence.is_lost
    for second in (17, 18, 19, 20, 20.9):
        presence.hear(at(second))
        presence.check(at(second))
        assert presence.is_lost
    presence.hear(at(21))
    presence.check(at(21))
    assert not presence.is_lost


def test_a_vehicle_that_went_to_rest_is_silent_and_not_lost() -> None:
    presence = Presence(T0)
    presence.keep(at(1), goes_to_rest=True)
    presence.hear(at(1.5))
    presence.check(at(3600))
    assert presence.state(at(3600)) is LinkState.RESTING
    assert not presence.is_lost
    assert presence.deadline(at(3600)) is None


def test_a_ping_or_a_repeated_record_does_not_wake_a_resting_vehicle_but_a_newer_sample_does() -> None:
    presence = Presence(T0)
    presence.keep(at(10), goes_to_rest=True)
    presence.keep(at(9), goes_to_rest=False)
    presence.hear(at(11))
    assert presence.is_resting
    presence.keep(at(600), goes_to_rest=False)
    presence.hear(at(600))
    assert presence.state(at(600)) is LinkState.LIVE


def test_a_rest_of_yesterday_that_arrives_late_puts_no_driving_vehicle_to_rest() -> None:
    presence = Presence(T0)
    presence.keep(at(10), goes_to_rest=False)
    presence.keep(at(-86_400), goes_to_rest=True)
    assert not presence.is_resting


def test_a_lost_vehicle_whose_rest_arrives_late_is_lost_no_more() -> None:
    presence = Presence(T0)
    presence.check(at(5))
    presence.keep(at(4), goes_to_rest=True)
    assert presence.deadline(at(60)) == at(60)
    presence.check(at(60))
    assert not presence.is_lost


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 12_000), max_size=40))
def test_checking_at_deadlines_only_finds_every_silence_of_five_seconds(gaps_ms: list[int]) -> None:
    presence = Presence(T0)
    now = T0
    for gap_ms in gaps_ms:
        heard = Instant(now + gap_ms)
        for _ in range(10):
            deadline = presence.deadline(now)
            if deadline is None or deadline > heard or deadline == heard:
                break
            now = max(now, deadline)
            presence.check(now)
        assert presence.is_lost or heard - presence.heard_at <= LOST_AFTER_MS
        now = heard
        presence.hear(now)
        assert presence.state(now) is LinkState.LIVE


def test_at_five_percent_packet_loss_there_is_at_most_one_false_alarm_per_vehicle_day() -> None:
    """The model says itself what it leaves out; it sends a sample a second, as the vehicles do."""
    assert STALE_AFTER_MS < LOST_AFTER_MS
    assert alarms(1, loss=0.05, period_ms=1000, days=6) <= 6


def test_the_model_would_tell_if_the_link_were_really_bad() -> None:
    assert alarms(1, loss=0.3, period_ms=1000, days=1) > 100
