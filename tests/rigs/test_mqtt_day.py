"""The first minutes of a day over every transport, and proof that the rig finds what it is there to find."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.mqtt_day import PLANTS, TRANSPORTS, Day, compared, simulated
from tests.v2x.mqtt.brokers import require_brokers

SEED = 7


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Day, Path]]:
    """A short simulated day, made once, and where its own trip log stands."""
    require_brokers()
    folder = tmp_path_factory.mktemp("simulated")
    return simulated(SEED, "06:06", folder), folder / "trip_log"


def test_every_transport_gives_the_same_trip_log(day: tuple[Day, Path]):
    result = compared(*day, SEED)
    assert result["ok"], result
    assert set(result["transports"]) == set(TRANSPORTS)
    for figures in result["transports"].values():
        assert figures["acknowledged"] == figures["records"] == result["records"] > 1000


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(day: tuple[Day, Path], plant: str):
    result = compared(*day, SEED, transports=["mosquitto"], plant=plant)
    assert not result["ok"]
    assert "vehicle_positions.parquet" in result["transports"]["mosquitto"]["differs_in"], result
