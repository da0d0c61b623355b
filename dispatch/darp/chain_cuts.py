"""Inequalities that the network of fragments forgets: fragments that do not fit one behind the other in time.

All are of one form. Whoever drives one of the fragments A and goes on along a chain of links ends up late; so whenever
a fragment of A is driven, the chain is left somewhere before it is too late: the sum of A is at most the sum of all
ways out. Each route satisfies this, so every mixture of routes does: the inequality holds for the linear programme too.
(Infeasible path inequalities of Rist & Forbes 2021, doi:10.1287/trsc.2021.1051, lifted to sets of fragments.)
"""

from collections.abc import Sequence

import numpy as np

from dispatch.darp.chains import Chain, blocked_parts, is_possible
from dispatch.darp.fleets import SLACK
from dispatch.darp.fragment_network import Network
from dispatch.darp.fragments import LENGTH
from dispatch.darp.linear import Programme
from dispatch.darp.problem import Floats, Integers

_USED = 1e-6
_VIOLATED = 1e-3
"""Smaller violations are left alone: they move the bound by less than the search that follows costs."""


def add_pair_cuts(programme: Programme, network: Network, values: Floats) -> int:
    """Add what the linear programme's solution violates between two fragments; returns how many rows.

    For a link and a moment: fragments that arrive later must go on to fragments that may begin later, or elsewhere.
    """
    used = np.nonzero(values[network.link_base : network.start_base] > _USED)[0]
    added = 0
    for link in used.tolist():
        tail, head = int(network.tails[link]), int(network.heads[link])
        before, behind = np.nonzero(network.last == tail)[0], np.nonzero(network.first == head)[0]
        arrival, start_by = network.ready[before] + network.link_time(tail, head), network.start_by[behind]
        weight, weight_behind = values[network.base + before], values[network.base + behind]
        elsewhere = _ways_out(network, tail, head)
        moments = np.unique(start_by[weight_behind > _USED])
        late = (arrival[None, :] > moments[:, None] + SLACK) @ weight
        later = (start_by[None, :] > moments[:, None]) @ weight_behind
        violated = late - later - values[elsewhere].sum()
        if not len(moments) or violated.max() < _VIOLATED:
            continue
        moment = moments[int(violated.argmax())]
        more = network.base + before[arrival > moment + SLACK]
        less = np.concatenate([elsewhere, network.base + behind[start_by > moment]])
        programme.add_at_most(more, np.setdiff1d(less, more))
        added += 1
    return added


def add_chain_cuts(programme: Programme, networks: Sequence[Network], chain: Chain) -> int:
    """Forbid a chain that can not be driven; returns how many rows that took, 0 when it can."""
    if chain.is_cycle:
        _add_entry(programme, networks, chain.rides())
        return 1
    parts = blocked_parts(chain)
    for part in parts:
        _add_part(programme, chain.network, part)
    if parts or is_possible(chain):
        return len(parts)
    _add_route(programme, chain)
    return 1


def _add_part(programme: Programme, network: Network, part: tuple[int, ...]) -> None:
    """Backwards from the fragment that is reached too late: how late is too late at each stop before it."""
    less: list[Integers] = []
    # Arrivals after this moment at the first stop of the fragment in hand are too late.
    late = float(network.start_by[part[-1]]) + SLACK
    head = int(network.first[part[-1]])
    less.append(np.nonzero((network.first == head) & (network.start_by + SLACK > late))[0] + network.base)
    for fragment in reversed(part[1:-1]):
        tail, pickup = int(network.last[fragment]), int(network.first[fragment])
        less.append(_ways_out(network, tail, head))
        ready_late = late - network.link_time(tail, head)
        late = min(float(network.start_by[fragment]) + SLACK, ready_late - float(network.run[fragment]))
        is_late = (network.last == tail) & ((network.ready > ready_late) | (late + network.run >= ready_late))
        is_late[fragment] = True  # whatever rounding says: this is the chain that is forbidden
        is_blocked = network.start_by + SLACK <= late
        less.append(np.nonzero((network.first == pickup) & ~is_late & ~is_blocked)[0] + network.base)
        head = pickup
    tail = int(network.last[part[0]])
    less.append(_ways_out(network, tail, head))
    is_late = (network.last == tail) & (network.ready > late - network.link_time(tail, head))
    is_late[part[0]] = True
    more = np.nonzero(is_late)[0] + network.base
    programme.add_at_most(more, np.setdiff1d(np.concatenate(less), more))


def _add_route(programme: Programme, chain: Chain) -> None:
    """Forbid a whole route, also with fragments in place of its own that are no better in any number."""
    network, less = chain.network, []
    order = chain.fragments
    for position, fragment in enumerate(order):
        pickup, tail = int(network.first[fragment]), int(network.last[fragment])
        head = int(network.first[order[position + 1]]) if position + 1 < len(order) else None
        is_no_better = (network.last == tail) & (network.ready >= network.ready[fragment])
        is_no_better &= (network.start_by <= network.start_by[fragment]) & (network.run >= network.run[fragment])
        is_no_better &= network.fragments.values[:, LENGTH] >= network.fragments.values[fragment, LENGTH]
        less.append(np.nonzero((network.first == pickup) & ~is_no_better)[0] + network.base)
        less.append(_ways_out(network, tail, head))
    more = np.array([network.start_base + int(network.first[order[0]])])
    programme.add_at_most(more, np.unique(np.concatenate(less)))


def _add_entry(programme: Programme, networks: Sequence[Network], rides: set[int]) -> None:
    """Whoever serves one of these rides comes to the first of them from somewhere else."""
    row = programme.add_rows(1.0, np.inf, 1)
    inside = np.array(sorted(rides))
    for network in networks:
        own = network.fragments
        enters = ~np.isin(network.tails, inside) & np.isin(network.heads, inside)
        owner = np.repeat(np.arange(len(own)), np.diff(own.begins))
        touching = np.unique(owner[np.isin(own.stops, inside)])
        from_outside = touching[~np.isin(network.first[touching], inside)]
        programme.fill(row, network.link_base + np.nonzero(enters)[0], 1.0)
        programme.fill(row, network.base + from_outside, 1.0)
        programme.fill(row, network.start_base + inside, 1.0)


def _ways_out(network: Network, tail: int, head: int | None) -> Integers:
    """Return the columns that leave a ride's drop-off other than towards ``head`` (``None``: other than home)."""
    links = np.nonzero((network.tails == tail) & (network.heads != (-1 if head is None else head)))[0]
    home = [] if head is None else [network.end_base + tail]
    return np.concatenate([network.link_base + links, np.array(home, dtype=np.int64)])
