"""Passes: one vehicle's way over one section, and through one approach of a junction."""

from collections.abc import Mapping
from dataclasses import dataclass

from mobility.core.clock import Instant
from mobility.core.network import RoadNetwork
from v2x.road.junctions import Approach
from v2x.road.roughness import index_mps2, joined_mps2
from v2x.road.sections import SectionId, Sections
from v2x.road.way import LONGEST_GAP_MS, WayPoint

_SHORTEST_S = 0.5
"""A faster pass of an approach is no drive but a jump of the position."""
_FASTEST_MPS = 50.0
_NOISE_M = 20.0
_STANDING_MPS = 0.3
LAYOVER_MS = 180_000
"""Whoever stands longer waits for something else than the junction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPass:
    """A vehicle drove over a section; without ``roughness_mps2`` it measured none or was too slow."""

    section: SectionId
    at: Instant
    roughness_mps2: float | None
    """The index of ``v2x.road.roughness``, not the bare RMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproachPass:
    """A vehicle drove through an approach from its beginning to the junction."""

    edge: int
    at: Instant
    time_s: float


@dataclass(slots=True)
class _Open:
    # A pass that goes on.
    section: SectionId
    began_at: Instant
    indices_mps2: list[float]


class PassFinder:
    """Finds the passes of one vehicle from its points in order of time."""

    def __init__(self, network: RoadNetwork, sections: Sections, approaches: Mapping[int, Approach]) -> None:
        """Share network, sections and approaches with all vehicles."""
        self._sources, self._targets = network.source, network.target
        self._sections = sections
        self._approaches = approaches
        self._open: _Open | None = None
        self._last: WayPoint | None = None
        self._entered_ms: float | None = None
        self._is_spoilt = False
        self._stood_ms = 0

    def take(
        self, point: WayPoint | None, *, rms_mps2: float | None, speed_mps: float | None, are_doors_open: bool
    ) -> list[SectionPass | ApproachPass]:
        """Take the vehicle's next point (``None``: off the roads); return the passes that ended with it."""
        last = self._last
        if last is not None and (
            point is None or point.at - last.at > LONGEST_GAP_MS or not self._follows(last, point)
        ):
            ended = self.end()
        else:
            ended = []
        if point is None:
            return ended
        ended += self._section_pass(point, rms_mps2, speed_mps)
        if self._last is not None:
            ended += self._approach_pass(self._last, point)
            self._watch_standing(self._last, point, speed_mps, are_doors_open=are_doors_open)
        self._last = point
        return ended

    def end(self) -> list[SectionPass | ApproachPass]:
        """End what goes on; return the pass of the section the vehicle was on. An approach cut short is none."""
        ended: list[SectionPass | ApproachPass] = [] if self._open is None else [_closed(self._open)]
        self._open = self._last = self._entered_ms = None
        return ended

    def _follows(self, last: WayPoint, point: WayPoint) -> bool:
        # A vehicle that turned round between two junctions, or jumped, would have to be faster than anything drives.
        if point.edge == last.edge:
            driven_m = point.chainage_m - last.chainage_m
        elif self._sources[point.edge] == self._targets[last.edge]:
            driven_m = self._rest_m(last) + point.chainage_m
        else:
            return False
        return -_NOISE_M <= driven_m <= _NOISE_M + _FASTEST_MPS * (point.at - last.at) / 1000

    def _section_pass(
        self, point: WayPoint, rms_mps2: float | None, speed_mps: float | None
    ) -> list[SectionPass | ApproachPass]:
        section = self._sections.at(point.edge, point.chainage_m)
        ended: list[SectionPass | ApproachPass] = []
        if self._open is None or self._open.section != section:
            if self._open is not None:
                ended.append(_closed(self._open))
            self._open = _Open(section, point.at, [])
        if rms_mps2 is not None and speed_mps is not None:
            measured_mps2 = index_mps2(rms_mps2, speed_mps)
            if measured_mps2 is not None:
                self._open.indices_mps2.append(measured_mps2)
        return ended

    def _approach_pass(self, last: WayPoint, point: WayPoint) -> list[SectionPass | ApproachPass]:
        ended: list[SectionPass | ApproachPass] = []
        if point.edge != last.edge:
            ended = self._left(last, point)
        approach = self._approaches.get(point.edge)
        if approach is None:
            self._entered_ms = None
            return ended
        if self._entered_ms is None or point.edge != last.edge:
            self._enter(approach, last, point)
        return ended

    def _enter(self, approach: Approach, last: WayPoint, point: WayPoint) -> None:
        # When the beginning of the approach was crossed, by uniform motion between the two points.
        self._entered_ms = None
        if point.chainage_m < approach.from_m:
            return
        if point.edge == last.edge:
            before_m = approach.from_m - last.chainage_m
            if before_m < 0:
                return
        else:
            before_m = self._rest_m(last) + approach.from_m
        driven_m = before_m + point.chainage_m - approach.from_m
        share = before_m / driven_m if driven_m > 0 else 1.0
        self._entered_ms = last.at + share * (point.at - last.at)
        self._is_spoilt, self._stood_ms = False, 0

    def _watch_standing(
        self, last: WayPoint, point: WayPoint, speed_mps: float | None, *, are_doors_open: bool
    ) -> None:
        # A stop for passengers, or a layover, is no delay by the junction.
        stands = speed_mps < _STANDING_MPS if speed_mps is not None else point.chainage_m == last.chainage_m
        self._stood_ms = self._stood_ms + point.at - last.at if stands else 0
        if are_doors_open or self._stood_ms > LAYOVER_MS:
            self._is_spoilt = True

    def _left(self, last: WayPoint, point: WayPoint) -> list[SectionPass | ApproachPass]:
        if self._entered_ms is None:
            return []
        rest_m = self._rest_m(last)
        driven_m = rest_m + point.chainage_m
        share = rest_m / driven_m if driven_m > 0 else 1.0
        left_ms = last.at + share * (point.at - last.at)
        time_s = (left_ms - self._entered_ms) / 1000
        approach = self._approaches[last.edge]
        self._entered_ms = None
        if self._is_spoilt or time_s < max(_SHORTEST_S, approach.length_m / _FASTEST_MPS):
            return []
        return [ApproachPass(edge=last.edge, at=Instant(round(left_ms)), time_s=time_s)]

    def _rest_m(self, last: WayPoint) -> float:
        _, end_m = self._sections.span_m(SectionId(last.edge, self._sections.count(last.edge) - 1))
        return max(0.0, end_m - last.chainage_m)


def _closed(pass_: _Open) -> SectionPass:
    indices_mps2 = pass_.indices_mps2
    roughness_mps2 = joined_mps2(indices_mps2) if indices_mps2 else None
    return SectionPass(section=pass_.section, at=pass_.began_at, roughness_mps2=roughness_mps2)
