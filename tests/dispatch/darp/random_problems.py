"""Random problems with whole times and everything a problem can hold, and routes near the edge of feasibility."""

import random
from itertools import pairwise
from typing import Any

import numpy as np

from dispatch.darp.problem import ANYWHERE, NONE, Problem

HORIZON = 400


def random_problem(rng: random.Random) -> tuple[Problem, list[int]]:
    """A day of one or two vehicles whose limits lie around what one random order of the stops needs, and that order."""
    rides, places, dimensions = rng.randint(2, 6), rng.randint(2, 8), rng.choice([1, 2, 3, 4, 4])
    time = _matrix(rng, places)
    length = time if rng.random() < 0.5 else _matrix(rng, places)
    world = _stops(rng, rides, places, dimensions)
    order = _order(rng, world)
    vehicles = rng.randint(1, 2)
    start = [rng.randrange(places) for _ in range(vehicles)]
    end = [rng.randrange(places) for _ in range(vehicles)]
    begins, back = _as_it_comes(rng, world, order, (time, start[0], end[0]))
    looseness = rng.choice([0, 3, 10, 40, 60])
    earliest, latest = _windows(rng, world, begins, looseness)
    driven = _length(length, [start[0], *_places(world, order, start[0]), end[0]])
    problem = Problem(
        time=time,
        cost=time,
        length=length,
        place=world["place"],
        earliest=earliest,
        latest=latest,
        service=world["service"],
        load=np.stack([world["load"]] * 2),
        people=world["people"],
        pickup=world["pickup"],
        dropoff=world["dropoff"],
        longest=_longest(rng, world, begins),
        # Who is aboard is in the first vehicle.
        allowed=np.array(
            [[v == 0 or (stop != NONE and rng.random() < 0.8) for v in range(vehicles)] for stop in world["pickup"]]
        ),
        penalty=np.full(len(world["pickup"]), 1e6),
        start=np.array(start),
        end=np.array(end),
        leave=np.array([float(rng.randint(0, 4)) for _ in range(vehicles)]),
        back=np.array([back + rng.choice([-2, 5, 20, HORIZON]) for _ in range(vehicles)], dtype=np.float64),
        duration=np.array(
            [rng.choice([np.inf, max(0.0, back + rng.randint(-40, 5))]) for _ in range(vehicles)], dtype=np.float64
        ),
        reach=np.array(
            [rng.choice([np.inf, np.inf, max(0.0, driven - 1), driven, driven + 5]) for _ in range(vehicles)]
        ),
        kind=np.array([rng.randrange(2) for _ in range(vehicles)]),
        capacity=np.array([_room(rng, world, order) for _ in range(vehicles)], dtype=np.int64),
        aboard=np.stack([world["aboard"]] + [np.zeros(dimensions, dtype=np.int64)] * (vehicles - 1)),
        aboard_people=np.array([world["aboard_people"]] + [0.0] * (vehicles - 1)),
        head=(tuple(order[: rng.choice([0, 0, 0, 1, 2])]),) + ((),) * (vehicles - 1),
    )
    return problem, order


def random_route(problem: Problem, order: list[int], rng: random.Random) -> tuple[int, list[int]]:
    """A vehicle and some rides in an order near the given one; now and then one that is no route at all."""
    vehicle = rng.randrange(problem.vehicles)
    frozen = set(problem.head[vehicle])
    ends_of = list(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True))
    chosen = [
        ride
        for ride, both in enumerate(ends_of)
        if rng.random() < (0.98 if frozen & set(both) else 0.85 if problem.allowed[ride, vehicle] else 0.02)
    ]
    stops = [stop for stop in order if any(stop in ends_of[ride] for ride in chosen)]
    for _ in range(rng.choice([0, 0, 0, 1, 1, 4])):
        if len(stops) > 1:
            k = rng.randrange(len(stops) - 1)
            if rng.random() < 0.05 or (stops[k] not in frozen and set(stops[k : k + 2]) not in map(set, ends_of)):
                stops[k], stops[k + 1] = stops[k + 1], stops[k]
    if stops and rng.random() < 0.02:
        stops.pop(rng.randrange(len(stops)))
    if stops and rng.random() < 0.02:
        stops.append(rng.choice(stops))
    return vehicle, stops


def is_whole(problem: Problem, vehicle: int, stops: list[int]) -> bool:
    """The frozen head first and no other vehicle's, no stop twice, and every ride whole, in order and allowed."""
    head = list(problem.head[vehicle])
    elsewhere = {stop for k, other in enumerate(problem.head) if k != vehicle for stop in other}
    if stops[: len(head)] != head or len(set(stops)) != len(stops) or elsewhere & set(stops):
        return False
    for ride, ends in enumerate(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)):
        there = [stop for stop in ends if stop in stops]
        wanted = [stop for stop in ends if stop != NONE]
        if there and (not problem.allowed[ride, vehicle] or there != wanted):
            return False
        if len(there) == 2 and stops.index(there[0]) > stops.index(there[1]):
            return False
    return True


def _matrix(rng: random.Random, places: int) -> Any:
    """Driving times; every other matrix breaks the triangle inequality."""
    if rng.random() < 0.5:
        points = [(rng.randint(0, 12), rng.randint(0, 12)) for _ in range(places)]
        matrix = [[abs(a[0] - b[0]) + abs(a[1] - b[1]) for b in points] for a in points]
    else:
        matrix = [[0 if a == b else rng.randint(0, 20) for b in range(places)] for a in range(places)]
    return np.array(matrix, dtype=np.float64)


def _stops(rng: random.Random, rides: int, places: int, dimensions: int) -> dict[str, Any]:
    """Rides, now and then a rider aboard and a break; people sit in the first two dimensions."""
    pickup, dropoff, place, load, service, people = [], [], [], [], [], []
    aboard, aboard_people = np.zeros(dimensions, dtype=np.int64), 0.0

    def stop(where: int, boards: Any, takes: int) -> int:
        place.append(where)
        load.append(boards)
        service.append(float(takes))
        people.append(float(boards[:2].sum()))
        return len(place) - 1

    for _ in range(rides):
        boards = np.array([rng.choice([1, 1, 2])] + [rng.choice([0, 0, 1]) for _ in range(dimensions - 1)])
        pickup.append(stop(rng.randrange(places), boards, rng.randint(0, 3)))
        dropoff.append(stop(rng.randrange(places), -boards, rng.randint(0, 3)))
    if rng.random() < 0.3:
        boards = np.array([1] + [rng.choice([0, 1]) for _ in range(dimensions - 1)])
        aboard, aboard_people = aboard + boards, float(boards[:2].sum())
        pickup.append(NONE)
        dropoff.append(stop(rng.randrange(places), -boards, 1))
    if rng.random() < 0.3:
        pickup.append(stop(ANYWHERE, np.zeros(dimensions, dtype=np.int64), rng.randint(1, 15)))
        dropoff.append(NONE)
    return {
        "pickup": np.array(pickup),
        "dropoff": np.array(dropoff),
        "place": np.array(place),
        "load": np.array(load),
        "service": np.array(service),
        "people": np.array(people),
        "aboard": aboard,
        "aboard_people": aboard_people,
    }


def _order(rng: random.Random, world: dict[str, Any]) -> list[int]:
    """A random order in which everybody boards before leaving; riders aboard leave early, breaks find nobody aboard."""
    order: list[int] = []
    waiting = [k for k, stop in enumerate(world["dropoff"]) if stop != NONE]
    riding = [k for k in waiting if world["pickup"][k] == NONE]
    waiting = [k for k in waiting if k not in riding]
    rng.shuffle(waiting)
    breaks = [int(p) for p, d in zip(world["pickup"], world["dropoff"], strict=True) if d == NONE]
    while waiting or riding or breaks:
        if breaks and not riding and (not waiting or rng.random() < 0.3):
            order.append(breaks.pop())
        elif riding and (not waiting or rng.random() < 0.5):
            order.append(int(world["dropoff"][riding.pop(rng.randrange(len(riding)))]))
        elif waiting:
            riding.append(waiting.pop())
            order.append(int(world["pickup"][riding[-1]]))
    return order


def _places(world: dict[str, Any], order: list[int], start: int) -> list[int]:
    found, here = [], start
    for stop in order:
        here = here if world["place"][stop] == ANYWHERE else int(world["place"][stop])
        found.append(here)
    return found


def _as_it_comes(
    rng: random.Random, world: dict[str, Any], order: list[int], ways: tuple[Any, int, int]
) -> tuple[dict[int, float], float]:
    time, start, end = ways
    clock, here, begins = float(rng.randint(0, 10)), start, {}
    for stop, there in zip(order, _places(world, order, start), strict=True):
        clock += time[here, there] + rng.choice([0, 0, 0, 5])
        begins[stop], here = clock, there
        clock += world["service"][stop]
    return begins, clock + float(time[here, end])


def _windows(rng: random.Random, world: dict[str, Any], begins: dict[int, float], looseness: int) -> tuple[Any, Any]:
    earliest, latest = np.zeros(len(world["place"])), np.zeros(len(world["place"]))
    for stop, begin in begins.items():
        opens = begin - rng.randint(0, looseness)
        earliest[stop], latest[stop] = max(0.0, opens), begin + rng.choice([0, looseness, 2 * looseness])
        if rng.random() < 0.2:
            earliest[stop], latest[stop] = 0.0, float(HORIZON)
    return earliest, latest


def _longest(rng: random.Random, world: dict[str, Any], begins: dict[int, float]) -> Any:
    limits = []
    for pickup, dropoff in zip(world["pickup"].tolist(), world["dropoff"].tolist(), strict=True):
        if NONE in (pickup, dropoff):
            limits.append(float(HORIZON))
        else:
            ride = begins[dropoff] - begins[pickup] - world["service"][pickup]
            limits.append(max(0.0, ride + rng.choice([-2, 0, 5, 10, 30])))
    return np.array(limits)


def _length(length: Any, places: list[int]) -> float:
    return float(sum(length[a, b] for a, b in pairwise(places)))


def _room(rng: random.Random, world: dict[str, Any], order: list[int]) -> list[int]:
    """Room for the fullest moment of the order, now and then one less; never less than what is aboard at first."""
    filled = world["aboard"] + np.cumsum(world["load"][order], axis=0)
    most = np.maximum(filled.max(axis=0), world["aboard"])
    return [max(int(a), int(m) - (rng.random() < 0.06)) for m, a in zip(most, world["aboard"], strict=True)]
