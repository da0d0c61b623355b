"""Cheapest insertion: the best place for a pickup and a drop-off in every route, or what stands against it."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dispatch.feasibility import latest_begins_ms, schedule
from dispatch.route import Constraint, Drive, Metres, Schedule, Violation, Visit, nearer, places
from dispatch.tours import Route
from mobility.core.booking import Load
from mobility.core.ids import StopId


@dataclass(frozen=True, slots=True)
class Slack:
    """What an existing route leaves free, computed once for all requests: bounds for quick rejection."""

    route: Route
    base: Schedule
    latest_ms: tuple[int, ...]
    """Upper bound of each begin; one more entry for the return to the depot."""
    loads: tuple[Load, ...]
    """What is aboard before each position; one more than visits."""
    places: tuple[StopId, ...]
    """Where the vehicle stands before each position: at its start, then at each visit; one more than visits."""
    metres: Metres | None = None
    """Distances, where the vehicle's reach is to be looked at."""


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


def slack_of(route: Route, drive: Drive, metres: Metres | None = None) -> Slack | Violation:
    """Return the free room of a route, or the violation when the route as it stands is not feasible."""
    duty, visits = route.duty, route.visits
    base = schedule(duty, visits, drive, metres)
    if isinstance(base, Violation):
        return base
    loads = tuple(accumulate((visit.load for visit in visits), initial=duty.aboard))
    latest_ms = (*latest_begins_ms(duty, visits, drive), duty.back_ms)
    return Slack(route, base, latest_ms, loads, (duty.start, *places(duty, visits)), metres)


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


def _candidates(slack: Slack, pickup: Visit, dropoff: Visit, drive: Drive) -> Iterator[Insertion | Violation]:
    visits, duty = slack.route.visits, slack.route.duty
    # Before a visit that must begin earlier than the pickup may, nothing can be put; the bounds rise along the route.
    first = bisect_left(slack.latest_ms, pickup.earliest_ms, slack.route.frozen, len(visits))
    for i in range(first, len(visits) + 1):
        ready_ms = slack.base.earliest_ms[i - 1] + visits[i - 1].service_ms if i else duty.leave_ms
        begin_ms = max(ready_ms + drive(slack.places[i], pickup.stop_id), pickup.earliest_ms)
        if begin_ms > pickup.latest_ms:
            yield Violation(Constraint.WINDOW, i, begin_ms - pickup.latest_ms)
            return  # later positions are reached later still
        lacking = duty.overfull(slack.loads[i] + pickup.load)
        if lacking is not None:
            yield Violation(lacking, i, 0)
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
        over_ms = begin_ms + dropoff.service_ms + _leg_ms(slack, j, dropoff.stop_id, drive) - slack.latest_ms[j]
        if over_ms > 0:
            yield Violation(Constraint.WINDOW if j < len(visits) else Constraint.SHIFT_END, j + 2, over_ms)
        else:
            yield _checked(slack, (i, j), (pickup, dropoff), drive)
        if j == len(visits):
            return
        passing = visits[j]
        if passing.is_break:
            yield Violation(Constraint.BREAK, j + 1, 0)
            return  # the new rider would be aboard
        ready_ms = max(ready_ms + drive(place, passing.stop_id), passing.earliest_ms)
        if ready_ms > slack.latest_ms[j]:
            yield Violation(Constraint.WINDOW, j + 1, ready_ms - slack.latest_ms[j])
            return
        lacking = duty.overfull(slack.loads[j + 1] + pickup.load)
        if lacking is not None:
            yield Violation(lacking, j + 1, 0)
            return
        place, ready_ms = passing.stop_id, ready_ms + passing.service_ms


def _checked(
    slack: Slack, positions: tuple[int, int], ends: tuple[Visit, Visit], drive: Drive
) -> Insertion | Violation:
    (i, j), (pickup, dropoff), visits = positions, ends, slack.route.visits
    whole = (*visits[:i], pickup, *visits[i:j], dropoff, *visits[j:])
    times = schedule(slack.route.duty, whole, drive, slack.metres)
    if isinstance(times, Violation):
        return times
    return Insertion(slack.route, i, j + 1, whole, times, times.cost_ms - slack.base.cost_ms)


def _leg_ms(slack: Slack, position: int, place: StopId, drive: Drive) -> int:
    """Return the drive from a stop put in before a position; none to a break, which is had on the spot."""
    visits = slack.route.visits
    if position == len(visits):
        return drive(place, slack.route.duty.depot)
    return 0 if visits[position].is_break else drive(place, visits[position].stop_id)


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
