"""Rules that find occasions in the samples themselves, whatever order they arrive in.

| Rule | Occasion | When |
|---|---|---|
| ``hard_braking`` | conflict | longitudinal acceleration below -4 m/s²; without a sensor: the speed of two samples |
| ``impact`` | conflict, accident | horizontal acceleration of 14.8 m/s²: 8 km/h within 150 ms, the trigger of UN R160 |
| ``hard_swerve`` | evasion | lateral acceleration of 4 m/s² |
| ``minimal_risk`` | disturbance | the mode falls into the minimal-risk condition (StVG §1d(3)) |
| ``emergency_stop`` | conflict | an emergency brake or stop was triggered, by the name of its safety system |
| ``system_code`` | disturbance | the system monitoring tells a code that began within the last day |

The limits of braking and swerving are conventions of driving studies, not of the law; ``RuleLimits`` sets them.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from mobility.core.clock import Instant
from mobility.core.ids import BootId, OccasionId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import Occasion, OccasionKind
from mobility.core.vehicle import DrivingMode
from v2x.extension import Extension

EMERGENCY_SYSTEMS = frozenset({"emergency_stop", "emergency_brake", "aeb", "nothalt", "notbremse"})
"""Names of safety systems, in lower case, whose activation is an occasion."""

_K = TypeVar("_K")
_V = TypeVar("_V")
_LONGEST_PAIR_S = 1.5
"""Two samples further apart say nothing of the acceleration between them."""
_SHORTEST_PAIR_S = 0.09
"""Of two samples closer together the resolution of the speed is all that is seen."""
_MOST_ENDS = 4096
"""Loose ends of sequences remembered; the oldest is forgotten, and with it one pair of neighbours."""
_MOST_CODES = 4096
_OLDEST_CODE_MS = 86_400_000
"""A code that has stood for longer is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimits:
    """Where the rules begin."""

    braking_mps2: float = 4.0
    swerve_mps2: float = 4.0
    impact_mps2: float = 14.8
    are_codes_occasions: bool = True


class _End(NamedTuple):
    """What the next or former sample needs of this one."""

    mode: DrivingMode
    event_time: Instant
    device_time: Instant
    speed_mps: float | None
    has_sensor: bool


class OccasionRules:
    """Finds occasions; the same ones for any order of the same records."""

    def __init__(self, limits: RuleLimits) -> None:
        """Start without any sample."""
        self._limits = limits
        self._ends: OrderedDict[tuple[VehicleId, BootId, int, bool], _End] = OrderedDict()
        self._codes: OrderedDict[tuple[VehicleId, str, Instant], None] = OrderedDict()

    def observe(self, record: TelemetryRecord, extension: Extension | None) -> list[Occasion]:
        """Take a record that was not seen before; return the occasions it completes, also earlier ones."""
        found: list[Occasion] = []
        if extension is not None:
            found.extend(self._told(record, extension))
            found.extend(self._measured(record, extension))
        found.extend(self._compared(record, extension))
        return found

    def _told(self, record: TelemetryRecord, extension: Extension) -> Iterator[Occasion]:
        for incident in extension.incidents:
            yield occasion(record, incident.kind, "vehicle", incident.detail, is_accident=incident.is_accident)
        for system in extension.safety_systems:
            if system.is_active and system.name.lower() in EMERGENCY_SYSTEMS:
                yield occasion(record, OccasionKind.CONFLICT, "emergency_stop", f"{system.name}: {system.triggered_by}")
        for code in extension.system.codes if extension.system and self._limits.are_codes_occasions else ():
            key = record.sample.vehicle_id, code.code, code.began_at
            began = _began(record, code.began_at)
            if key not in self._codes and began is not None:
                _remember(self._codes, key, None, _MOST_CODES)
                text = f"{code.code} {code.text}".strip()
                yield occasion(record, OccasionKind.DISTURBANCE, "system_code", text, at=began)

    def _measured(self, record: TelemetryRecord, extension: Extension) -> Iterator[Occasion]:
        along, across = extension.acceleration_long_mps2, extension.acceleration_lat_mps2
        limits = self._limits
        if math.hypot(along or 0.0, across or 0.0) >= limits.impact_mps2:
            text = f"{math.hypot(along or 0.0, across or 0.0):.1f} m/s²"
            yield occasion(record, OccasionKind.CONFLICT, "impact", text, is_accident=True)
        if along is not None and along < -limits.braking_mps2:
            yield occasion(record, OccasionKind.CONFLICT, "hard_braking", f"{along:.1f} m/s²")
        if across is not None and abs(across) >= limits.swerve_mps2:
            yield occasion(record, OccasionKind.EVASION, "hard_swerve", f"{across:.1f} m/s²")

    def _compared(self, record: TelemetryRecord, extension: Extension | None) -> Iterator[Occasion]:
        sample = record.sample
        vehicle, boot, seq = sample.vehicle_id, sample.boot_id, sample.seq
        end = _End(
            sample.mode,
            record.event_time,
            sample.device_time,
            sample.speed_mps,
            extension is not None and extension.acceleration_long_mps2 is not None,
        )
        # A sample leaves two loose ends: its successor looks for the one, its predecessor, should it come late, for
        # the other. Each neighbour that is there already is taken off and the pair compared.
        former = self._ends.pop((vehicle, boot, seq, False), None)
        if former is not None:
            yield from self._pair(record, former, end)
        later = self._ends.pop((vehicle, boot, seq, True), None)
        if later is not None:
            yield from self._pair(record, end, later)
        else:
            _remember(self._ends, (vehicle, boot, seq + 1, False), end, _MOST_ENDS)
        if former is None and seq > 1:
            _remember(self._ends, (vehicle, boot, seq - 1, True), end, _MOST_ENDS)

    def _pair(self, record: TelemetryRecord, former: _End, later: _End) -> Iterator[Occasion]:
        if later.mode is DrivingMode.MINIMAL_RISK and former.mode is not DrivingMode.MINIMAL_RISK:
            kind, detail = OccasionKind.DISTURBANCE, f"{former.mode} -> {later.mode}"
            yield occasion(record, kind, "minimal_risk", detail, at=later.event_time)
        if later.has_sensor or former.speed_mps is None or later.speed_mps is None:
            return
        apart_s = (later.device_time - former.device_time) / 1000
        if not _SHORTEST_PAIR_S <= apart_s <= _LONGEST_PAIR_S:
            return
        along_mps2 = (later.speed_mps - former.speed_mps) / apart_s
        if along_mps2 < -self._limits.braking_mps2:
            kind, detail = OccasionKind.CONFLICT, f"{along_mps2:.1f} m/s²"
            yield occasion(record, kind, "hard_braking", detail, at=later.event_time)


def occasion(
    record: TelemetryRecord,
    kind: OccasionKind,
    source: str,
    detail: str,
    *,
    at: Instant | None = None,
    is_accident: bool = False,
) -> Occasion:
    """Return an occasion at a record's event time, unless ``at`` is given; its id says vehicle, time, kind, source."""
    vehicle_id = record.sample.vehicle_id
    moment = record.event_time if at is None else at
    return Occasion(
        occasion_id=OccasionId(f"{vehicle_id}-{moment}-{kind}-{source}{'-accident' if is_accident else ''}"),
        vehicle_id=vehicle_id,
        kind=kind,
        at=moment,
        source=source,
        detail=detail,
        is_accident=is_accident,
    )


def _began(record: TelemetryRecord, began_at: Instant) -> Instant | None:
    """Return when a code began by the corrected clock, whichever sample tells it first; ``None`` for an old one."""
    correction_ms = record.event_time - record.sample.device_time
    began = Instant(min(began_at + correction_ms, record.event_time))
    return began if record.event_time - began <= _OLDEST_CODE_MS else None


def _remember(memory: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    memory[key] = value
    if len(memory) > most:
        memory.popitem(last=False)
