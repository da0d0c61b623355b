"""One vehicle's records on their way into the survey: what is live and what comes late are followed apart.

A backlog after a radio gap arrives in order but behind the live samples. Each of the two is in the order of time by
itself; only the pass that the gap cuts in two is lost. What fits neither, begins the late one anew.
"""

from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.vehicle import Doors, Sample
from v2x.road.passes import ApproachPass, PassFinder, SectionPass
from v2x.road.roughness import joined_mps2
from v2x.road.survey import RoadSurvey
from v2x.road.way import Way

_PERIOD_MS = 500
"""Positions are matched at most twice a second; what a faster vehicle measured in between is joined."""
_NEVER = Instant(0)
_OPEN = frozenset({Doors.OPEN, Doors.RAMP_OUT})


@dataclass(slots=True)
class _Stream:
    way: Way
    finder: PassFinder
    newest: Instant = _NEVER
    taken: Instant = _NEVER
    rms_mps2: list[float] = field(default_factory=list)


class Drive:
    """Follows one vehicle through a survey."""

    def __init__(self, survey: RoadSurvey, *, is_on_demand: bool) -> None:
        """Begin without any record."""
        self._survey = survey
        self._is_on_demand = is_on_demand
        self._live = _Stream(*survey.finder())
        self._late = _Stream(*survey.finder())

    def take(self, sample: Sample, event_time: Instant, rms_mps2: float | None) -> None:
        """Take one sample with the RMS of its vertical acceleration, where it has one."""
        stream = self._live
        if event_time <= stream.newest:
            stream = self._late
            if event_time <= stream.newest:
                self._late = stream = self._begun_anew(stream)
        stream.newest = event_time
        if rms_mps2 is not None:
            stream.rms_mps2.append(rms_mps2)
        if event_time - stream.taken < _PERIOD_MS:
            return
        stream.taken = event_time
        point = stream.way.point(event_time, sample.place, bearing_deg=sample.bearing_deg, speed_mps=sample.speed_mps)
        passes = stream.finder.take(
            point,
            rms_mps2=joined_mps2(stream.rms_mps2) if stream.rms_mps2 else None,
            speed_mps=sample.speed_mps,
            are_doors_open=sample.doors in _OPEN,
        )
        stream.rms_mps2.clear()
        self._give(passes)

    def end(self) -> None:
        """End what goes on, at the end of a span of records."""
        self._give([*self._late.finder.end(), *self._live.finder.end()])

    def _begun_anew(self, stream: _Stream) -> _Stream:
        self._give(stream.finder.end())
        return _Stream(*self._survey.finder())

    def _give(self, passes: list[SectionPass | ApproachPass]) -> None:
        if passes:
            self._survey.take(passes, is_on_demand=self._is_on_demand)
