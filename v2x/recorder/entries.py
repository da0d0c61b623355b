"""The entries of each data item within a window, in the formats of AFGBV Anlage 2: records and facts in, JSON out.

Items that a vehicle tells once a minute also show the value that stood when the window began (``carried``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mobility.core.clock import Instant
from mobility.core.events import CommandIssued
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import ManoeuvreOutcome
from mobility.core.vehicle import DrivingMode
from v2x.extension import Extension, SystemCode
from v2x.recorder.facts import VehicleFacts
from v2x.recorder.formats import REFERENCE_SYSTEM, date_time, degrees, iso
from v2x.recorder.items import Item

Entry = dict[str, Any]
"""A JSON object; times under ``at`` are ISO 8601 UTC."""

IN_USE = frozenset({DrivingMode.ASSISTED, DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK})
"""Modes in which the vehicle's driving function is active; a shuttle of level 2 drives ``ASSISTED``."""

COMMAND_FORMAT = "protobuf mobility.v2x.v1.ServerFrame, Ed25519 signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What an occasion's items are made of."""

    first: Instant
    last: Instant
    day_begins: Instant
    """Start of the local day: uses and releases of the day are counted from there."""
    lead: Sequence[tuple[TelemetryRecord, Extension | None]]
    """Records before the window, oldest first."""
    records: Sequence[tuple[TelemetryRecord, Extension | None]]
    facts: VehicleFacts
    round_trips: Sequence[tuple[Instant, int]] = ()
    """When a round trip was measured over the session, and its milliseconds."""


def entries(item: Item, window: Window) -> list[Entry]:
    """Return the entries of an item; empty where the window has none."""
    return list(_MAKERS[item](window))


def _vin(window: Window) -> Iterator[Entry]:
    told = [(r, e) for r, e in (*window.lead, *window.records) if e is not None and e.vin]
    for vin in dict.fromkeys(e.vin for _, e in told):
        yield {"vin": vin}


def _position(window: Window) -> Iterator[Entry]:
    for record, extension in window.records:
        place = record.sample.place
        entry: Entry = {"at": iso(record.event_time), "latitude": degrees(place.lat_deg)}
        entry |= {"longitude": degrees(place.lon_deg), "reference_system": REFERENCE_SYSTEM}
        if extension is not None and extension.altitude_m is not None:
            entry["height_m"] = round(extension.altitude_m, 2)
        yield entry


def _automation(window: Window) -> Iterator[Entry]:
    before = window.lead[-1][0].sample.mode if window.lead else None
    if before is not None:
        yield {"at": iso(window.first), "mode": before.value, "is_in_use": before in IN_USE, "carried": True}
    for record, _ in window.records:
        mode = record.sample.mode
        if mode is not before:
            yield {"at": iso(record.event_time), "mode": mode.value, "is_in_use": mode in IN_USE}
        before = mode
    changes = [c for c in window.facts.modes if window.day_begins <= c.at <= window.last]
    on = [date_time(c.at) for c in changes if c.after in IN_USE and c.before not in IN_USE]
    off = [date_time(c.at) for c in changes if c.before in IN_USE and c.after not in IN_USE]
    yield {"of_the_day": {"activations": len(on), "activated": on, "deactivations": len(off), "deactivated": off}}


def _manoeuvres(window: Window) -> Iterator[Entry]:
    closed = [c for c in window.facts.closed.values() if window.day_begins <= c.at <= window.last]
    for each in closed:
        if each.at >= window.first:
            asked = window.facts.asked.get(each.manoeuvre_id)
            entry = {"at": iso(each.at), "manoeuvre_id": each.manoeuvre_id, "outcome": each.outcome.value}
            yield entry if asked is None else {**entry, "kind": asked.manoeuvre.kind.value}
    released = [date_time(c.at) for c in closed if c.outcome is ManoeuvreOutcome.RELEASED]
    yield {"of_the_day": {"releases": len(released), "released": released}}


def _system(window: Window) -> Iterator[Entry]:
    standing: dict[tuple[str, Instant], SystemCode] = {}
    version, is_first = "", True
    for record, extension in (*window.lead, *window.records):
        if extension is None or extension.system is None:
            continue
        system, at = extension.system, iso(record.event_time)
        is_carried = record.event_time < window.first
        if system.software_version != version:
            yield {"at": at, "software_version": system.software_version, "carried": is_carried}
        version = system.software_version
        present = {(code.code, code.began_at): code for code in system.codes}
        for key, code in present.items():
            if key not in standing:
                text = {"code": code.code, "text": code.text, "begin": date_time(code.began_at)}
                yield {"at": at, **text, "carried": is_carried}
        for key, code in standing.items():
            if key not in present and not is_first:
                yield {"at": at, "code": code.code, "text": code.text, "end": date_time(record.event_time)}
        standing, is_first = present, False


def _environment(window: Window) -> Iterator[Entry]:
    for record, extension, is_carried in _with_carried(window, lambda e: e.environment is not None):
        if extension.environment is not None:
            environment = extension.environment
            yield {
                "at": iso(record.event_time),
                "temperature_degc": environment.temperature_degc,
                "illuminance_lx": environment.illuminance_lx,
                "wiper": _on_off(environment.is_wiper_on),
                "carried": is_carried,
            }


def _network(window: Window) -> Iterator[Entry]:
    for record, extension, is_carried in _with_carried(window, lambda e: e.link is not None):
        if extension.link is not None:
            link = extension.link
            yield {
                "at": iso(record.event_time),
                "latency_ms": link.latency_ms,
                "bandwidth_kbps": link.bandwidth_kbps,
                "rsrp_dbm": link.rsrp_dbm,
                "loss_frac": link.loss_frac,
                "carried": is_carried,
            }
    for moment, round_trip_ms in window.round_trips:
        if window.first <= moment <= window.last:
            yield {"at": iso(moment), "at_ms": moment, "round_trip_ms": round_trip_ms}
    delays = sorted(record.received_at - record.event_time for record, _ in window.records)
    if delays:
        middle = delays[len(delays) // 2]
        yield {"delivery_ms": {"least": delays[0], "median": middle, "greatest": delays[-1]}}


def _safety_systems(window: Window) -> Iterator[Entry]:
    known: dict[str, tuple[bool, str]] = {}
    for record, extension in (*window.lead, *window.records):
        for system in () if extension is None else extension.safety_systems:
            state = system.is_active, system.triggered_by
            if known.get(system.name) != state:
                entry = {"at": iso(record.event_time), "name": system.name, "state": _on_off(system.is_active)}
                carried = record.event_time < window.first
                yield {**entry, "triggered_by": system.triggered_by, "carried": carried}
            known[system.name] = state


def _acceleration(window: Window) -> Iterator[Entry]:
    for record, extension in window.records:
        if extension is None:
            continue
        along, across = extension.acceleration_long_mps2, extension.acceleration_lat_mps2
        if along is not None or across is not None:
            yield {"at": iso(record.event_time), "longitudinal_mps2": along, "lateral_mps2": across}


def _speed(window: Window) -> Iterator[Entry]:
    for record, _ in window.records:
        if record.sample.speed_mps is not None:
            yield {"at": iso(record.event_time), "speed_mps": record.sample.speed_mps}


def _lights(window: Window) -> Iterator[Entry]:
    for record, extension in window.records:
        if extension is not None and extension.lights_on is not None:
            yield {"at": iso(record.event_time), "on": sorted(light.value for light in extension.lights_on)}


def _supply(window: Window) -> Iterator[Entry]:
    for record, extension in window.records:
        if extension is not None and extension.supply_v is not None:
            yield {"at": iso(record.event_time), "supply_v": extension.supply_v}


def _commands(window: Window) -> Iterator[Entry]:
    for issued in window.facts.commands_between(window.first, window.last):
        yield command_entry(issued, window.facts)


def command_entry(issued: CommandIssued, facts: VehicleFacts) -> Entry:
    """Return a command as it was sent: bytes, size, format, source, destination, times, and what became of it."""
    command = issued.command
    steps = facts.progress.get(command.command_id, ())
    return {
        "at": iso(command.issued_at or Instant(0)),
        "at_ms": command.issued_at,
        "command_id": command.command_id,
        "action": command.action.value,
        "source": command.issuer,
        "approver": command.approver,
        "destination": command.vehicle_id,
        "format": COMMAND_FORMAT,
        "size_bytes": len(issued.frame_hex) // 2,
        "frame_hex": issued.frame_hex,
        "expires_at": None if command.expires_at is None else iso(command.expires_at),
        "reason": command.reason,
        "cause": command.cause,
        "necessity": command.necessity,
        "text": command.text,
        "states": [{"at": iso(step.at), "state": step.state.value, "reason": step.reason} for step in steps],
    }


def _with_carried(
    window: Window, has: Callable[[Extension], bool]
) -> Iterator[tuple[TelemetryRecord, Extension, bool]]:
    """Yield the newest record before the window that has it, then those within."""
    for record, extension in reversed(window.lead):
        if extension is not None and has(extension):
            yield record, extension, True
            break
    for record, extension in window.records:
        if extension is not None and has(extension):
            yield record, extension, False


def _on_off(state: bool | None) -> str | None:
    return None if state is None else "on" if state else "off"


_MAKERS: Mapping[Item, Callable[[Window], Iterator[Entry]]] = {
    Item.VIN: _vin,
    Item.POSITION: _position,
    Item.AUTOMATION: _automation,
    Item.MANOEUVRES: _manoeuvres,
    Item.SYSTEM: _system,
    Item.ENVIRONMENT: _environment,
    Item.NETWORK: _network,
    Item.SAFETY_SYSTEMS: _safety_systems,
    Item.ACCELERATION: _acceleration,
    Item.SPEED: _speed,
    Item.LIGHTS: _lights,
    Item.SUPPLY: _supply,
    Item.COMMANDS: _commands,
}
