"""What the recorder's sensors show follows from how the vehicle moves, and is the same at every run."""

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from mobility.core.vehicle import DrivingMode
from sim.chance import Chance
from sim.edge.instruments import Instruments, Terrain
from tests.sim.stage import shipped
from v2x.edge.client import Extension, Light

NOON = Instant(1_760_436_000_000)
HERE = LatLon(50.6842, 10.9222)
REGION, _ = shipped()
VAN = REGION.fleet[VehicleId("pmover-1")]


def instruments(seed: int = 1) -> Instruments:
    return Instruments(VAN, Chance(seed), Terrain(REGION.stops.values()))


def driven(*moves: tuple[int, float, float]) -> list[Extension]:
    """Read after milliseconds, at a speed in m/s and a bearing."""
    sensors = instruments()
    return [
        sensors.read(
            Instant(NOON + after_ms), HERE, speed_mps=speed_mps, bearing_deg=bearing_deg, mode=DrivingMode.AUTOMATED
        )
        for after_ms, speed_mps, bearing_deg in moves
    ]


def test_braking_shows_as_deceleration_and_brake_light() -> None:
    _, braking = driven((0, 10.0, 90.0), (1000, 7.0, 90.0))
    assert braking.acceleration_long_mps2 == -3.0
    assert braking.lights_on is not None
    assert Light.BRAKE in braking.lights_on


def test_a_turn_to_the_left_pushes_to_the_left_also_across_north() -> None:
    _, left = driven((0, 10.0, 2.0), (1000, 10.0, 350.0))
    assert left.acceleration_lat_mps2 is not None
    assert left.acceleration_lat_mps2 > 0.9
    assert left.lights_on is not None
    assert Light.LEFT_INDICATOR in left.lights_on


def test_after_a_pause_there_is_no_slope() -> None:
    _, later = driven((0, 10.0, 90.0), (60_000, 0.0, 90.0))
    assert (later.acceleration_long_mps2, later.acceleration_lat_mps2) == (0.0, 0.0)


def test_what_hardly_changes_is_told_once_a_minute() -> None:
    told = [each.vin != "" for each in driven(*((second * 1000, 5.0, 0.0) for second in range(121)))]
    assert [second for second, is_told in enumerate(told) if is_told] == [0, 60, 120]


def test_switching_the_automation_on_is_told_once() -> None:
    first, second = driven((0, 0.0, 0.0), (1000, 0.0, 0.0))
    assert [(each.name, each.is_active) for each in first.safety_systems] == [
        ("automated_driving", True),
        ("emergency_brake_assist", True),
    ]
    assert second.safety_systems == ()


def test_the_same_seed_reads_the_same() -> None:
    reads = [
        instruments(seed).read(NOON, HERE, speed_mps=8.0, bearing_deg=0.0, mode=DrivingMode.AUTOMATED)
        for seed in (1, 1, 2)
    ]
    assert reads[0] == reads[1] != reads[2]


def test_heights_lie_between_those_of_the_stops_around() -> None:
    heights_m = [stop.elevation_m for stop in REGION.stops.values()]
    altitude_m = Terrain(REGION.stops.values()).altitude_m(HERE)
    assert altitude_m is not None
    assert min(heights_m) <= altitude_m <= max(heights_m)
    assert Terrain(()).altitude_m(HERE) is None
