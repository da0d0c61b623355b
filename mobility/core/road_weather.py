"""What the weather does to the road, in the few steps that change how vehicles drive."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant


class RoadWeather(StrEnum):
    """State of the road; automated shuttles drive slower on a wet one and need their attendant in snow or fog."""

    UNKNOWN = "unknown"
    DRY = "dry"
    WET = "wet"
    SNOW = "snow"
    FOG = "fog"


@dataclass(frozen=True, slots=True)
class WeatherReport:
    """The state of the road from a moment on, until the next report."""

    weather: RoadWeather
    begins: Instant
