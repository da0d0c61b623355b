"""Cheapest insertion: the best place for a pickup and a drop-off in every route, or what stands against it."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatch.feasibility import latest_begins_ms, schedule
from dispatch.route import Constraint, Drive, Schedule, Violation, Visit
from dispatch.tours import Route


@dataclass(frozen=True, slots=True)
class Slack:
    """What an existing route leaves free, computed once for all requests: bounds for quick rejection."""

    route: Route
    base: Schedule
    latest_ms: tuple[int, ...]
    """Upper bound of each begin; one more entry for the return to the depot."""
    seats: tuple[int, ...]
    """Seats taken before each position; one more than visits."""
    wheelchairs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Insertion:
    """A feasible place in a route."""

    route: Route
    pickup: int
    """Position of the pickup among the visits."""
    dropoff: int
    """Position of the drop-off after the pickup was put in."""
    visits: tuple[Visit, ...]
    schedule: Schedule
    extra_ms: int
    """Added driving and waiting."""


def slack_of(route: Route, drive: Drive) -> Slack | Violation:
    """Return the free room of a route, or the violation when the route as it stands is not feasible."""
    base = schedule(route.duty, route.visits, drive)
    if isinstance(base, Violation):
        return base
    seats, wheelchairs = [route.duty.aboard.seats], [route.duty.aboard.wheelchairs]
    for visit in route.visits:
        seats.append(seats[-1] + visit.seats)
        wheelchairs.append(wheelchairs[-1] + visit.wheelchairs)
    latest_ms = (*latest_begins_ms(route.duty, route.visits, drive), route.duty.back_ms)
    return Slack(route, base, latest_ms, tuple(seats), tuple(wheelchairs))


def best_insertion(slack: Slack, pickup: Visit, dropoff: Visit, drive: Drive) -> Insertion | Violation:
    """Return the cheapest feasible insertion into one route, or the violation that was nearest to feasible.

    The quick bounds are exact where driving times obey the triangle inequality, as shortest paths do.
    """
    best: Insertion | None = None
    nearest: Violation | None = None
    for found in _candidates(slack, pickup, dropoff, drive):
        if isinstance(found, Violation):
            nearest = nearer(nearest, found)
        elif best is None or found.extra_ms < best.extra_ms:
            best = found
    if best is not None:
        return best
    assert nearest is not None  # noqa: S101 - every position gives one or the other
    return nearest


def nearer(a: Violation | None, b: Violation) -> Violation:
    """Return the violation that is less far from feasible: full vehicles in time, then seconds late."""
    if a is None:
        return b
    return b if _distance(b) < _distance(a) else a


def _distance(violation: Violation) -> tuple[int, int]:
    is_load = violation.constraint in (Constraint.SEATS, Constraint.WHEELCHAIRS)
    return (0 if is_load else 1, violation.excess_ms)


def _candidates(slack: Slack, pickup: Visit, dropoff: Visit, drive: Drive) -> Iterator[Insertion | Violation]:
    visits, duty = slack.route.visits, slack.route.duty
    # Before a visit that must begin earlier than the pickup may, nothing can be put; the bounds rise along the route.
    first = bisect_left(slack.latest_ms, pickup.earliest_ms, slack.route.frozen, len(visits))
    for i in range(first, len(visits) + 1):
        before = visits[i - 1] if i else None
        place = before.stop_id if before else duty.start
        ready_ms = slack.base.earliest_ms[i - 1] + before.service_ms if before else duty.leave_ms
        begin_ms = max(ready_ms + drive(place, pickup.stop_id), pickup.earliest_ms)
        if begin_ms > pickup.latest_ms:
            yield Violation(Constraint.WINDOW, i, begin_ms - pickup.latest_ms)
            return  # later positions are reached later still
        if not duty.holds(slack.seats[i] + pickup.seats, slack.wheelchairs[i] + pickup.wheelchairs):
            yield _full(slack, i, pickup)
            continue
        yield from _dropoffs(slack, i, begin_ms, (pickup, dropoff), drive)


def _dropoffs(
    slack: Slack, i: int, pickup_ms: int, ends: tuple[Visit, Visit], drive: Drive
) -> Iterator[Insertion | Violation]:
    """Yield what comes of every drop-off position after a pickup at ``i``."""
    (pickup, dropoff), visits, duty = ends, slack.route.visits, slack.route.duty
    place, ready_ms = pickup.stop_id, pickup_ms + pickup.service_ms
    for j in range(i, len(visits) + 1):
        begin_ms = max(ready_ms + drive(place, dropoff.stop_id), dropoff.earliest_ms)
        if begin_ms > dropoff.latest_ms:
            yield Violation(Constraint.WINDOW, j + 1, begin_ms - dropoff.latest_ms)
            return
        following = visits[j].stop_id if j < len(visits) else duty.depot
        over_ms = begin_ms + dropoff.service_ms + drive(dropoff.stop_id, following) - slack.latest_ms[j]
        if over_ms > 0:
            yield Violation(Constraint.WINDOW if j < len(visits) else Constraint.SHIFT_END, j + 2, over_ms)
        else:
            yield _checked(slack, (i, j), (pickup, dropoff), drive)
        if j == len(visits):
            return
        passing = visits[j]
        ready_ms = max(ready_ms + drive(place, passing.stop_id), passing.earliest_ms)
        if ready_ms > slack.latest_ms[j]:
            yield Violation(Constraint.WINDOW, j + 1, ready_ms - slack.latest_ms[j])
            return
        if not duty.holds(slack.seats[j + 1] + pickup.seats, slack.wheelchairs[j + 1] + pickup.wheelchairs):
            yield _full(slack, j + 1, pickup)
            return
        place, ready_ms = passing.stop_id, ready_ms + passing.service_ms


def _checked(
    slack: Slack, positions: tuple[int, int], ends: tuple[Visit, Visit], drive: Drive
) -> Insertion | Violation:
    (i, j), (pickup, dropoff), visits = positions, ends, slack.route.visits
    whole = (*visits[:i], pickup, *visits[i:j], dropoff, *visits[j:])
    times = schedule(slack.route.duty, whole, drive)
    if isinstance(times, Violation):
        return times
    return Insertion(slack.route, i, j + 1, whole, times, times.cost_ms - slack.base.cost_ms)


def _full(slack: Slack, position: int, pickup: Visit) -> Violation:
    is_place = slack.wheelchairs[position] + pickup.wheelchairs > slack.route.duty.wheelchair_places
    return Violation(Constraint.WHEELCHAIRS if is_place else Constraint.SEATS, position, 0)


def cheapest(slacks: Sequence[Slack], pickup: Visit, dropoff: Visit, drive: Drive) -> Insertion | Violation | None:
    """Return the best insertion over all routes, the nearest violation, or ``None`` when there is no route."""
    best: Insertion | None = None
    nearest: Violation | None = None
    for slack in slacks:
        found = best_insertion(slack, pickup, dropoff, drive)
        if isinstance(found, Violation):
            nearest = nearer(nearest, found)
        elif best is None or found.extra_ms < best.extra_ms:
            best = found
    return best or nearest
