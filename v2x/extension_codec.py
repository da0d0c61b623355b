"""An extension on the wire: limits checked in both directions, every number with the unit of ``wire.proto``."""

import math
import re

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
    has = message.HasField
    parts = (
        len(message.safety_systems),
        len(message.incidents),
        len(message.command_reports),
        len(message.its_messages),
        len(message.system.codes),
    )
    if max(parts) > MOST_PARTS:
        raise BadInputError(f"at most {MOST_PARTS} of each", field="extension")
    if message.vin and not _VIN.fullmatch(message.vin):
        raise BadInputError("a VIN has 17 characters A-Z 0-9 without I, O and Q", field="vin")
    return Extension(
        altitude_m=message.altitude_cm / 100 if has("altitude_cm") else None,
        acceleration_long_mps2=_acceleration("acceleration_long_mmps2", message.acceleration_long_mmps2)
        if has("acceleration_long_mmps2")
        else None,
        acceleration_lat_mps2=_acceleration("acceleration_lat_mmps2", message.acceleration_lat_mmps2)
        if has("acceleration_lat_mmps2")
        else None,
        roughness_mps2=_acceleration("roughness_mmps2", message.roughness_mmps2) if has("roughness_mmps2") else None,
        supply_v=message.supply_mv / 1000 if has("supply_mv") else None,
        lights_on=frozenset(_LIGHTS[number] for number in message.lights.on if 0 < number < len(_LIGHTS))
        if has("lights")
        else None,
        environment=_environment(message.environment) if has("environment") else None,
        link=_link(message.link) if has("link") else None,
        system=_system(message.system) if has("system") else None,
        safety_systems=tuple(
            SafetySystem(name=_text(each.name), is_active=each.is_active, triggered_by=_text(each.triggered_by))
            for each in message.safety_systems
        ),
        incidents=tuple(
            Incident(kind=_INCIDENTS[each.kind], detail=_text(each.detail), is_accident=each.is_accident)
            for each in message.incidents
            if each.kind in _INCIDENTS
        ),
        manoeuvre=_manoeuvre(message.manoeuvre) if has("manoeuvre") and message.manoeuvre.kind in _MANOEUVRES else None,
        command_reports=tuple(
            CommandReport(command_id=_id(each.command_id), state=_REPORTS[each.state], reason=_text(each.reason))
            for each in message.command_reports
            if each.state in _REPORTS
        ),
        its_messages=tuple(message.its_messages),
        state_version=message.state_version if has("state_version") else None,
        goes_to_rest=message.goes_to_rest,
        vin=message.vin,
    )


def encode_extension(extension: Extension) -> wire.Extension:
    """Return the message; raises ``BadInputError`` for values the wire does not carry."""
    message = wire.Extension(
        altitude_cm=_scaled("altitude_m", extension.altitude_m, 100),
        acceleration_long_mmps2=_scaled("acceleration_long_mps2", extension.acceleration_long_mps2, 1000),
        acceleration_lat_mmps2=_scaled("acceleration_lat_mps2", extension.acceleration_lat_mps2, 1000),
        roughness_mmps2=_scaled("roughness_mps2", extension.roughness_mps2, 1000),
        supply_mv=_scaled("supply_v", extension.supply_v, 1000),
        its_messages=extension.its_messages,
        state_version=extension.state_version,
        goes_to_rest=extension.goes_to_rest,
        vin=extension.vin,
    )
    if extension.lights_on is not None:
        message.lights.SetInParent()
        message.lights.on.extend(sorted(_LIGHT_NUMBERS[light] for light in extension.lights_on))  # type: ignore[misc]  # numbers at run time
    if extension.environment is not None:
        message.environment.CopyFrom(_environment_message(extension.environment))
    if extension.link is not None:
        message.link.CopyFrom(_link_message(extension.link))
    if extension.system is not None:
        message.system.SetInParent()
        message.system.software_version = extension.system.software_version
        for code in extension.system.codes:
            message.system.codes.add(code=code.code, text=code.text, began_ms=code.began_at)
    for system in extension.safety_systems:
        message.safety_systems.add(name=system.name, is_active=system.is_active, triggered_by=system.triggered_by)
    _add_records(message, extension)
    # What we would refuse to read we do not send.
    decode_extension(message)
    return message


def _add_records(message: wire.Extension, extension: Extension) -> None:
    for incident in extension.incidents:
        kind = _INCIDENT_NUMBERS[incident.kind]
        message.incidents.add(kind=kind, detail=incident.detail, is_accident=incident.is_accident)
    if extension.manoeuvre is not None:
        asked = extension.manoeuvre
        message.manoeuvre.request_id = asked.request_id
        message.manoeuvre.kind = _MANOEUVRE_NUMBERS[asked.kind]  # type: ignore[assignment]  # a number at run time
        message.manoeuvre.text = asked.text
        message.manoeuvre.deadline_ms = asked.deadline
    for report in extension.command_reports:
        number = _REPORT_NUMBERS.get(report.state)
        if number is None:
            raise BadInputError(f"a vehicle does not say {report.state}", field="command_reports")
        message.command_reports.add(command_id=report.command_id, state=number, reason=report.reason)


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
    if message.loss_ppm > 1_000_000:  # noqa: PLR2004 - parts of a million
        raise BadInputError(f"{message.loss_ppm} is more than all", field="loss_ppm")
    return LinkReading(
        latency_ms=message.latency_ms if has("latency_ms") else None,
        bandwidth_kbps=message.bandwidth_kbps if has("bandwidth_kbps") else None,
        rsrp_dbm=message.rsrp_dbm if has("rsrp_dbm") else None,
        loss_frac=message.loss_ppm / 1_000_000 if has("loss_ppm") else None,
    )


def _link_message(link: LinkReading) -> wire.LinkReading:
    return wire.LinkReading(
        latency_ms=link.latency_ms,
        bandwidth_kbps=link.bandwidth_kbps,
        rsrp_dbm=link.rsrp_dbm,
        loss_ppm=_scaled("loss_frac", link.loss_frac, 1_000_000),
    )


def _system(message: wire.SystemState) -> SystemState:
    codes = tuple(
        SystemCode(code=_id(each.code), text=_text(each.text), began_at=Instant(each.began_ms))
        for each in message.codes
    )
    return SystemState(software_version=_text(message.software_version), codes=codes)


def _manoeuvre(message: wire.ManoeuvreRequest) -> ManoeuvreRequest:
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


def _scaled(name: str, value: float | None, scale: int) -> int | None:
    if value is None:
        return None
    if not math.isfinite(value) or abs(value * scale) >= 2**31:
        raise BadInputError(f"{value} does not fit", field=name)
    if value < 0 and name in {"roughness_mps2", "supply_v", "loss_frac"}:
        raise BadInputError(f"{value} is below 0", field=name)
    return round(value * scale)


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadInputError(f"a text has at most {LONGEST_TEXT} characters", field="extension")
    return text


def _id(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_ID or not text.isprintable():
        raise BadInputError(f"an id has 1 to {LONGEST_ID} printable characters", field="extension")
    return text
