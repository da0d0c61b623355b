"""Decoding and encoding CAM and DENM: our straight-line codec against pycrate, in one process and by turns.

One JSON object a line, CPU microseconds for one message (best of the rounds). ``ratio`` is our rate over pycrate's on
the same bytes, more is better; where it has a ``limit``, ``is_kept`` tells whether it and ``limit_per_s`` are kept.
Every work reads the whole value of each message. Only for information: ``strict_ratio`` is the ratio where pycrate also
encodes again, which is what it takes to know that the bytes were canonical (our decoder tells by itself);
``full_ratio`` of the HF-only line (a CAM without a low-frequency part) sets our rate against pycrate's on the full CAM;
``its.cam_hf_bare`` is an HF-only CAM without one optional field, ``its.cam_hf_whole`` one with all but the toll zone.
Run: ``python -m benchmarks.bench_its [--rounds 15]``. Exit code 1 where a limit is not kept.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from v2x.its.codec import decode, encode
from v2x.its.public_transport import public_transport
from v2x.its.r09 import R0916

FULL_LIMIT = 13.0
HF_LIMIT = 25.0
RATE_LIMIT_PER_S = 50_000
MESSAGES_A_ROUND = 400
OPTIONAL = {
    "accelerationControl": "0100010",
    "lanePosition": 1,
    "steeringWheelAngle": {"steeringWheelAngleValue": -20, "steeringWheelAngleConfidence": 3},
    "lateralAcceleration": {"lateralAccelerationValue": 3, "lateralAccelerationConfidence": 10},
    "verticalAcceleration": {"verticalAccelerationValue": -7, "verticalAccelerationConfidence": 10},
    "performanceClass": 3,
}
"""The optional fields of the high-frequency container but the toll zone, which is another container in itself."""


def main() -> int:
    """Measure every message and print a line for each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    rounds = arguments.parse_args().rounds
    full = judged(decoding("its.cam_full", "CAM", cam(is_full=True), rounds), FULL_LIMIT)
    high = judged(decoding("its.cam_hf", "CAM", cam(is_full=False), rounds), HF_LIMIT)
    high["full_ratio"] = round(full["peer_us"] / high["us"], 1)
    lines = [
        *(full, high),
        decoding("its.cam_hf_bare", "CAM", with_optional(cam(is_full=False), {}), rounds),
        decoding("its.cam_hf_whole", "CAM", with_optional(cam(is_full=False), OPTIONAL), rounds),
        decoding("its.denm", "DENM", denm(), rounds),
        encoding(cam(is_full=True), rounds),
    ]
    for line in lines:
        print(json.dumps(line), flush=True)
    return 0 if full["is_kept"] and high["is_kept"] else 1


def judged(line: dict[str, Any], limit: float) -> dict[str, Any]:
    """The line with its limits, and whether they are kept."""
    is_kept = line["ratio"] >= limit and line["per_s"] >= RATE_LIMIT_PER_S
    return line | {"limit": limit, "limit_per_s": RATE_LIMIT_PER_S, "is_kept": is_kept}


def decoding(benchmark: str, name: str, value: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Decode one message by us, by pycrate, and by pycrate with the check that we do."""
    uper = encode(name, value)
    kind = reference(name)

    def peer() -> None:
        kind.from_uper(uper)
        kind.get_val()

    def strict_peer() -> None:
        kind.from_uper(uper)
        kind.get_val()
        assert kind.to_uper() == uper  # noqa: S101  the check is the work

    ours_us, peer_us, strict_us = by_turns([lambda: decode(uper), peer, strict_peer], rounds)
    return {
        "benchmark": benchmark,
        "bytes": len(uper),
        "us": round(ours_us, 2),
        "per_s": round(1e6 / ours_us),
        "peer_us": round(peer_us, 1),
        "ratio": round(peer_us / ours_us, 2),
        "strict_ratio": round(strict_us / ours_us, 1),
    }


def encoding(value: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Encode the full CAM by us and by pycrate."""
    kind = reference("CAM")
    kind.from_uper(encode("CAM", value))
    native = kind.get_val()

    def peer() -> None:
        kind.set_val(native)
        kind.to_uper()

    ours_us, peer_us = by_turns([lambda: encode("CAM", value), peer], rounds)
    return {
        "benchmark": "its.cam_encode",
        "us": round(ours_us, 1),
        "per_s": round(1e6 / ours_us),
        "peer_us": round(peer_us, 1),
        "ratio": round(peer_us / ours_us, 1),
    }


def by_turns(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """Return CPU microseconds of each work, the best of rounds that go around."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            started = time.process_time()
            for _ in range(MESSAGES_A_ROUND):
                work()
            best[number] = min(best[number], (time.process_time() - started) / MESSAGES_A_ROUND * 1e6)
    return best


def reference(name: str) -> Any:
    """The type object of a message in pycrate."""
    module, holder = {"CAM": ("ITS_CAM_2", "CAM_PDU"), "DENM": ("ITS_DENM_3", "DENM_PDU")}[name]
    return getattr(getattr(import_module(f"pycrate_asn1dir.{module}"), f"{holder}_Descriptions"), name)


def cam(*, is_full: bool) -> dict[str, Any]:
    """A CAM; full: all optional HF fields but two, six path points, a public transport container."""
    high: dict[str, Any] = {
        "heading": {"headingValue": 1234, "headingConfidence": 10},
        "speed": {"speedValue": 487, "speedConfidence": 5},
        "driveDirection": "forward",
        "vehicleLength": {"vehicleLengthValue": 40, "vehicleLengthConfidenceIndication": "noTrailerPresent"},
        "vehicleWidth": 20,
        "longitudinalAcceleration": {"longitudinalAccelerationValue": -12, "longitudinalAccelerationConfidence": 102},
        "curvature": {"curvatureValue": -11, "curvatureConfidence": "unavailable"},
        "curvatureCalculationMode": "yawRateUsed",
        "yawRate": {"yawRateValue": -120, "yawRateConfidence": "degSec-000-10"},
    }
    high |= {name: value for name, value in OPTIONAL.items() if name != "performanceClass"}
    parameters: dict[str, Any] = {
        "basicContainer": {"stationType": 6, "referencePosition": place()},
        "highFrequencyContainer": {"basicVehicleContainerHighFrequency": high},
    }
    if is_full:
        parameters["lowFrequencyContainer"] = {
            "basicVehicleContainerLowFrequency": {
                "vehicleRole": "publicTransport",
                "exteriorLights": "10010000",
                "pathHistory": path(6),
            }
        }
        parameters["specialVehicleContainer"] = public_transport(
            is_embarking=False, activation=R0916(reporting_point=4711, line=12, course=3, destination=456)
        )
    header = {"protocolVersion": 2, "messageID": 2, "stationID": 123_456}
    return {"header": header, "cam": {"generationDeltaTime": 4711, "camParameters": parameters}}


def with_optional(value: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    """The CAM with these optional fields in place of its own."""
    container = value["cam"]["camParameters"]["highFrequencyContainer"]
    high = container["basicVehicleContainerHighFrequency"]
    always = {name: part for name, part in high.items() if name not in OPTIONAL}
    container["basicVehicleContainerHighFrequency"] = always | optional
    return value


def denm() -> dict[str, Any]:
    """A DENM of a stationary shuttle with a trace of ten points."""
    management = {
        "actionID": {"originatingStationID": 7, "sequenceNumber": 1},
        "detectionTime": 688_000_000_000,
        "referenceTime": 688_000_000_100,
        "eventPosition": place(),
        "stationType": 6,
    }
    situation = {"informationQuality": 3, "eventType": {"causeCode": 94, "subCauseCode": 2}}
    header = {"protocolVersion": 2, "messageID": 1, "stationID": 7}
    return {
        "header": header,
        "denm": {"management": management, "situation": situation, "location": {"traces": [path(10)]}},
    }


def place() -> dict[str, Any]:
    """A reference position."""
    return {
        "latitude": 506_841_230,
        "longitude": 109_141_230,
        "positionConfidenceEllipse": {
            "semiMajorConfidence": 120,
            "semiMinorConfidence": 80,
            "semiMajorOrientation": 724,
        },
        "altitude": {"altitudeValue": 49_200, "altitudeConfidence": "alt-005-00"},
    }


def path(points: int) -> list[dict[str, Any]]:
    """A path history."""
    return [
        {
            "pathPosition": {"deltaLatitude": -800 * number, "deltaLongitude": 350 * number, "deltaAltitude": -number},
            "pathDeltaTime": 50 * number,
        }
        for number in range(1, points + 1)
    ]


if __name__ == "__main__":
    sys.exit(main())
