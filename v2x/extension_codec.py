"""An extension on the wire: limits checked in both directions, every number with the unit of ``wire.proto``."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.supervision import CommandState, ManoeuvreKind, OccasionKind
from v2x import wire_pb2 as wire
from v2x.extension import (
    CommandReport,
    Environment,
    Extension,
    Incident,
    Light,
    LinkReading,
    ManoeuvreRequest,
    SafetySystem,
    SystemCode,
    SystemState,
)

T = TypeVar("T")

LONGEST_TEXT = 512
"""Characters of a text."""
LONGEST_ID = 64
MOST_PARTS = 32
"""Most codes, safety systems, incidents, reports and ITS messages of one sample."""
_ACCELERATION_LIMIT_MPS2 = 200.0
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_LIGHTS = tuple(Light)
_LIGHT_NUMBERS = {light: number for number, light in enumerate(_LIGHTS)}
_MANOEUVRES = dict(enumerate(ManoeuvreKind, start=1))
_INCIDENTS = dict(enumerate(OccasionKind, start=1))
_REPORTS = {
    1: CommandState.RECEIVED,
    2: CommandState.ACCEPTED,
    3: CommandState.EXECUTED,
    4: CommandState.REJECTED,
}
_MANOEUVRE_NUMBERS = {kind: number for number, kind in _MANOEUVRES.items()}
_INCIDENT_NUMBERS = {kind: number for number, kind in _INCIDENTS.items()}
_REPORT_NUMBERS = {state: number for number, state in _REPORTS.items()}


def extension_of(payload: bytes) -> Extension | None:
    """Return the extension of an encoded sample, ``None`` where it has none.

    Raises ``BadInputError`` naming the field that can not be used, or for bytes that are no sample.
    """
    try:
        message = wire.Sample.FromString(payload)
    except DecodeError as error:
        raise BadInputError("bytes are no sample", field="sample") from error
    return decode_extension(message.extension) if message.HasField("extension") else None


def decode_extension(message: wire.Extension) -> Extension:
    """Return the extension; what a later protocol adds is unknown to us and left out, not refused."""
    told: dict[str, Any] = {}
    # Most samples tell a handful of the fields: what is absent costs nothing.
    for field, value in message.ListFields():
        name, read = _READERS[field.name]
        told[name] = read(value)
    return Extension(**told)


def encode_extension(extension: Extension) -> wire.Extension:
    """Return the message; raises ``BadInputError`` for values the wire does not carry, or that we would not read."""
    message = wire.Extension(
        altitude_cm=_scaled("altitude_m", extension.altitude_m, 100),
        acceleration_long_mmps2=_acceleration_mmps2("acceleration_long_mmps2", extension.acceleration_long_mps2),
        acceleration_lat_mmps2=_acceleration_mmps2("acceleration_lat_mmps2", extension.acceleration_lat_mps2),
        roughness_mmps2=_acceleration_mmps2("roughness_mmps2", _positive("roughness_mps2", extension.roughness_mps2)),
        supply_mv=_scaled("supply_v", _positive("supply_v", extension.supply_v), 1000),
        state_version=extension.state_version,
        goes_to_rest=extension.goes_to_rest,
    )
    if extension.lights_on is not None:
        message.lights.SetInParent()
        message.lights.on.extend(sorted(_LIGHT_NUMBERS[light] for light in extension.lights_on))  # type: ignore[misc]  # numbers at run time
    if extension.link is not None:
        message.link.CopyFrom(_link_message(extension.link))
    if extension.vin:
        message.vin = _vin(extension.vin)
    if extension.environment is not None:
        message.environment.CopyFrom(_environment_message(extension.environment))
    if extension.system is not None:
        message.system.CopyFrom(_system_message(extension.system))
    if extension.its_messages:
        message.its_messages.extend(_few(extension.its_messages))
    if extension.is_record:
        _add_records(message, extension)
    return message


def _add_records(message: wire.Extension, extension: Extension) -> None:
    for system in _few(extension.safety_systems):
        name, triggered_by = _text(system.name), _text(system.triggered_by)
        message.safety_systems.add(name=name, is_active=system.is_active, triggered_by=triggered_by)
    for incident in _few(extension.incidents):
        kind = _INCIDENT_NUMBERS[incident.kind]
        message.incidents.add(kind=kind, detail=_text(incident.detail), is_accident=incident.is_accident)
    if extension.manoeuvre is not None:
        asked = extension.manoeuvre
        message.manoeuvre.request_id = _id(asked.request_id)
        message.manoeuvre.kind = _MANOEUVRE_NUMBERS[asked.kind]  # type: ignore[assignment]  # a number at run time
        message.manoeuvre.text = _text(asked.text)
        message.manoeuvre.deadline_ms = asked.deadline
    for report in _few(extension.command_reports):
        number = _REPORT_NUMBERS.get(report.state)
        if number is None:
            raise BadInputError(f"a vehicle does not say {report.state}", field="command_reports")
        message.command_reports.add(command_id=_id(report.command_id), state=number, reason=_text(report.reason))


def _lights(message: wire.Lights) -> frozenset[Light]:
    return frozenset(_LIGHTS[number] for number in message.on if 0 < number < len(_LIGHTS))


def _safety_systems(messages: Sequence[wire.SafetySystem]) -> tuple[SafetySystem, ...]:
    return tuple(
        SafetySystem(name=_text(each.name), is_active=each.is_active, triggered_by=_text(each.triggered_by))
        for each in _few(messages)
    )


def _incidents(messages: Sequence[wire.Incident]) -> tuple[Incident, ...]:
    return tuple(
        Incident(kind=_INCIDENTS[each.kind], detail=_text(each.detail), is_accident=each.is_accident)
        for each in _few(messages)
        if each.kind in _INCIDENTS
    )


def _reports(messages: Sequence[wire.CommandReport]) -> tuple[CommandReport, ...]:
    return tuple(
        CommandReport(command_id=_id(each.command_id), state=_REPORTS[each.state], reason=_text(each.reason))
        for each in _few(messages)
        if each.state in _REPORTS
    )


def _environment(message: wire.Environment) -> Environment:
    has = message.HasField
    return Environment(
        temperature_degc=message.temperature_dc / 10 if has("temperature_dc") else None,
        illuminance_lx=message.illuminance_lx if has("illuminance_lx") else None,
        is_wiper_on=message.is_wiper_on if has("is_wiper_on") else None,
    )


def _environment_message(environment: Environment) -> wire.Environment:
    message = wire.Environment(
        temperature_dc=_scaled("temperature_degc", environment.temperature_degc, 10),
        illuminance_lx=environment.illuminance_lx,
    )
    if environment.is_wiper_on is not None:
        message.is_wiper_on = environment.is_wiper_on
    return message


def _link(message: wire.LinkReading) -> LinkReading:
    has = message.HasField
    return LinkReading(
        latency_ms=message.latency_ms if has("latency_ms") else None,
        bandwidth_kbps=message.bandwidth_kbps if has("bandwidth_kbps") else None,
        rsrp_dbm=message.rsrp_dbm if has("rsrp_dbm") else None,
        loss_frac=_loss_ppm(message.loss_ppm) / 1_000_000 if has("loss_ppm") else None,
    )


def _link_message(link: LinkReading) -> wire.LinkReading:
    loss_ppm = _scaled("loss_frac", _positive("loss_frac", link.loss_frac), 1_000_000)
    return wire.LinkReading(
        latency_ms=link.latency_ms,
        bandwidth_kbps=link.bandwidth_kbps,
        rsrp_dbm=link.rsrp_dbm,
        loss_ppm=None if loss_ppm is None else _loss_ppm(loss_ppm),
    )


def _system(message: wire.SystemState) -> SystemState:
    codes = tuple(
        SystemCode(code=_id(each.code), text=_text(each.text), began_at=Instant(each.began_ms))
        for each in _few(message.codes)
    )
    return SystemState(software_version=_text(message.software_version), codes=codes)


def _system_message(system: SystemState) -> wire.SystemState:
    message = wire.SystemState(software_version=_text(system.software_version))
    for code in _few(system.codes):
        message.codes.add(code=_id(code.code), text=_text(code.text), began_ms=code.began_at)
    return message


def _manoeuvre(message: wire.ManoeuvreRequest) -> ManoeuvreRequest | None:
    if message.kind not in _MANOEUVRES:
        return None
    return ManoeuvreRequest(
        request_id=_id(message.request_id),
        kind=_MANOEUVRES[message.kind],
        deadline=Instant(message.deadline_ms),
        text=_text(message.text),
    )


def _acceleration(name: str, value_mmps2: int) -> float:
    value_mps2 = value_mmps2 / 1000
    if abs(value_mps2) > _ACCELERATION_LIMIT_MPS2:
        raise BadInputError(f"{value_mps2} m/s2 is more than any vehicle survives", field=name)
    return value_mps2


def _acceleration_mmps2(name: str, value_mps2: float | None) -> int | None:
    value_mmps2 = _scaled(name, value_mps2, 1000)
    if value_mmps2 is not None:
        _acceleration(name, value_mmps2)
    return value_mmps2


def _scaled(name: str, value: float | None, scale: int) -> int | None:
    if value is None:
        return None
    scaled = value * scale
    # Neither is true of NaN.
    if not -(2**31) < scaled < 2**31:
        raise BadInputError(f"{value} does not fit", field=name)
    return round(scaled)


def _positive(name: str, value: float | None) -> float | None:
    if value is not None and value < 0:
        raise BadInputError(f"{value} is below 0", field=name)
    return value


def _loss_ppm(loss_ppm: int) -> int:
    if loss_ppm > 1_000_000:  # noqa: PLR2004 - parts of a million
        raise BadInputError(f"{loss_ppm} is more than all", field="loss_ppm")
    return loss_ppm


def _few(parts: Sequence[T]) -> Sequence[T]:
    if len(parts) > MOST_PARTS:
        raise BadInputError(f"at most {MOST_PARTS} of each", field="extension")
    return parts


def _vin(vin: str) -> str:
    if not _VIN.fullmatch(vin):
        raise BadInputError("a VIN has 17 characters A-Z 0-9 without I, O and Q", field="vin")
    return vin


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadInputError(f"a text has at most {LONGEST_TEXT} characters", field="extension")
    return text


def _id(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_ID or not text.isprintable():
        raise BadInputError(f"an id has 1 to {LONGEST_ID} printable characters", field="extension")
    return text


_READERS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "altitude_cm": ("altitude_m", lambda value: value / 100),
    "acceleration_long_mmps2": ("acceleration_long_mps2", partial(_acceleration, "acceleration_long_mmps2")),
    "acceleration_lat_mmps2": ("acceleration_lat_mps2", partial(_acceleration, "acceleration_lat_mmps2")),
    "roughness_mmps2": ("roughness_mps2", partial(_acceleration, "roughness_mmps2")),
    "supply_mv": ("supply_v", lambda value: value / 1000),
    "lights": ("lights_on", _lights),
    "environment": ("environment", _environment),
    "link": ("link", _link),
    "system": ("system", _system),
    "safety_systems": ("safety_systems", _safety_systems),
    "incidents": ("incidents", _incidents),
    "manoeuvre": ("manoeuvre", _manoeuvre),
    "command_reports": ("command_reports", _reports),
    "its_messages": ("its_messages", lambda messages: tuple(_few(messages))),
    "state_version": ("state_version", int),
    "goes_to_rest": ("goes_to_rest", bool),
    "vin": ("vin", _vin),
}
"""Field of the message to field of the extension and what reads it."""
