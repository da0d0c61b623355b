"""Approaches of junctions: where they begin, and how long vehicles take through them.

A junction is a node with three or more neighbours. An approach is the end of an edge that leads to it: its last 150 m,
or all of it where it is shorter; below 50 m there is none. The delay of a pass is its time less the time at free flow,
which is that of the 85th percentile of the speeds of all passes of the same approach (so 15 % of them have none). A
delay is never below zero.

A vehicle that serves a stop before the junction, or waits there for its time, is not delayed by the junction. So a pass
with open doors counts for nothing, and neither does one in which the vehicle stood for more than three minutes on end:
no signal holds that long. An approach where every vehicle stops for passengers tells nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.core.network import RoadNetwork
from v2x.road.quantile import quantile

LONGEST_M = 150.0
SHORTEST_M = 50.0
_NEIGHBOURS = 3
FREE_SHARE = 0.85
FEWEST_PASSES = 5
"""From fewer passes no free-flow speed is told, and so no delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """The end of ``edge`` from ``from_m`` to ``to_m``, before the junction at ``node``."""

    edge: int
    node: int
    from_m: float
    to_m: float

    @property
    def length_m(self) -> float:
        """Its length."""
        return self.to_m - self.from_m


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproachDelay:
    """What the passes of an approach say."""

    passes: int
    free_flow_mps: float
    """85th percentile of the mean speeds of its passes."""
    mean_delay_s: float
    p90_delay_s: float


def approaches(network: RoadNetwork, lengths_m: Sequence[float]) -> dict[int, Approach]:
    """Return the approaches of a network by edge."""
    neighbours: list[set[int]] = [set() for _ in range(network.node_count)]
    for tail, head in zip(network.source.tolist(), network.target.tolist(), strict=True):
        neighbours[tail].add(head)
        neighbours[head].add(tail)
    found: dict[int, Approach] = {}
    for edge, head in enumerate(network.target.tolist()):
        length_m = lengths_m[edge]
        if len(neighbours[head]) >= _NEIGHBOURS and length_m >= SHORTEST_M:
            found[edge] = Approach(edge=edge, node=head, from_m=max(0.0, length_m - LONGEST_M), to_m=length_m)
    return found


def delay_of(approach: Approach, times_s: Sequence[float]) -> ApproachDelay | None:
    """Return the delay from the driving times of passes, ``None`` for fewer than ``FEWEST_PASSES``."""
    if len(times_s) < FEWEST_PASSES:
        return None
    free_s = quantile(times_s, 1 - FREE_SHARE)
    delays_s = [max(0.0, time_s - free_s) for time_s in times_s]
    return ApproachDelay(
        passes=len(times_s),
        free_flow_mps=approach.length_m / free_s,
        mean_delay_s=sum(delays_s) / len(delays_s),
        p90_delay_s=quantile(delays_s, 0.9),
    )
