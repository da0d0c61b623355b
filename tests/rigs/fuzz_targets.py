"""Every parser of the vehicle gateway that reads bytes from outside, with good bytes to start from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, CommandId, VehicleId
from mobility.core.supervision import CommandAction, CommandState, ManoeuvreKind, OccasionKind
from mobility.core.vehicle import DrivingMode
from tests.v2x.its.junction_messages import JUNCTION_MESSAGES
from tests.v2x.its.values import random_uper
from tests.v2x.making import NOON, batch, hello, sample_at
from v2x.client_frames import parse_client_frame, ping_frame
from v2x.codec import decode_sample, encode_sample
from v2x.extension import CommandReport, Environment, Extension, Incident, Light, LinkReading, ManoeuvreRequest
from v2x.extension_codec import extension_of
from v2x.its.clock import timestamp_its
from v2x.its.codec import decode, encode
from v2x.its.frame import ethernet_frame, open_frame
from v2x.its.frame_building import link_address, message_packet
from v2x.its.pcap import capture_bytes, read_capture
from v2x.its.r09 import R0916, parse_r09_telegram, r09_telegram
from v2x.its.security import open_envelope
from v2x.its.security_sign import DevelopmentSigner, development_root, development_ticket
from v2x.its.text import frame_of
from v2x.mqtt.vdv435 import parse_position
from v2x.server_frames import Ack, CommandMessage, ack_frame, command_frame, parse_server_frame, pong_frame
from v2x.supervision.body import CommandBody, encode_body, parse_body

VEHICLE, BOOT = VehicleId("shuttle-1"), BootId("boot-a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser under test."""

    good: Callable[[Random], bytes]
    """Makes bytes the parser must take."""
    parse: Callable[[bytes], bytes | None]
    """Reads bytes; gives back what the codec would write for it where the codec promises the canonical form."""


def its(uper: bytes) -> bytes | None:
    read = decode(uper)
    # Regional extensions of junction messages are read, not written; the reference codec has compared them itself.
    return None if "regional" in str(read.value) else encode(read.message, read.value)


def any_capture(data: bytes) -> None:
    for captured in read_capture(data):
        open_frame(captured.data, captured.start)


def any_frame(data: bytes) -> None:
    open_frame(data)


def any_envelope(data: bytes) -> None:
    open_envelope(data)


def any_sample(payload: bytes) -> None:
    decode_sample(payload, vehicle_id=VEHICLE, boot_id=BOOT, seq=1)
    extension_of(payload)


def signed_packet(rng: Random) -> bytes:
    name = rng.choice(["CAM", "DENM"])
    uper = random_uper(name, rng)
    return message_packet(decode(uper), uper, timestamp=timestamp_its(NOON), signer=rng.choice([SIGNER, None]))


def envelope(rng: Random) -> bytes:
    uper = random_uper("CAM", rng)
    return message_packet(decode(uper), uper, timestamp=timestamp_its(NOON), signer=SIGNER)[4:]


def on_ethernet(rng: Random) -> bytes:
    return ethernet_frame(signed_packet(rng), link_address(7))


def capture(rng: Random) -> bytes:
    return capture_bytes((NOON * 1_000_000, on_ethernet(rng)) for _ in range(2))


def telegram(rng: Random) -> bytes:
    return r09_telegram(
        R0916(
            reporting_point=rng.randrange(65536),
            line=rng.randrange(1000),
            course=rng.randrange(100),
            destination=rng.randrange(1000),
            delay_min=rng.randint(-7, 7),
            train_length=rng.randrange(8),
        )
    )


def sample(rng: Random) -> bytes:
    extension = Extension(
        altitude_m=rng.randint(0, 900),
        acceleration_long_mps2=rng.randint(-9, 9),
        lights_on=frozenset({Light.LOW_BEAM}),
        environment=Environment(temperature_degc=4.0, is_wiper_on=True),
        link=LinkReading(latency_ms=rng.randrange(500), loss_frac=0.25),
        incidents=(Incident(kind=OccasionKind.CONFLICT, detail="Rad"),),
        manoeuvre=ManoeuvreRequest(
            request_id="m1", kind=ManoeuvreKind.PASS_OBSTACLE, deadline=Instant(NOON + rng.randrange(60_000))
        ),
        command_reports=(CommandReport(command_id="c1", state=CommandState.EXECUTED),),
        its_messages=(random_uper("CAM", rng),),
    )
    return encode_sample(sample_at(rng.randint(1, 10_000)), rng.choice([extension, None]))


def client_frame(rng: Random) -> bytes:
    first = rng.randint(1, 1000)
    return rng.choice([hello(), batch(first, first + rng.randrange(4)), ping_frame(NOON)])


def server_frame(rng: Random) -> bytes:
    through = rng.randint(1, 1000)
    signatures = (("supervision", rng.randbytes(64)),)
    return rng.choice(
        [
            ack_frame(Ack(BOOT, through, ((through + 2, through + 9),))),
            pong_frame(NOON, NOON, Instant(NOON + 1)),
            command_frame(CommandMessage(body(rng), signatures)),
        ]
    )


def body(rng: Random) -> bytes:
    return encode_body(
        CommandBody(
            command_id=CommandId(f"c{rng.randrange(1000)}"),
            vehicle_id=VEHICLE,
            action=rng.choice(list(CommandAction)),
            counter=rng.randint(1, 10_000),
            issued_at=NOON,
            expires_at=Instant(NOON + 2000),
            issuer="supervisor:1f2e3d4c",
            expected_mode=rng.choice(list(DrivingMode)),
            route=(LatLon(50.68, 10.92), LatLon(50.69, 10.93)),
            text="Bitte warten",
        )
    )


def position(rng: Random) -> bytes:
    place = {"Latitude": 50 + rng.random(), "Longitude": rng.choice([10.9, "10.9"])}
    fix = {"WGS84PhysicalPosition": place, "CompassBearing": rng.randrange(360), "Velocity": 4.5}
    content = {"TimestampOfMeasurement": "2025-11-18T12:00:00+01:00", "GnssPhysicalPosition": fix}
    return json.dumps(rng.choice([content, {"GnssPhysicalPositionDataStructure": content}])).encode()


def made_signer() -> DevelopmentSigner:
    root_key, key = (ec.derive_private_key(number, ec.SECP256R1()) for number in (20_261, 20_262))
    root = development_root(root_key, NOON)
    return DevelopmentSigner(key=key, certificate=development_ticket(key, root=root, root_key=root_key, now=NOON))


SIGNER = made_signer()

TARGETS = {
    "cam": Target(good=lambda rng: random_uper("CAM", rng), parse=its),
    "denm": Target(good=lambda rng: random_uper("DENM", rng), parse=its),
    **{
        name.lower(): Target(good=lambda _, name=name: encode(name, JUNCTION_MESSAGES[name]), parse=its)
        for name in sorted(JUNCTION_MESSAGES)
    },
    "r09": Target(good=telegram, parse=lambda data: r09_telegram(parse_r09_telegram(data))),
    "envelope": Target(good=envelope, parse=any_envelope),
    "geonetworking": Target(good=signed_packet, parse=any_frame),
    "frame": Target(good=on_ethernet, parse=any_frame),
    "pcap": Target(good=capture, parse=any_capture),
    "hex": Target(
        good=lambda rng: on_ethernet(rng).hex().encode(), parse=lambda data: any_frame(frame_of(data.decode("latin-1")))
    ),
    "sample": Target(good=sample, parse=any_sample),
    "client_frame": Target(good=client_frame, parse=lambda data: parse_client_frame(data) and None),
    "server_frame": Target(good=server_frame, parse=lambda data: parse_server_frame(data) and None),
    "command_body": Target(good=body, parse=lambda data: encode_body(parse_body(data))),
    "vdv435": Target(good=position, parse=lambda data: parse_position(data) and None),
}
