"""Chains of fragments: the routes that a choice of columns means, and what the clock says of them."""

from dataclasses import dataclass

import numpy as np

from dispatch.darp.fleets import SLACK
from dispatch.darp.fragment_network import Network
from dispatch.darp.fragments import LENGTH
from dispatch.darp.problem import Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Fragments one after the other; a cycle touches neither start nor end."""

    network: Network
    fragments: tuple[int, ...]
    is_cycle: bool = False

    def rides(self) -> set[int]:
        """Return the rides that its fragments serve."""
        stops = {stop for fragment in self.fragments for stop in self.network.fragments.of(fragment)}
        return {stop for stop in stops if stop < self.network.rides}

    def stops(self) -> list[int]:
        """Return its stops in order."""
        return [stop for fragment in self.fragments for stop in self.network.fragments.of(fragment)]


def chains(network: Network, chosen: Integers) -> list[Chain]:
    """Return the chains that the chosen columns form, routes first."""
    own = chosen[(chosen >= network.base) & (chosen < network.end_base)]
    picked = own[own < network.link_base] - network.base
    links = own[(own >= network.link_base) & (own < network.start_base)] - network.link_base
    starts = own[own >= network.start_base] - network.start_base
    at = {int(network.first[f]): int(f) for f in picked}
    following = {int(network.tails[k]): int(network.heads[k]) for k in links}
    found = [Chain(network=network, fragments=_followed(network, at, following, int(p))) for p in starts]
    while at:
        own_cycle = _followed(network, at, following, next(iter(at)))
        found.append(Chain(network=network, fragments=own_cycle, is_cycle=True))
    return [chain for chain in found if chain.fragments]


def _followed(network: Network, at: dict[int, int], following: dict[int, int], pickup: int) -> tuple[int, ...]:
    """Take fragments out of ``at``, from the one at ``pickup`` to the last that a link leads to."""
    order: list[int] = []
    here: int | None = pickup
    while here is not None and here in at:
        fragment = at.pop(here)
        order.append(fragment)
        here = following.get(int(network.last[fragment]))
    return tuple(order)


def blocked_parts(chain: Chain) -> list[tuple[int, ...]]:
    """Return the parts that no vehicle can drive in time although every shorter part of them can be."""
    found: list[tuple[int, int]] = []
    for begin in range(len(chain.fragments) - 1):
        end = _blocked_at(chain, begin)
        if end is not None:
            # A part that begins later and ends no later lies within the former one.
            found = [part for part in found if not (part[0] <= begin and end <= part[1])]
            found.append((begin, end))
    return [chain.fragments[begin : end + 1] for begin, end in found]


def _blocked_at(chain: Chain, begin: int) -> int | None:
    network, order = chain.network, chain.fragments
    ready = float(network.ready[order[begin]])
    for position in range(begin + 1, len(order)):
        before, fragment = order[position - 1], order[position]
        arrival = ready + network.link_time(int(network.last[before]), int(network.first[fragment]))
        if arrival > network.start_by[fragment] + SLACK:
            return position
        ready = max(float(network.ready[fragment]), arrival + float(network.run[fragment]))
    return None


def is_possible(chain: Chain) -> bool:
    """Whether a vehicle can drive the whole route: from its start to its end, within shift, duration and reach."""
    fleet, network = chain.network.fleet, chain.network
    ready, start_by, run, length, way = fleet.leave, np.inf, 0.0, 0.0, 0.0
    for position, fragment in enumerate(chain.fragments):
        pickup, dropoff = int(network.first[fragment]), int(network.last[fragment])
        way = float(fleet.outward[pickup])
        length += float(fleet.outward_length[pickup])
        if position > 0:
            before = int(network.last[chain.fragments[position - 1]])
            way = network.link_time(before, pickup)
            length += float(fleet.legs.length[network.rides + before, pickup]) - float(fleet.outward_length[pickup])
        arrival = ready + way
        if arrival > network.start_by[fragment] + SLACK:
            return False
        start_by = min(start_by, float(network.start_by[fragment]) - way - run)
        ready = max(float(network.ready[fragment]), arrival + float(network.run[fragment]))
        run += way + float(network.run[fragment])
        length += float(network.fragments.values[fragment, LENGTH])
        way, length_home = float(fleet.homeward[dropoff]), float(fleet.homeward_length[dropoff])
    start_by = min(start_by, fleet.back - way - run)
    shortest = max(run + way, ready + way - start_by)
    in_time = ready + way <= fleet.back + SLACK and shortest <= fleet.duration + SLACK
    return in_time and length + length_home <= fleet.reach + SLACK
