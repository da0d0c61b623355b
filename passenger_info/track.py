"""Where a vehicle is on its trip run: chainage, next call, and what was observed at the calls before."""

from typing import NamedTuple

from mobility.core.clock import Instant, seconds_between
from passenger_info.run import TripRun


class Track(NamedTuple):
    """A vehicle on a trip run, as of the event time of its newest sample. Chainage never falls."""

    run: TripRun
    as_of: Instant
    chainage_m: float
    offset_m: float
    """Distance beside the trip's line."""
    speed_mps: float
    """Measured where the vehicle says it, else from the last two samples."""
    call_index: int
    """The call the vehicle stands at or drives to."""
    is_at_stop: bool
    arrived: tuple[Instant | None, ...]
    """Observed arrival at each call; ``None`` where there was none or nobody saw it."""
    departed: tuple[Instant | None, ...]
    stood_until: Instant
    """Last instant the vehicle stood still."""
    is_on_route: bool = True
    is_assumed: bool = False
    """Whether we found the trip ourselves; the vehicle did not log on to it."""
    astray_since: Instant | None = None
    """Since when the vehicle is seen elsewhere on the line than its track says."""

    @property
    def is_done(self) -> bool:
        """Whether the vehicle has arrived at the last call."""
        return self.arrived[-1] is not None

    @property
    def has_started(self) -> bool:
        """Whether the vehicle has left the first call."""
        return self.call_index > 0

    @property
    def delay_s(self) -> float:
        """Observed deviation from the schedule at the vehicle's place; positive is late, early starts count as 0.

        While it stands at a stop: against the arrival until the scheduled departure has passed, then against that.
        """
        run, k = self.run, self.call_index
        if self.is_done:
            return seconds_between(run.arrival[-1], self.arrived[-1] or self.as_of)
        if not self.is_at_stop:
            deviation_s = seconds_between(run.scheduled_at(self.chainage_m), self.as_of)
            return deviation_s if self.has_started else max(0.0, deviation_s)
        if self.as_of > run.departure[k]:
            return seconds_between(run.departure[k], self.as_of)
        if k == 0:
            return 0.0
        return seconds_between(run.arrival[k], self.arrived[k] or self.as_of)
