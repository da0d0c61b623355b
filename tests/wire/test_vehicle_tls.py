"""The vehicles' door with certificates: who is let in, who is not and what is said of it, who has to leave."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from mobility.core.errors import BadInputError, StreamClosedError
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.patience import PATIENCE_S
from tests.v2x.certificates import DAY_MS, LOCAL, ComputersClock, authority_in, below_root, with_names
from tests.v2x.making import BOOT, KeptFrames, batch, heard, hello, identify, said
from v2x.edge import listener as door
from v2x.edge.admission import Admission
from v2x.edge.authority import Credentials, DevelopmentAuthority
from v2x.edge.connect import connect_websocket
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.edge.tls import gateway_context, vehicle_context
from v2x.goodbye import GoodbyeReason
from v2x.identity import CertificateFault
from v2x.server_frames import Ack, Goodbye, Welcome


class RealTime(ComputersClock):
    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class Opened:
    """An open door."""

    def __init__(self, gateway: Gateway, log: MemoryTelemetryLog, admission: Admission, url: str) -> None:
        self.gateway = gateway
        self.log = log
        self.admission = admission
        self.url = url

    def faults(self) -> dict[CertificateFault, int]:
        return {fault: times for fault, times in self.admission.refused.items() if times}


@asynccontextmanager
async def opened(
    authority: DevelopmentAuthority,
    *,
    is_known: Callable[[VehicleId], bool] | None = None,
    clock: ComputersClock | None = None,
    hosts: Sequence[str] = LOCAL,
) -> AsyncIterator[Opened]:
    log = MemoryTelemetryLog()
    gateway = Gateway(log=log, clock=RealTime(), identify=identify, quarantine=KeptFrames())
    admission = Admission(clock=clock or RealTime(), revocations=authority.revocations(), is_known=is_known)
    tls = authority.gateway_context(hosts)
    async with listen(gateway, "127.0.0.1", 0, tls=tls, admission=admission) as server:
        (bound,) = server.sockets
        yield Opened(gateway, log, admission, f"wss://localhost:{bound.getsockname()[1]}/vehicle")


def run(story: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await story

    asyncio.run(limited())


async def turned_away(url: str, tls: ssl.SSLContext) -> str:
    """Knock, and return what was said; fails when let in."""
    try:
        stream = await connect_websocket(url, tls=tls)
    except (OSError, StreamClosedError) as error:
        return str(error)
    try:
        await stream.receive()
    finally:
        await stream.close()
    raise AssertionError("was let in")


async def settled_faults(at: Opened) -> dict[CertificateFault, int]:
    """What was counted, once the gateway's side has noticed."""
    async with asyncio.timeout(PATIENCE_S):
        while not at.faults():  # noqa: ASYNC110 - the other side of a socket sets no event
            await asyncio.sleep(0.01)
    return at.faults()


async def greeted(stream: FrameStream, vehicle_id: str, *, says: str = "anything") -> list[object]:
    await stream.send(hello(vehicle_id=VehicleId(vehicle_id), token=says))
    return list(said([await stream.receive()]))


def test_a_vehicle_is_who_its_certificate_names_and_its_token_means_nothing(tmp_path: Path):
    authority = authority_in(tmp_path)
    made = authority.vehicle("shuttle-1")

    async def story() -> None:
        async with opened(authority) as at:
            stream = await connect_websocket(at.url, tls=made.vehicle_context())
            assert isinstance((await greeted(stream, "shuttle-1"))[0], Welcome)
            await stream.send(batch(1, 3))
            (ack,) = said([await stream.receive()])
            assert isinstance(ack, Ack)
            assert ack.through_seq == 3
            assert len(at.log.records) == 3
            await stream.close()
            assert at.faults() == {}

    run(story())


def test_a_certificate_does_not_speak_for_another_vehicle_not_even_with_its_token(tmp_path: Path):
    authority = authority_in(tmp_path)
    made = authority.vehicle("shuttle-2")

    async def story() -> None:
        async with opened(authority) as at:
            stream = await connect_websocket(at.url, tls=made.vehicle_context())
            (answer,) = await greeted(stream, "shuttle-1", says="token of shuttle-1")
            assert answer == Goodbye(GoodbyeReason.VEHICLE_MISMATCH)
            with suppress(StreamClosedError):  # the gateway may have closed already, or be about to
                await stream.send(batch(1, 3, boot_id=BOOT))
            await heard(stream)
            await stream.close()
            assert at.log.records == []

    run(story())


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("none", CertificateFault.MISSING),
        ("foreign", CertificateFault.FOREIGN),
        ("self-made", CertificateFault.FOREIGN),
        ("gateway's", CertificateFault.WRONG_PURPOSE),
        ("old TLS", CertificateFault.OUTDATED_TLS),
    ],
)
def test_who_shows_no_vehicles_certificate_is_refused_in_the_handshake(
    tmp_path: Path, kind: str, fault: CertificateFault
):
    authority, other = authority_in(tmp_path / "ours"), authority_in(tmp_path / "theirs")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(authority.certificate)
    foreign = other.vehicle("shuttle-1")
    if kind == "foreign":
        tls.load_cert_chain(foreign.certificate, foreign.key)
    elif kind == "self-made":
        tls.load_cert_chain(other.certificate, tmp_path / "theirs" / "authority.key")
    elif kind == "gateway's":
        gateways = authority.gateway(LOCAL)
        tls.load_cert_chain(gateways.certificate, gateways.key)
    elif kind == "old TLS":
        tls.maximum_version = ssl.TLSVersion.TLSv1_2

    async def story() -> None:
        async with opened(authority) as at:
            with capture_logs() as told:
                await turned_away(at.url, tls)
                assert await settled_faults(at) == {fault: 1}
            assert [line["fault"] for line in told] == [fault.value]
            assert at.gateway.counters.connections == 0

    run(story())


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("expired", CertificateFault.EXPIRED),
        ("early", CertificateFault.NOT_YET_VALID),
        ("revoked", CertificateFault.REVOKED),
        ("not of the fleet", CertificateFault.UNKNOWN_VEHICLE),
    ],
)
def test_a_vehicle_whose_certificate_is_worth_nothing_is_refused_by_its_name(
    tmp_path: Path, kind: str, fault: CertificateFault
):
    authority = authority_in(tmp_path)
    ahead_ms = {"expired": -8 * DAY_MS, "early": DAY_MS}.get(kind, 0)
    made = authority_in(tmp_path, ahead_ms=ahead_ms).vehicle("shuttle-7")
    if kind == "revoked":
        authority.revoke("shuttle-7")

    async def story() -> None:
        async with opened(authority, is_known=lambda _: kind != "not of the fleet") as at:
            with capture_logs() as told:
                words = await turned_away(at.url, made.vehicle_context())
            assert words.endswith(f"answers 403: Your certificate is refused: {fault.value}.")
            assert at.faults() == {fault: 1}
            (line,) = told
            assert (line["fault"], line["vehicle"]) == (fault.value, "shuttle-7")
            assert line["serial"] == authority.issued()[0].serial_hex
            assert at.gateway.counters.connections == 0

    run(story())


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.DNSName("shuttle-1")],
        [x509.UniformResourceIdentifier("urn:vehicle:a"), x509.UniformResourceIdentifier("urn:vehicle:b")],
        [x509.UniformResourceIdentifier("urn:vehicle:a%00")],
    ],
)
def test_a_certificate_that_names_not_exactly_one_vehicle_is_refused(tmp_path: Path, names: list[x509.GeneralName]):
    authority = authority_in(tmp_path)
    made = with_names(authority, tmp_path, *names)

    async def story() -> None:
        async with opened(authority) as at:
            assert "bad_identity" in await turned_away(at.url, made.vehicle_context())
            assert at.faults() == {CertificateFault.BAD_IDENTITY: 1}

    run(story())


def test_without_a_clock_openssl_itself_refuses_what_has_expired(tmp_path: Path):
    authority = authority_in(tmp_path)
    old = authority_in(tmp_path, ahead_ms=-8 * DAY_MS).vehicle("shuttle-7")

    async def story() -> None:
        gateway = Gateway(log=MemoryTelemetryLog(), clock=RealTime(), identify=identify, quarantine=KeptFrames())
        admission = Admission()
        tls = authority.gateway_context(LOCAL)
        async with listen(gateway, "127.0.0.1", 0, tls=tls, admission=admission) as server:
            at = Opened(gateway, MemoryTelemetryLog(), admission, "")
            port = server.sockets[0].getsockname()[1]
            await turned_away(f"wss://127.0.0.1:{port}/vehicle", old.vehicle_context())
            assert await settled_faults(at) == {CertificateFault.EXPIRED: 1}

    run(story())


def test_a_revocation_of_ones_own_may_take_the_place_of_lists(tmp_path: Path):
    authority = authority_in(tmp_path)
    made, other = authority.vehicle("shuttle-1"), authority.vehicle("shuttle-2")
    serial = x509.load_pem_x509_certificate(made.certificate.read_bytes()).serial_number

    async def story() -> None:
        gateway = Gateway(log=MemoryTelemetryLog(), clock=RealTime(), identify=identify, quarantine=KeptFrames())
        tls = authority.gateway_context(LOCAL)
        revoked = lambda certificate: certificate.serial_number == serial  # noqa: E731 - a rule as short as this
        async with listen(gateway, "127.0.0.1", 0, tls=tls, is_revoked=revoked) as server:
            url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/vehicle"
            assert "revoked" in await turned_away(url, made.vehicle_context())
            stream = await connect_websocket(url, tls=other.vehicle_context())
            assert isinstance((await greeted(stream, "shuttle-2"))[0], Welcome)
            await stream.close()

    run(story())


@pytest.mark.parametrize("kind", ["revoked", "expired"])
def test_an_open_connection_is_ended_when_its_certificate_is_not_worth_anything_any_more(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(door, "RECHECK_S", 0.05)  # a minute is promised; ten seconds are set; nobody waits here
    authority = authority_in(tmp_path)
    made, other = authority.vehicle("shuttle-1"), authority.vehicle("shuttle-2", 30)
    clock = RealTime()

    async def story() -> None:
        async with opened(authority, clock=clock) as at:
            stream = await connect_websocket(at.url, tls=made.vehicle_context())
            stays = await connect_websocket(at.url, tls=other.vehicle_context())
            assert isinstance((await greeted(stream, "shuttle-1"))[0], Welcome)
            assert isinstance((await greeted(stays, "shuttle-2"))[0], Welcome)
            with capture_logs() as told:
                if kind == "revoked":
                    authority.revoke("shuttle-1")
                else:
                    clock.ahead_ms = 8 * DAY_MS
                with pytest.raises(StreamClosedError):
                    await stream.receive()
            ended = [line for line in told if "ended" in line["event"]]
            assert [(line["vehicle"], line["fault"]) for line in ended] == [("shuttle-1", kind)]
            assert at.admission.ended == 1
            assert kind in await turned_away(at.url, made.vehicle_context())
            await stays.send(batch(1, 1))
            assert isinstance(said([await stays.receive()])[0], Ack)
            await stays.close()

    run(story())


def test_a_vehicle_talks_to_no_gateway_that_its_authority_does_not_vouch_for(tmp_path: Path):
    authority, other = authority_in(tmp_path / "ours"), authority_in(tmp_path / "theirs")
    made = other.vehicle("shuttle-1")

    async def story() -> None:
        async with opened(authority) as at:
            with pytest.raises(OSError, match="certificate verify failed"):
                await connect_websocket(at.url, tls=made.vehicle_context())
        ours = authority.vehicle("shuttle-1").vehicle_context()
        async with opened(authority, hosts=["gateway.example"]) as at:
            with pytest.raises(OSError, match="not valid for 'localhost'"):
                await connect_websocket(at.url, tls=ours)

    run(story())


def test_a_vehicle_of_the_operators_own_authority_is_let_in(tmp_path: Path):
    operators, ours = authority_in(tmp_path / "operators"), authority_in(tmp_path / "ours")
    theirs = operators.vehicle("shuttle-1")
    ours.let_in(operators.certificate.read_bytes())
    tls = vehicle_context(certificate=theirs.certificate, key=theirs.key, authority=ours.certificate)

    async def story() -> None:
        async with opened(ours) as at:
            stream = await connect_websocket(at.url, tls=tls)
            assert isinstance((await greeted(stream, "shuttle-1"))[0], Welcome)
            await stream.close()

    run(story())


def test_an_authority_below_a_root_is_enough_to_be_trusted(tmp_path: Path):
    root, ours = authority_in(tmp_path / "root"), authority_in(tmp_path / "ours")
    below_root(root, tmp_path / "below")
    below = authority_in(tmp_path / "below")
    theirs = below.vehicle("shuttle-1")
    ours.let_in(below.certificate.read_bytes())
    tls = vehicle_context(certificate=theirs.certificate, key=theirs.key, authority=ours.certificate)

    async def story() -> None:
        async with opened(ours) as at:
            stream = await connect_websocket(at.url, tls=tls)
            assert isinstance((await greeted(stream, "shuttle-1"))[0], Welcome)
            await stream.close()

    run(story())


def test_who_knocks_for_ever_does_not_fill_the_log(tmp_path: Path):
    authority = authority_in(tmp_path)
    made = authority_in(tmp_path, ahead_ms=-8 * DAY_MS).vehicle("shuttle-7")

    async def story() -> None:
        async with opened(authority) as at:
            with capture_logs() as told:
                for _ in range(30):
                    await turned_away(at.url, made.vehicle_context())
            assert at.faults() == {CertificateFault.EXPIRED: 30}
            assert len(told) == 20

    run(story())


@pytest.mark.parametrize("junk", [b"GET /vehicle HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05junk!", b"\x00" * 600])
def test_what_is_no_tls_at_all_is_counted_and_harms_nobody(tmp_path: Path, junk: bytes):
    authority = authority_in(tmp_path)
    made = authority.vehicle("shuttle-1")

    async def story() -> None:
        async with opened(authority) as at:
            port = int(at.url.rsplit(":", 1)[1].partition("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(junk)
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
            (fault,) = await settled_faults(at)
            assert fault in {CertificateFault.HANDSHAKE, CertificateFault.OUTDATED_TLS}
            stream = await connect_websocket(at.url, tls=made.vehicle_context())
            assert isinstance((await greeted(stream, "shuttle-1"))[0], Welcome)
            await stream.close()

    run(story())


def test_files_that_can_not_be_used_are_named(tmp_path: Path):
    authority = authority_in(tmp_path)
    made, other = authority.vehicle("a"), authority.vehicle("b")
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    trusted = [authority.certificate]
    for files, name in [
        (Credentials(certificate=tmp_path / "none.pem", key=made.key, authority=junk), "none.pem"),
        (Credentials(certificate=junk, key=made.key, authority=junk), "junk.pem"),
        (Credentials(certificate=made.certificate, key=other.key, authority=junk), "certificate.pem"),
    ]:
        with pytest.raises(BadInputError, match=name):
            gateway_context(certificate=files.certificate, key=files.key, authorities=trusted)
        with pytest.raises(BadInputError, match=name):
            files.vehicle_context()
    with pytest.raises(BadInputError, match=r"junk\.pem"):
        gateway_context(certificate=made.certificate, key=made.key, authorities=[junk])
