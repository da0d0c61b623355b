"""An independent check of solutions to files in Cordeau's format. Shares no code with parser, evaluator or search.

It reads the file's rows itself and decides whether a route can be timed by the shortest-path test for systems of
difference constraints (Bellman-Ford; Cormen et al., Introduction to Algorithms, ch. 24.4), which has nothing in common
with the forward passes of an evaluator. Every limit may be exceeded by ``TOLERANCE``, as file and routes are decimal
and sums of square roots are not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

TOLERANCE = 1e-6
"""In minutes."""


class Rule(StrEnum):
    """What a solution must keep."""

    NODE = "node"
    """Only pickups and deliveries of the file are visited."""
    ONCE = "once"
    """Every request is served once, or named as unserved."""
    VEHICLES = "vehicles"
    PAIRING = "pairing"
    """Pickup and delivery are in the same route."""
    PRECEDENCE = "precedence"
    LOAD = "load"
    WINDOW = "window"
    """No schedule begins every service in its window and is back in time."""
    RIDE_TIME = "ride_time"
    """Windows alone could be kept, but not with the longest ride."""
    DURATION = "duration"
    """All else could be kept, but not with the longest route."""
    COST = "cost"
    """The stated cost is not the length of the routes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that is broken."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found."""

    cost: float
    """Length of the routes, recomputed."""
    faults: tuple[Fault, ...]

    @property
    def is_valid(self) -> bool:
        """Whether no rule is broken."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Row:
    x_y: complex
    service: int | float
    load: int | float
    opens: int | float
    closes: int | float


@dataclass(frozen=True, slots=True)
class _Book:
    """The file as the check reads it."""

    vehicles: int
    route_limit: int | float
    room: int | float
    ride_limit: int | float
    requests: int
    rows: tuple[_Row, ...]
    """Index = node number; the last one is where routes end."""

    def apart(self, a: int, b: int) -> float:
        return abs(self.rows[a].x_y - self.rows[b].x_y)


def check(
    text: str, routes: Sequence[Sequence[int]], *, unserved: Sequence[int] = (), cost: float | None = None
) -> Verdict:
    """Return length and broken rules of routes in the file's node numbers, depots left out.

    ``unserved`` are request numbers (those of their pickups); a stated ``cost`` is compared to a thousandth.
    Raises ``ValueError`` for a file that is none: the parser tells what is wrong with it.
    """
    book = _read(text)
    faults = [*_unknown(book, routes)]
    if not faults:
        faults += [*_coverage(book, routes, unserved)]
        for number, route in enumerate(routes, start=1):
            faults += [Fault(fault.rule, f"route {number}: {fault.detail}") for fault in _route_faults(book, route)]
    length = 0.0 if faults and faults[0].rule is Rule.NODE else sum(_length(book, route) for route in routes)
    if cost is not None and abs(cost - length) > 1e-3:  # noqa: PLR2004 - results are published with two decimals
        faults.append(Fault(Rule.COST, f"stated {cost:.3f}, the routes are {length:.3f} long"))
    return Verdict(length, tuple(faults))


def _read(text: str) -> _Book:
    table = [[float(word) for word in line.split()] for line in text.split("\n") if line.strip()]
    if len(table) < 4:  # noqa: PLR2004 - header, depot, one request
        raise ValueError("a file has a header, a depot and at least one request")
    (m, _, route_limit, room, ride_limit), body = table[0], table[1:]
    requests = (len(body) - 1) // 2
    rows = [_Row(complex(x, y), service, load, opens, closes) for _, x, y, service, load, opens, closes in body]
    if len(rows) == 2 * requests + 1:
        rows.append(rows[0])
    return _Book(int(m), route_limit, room, ride_limit, requests, tuple(rows))


def _unknown(book: _Book, routes: Sequence[Sequence[int]]) -> Iterator[Fault]:
    for number, route in enumerate(routes, start=1):
        for node in route:
            if not 1 <= node <= 2 * book.requests:
                yield Fault(Rule.NODE, f"route {number} visits {node}, which is no pickup or delivery")


def _coverage(book: _Book, routes: Sequence[Sequence[int]], unserved: Sequence[int]) -> Iterator[Fault]:
    used = sum(1 for route in routes if route)
    if used > book.vehicles:
        yield Fault(Rule.VEHICLES, f"{used} routes for {book.vehicles} vehicles")
    visits = [node for route in routes for node in route]
    for request in range(1, book.requests + 1):
        counts = visits.count(request), visits.count(request + book.requests)
        wanted = 0 if request in unserved else 1
        if counts != (wanted, wanted):
            yield Fault(
                Rule.ONCE, f"request {request} is picked up {counts[0]} and delivered {counts[1]} times, not {wanted}"
            )


def _route_faults(book: _Book, route: Sequence[int]) -> Iterator[Fault]:
    n, places = book.requests, {node: k for k, node in enumerate(route)}
    for node in route:
        if node <= n and node + n not in places:
            yield Fault(Rule.PAIRING, f"delivers request {node} elsewhere")
        if node > n and node - n not in places:
            yield Fault(Rule.PAIRING, f"picks request {node - n} up elsewhere")
        if node <= n and places.get(node + n, len(route)) < places[node]:
            yield Fault(Rule.PRECEDENCE, f"delivers request {node} before its pickup")
    aboard: int | float = 0
    for node in route:
        aboard += book.rows[node].load
        if aboard > book.room:
            yield Fault(Rule.LOAD, f"{aboard:g} aboard after node {node}, room for {book.room:g}")
    if route:
        yield from _time_fault(book, route)


Inequality = tuple[int, int, float]
"""(i, j, w): the time at j is at most the time at i plus w."""


def _time_fault(book: _Book, route: Sequence[int]) -> Iterator[Fault]:
    """Yield the first rule whose inequalities, with those before, have no solution."""
    known = [*_windows_and_ways(book, route)]
    size = len(route) + 3
    for rule, more in (
        (Rule.WINDOW, []),
        (Rule.RIDE_TIME, [*_rides(book, route)]),
        (Rule.DURATION, [(1, len(route) + 2, book.route_limit)]),
    ):
        known += more
        if not _has_solution(known, size):
            yield Fault(rule, f"no schedule keeps it: {' '.join(map(str, route))}")
            return


def _windows_and_ways(book: _Book, route: Sequence[int]) -> Iterator[Inequality]:
    """Yield windows and driving; variable 0 is the origin of time, 1 the departure, the last one the return."""
    stops = [0, *route, len(book.rows) - 1]
    for variable, node in enumerate(stops, start=1):
        yield 0, variable, book.rows[node].closes
        yield variable, 0, -book.rows[node].opens
    for variable, (here, there) in enumerate(pairwise(stops), start=1):
        yield variable + 1, variable, -(book.rows[here].service + book.apart(here, there))


def _rides(book: _Book, route: Sequence[int]) -> Iterator[Inequality]:
    variable = {node: k for k, node in enumerate(route, start=2)}
    for node in route:
        if node + book.requests in variable and node <= book.requests:
            yield variable[node], variable[node + book.requests], book.rows[node].service + book.ride_limit


def _has_solution(inequalities: Sequence[Inequality], size: int) -> bool:
    """Bellman-Ford from all variables at once: a cycle of negative length is a contradiction."""
    times = [0.0] * size
    for _ in range(size):
        is_settled = True
        for i, j, weight in inequalities:
            bound = times[i] + weight + TOLERANCE
            # Smaller steps are rounding, which would creep on for ever.
            if bound < times[j] - TOLERANCE * 1e-3:
                times[j], is_settled = bound, False
        if is_settled:
            return True
    return False


def _length(book: _Book, route: Sequence[int]) -> float:
    return sum(book.apart(a, b) for a, b in pairwise([0, *route, len(book.rows) - 1])) if route else 0.0
