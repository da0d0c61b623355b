"""A vehicle that stands in the way warns, and takes the warning back."""

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from v2x.its.codec import decode
from v2x.its.station_hazards import hazard_news
from v2x.its.warning import STATIONARY_VEHICLE, stationary_vehicle

BEGAN = Instant(1_760_436_000_000)
HERE = LatLon(50.6842, 10.9222)


def told(*, is_over: bool) -> bytes:
    later = Instant(BEGAN + 5000)
    return stationary_vehicle(
        station_id=4711, sequence=3, place=HERE, began=BEGAN, told=later if is_over else BEGAN, is_over=is_over
    )


def test_the_warning_is_a_hazard_where_the_vehicle_stands() -> None:
    message = decode(told(is_over=False))
    news = hazard_news(message)
    assert (message.cause_code, message.station_id) == (STATIONARY_VEHICLE, 4711)
    assert news.hazard is not None
    assert news.hazard.detected_at == BEGAN
    assert news.hazard.valid_until == BEGAN + 600_000
    assert round(news.hazard.place.lat_deg, 6) == HERE.lat_deg


def test_its_cancellation_ends_the_same_hazard() -> None:
    before, after = (hazard_news(decode(told(is_over=is_over))) for is_over in (False, True))
    assert after.hazard is None
    assert after.hazard_id == before.hazard_id
    assert after.reference_time > before.reference_time
