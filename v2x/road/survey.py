"""The survey of a network's roads by the fleet: passes by section and approach, and what of them may be published.

Of each section and approach the newest passes are kept, those of vehicles in line service and those of vehicles on
demand apart: where few people ride, a single pass tells who went where. Passes on demand count only once there are ten.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mobility.core.network import RoadNetwork
from v2x.road.junctions import Approach, ApproachDelay, approaches, delay_of
from v2x.road.locator import Locator
from v2x.road.passes import ApproachPass, PassFinder, SectionPass
from v2x.road.quantile import quantile
from v2x.road.sections import SectionId, Sections
from v2x.road.way import Way

FEWEST_ON_DEMAND = 10
"""k of DESIGN §7: aggregates leave the house with k >= 10."""
KEPT_PASSES = 200
"""Newest passes kept of each section and approach."""


def _newest() -> deque[float]:
    return deque(maxlen=KEPT_PASSES)


@dataclass(slots=True)
class Kept:
    """Newest values of one section or approach."""

    line: deque[float] = field(default_factory=_newest)
    on_demand: deque[float] = field(default_factory=_newest)

    def take(self, value: float, *, is_on_demand: bool) -> None:
        """Keep one more; the oldest of a full one goes."""
        (self.on_demand if is_on_demand else self.line).append(value)

    def publishable(self) -> list[float]:
        """Return what may be told."""
        return [*self.line, *(self.on_demand if len(self.on_demand) >= FEWEST_ON_DEMAND else ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRoughness:
    """How rough a section is in one direction."""

    passes: int
    roughness_mps2: float
    """Median over its passes of the index of ``v2x.road.roughness``."""
    p90_mps2: float


class RoadSurvey:
    """Takes passes, gives figures."""

    def __init__(self, network: RoadNetwork) -> None:
        """Index the network once."""
        self.network = network
        self.locator = Locator.of(network)
        self.sections = Sections(network, self.locator.lengths_m)
        self.approaches: Mapping[int, Approach] = approaches(network, self.locator.lengths_m)
        self._roughness: dict[SectionId, Kept] = {}
        self._times: dict[int, Kept] = {}
        self.passes = 0
        """Section passes taken so far."""

    def finder(self) -> tuple[Way, PassFinder]:
        """Return what follows one vehicle over this network."""
        return Way(self.network, self.locator), PassFinder(self.network, self.sections, self.approaches)

    def take(self, passes: Sequence[SectionPass | ApproachPass], *, is_on_demand: bool) -> None:
        """Take passes of one vehicle; ``is_on_demand`` where its way is its riders' way."""
        for each in passes:
            if isinstance(each, ApproachPass):
                self._times.setdefault(each.edge, Kept()).take(each.time_s, is_on_demand=is_on_demand)
                continue
            self.passes += 1
            if each.roughness_mps2 is not None:
                kept = self._roughness.setdefault(each.section, Kept())
                kept.take(each.roughness_mps2, is_on_demand=is_on_demand)

    def roughness(self) -> dict[SectionId, SectionRoughness]:
        """Return what may be told of every section somebody measured, in the order of sections."""
        told: dict[SectionId, SectionRoughness] = {}
        for section in sorted(self._roughness):
            values = self._roughness[section].publishable()
            if values:
                told[section] = SectionRoughness(
                    passes=len(values), roughness_mps2=quantile(values, 0.5), p90_mps2=quantile(values, 0.9)
                )
        return told

    def delays(self) -> dict[Approach, ApproachDelay]:
        """Return what may be told of every approach with enough passes, in the order of edges."""
        told: dict[Approach, ApproachDelay] = {}
        for edge in sorted(self._times):
            delay = delay_of(self.approaches[edge], self._times[edge].publishable())
            if delay is not None:
                told[self.approaches[edge]] = delay
        return told

    def as_json(self) -> dict[str, Any]:
        """Return everything kept as JSON values, for ``restore``."""
        return {
            "network": self.sections.fingerprint,
            "sections": [
                [section.edge, section.index, _rounded(kept.line), _rounded(kept.on_demand)]
                for section, kept in sorted(self._roughness.items(), key=lambda item: item[0])
            ],
            "approaches": [
                [edge, _rounded(kept.line), _rounded(kept.on_demand)] for edge, kept in sorted(self._times.items())
            ],
        }

    def restore(self, saved: Mapping[str, Any]) -> bool:
        """Take over what ``as_json`` returned; ``False``, and nothing taken, where it is of another network or none."""
        try:
            if saved["network"] != self.sections.fingerprint:
                return False
            sections = {SectionId(int(edge), int(index)): _kept(a, b) for edge, index, a, b in saved["sections"]}
            times = {int(edge): _kept(a, b) for edge, a, b in saved["approaches"]}
        except (KeyError, TypeError, ValueError):
            return False
        if not all(map(self.sections.is_known, sections)) or not times.keys() <= self.approaches.keys():
            return False
        self._roughness, self._times = sections, times
        return True


def _rounded(values: deque[float]) -> list[float]:
    return [round(value, 3) for value in values]


def _kept(line: Sequence[float], on_demand: Sequence[float]) -> Kept:
    newest = Kept()
    newest.line.extend(float(value) for value in line)
    newest.on_demand.extend(float(value) for value in on_demand)
    return newest
