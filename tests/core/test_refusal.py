"""The sentence of a refusal: gaps are filled, and one that can not be filled does not break it."""

from mobility.core.refusal import Refusal, RefusalCode


def test_a_gap_without_a_parameter_stays_readable() -> None:
    refusal = Refusal(RefusalCode.TRIP_NOT_ON_DAY, {"trip_id": "D1"})
    assert refusal.told("{trip_id} am {day}") == "D1 am …"
