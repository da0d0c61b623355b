"""Facts of the line service and of alerts: a part of the closed union in ``mobility.core.events``."""

from dataclasses import dataclass
from typing import ClassVar

from mobility.core.alert import Alert
from mobility.core.ids import AlertId, LineChangeId
from mobility.core.line_change import LineChange
from mobility.core.road_weather import WeatherReport
from mobility.core.vehicle import TripRef


@dataclass(frozen=True, slots=True, kw_only=True)
class TripReinstated:
    """A trip that was cancelled runs after all."""

    SCHEMA: ClassVar[int] = 1
    trip: TripRef
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChanged:
    """The line service differs from its timetable; replaces an older change of the same id."""

    SCHEMA: ClassVar[int] = 1
    change: LineChange


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChangeEnded:
    """A change is over, or was withdrawn."""

    SCHEMA: ClassVar[int] = 1
    change_id: LineChangeId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPublished:
    """Riders are told something; replaces an older wording of the same alert."""

    SCHEMA: ClassVar[int] = 1
    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWithdrawn:
    """An alert is not shown any more; it stays on record."""

    SCHEMA: ClassVar[int] = 1
    alert_id: AlertId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadWeatherReported:
    """Somebody said what the road is like."""

    SCHEMA: ClassVar[int] = 1
    report: WeatherReport


Informing = TripReinstated | LineChanged | LineChangeEnded | AlertPublished | AlertWithdrawn | RoadWeatherReported
"""All of them."""
