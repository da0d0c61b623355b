"""A decoded frame as the JSON object that ``mobility v2x decode`` prints, and such an object read back."""

from collections.abc import Mapping
from typing import Any

from mobility.core.errors import BadInputError
from v2x.its.btp import Btp
from v2x.its.errors import ItsError
from v2x.its.ethernet import Ethernet, address_text
from v2x.its.frame import Frame
from v2x.its.geonetworking import Area, GeoNetworking, Position, station_type
from v2x.its.message import ItsMessage
from v2x.its.radio import Radio
from v2x.its.security import Signed
from v2x.its.security_certificate import Certificate
from v2x.its.security_trust import UNCHECKED, UNSIGNED, Trust

Json = dict[str, Any]
"""A JSON object; ``Any`` because it nests."""


def message_line(
    number: int, message: ItsMessage, frame: Frame, *, trust: Trust = UNCHECKED, time_ns: int | None = None
) -> Json:
    """Return the object of a decoded frame; ``time_ns`` is when it was captured (UTC since 1970)."""
    return {
        "frame": number,
        "message": message.message,
        "protocol_version": message.protocol_version,
        "station_id": message.station_id,
        "latitude": message.latitude,
        "longitude": message.longitude,
        "speed_value": message.speed_value,
        "heading_value": message.heading_value,
        "cause_code": message.cause_code,
        "sub_cause_code": message.sub_cause_code,
        "value": message.value,
        "layers": layers(frame, trust, time_ns),
    }


def error_line(number: int, error: ItsError) -> Json:
    """Return the object of a frame that was not decoded."""
    return {"frame": number, "error": str(error.kind), "detail": error.detail}


def layers(frame: Frame, trust: Trust = UNCHECKED, time_ns: int | None = None) -> Json:
    """Return the headers around a message, outermost first; only those that were there."""
    told: Json = {"start": str(frame.start), "uper_bytes": len(frame.uper)}
    if time_ns is not None:
        told["captured_at_ns"] = time_ns
    if frame.radio is not None:
        told["radio"] = _radio(frame.radio)
    if frame.ethernet is not None:
        told["ethernet"] = _ethernet(frame.ethernet)
    if frame.geonetworking is not None:
        told["geonetworking"] = _geonetworking(frame.geonetworking)
    if frame.envelope:
        told["security"] = _security(frame.signed, trust)
    if frame.btp is not None:
        told["btp"] = _btp(frame.btp)
    return told


def told_message(line: Mapping[str, Any]) -> tuple[str, Json]:
    """Return name and value of a message from an object of ``message_line``, or one with only these two keys.

    Raises ``BadInputError`` naming the key that is wrong; the value itself is for the codec to judge.
    """
    name, value = line.get("message"), line.get("value")
    if not isinstance(name, str):
        detail = (
            f"an error line ({line['error']}) holds no message" if "error" in line else "a message's name is wanted"
        )
        raise BadInputError(detail, field="message")
    if not isinstance(value, dict):
        raise BadInputError("the message's value is wanted, an object", field="value")
    return name, value


def _radio(radio: Radio) -> Json:
    return {
        "destination": address_text(radio.destination),
        "source": address_text(radio.source),
        "bssid": address_text(radio.bssid),
        "radiotap_bytes": radio.radiotap_bytes,
    }


def _ethernet(header: Ethernet) -> Json:
    told: Json = {"destination": address_text(header.destination), "source": address_text(header.source)}
    return told if header.vlan is None else told | {"vlan": header.vlan}


def _geonetworking(header: GeoNetworking) -> Json:
    told: Json = {
        "type": str(header.kind),
        "lifetime_ms": header.lifetime_ms,
        "remaining_hops": header.remaining_hops,
        "max_hops": header.max_hops,
        "traffic_class": header.traffic_class,
        "is_mobile": header.is_mobile,
        "payload_bytes": header.payload_length,
        "source": _position(header.source),
    }
    if header.sequence is not None:
        told["sequence"] = header.sequence
    if header.area is not None:
        told["area"] = _area(header.area)
    if header.destination is not None:
        told["destination"] = header.destination.hex()
    return told


def _position(position: Position) -> Json:
    return {
        "gn_address": position.address.hex(),
        "station_type": station_type(position.address),
        "timestamp": position.timestamp,
        "latitude": position.latitude,
        "longitude": position.longitude,
        "is_accurate": position.is_accurate,
        "speed": position.speed,
        "heading": position.heading,
    }


def _area(area: Area) -> Json:
    return {
        "shape": str(area.shape),
        "latitude": area.latitude,
        "longitude": area.longitude,
        "distance_a_m": area.distance_a,
        "distance_b_m": area.distance_b,
        "angle_deg": area.angle,
    }


def _btp(header: Btp) -> Json:
    told = {"type": str(header.kind), "destination_port": header.destination_port}
    return told | {("source_port" if header.kind == "A" else "destination_port_info"): header.info}


def _security(signed: Signed | None, trust: Trust) -> Json:
    if signed is None:
        return {"verification": str(UNSIGNED.state)}
    told: Json = {
        "verification": str(trust.state),
        "psid": signed.psid,
        "generation_time_us": signed.generation_time_us,
        "signer": _signer(signed),
        "algorithm": str(signed.signature.curve),
    }
    return told | {"verification_detail": trust.detail} if trust.detail else told


def _signer(signed: Signed) -> Json:
    if signed.certificates:
        return {"type": "certificate", "certificates": [_certificate(each) for each in signed.certificates]}
    if signed.digest is None:
        return {"type": "self"}
    return {"type": "digest", "hashed_id8": signed.digest.hex()}


def _certificate(certificate: Certificate) -> Json:
    return {
        "hashed_id8": certificate.hashed_id8.hex(),
        "issuer": "self" if certificate.issuer is None else certificate.issuer.hex(),
        "name": certificate.name,
        "valid_from_ms": certificate.valid_from,
        "valid_until_ms": certificate.valid_until,
        "psids": list(certificate.psids),
        "key": None if certificate.key is None else str(certificate.key.curve),
    }
