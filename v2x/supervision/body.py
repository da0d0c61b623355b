"""What a command says to the vehicle: its signed bytes, strict in both directions.

A body has exactly one encoding. Bytes that decode but are not that encoding (unknown fields, fields twice, a number
written long) are refused, so that nothing is hidden from the vehicle that was signed, and nothing is read twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId, VehicleId
from mobility.core.supervision import Command, CommandAction
from mobility.core.vehicle import DrivingMode
from v2x import wire_pb2 as wire

LONGEST_BODY_BYTES = 16_384
LONGEST_TEXT = 512
"""Characters of an announcement, a cause, a necessity, a reason."""
LONGEST_ID = 128
MOST_POINTS = 500
"""Of a proposed route."""
_LATEST_MS = 253_402_300_799_999
_MOST_VERSION = 2**32 - 1
_MOST_COUNTER = 2**63 - 1
_ACTIONS = tuple(CommandAction)
_ACTION_NUMBERS = {action: number for number, action in enumerate(_ACTIONS, start=1)}
_MODES = tuple(DrivingMode)
_MODE_NUMBERS = {mode: number for number, mode in enumerate(_MODES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBody:
    """A command as the vehicle reads it; the fields mean what ``mobility.core.supervision.Command`` says."""

    command_id: CommandId
    vehicle_id: VehicleId
    action: CommandAction
    counter: int
    issued_at: Instant
    expires_at: Instant
    issuer: str
    approver: str = ""
    request_id: str = ""
    """The vehicle's own name of the request it answers."""
    expected_mode: DrivingMode = DrivingMode.UNKNOWN
    expected_state_version: int | None = None
    cause: str = ""
    necessity: str = ""
    text: str = ""
    route: tuple[LatLon, ...] = ()
    reason: str = ""


def body_of(command: Command) -> CommandBody:
    """Return what an issued command says; raises ``ValueError`` for one without counter and times."""
    if command.issued_at is None or command.expires_at is None or command.counter < 1:
        msg = f"command {command.command_id} was not issued"
        raise ValueError(msg)
    return CommandBody(
        command_id=command.command_id,
        vehicle_id=command.vehicle_id,
        action=command.action,
        counter=command.counter,
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        issuer=command.issuer,
        approver=command.approver or "",
        request_id=request_id_of(command),
        expected_mode=command.expected_mode,
        expected_state_version=command.expected_state_version,
        cause=command.cause,
        necessity=command.necessity,
        text=command.text,
        route=command.route,
        reason=command.reason,
    )


def request_id_of(command: Command) -> str:
    """Return the vehicle's own name of the request a command answers, empty where it answers none."""
    return "" if command.manoeuvre_id is None else command.manoeuvre_id.removeprefix(f"{command.vehicle_id}/")


def encode_body(body: CommandBody) -> bytes:
    """Return the bytes to sign; raises ``BadInputError`` for what the wire does not carry."""
    message = wire.CommandBody(
        command_id=body.command_id,
        vehicle_id=body.vehicle_id,
        action=_ACTION_NUMBERS[body.action],  # type: ignore[arg-type]  # protobuf enums are numbers at run time
        counter=_within("counter", body.counter, _MOST_COUNTER),
        issued_ms=_within("issued_at", body.issued_at, _LATEST_MS),
        expires_ms=_within("expires_at", body.expires_at, _LATEST_MS),
        issuer=body.issuer,
        approver=body.approver,
        request_id=body.request_id,
        expected_mode=_MODE_NUMBERS[body.expected_mode],  # type: ignore[arg-type]  # as above
        cause=body.cause,
        necessity=body.necessity,
        text=body.text,
        reason=body.reason,
    )
    if body.expected_state_version is not None:
        message.expected_state_version = _within("state version", body.expected_state_version, _MOST_VERSION)
    for point in body.route:
        message.route_e7.extend((round(point.lat_deg * 1e7), round(point.lon_deg * 1e7)))
    encoded = message.SerializeToString()
    # What the vehicle would refuse to read is not signed.
    parse_body(encoded)
    return encoded


def parse_body(encoded: bytes) -> CommandBody:
    """Return what the bytes say; raises ``BadInputError`` for anything but the one encoding of a whole body."""
    if len(encoded) > LONGEST_BODY_BYTES:
        raise BadInputError(f"{len(encoded)} bytes are no command", field="body")
    try:
        message = wire.CommandBody.FromString(encoded)
    except DecodeError as error:
        raise BadInputError("bytes are no command", field="body") from error
    _check_canonical(message, encoded)
    number, mode = message.action, message.expected_mode
    if not 1 <= number <= len(_ACTIONS):
        raise BadInputError(f"{number} is no action", field="action")
    if not 0 <= mode < len(_MODES):
        raise BadInputError(f"{mode} is no mode", field="expected_mode")
    has_version = message.HasField("expected_state_version")
    return CommandBody(
        command_id=CommandId(_id("command_id", message.command_id)),
        vehicle_id=VehicleId(_id("vehicle_id", message.vehicle_id)),
        action=_ACTIONS[number - 1],
        counter=_within("counter", message.counter, _MOST_COUNTER),
        issued_at=Instant(_within("issued_ms", message.issued_ms, _LATEST_MS)),
        expires_at=Instant(_within("expires_ms", message.expires_ms, _LATEST_MS)),
        issuer=_id("issuer", message.issuer),
        approver=_id("approver", message.approver) if message.approver else "",
        request_id=_id("request_id", message.request_id) if message.request_id else "",
        expected_mode=_MODES[mode],
        expected_state_version=message.expected_state_version if has_version else None,
        cause=_text("cause", message.cause),
        necessity=_text("necessity", message.necessity),
        text=_text("text", message.text),
        route=_route(message.route_e7),
        reason=_text("reason", message.reason),
    )


def _check_canonical(message: wire.CommandBody, encoded: bytes) -> None:
    message.DiscardUnknownFields()
    if message.SerializeToString() != encoded:
        raise BadInputError("these bytes are not the one encoding of a command", field="body")


def _route(values_e7: Sequence[int]) -> tuple[LatLon, ...]:
    if len(values_e7) % 2 or len(values_e7) > 2 * MOST_POINTS:
        raise BadInputError(f"{len(values_e7)} numbers are no route", field="route_e7")
    pairs = zip(values_e7[::2], values_e7[1::2], strict=True)
    try:
        return tuple(LatLon(lat_e7 / 1e7, lon_e7 / 1e7) for lat_e7, lon_e7 in pairs)
    except ValueError as error:
        raise BadInputError(str(error), field="route_e7") from error


def _within(name: str, value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise BadInputError(f"{value} does not fit", field=name)
    return value


def _id(name: str, text: str) -> str:
    if not 1 <= len(text) <= LONGEST_ID or not text.isprintable():
        raise BadInputError(f"has 1 to {LONGEST_ID} printable characters", field=name)
    return text


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadInputError(f"has at most {LONGEST_TEXT} characters", field=name)
    return text
