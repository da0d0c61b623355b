"""Who gets on and off a line vehicle at a stop, and how long that takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.core.vehicle import VehicleSpec
from sim.scenario import Dwell


@dataclass(frozen=True, slots=True)
class Passenger:
    """A rider of a line: to which call of the trip, and whether in a wheelchair."""

    alights_at: int
    in_wheelchair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What happened at a stop."""

    aboard: tuple[Passenger, ...]
    """After it."""
    boarded: int
    alighted: int
    ramps: int
    """How often the ramp went out and in."""
    left_behind: tuple[Passenger, ...]
    """Who found no place."""


def exchange(
    aboard: Sequence[Passenger], waiting: Sequence[Passenger], *, call_index: int, spec: VehicleSpec
) -> Exchange:
    """Let people off at a call, then let the waiting on in their order as far as seats and places reach."""
    staying = [rider for rider in aboard if rider.alights_at > call_index]
    leaving = [rider for rider in aboard if rider.alights_at <= call_index]
    boarding: list[Passenger] = []
    left_behind: list[Passenger] = []
    for rider in waiting:
        fits = has_room([*staying, *boarding, rider], spec)
        (boarding if fits else left_behind).append(rider)
    return Exchange(
        aboard=(*staying, *boarding),
        boarded=len(boarding),
        alighted=len(leaving),
        ramps=sum(rider.in_wheelchair for rider in (*leaving, *boarding)),
        left_behind=tuple(left_behind),
    )


def has_room(riders: Sequence[Passenger], spec: VehicleSpec) -> bool:
    """Return whether a vehicle can carry ``riders``: wheelchair places, and seats less those folded for them."""
    wheelchairs = sum(rider.in_wheelchair for rider in riders)
    seats = spec.seats - wheelchairs * spec.seats_lost_per_wheelchair
    return wheelchairs <= spec.wheelchair_places and len(riders) - wheelchairs <= seats


def dwell_s(happened: Exchange, dwell: Dwell, *, deviation: float) -> float:
    """Return how long the doors are open; ``deviation`` is a draw from the standard normal distribution."""
    people = happened.boarded + happened.alighted - happened.ramps
    mean_s = dwell.doors_s + people * dwell.per_person_s + happened.ramps * dwell.ramp_s
    return max(mean_s + deviation * dwell.deviation_s, dwell.doors_s * 0.7)
