"""Hazards on the road that count at a moment: reported, not cancelled, not past their validity."""

from collections.abc import Iterable, Sequence

from mobility.core.clock import Instant
from mobility.core.supervision import Hazard

CAUSES = {
    1: "traffic_condition",
    2: "accident",
    3: "roadworks",
    6: "adverse_weather_adhesion",
    9: "surface_condition",
    10: "obstacle_on_road",
    11: "animal_on_road",
    12: "human_on_road",
    14: "wrong_way_driving",
    15: "rescue_work_in_progress",
    17: "adverse_weather_extreme",
    18: "adverse_weather_visibility",
    19: "adverse_weather_precipitation",
    26: "slow_vehicle",
    27: "dangerous_end_of_queue",
    91: "vehicle_breakdown",
    92: "post_crash",
    93: "human_problem",
    94: "stationary_vehicle",
    95: "emergency_vehicle_approaching",
    96: "dangerous_curve",
    97: "collision_risk",
    98: "signal_violation",
    99: "dangerous_situation",
}
"""``CauseCodeType`` of EN 302 637-3 (TS 102 894-2), by its number."""


def standing(hazards: Iterable[Hazard], now: Instant) -> Sequence[Hazard]:
    """Return the hazards that count now, by id."""
    return sorted((each for each in hazards if now < each.valid_until), key=lambda each: each.hazard_id)


def cause_of(hazard: Hazard) -> str:
    """Return the name of a hazard's cause, ``cause_<number>`` for one that has none here."""
    return CAUSES.get(hazard.cause_code, f"cause_{hazard.cause_code}")
