"""CAM and DENM to put into frames, and keys to sign them with."""

from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from mobility.core.clock import Instant
from v2x.its.clock import TimestampIts, timestamp_its
from v2x.its.codec import decode, encode
from v2x.its.frame import ethernet_frame
from v2x.its.frame_building import link_address, message_packet
from v2x.its.message import ItsMessage
from v2x.its.security_certificate import Certificate
from v2x.its.security_sign import DevelopmentSigner, development_root, development_ticket

NOON = Instant(1_763_463_600_000)
"""12:00 in Ilmenau on 18 November 2025."""
NOON_ITS = timestamp_its(NOON)
SHUTTLE_STATION = 4711

_POSITION = {
    "latitude": 506_800_000,
    "longitude": 109_200_000,
    "positionConfidenceEllipse": {
        "semiMajorConfidence": 100,
        "semiMinorConfidence": 80,
        "semiMajorOrientation": 0,
    },
    "altitude": {"altitudeValue": 48_000, "altitudeConfidence": "alt-001-00"},
}


def cam(
    *, station_id: int = SHUTTLE_STATION, at: TimestampIts = NOON_ITS, latitude: int = 506_800_000, speed: int = 450
) -> ItsMessage:
    """A bus driving east."""
    fast = {
        "heading": {"headingValue": 900, "headingConfidence": 10},
        "speed": {"speedValue": speed, "speedConfidence": 5},
        "driveDirection": "forward",
        "vehicleLength": {"vehicleLengthValue": 50, "vehicleLengthConfidenceIndication": "noTrailerPresent"},
        "vehicleWidth": 20,
        "longitudinalAcceleration": {"longitudinalAccelerationValue": -12, "longitudinalAccelerationConfidence": 5},
        "curvature": {"curvatureValue": 0, "curvatureConfidence": "onePerMeter-0-00002"},
        "curvatureCalculationMode": "yawRateUsed",
        "yawRate": {"yawRateValue": 0, "yawRateConfidence": "degSec-000-10"},
        "lateralAcceleration": {"lateralAccelerationValue": 3, "lateralAccelerationConfidence": 5},
    }
    slow = {"vehicleRole": "publicTransport", "exteriorLights": "10100000", "pathHistory": []}
    value: dict[str, Any] = {
        "header": {"protocolVersion": 2, "messageID": 2, "stationID": station_id},
        "cam": {
            "generationDeltaTime": at % 65_536,
            "camParameters": {
                "basicContainer": {"stationType": 6, "referencePosition": _POSITION | {"latitude": latitude}},
                "highFrequencyContainer": {"basicVehicleContainerHighFrequency": fast},
                "lowFrequencyContainer": {"basicVehicleContainerLowFrequency": slow},
            },
        },
    }
    return decode(encode("CAM", deepcopy(value)))


def denm(
    *,
    station_id: int = SHUTTLE_STATION,
    number: int = 7,
    detected: TimestampIts = NOON_ITS,
    reference: TimestampIts | None = None,
    termination: str | None = None,
    cause: int = 94,
) -> ItsMessage:
    """A stationary vehicle, or the end of it."""
    management: dict[str, Any] = {
        "actionID": {"originatingStationID": station_id, "sequenceNumber": number},
        "detectionTime": detected,
        "referenceTime": detected if reference is None else reference,
        "eventPosition": deepcopy(_POSITION),
        "relevanceDistance": "lessThan200m",
        "validityDuration": 120,
        "stationType": 6,
    }
    body: dict[str, Any] = {"management": management}
    if termination is None:
        body["situation"] = {"informationQuality": 3, "eventType": {"causeCode": cause, "subCauseCode": 0}}
    else:
        management["termination"] = termination
    header = {"protocolVersion": 2, "messageID": 1, "stationID": station_id}
    return decode(encode("DENM", {"header": header, "denm": body}))


def uper(message: ItsMessage) -> bytes:
    return encode(message.message, message.value)


def on_ethernet(message: ItsMessage, *, signer: DevelopmentSigner | None = None, at: TimestampIts = NOON_ITS) -> bytes:
    packet = message_packet(message, uper(message), timestamp=at, signer=signer)
    return ethernet_frame(packet, link_address(message.station_id))


def made_signer(now: Instant = NOON) -> tuple[DevelopmentSigner, Certificate]:
    """A ticket and the root that issued it; keys are the same in every run."""
    root_key, ticket_key = (ec.derive_private_key(number, ec.SECP256R1()) for number in (1_234_567, 7_654_321))
    root = development_root(root_key, now)
    ticket = development_ticket(ticket_key, root=root, root_key=root_key, now=now)
    return DevelopmentSigner(key=ticket_key, certificate=ticket), root
