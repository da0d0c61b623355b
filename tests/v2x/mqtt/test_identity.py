"""Who may speak for whom: the configuration of ``docs/how-to/mqtt.md`` on a real Mosquitto with real certificates."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mobility.app.clock import LoopClock, system_instant
from mobility.core.errors import StreamClosedError
from mobility.core.ids import VehicleId
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_S
from tests.v2x.making import SHUTTLE, batch, hello, sample_at
from tests.v2x.mqtt.brokers import RunningBroker, program
from tests.v2x.mqtt.site import CONTEXT, play, site, until
from v2x.edge.authority import Credentials, DevelopmentAuthority
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.edge.mqtt_link import Broker, MqttLink
from v2x.mqtt.topics import GATEWAY, Kind, Topics

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "mqtt.md"
PASSWORD = "only in this test"
TOPICS = Topics.of(CONTEXT)
VAN = VehicleId("van-1")


@dataclass
class Secured:
    """A broker with two listeners: a password on loopback for the gateway, certificates for vehicles."""

    gateway: RunningBroker
    tls_port: int
    authority: DevelopmentAuthority

    def as_vehicle(self, vehicle_id: VehicleId) -> Broker:
        return self.shown(self.authority.vehicle(vehicle_id))

    def shown(self, credentials: Credentials) -> Broker:
        return Broker(host="127.0.0.1", port=self.tls_port, tls=credentials.vehicle_context())


class GatewayLogin(RunningBroker):
    @property
    def broker(self) -> Broker:
        return Broker(host="127.0.0.1", port=self.port, username=f"{CONTEXT}-{GATEWAY}", password=PASSWORD)


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Run Mosquitto on the very lines the page tells an operator, with paths and ports of this test."""
    loop = asyncio.new_event_loop()
    authority = DevelopmentAuthority.open(folder / "authority", LoopClock(system_instant(), loop=loop))
    shown = authority.gateway(["127.0.0.1"])
    blocks = re.findall(r"```\n(# (?:mosquitto\.conf|acl).*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    configuration, access = blocks
    ports = free_port(), free_port()
    for told, here in {
        "1883": str(ports[0]),
        "8883": str(ports[1]),
        "/etc/mosquitto/passwords": str(folder / "passwords"),
        "/etc/mosquitto/acl": str(folder / "acl"),
        "/etc/mosquitto/gateway/certificate.pem": str(shown.certificate),
        "/etc/mosquitto/gateway/key.pem": str(shown.key),
        "/etc/mosquitto/authority.pem": str(authority.certificate),
        "/etc/mosquitto/revoked.crl": str(folder / "authority" / "revoked.crl"),
        "/var/lib/mosquitto/": f"{folder}/",
    }.items():
        assert told in configuration, told
        configuration = configuration.replace(told, here)
    if os.geteuid() == 0:
        configuration += "user root\n"
    (folder / "acl").write_text(access)
    (folder / "mosquitto.conf").write_text(configuration)
    (folder / "acl").chmod(0o600)
    login = [program("mosquitto_passwd"), "-b", "-c", str(folder / "passwords"), f"{CONTEXT}-{GATEWAY}", PASSWORD]
    subprocess.run(login, check=True, capture_output=True)
    command = [program("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    running = GatewayLogin(command, ports[0], folder / "mosquitto.log", "5")
    running.start()
    try:
        yield Secured(running, ports[1], authority)
    finally:
        running.stop()
        loop.close()


def test_a_vehicle_with_its_certificate_is_served(tmp_path: Path) -> None:
    with secured(tmp_path) as made:
        shuttle = made.as_vehicle(SHUTTLE)

        async def scene() -> None:
            async with site(made.gateway) as here:
                client = here.vehicle(connect=lambda: connect_mqtt(shuttle, vehicle_id=SHUTTLE, context=CONTEXT))
                for seq in range(1, 101):
                    client.record(sample_at(seq))
                assert await client.drained(PATIENCE_S)
                assert len(here.log.records) == 100

        play(scene)


def test_a_vehicle_can_not_speak_for_another_nor_listen_to_it(tmp_path: Path) -> None:
    with secured(tmp_path) as made:
        van = made.as_vehicle(VAN)

        async def scene() -> None:
            async with site(made.gateway) as here:
                heard: list[bytes] = []
                link = MqttLink(van, client_id=VAN, on_message=lambda arrival: heard.append(arrival.payload))
                await link.open()
                await link.subscribe([TOPICS.down(Kind.BATCH, VAN)])
                for name in (SHUTTLE, VAN):
                    link.publish(TOPICS.up(Kind.BATCH, name), hello(vehicle_id=name))
                    link.publish(TOPICS.up(Kind.BATCH, name), batch(1))
                link.publish(TOPICS.down(Kind.BATCH, SHUTTLE), b"a forged command")
                await until(lambda: len(here.log.records) == 1)
                await asyncio.sleep(0.1)
                assert {record.sample.vehicle_id for record in here.log.records} == {VAN}
                assert list(here.gateway.connected()) == [VAN]
                # Mosquitto takes the subscription to a foreign topic and delivers nothing of it.
                await link.subscribe([TOPICS.down(Kind.BATCH, SHUTTLE)])
                heard.clear()
                shuttle = await connect_mqtt(made.as_vehicle(SHUTTLE), vehicle_id=SHUTTLE, context=CONTEXT)
                await shuttle.send(hello())
                assert await shuttle.receive()
                assert heard == []
                await shuttle.close()
                await link.close()

        play(scene)


def test_strangers_are_not_let_in(tmp_path: Path) -> None:
    with secured(tmp_path / "ours") as made, secured(tmp_path / "theirs") as foreign:
        shown = foreign.authority.vehicle(SHUTTLE)
        mixed = Credentials(certificate=shown.certificate, key=shown.key, authority=made.authority.certificate)

        async def scene() -> None:
            for broker in (
                made.shown(mixed),
                Broker(host="127.0.0.1", port=made.gateway.port),
                Broker(host="127.0.0.1", port=made.gateway.port, username="ilmenau-gateway", password="guess"),
            ):
                with pytest.raises((OSError, StreamClosedError)):
                    await connect_mqtt(broker, vehicle_id=SHUTTLE, context=CONTEXT)

        play(scene)


def test_a_vehicle_recognises_a_foreign_broker(tmp_path: Path) -> None:
    with secured(tmp_path / "ours") as made, secured(tmp_path / "theirs") as foreign:
        shown = made.authority.vehicle(SHUTTLE)

        async def scene() -> None:
            broker = Broker(host="127.0.0.1", port=foreign.tls_port, tls=shown.vehicle_context())
            with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
                await connect_mqtt(broker, vehicle_id=SHUTTLE, context=CONTEXT)

        play(scene)


def test_a_revoked_vehicle_is_let_in_no_more(tmp_path: Path) -> None:
    with secured(tmp_path) as made:
        shown = made.authority.vehicle(SHUTTLE)
        made.authority.revoke(SHUTTLE)
        made.gateway.stop()
        made.gateway.start()

        async def scene() -> None:
            with pytest.raises((OSError, StreamClosedError)):
                await connect_mqtt(made.shown(shown), vehicle_id=SHUTTLE, context=CONTEXT)

        play(scene)
