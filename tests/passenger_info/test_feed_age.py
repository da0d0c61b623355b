"""When the realtime feed is too old for the process to be called ready."""

from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import Instant, shifted
from passenger_info.edge.renewal import Renewal
from passenger_info.edge.service import PassengerInfo
from passenger_info.feed_age import OLDEST_HEADER_S, RENEW_S, FeedAge
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import ONE_HOUR, at, timetable_of

START = Instant(1_760_000_000_000)


@given(st.integers(0, 60_000))
def test_a_header_is_a_fault_when_it_is_older_than_five_seconds(age_ms: int) -> None:
    age = FeedAge(began=START, header=Instant(START + 1_000_000))
    now = Instant(START + 1_000_000 + age_ms)
    assert (age.fault(now) is None) == (age.age_s(now) <= OLDEST_HEADER_S)
    # Its second is rounded down, so that up to one more is no fault, and never two.
    assert (age.fault(now) is None) or age_ms > 5000
    assert (age.fault(now) is not None) or age_ms <= 6000


def test_a_start_has_five_seconds_and_then_is_a_fault() -> None:
    assert FeedAge(began=START).fault(shifted(START, 4.9)) is None
    assert FeedAge(began=START).fault(shifted(START, 5.1)) == "the realtime feed is 5 s old"


def test_a_quiet_night_is_no_fault_and_a_feed_that_nobody_renews_is_one(tmp_path) -> None:
    clock = SettableClock(at("02:00"))
    info = PassengerInfo(timetable=timetable_of(ONE_HOUR, tmp_path), clock=clock, specs={})
    renewal = Renewal(info, clock)
    for _ in range(200):
        renewal.renew()
        clock.moment = shifted(clock.moment, RENEW_S)
        assert renewal.faults() == []
    clock.moment = shifted(clock.moment, 20)
    assert len(renewal.faults()) == 1
    assert renewal.age_s() >= 20
    renewal.renew()
    assert renewal.faults() == []
