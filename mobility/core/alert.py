"""Alerts: what riders are told about a disturbance beside the times of trips.

Words and meanings follow GTFS-realtime, "Alert": a communication period (when it is shown) and impact periods (when
something is different) stand apart.
"""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.ids import AlertId, RouteId, StopId
from mobility.core.vehicle import TripRef


class AlertCause(StrEnum):
    """Why; named as in GTFS-realtime, in small letters."""

    UNKNOWN_CAUSE = "unknown_cause"
    OTHER_CAUSE = "other_cause"
    TECHNICAL_PROBLEM = "technical_problem"
    STRIKE = "strike"
    DEMONSTRATION = "demonstration"
    ACCIDENT = "accident"
    HOLIDAY = "holiday"
    WEATHER = "weather"
    MAINTENANCE = "maintenance"
    CONSTRUCTION = "construction"
    POLICE_ACTIVITY = "police_activity"
    MEDICAL_EMERGENCY = "medical_emergency"


class AlertEffect(StrEnum):
    """What it does to riders; named as in GTFS-realtime, in small letters."""

    NO_SERVICE = "no_service"
    REDUCED_SERVICE = "reduced_service"
    SIGNIFICANT_DELAYS = "significant_delays"
    DETOUR = "detour"
    ADDITIONAL_SERVICE = "additional_service"
    MODIFIED_SERVICE = "modified_service"
    OTHER_EFFECT = "other_effect"
    UNKNOWN_EFFECT = "unknown_effect"
    STOP_MOVED = "stop_moved"
    NO_EFFECT = "no_effect"
    ACCESSIBILITY_ISSUE = "accessibility_issue"


class AlertSeverity(StrEnum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class AlertPeriod:
    """A span of time; ``None`` is open."""

    begins: Instant | None
    ends: Instant | None

    def holds(self, at: Instant) -> bool:
        """Return whether ``at`` lies inside; the end does not."""
        return (self.begins is None or self.begins <= at) and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """What an alert says in one language."""

    language: str
    """BCP 47: ``de``, ``en``, ``de-simple`` (easy German)."""
    header: str
    description: str
    spoken: str = ""
    """For reading aloud; empty: header and description are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. It names at least one line, stop or trip and has a German text."""

    alert_id: AlertId
    cause: AlertCause
    effect: AlertEffect
    severity: AlertSeverity
    communication: AlertPeriod
    """When it is shown."""
    impact: tuple[AlertPeriod, ...]
    """When things differ; within ``communication``. Empty: all the time."""
    texts: tuple[AlertText, ...]
    """German first."""
    routes: tuple[RouteId, ...] = ()
    stops: tuple[StopId, ...] = ()
    trips: tuple[TripRef, ...] = ()
    url: str = ""
    """A page that says more, absolute."""
    template: str = ""
    """The template it was made from, empty for a free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """An alert as it stands on record."""

    alert: Alert
    published_at: Instant
    """When this wording was published."""
    withdrawn_at: Instant | None = None
    withdrawn_because: str = ""

    def is_shown(self, at: Instant) -> bool:
        """Return whether riders see it at ``at``."""
        return self.withdrawn_at is None and self.alert.communication.holds(at)
