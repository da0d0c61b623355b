"""Places people wait at: stops of lines and meeting points of the citizen bus."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.geo import LatLon
from mobility.core.ids import StopId


class Evidence(StrEnum):
    """Whether a fact has a source or is assumed; pages show assumed ones as such."""

    SOURCED = "sourced"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A public stop, a meeting point, or both."""

    stop_id: StopId
    name: str
    locality: str
    """Town or village, e.g. ``Manebach``."""
    place: LatLon
    elevation_m: float
    """Metres above sea level; NaN where unknown."""
    is_line_stop: bool
    is_meeting_point: bool
    """Whether the citizen bus picks up and sets down here."""
    is_wheelchair_accessible: bool
    evidence: Evidence
