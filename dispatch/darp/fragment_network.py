"""The network of fragments: a route is start, fragment, link, fragment, …, end; as rows and columns of a programme.

Rist & Forbes 2021 (doi:10.1287/trsc.2021.1051). Links join the last stop of one fragment to the first of the next,
whichever fragments these are, so times are known only from the windows; ``chain_cuts`` adds what this forgets.
"""

from dataclasses import dataclass

import numpy as np

from dispatch.darp.fleets import SLACK, Fleet, Relaxation
from dispatch.darp.fragments import COST, READY, RUN, START_BY, Fragments
from dispatch.darp.linear import Programme
from dispatch.darp.problem import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """The fragments and links of one fleet and where their columns stand in the programme."""

    fleet: Fleet
    fragments: Fragments
    first: Integers
    """Pickup where each fragment begins, shape (f,)."""
    last: Integers
    """Ride whose drop-off ends each fragment, shape (f,)."""
    tails: Integers
    heads: Integers
    """Ride whose drop-off a link leaves, and whose pickup it reaches; shape (links,) each."""
    base: int
    """Column of the first fragment; links, starts and ends of all rides follow."""

    @property
    def rides(self) -> int:
        """Number of rides."""
        return len(self.fleet.outward)

    @property
    def link_base(self) -> int:
        """Column of the first link."""
        return self.base + len(self.first)

    @property
    def start_base(self) -> int:
        """Column of the way out to the first ride's pickup."""
        return self.link_base + len(self.tails)

    @property
    def end_base(self) -> int:
        """Column of the way home from the first ride's drop-off."""
        return self.start_base + self.rides

    @property
    def ready(self) -> Floats:
        """Earliest begin of each fragment's last stop."""
        return self.fragments.values[:, READY]

    @property
    def start_by(self) -> Floats:
        """Latest begin of each fragment's first stop."""
        return self.fragments.values[:, START_BY]

    @property
    def run(self) -> Floats:
        """Least time from first to last stop."""
        return self.fragments.values[:, RUN]

    def link_time(self, tail: int, head: int) -> float:
        """Return the time from begin at the drop-off of one ride to begin at the pickup of another."""
        return float(self.fleet.legs.travel[self.rides + tail, head])


def networks(relaxation: Relaxation, found: list[Fragments]) -> tuple[Programme, list[Network]]:
    """Return the programme (each ride once, flow in and out of every stop, not more vehicles than there are)."""
    built: list[Network] = []
    base = 0
    for fleet, own in zip(relaxation.fleets, found, strict=True):
        first, last = own.first, own.last - len(relaxation.rides)
        tails, heads = _links(fleet, own, first, last)
        network = Network(fleet=fleet, fragments=own, first=first, last=last, tails=tails, heads=heads, base=base)
        base = network.end_base + network.rides
        built.append(network)
    programme = Programme(costs=np.concatenate([_costs(network) for network in built]))
    programme.add_rows(1.0, 1.0, len(relaxation.rides))
    for network in built:
        _add(programme, network)
    return programme, built


def _links(fleet: Fleet, own: Fragments, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Return the links that at least the earliest and the latest fragment could use."""
    rides = len(fleet.outward)
    ready, start_by = np.full(rides, np.inf), np.full(rides, -np.inf)
    np.minimum.at(ready, last, own.values[:, READY])
    np.maximum.at(start_by, first, own.values[:, START_BY])
    is_possible = ready[:, None] + fleet.legs.travel[rides:, :rides] <= start_by[None, :] + SLACK
    np.fill_diagonal(is_possible, val=False)
    tails, heads = np.nonzero(is_possible)
    return tails.astype(np.int64), heads.astype(np.int64)


def _costs(network: Network) -> Floats:
    links = network.fleet.legs.cost[network.rides + network.tails, network.heads]
    ways = (network.fleet.outward_cost, network.fleet.homeward_cost)
    return np.concatenate([network.fragments.values[:, COST], links, *ways])


def _add(programme: Programme, network: Network) -> None:
    own, rides = network.fragments, network.rides
    columns, links = network.base + np.arange(len(own)), network.link_base + np.arange(len(network.tails))
    starts, ends = network.start_base + np.arange(rides), network.end_base + np.arange(rides)
    boards = own.stops < rides
    programme.fill(own.stops[boards], np.repeat(columns, np.diff(own.begins))[boards], 1.0)
    enter = programme.add_rows(0.0, 0.0, rides)
    programme.fill(enter + network.first, columns, -1.0)
    programme.fill(enter + network.heads, links, 1.0)
    programme.fill(enter + np.arange(rides), starts, 1.0)
    leave = programme.add_rows(0.0, 0.0, rides)
    programme.fill(leave + network.last, columns, 1.0)
    programme.fill(leave + network.tails, links, -1.0)
    programme.fill(leave + np.arange(rides), ends, -1.0)
    programme.fill(programme.add_rows(0.0, float(len(network.fleet.vehicles)), 1), starts, 1.0)
