"""Each test has its own broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.v2x.mqtt.brokers import RunningBroker, mosquitto, nats, require_brokers


@pytest.fixture(autouse=True)
def _brokers() -> None:
    require_brokers()


@pytest.fixture(params=["mosquitto 5", "mosquitto 3.1.1", "nats 3.1.1"])
def any_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    """Every broker and version that is promised."""
    name, version = request.param.split()
    with mosquitto(tmp_path / "broker", version=version) if name == "mosquitto" else nats(tmp_path / "broker") as made:
        yield made


@pytest.fixture
def mosquitto_5(tmp_path: Path) -> Iterator[RunningBroker]:
    with mosquitto(tmp_path / "broker") as made:
        yield made


@pytest.fixture(params=["5", "3.1.1"])
def mosquitto_any(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    """For topics with a dot, which nats-server 2.9 does not take."""
    with mosquitto(tmp_path / "broker", version=request.param) as made:
        yield made
