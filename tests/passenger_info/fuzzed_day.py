"""Days on which anything may happen: silent, lost and swapped vehicles, and every decision a dispatcher can take."""

import random
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge
from typing import Any

from gtfs.timetable import Timetable
from mobility.core.alert import AlertEffect
from mobility.core.clock import Instant, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, PublicCall, PublicTourPublished
from mobility.core.geo import LatLon
from mobility.core.ids import ConnectionId, RouteId, ServiceAreaId, StopId, TourId, VehicleId
from mobility.core.line_change import LineChangeKind
from mobility.core.line_events import AlertWithdrawn, LineChangeEnded, TripReinstated
from mobility.core.vehicle import Doors, TripRef, VehicleState
from passenger_info.runs import Runs
from tests.passenger_info.day import BACK, DAY, OUT, Drive, at, feed_files
from tests.passenger_info.decided import alert, assign, change, detour, extra, tell
from tests.passenger_info.world import World

SCHOOL = LatLon(50.6868, 10.9375)
AREA = "bus"
TRIPS = {
    f"{'DB'[k % 2]}{k}": (8 * 3600 + 900 * k, OUT if k % 2 == 0 else BACK, f"b{k // 2 % 2 + 1}") for k in range(8)
} | {"LATE": (21 * 3600, OUT, "b9"), "NIGHT": (23 * 3600, OUT, "b9"), "DAWN": (4 * 3600, OUT, "b9")}
DAYTIME = [trip_id for trip_id in TRIPS if trip_id[0] in "DB" and trip_id != "DAWN"]
VEHICLES = ("shuttle-1", "shuttle-2")


def files() -> dict[str, str]:
    """The feed of such days: two blocks of one line, a stop that only detours serve, an on-demand route."""
    made = feed_files(TRIPS)
    made["stops.txt"] += f"school,School,{SCHOOL.lat_deg},{SCHOOL.lon_deg}\n"
    made["routes.txt"] += f"{AREA},IOV,Bus,Bürgerbus,3\n"
    return made


def play(timetable: Timetable, seed: int, *, record_s: float = 15.0, **how: Any) -> Iterator[World]:
    """Play two hours; yields the world after every decision and at the end."""
    rng = random.Random(seed)
    world = World(timetable, at("07:50"), record_s=record_s, **how)
    decisions = sorted(at("07:50") + rng.randrange(120 * 60_000) for _ in range(24))
    vehicles = [_faulty(states, rng) for states in _drives(timetable, rng)]
    played = merge(*vehicles, key=lambda seen: seen.received_at)
    for seen in played:
        while decisions and decisions[0] <= seen.received_at:
            world.pass_to(Instant(decisions.pop(0)))
            _decide(world, rng)
            yield world
        world.pass_to(seen.received_at)
        world.info.observe(seen)
    world.pass_to(shifted(world.clock.moment, 400))
    yield world


def _drives(timetable: Timetable, rng: random.Random) -> Iterator[list[VehicleState]]:
    """Yield what each vehicle reports: its block's trips, now and then one of the other's."""
    runs = Runs(timetable)
    for number, vehicle_id in enumerate(VEHICLES):
        states: list[VehicleState] = []
        for trip_id in DAYTIME:
            is_own = TRIPS[trip_id][2] == f"b{number + 1}"
            if is_own == (rng.random() < 0.15):
                continue
            run = runs.get(TripRef(trip_id, DAY))
            assert run is not None
            drive = Drive(
                run,
                timetable,
                vehicle_id=VehicleId(vehicle_id),
                start_late_s=rng.choice((0, 0, 30, 200, 500)),
                drive_s=tuple(rng.uniform(90, 200) for _ in range(run.last)),
                noise_m=rng.choice((0, 5)),
                seed=seed_of(rng),
                wait_before_s=rng.choice((20, 120)),
                has_log_on=rng.random() < 0.9,
                every_s=rng.choice((1, 1, 5)),
            )
            after = states[-1].as_of if states else Instant(0)
            states.extend(seen for seen in drive.states(len(states)) if seen.as_of > after)
        yield states


def seed_of(rng: random.Random) -> int:
    """A seed for something else."""
    return rng.randrange(10**6)


def _faulty(states: list[VehicleState], rng: random.Random) -> Iterator[VehicleState]:
    """Yield the states with radio gaps, jumps beside the line, late delivery, and load."""
    gap_until, jump_until = Instant(0), Instant(0)
    for seen in states:
        if rng.random() < 0.004:
            gap_until = shifted(seen.as_of, rng.choice((8, 20, 60, 150, 300)))
        if rng.random() < 0.002:
            jump_until = shifted(seen.as_of, rng.choice((5, 40)))
        if seen.as_of < gap_until:
            continue
        sample = replace(seen.sample, passengers=rng.randrange(8), wheelchairs=rng.choice((0, 0, 1)))
        if seen.as_of < jump_until:
            place = sample.place
            sample = replace(sample, place=LatLon(place.lat_deg + rng.choice((0.0012, 0.0025)), place.lon_deg))
        if rng.random() < 0.01:
            sample = replace(sample, doors=Doors.UNKNOWN, speed_mps=None)
        yield replace(seen, sample=sample)


def _decide(world: World, rng: random.Random) -> None:
    """Decide one thing at random; what there is nothing to decide about is left."""
    trip = rng.choice(DAYTIME)
    rng.choice(_DECISIONS)(world, rng, trip)


def _cancel(world: World, rng: random.Random, trip: str) -> None:
    world.cancel(TripRef(trip, DAY), rng.choice(("", "Personal fehlt")))


def _reinstate(world: World, rng: random.Random, trip: str) -> None:
    cancelled = list(world.info._facts.cancelled)
    tell(world, *[TripReinstated(trip=ref, reason=trip) for ref in rng.sample(cancelled, min(1, len(cancelled)))])


def _detour(world: World, rng: random.Random, trip: str) -> None:
    ends = ("market", "campus") if trip[0] == "D" else ("campus", "market")
    detour(world, trip, ends=ends, via=rng.choice(((), (("school", 100.0),))), path=rng.choice(((), (SCHOOL,))))


def _close(world: World, rng: random.Random, trip: str) -> None:
    change(world, LineChangeKind.STOPS_CLOSED, trip, stops=(StopId(rng.choice(OUT)),))


def _remove_or_hide(world: World, rng: random.Random, trip: str) -> None:
    change(world, rng.choice((LineChangeKind.REMOVED, LineChangeKind.UNTRACKED)), trip)


def _add(world: World, rng: random.Random, trip: str) -> None:
    extra(world, f"X{seed_of(rng)}", trip, f"{rng.randrange(8, 10)}:{rng.randrange(60):02d}")


def _assign(world: World, rng: random.Random, trip: str) -> None:
    assign(world, rng.choice(VEHICLES), *sorted({trip, rng.choice(DAYTIME)}))


def _break(world: World, rng: random.Random, _trip: str) -> None:
    kind = rng.choice((LineChangeKind.VEHICLE_OUT, LineChangeKind.RAMP_BROKEN))
    change(world, kind, vehicle_id=VehicleId(rng.choice(VEHICLES)))


def _end(world: World, rng: random.Random, trip: str) -> None:
    changes = list(world.info._facts.changes)
    tell(world, *[LineChangeEnded(change_id=each, reason=trip) for each in rng.sample(changes, min(1, len(changes)))])


def _write(world: World, rng: random.Random, trip: str) -> None:
    effect = rng.choice((AlertEffect.DETOUR, AlertEffect.NO_SERVICE, AlertEffect.OTHER_EFFECT))
    about = rng.choice(({"routes": (RouteId("D"),)}, {"trips": (TripRef(trip, DAY),)}, {"stops": (StopId("north"),)}))
    tell(world, alert(f"a{rng.randrange(3)}", effect, **about))


def _withdraw(world: World, rng: random.Random, trip: str) -> None:
    alerts = list(world.info._facts.alerts)
    tell(world, *[AlertWithdrawn(alert_id=each, reason=trip) for each in rng.sample(alerts, min(1, len(alerts)))])


def _tour(world: World, rng: random.Random, _trip: str) -> None:
    now = world.clock.moment
    stops = enumerate(("school", *OUT[:2]), start=1)
    calls = tuple(PublicCall(StopId(stop), shifted(now, 300 * k), 8 - 2 * k) for k, stop in stops)
    published = PublicTourPublished(
        area_id=ServiceAreaId(AREA),
        tour_id=TourId(f"t{seed_of(rng)}"),
        day=DAY,
        vehicle_id=VehicleId("bus-9"),
        calls=calls,
    )
    tell(world, published)


def _hold(world: World, rng: random.Random, trip: str) -> None:
    ref, number = TripRef(trip, DAY), seed_of(rng)
    run = world.info.runs.get(ref)
    if run is None:
        return
    i = rng.randrange(run.last)
    connection = Connection(
        connection_id=ConnectionId(f"c{number}"),
        feeder="RB 46 aus Erfurt",
        feeder_arrival=run.departure[i],
        trip=ref,
        stop_id=run.trip.pattern.stops[i],
        departure=run.departure[i],
        transfer_s=120,
        hold_limit_s=600,
    )
    until = shifted(run.departure[i], rng.randrange(60, 600))
    decided = ConnectionDecided(
        connection_id=connection.connection_id,
        decision=ConnectionDecision.HOLD,
        hold_until=until,
        cost_person_s=0,
        reason="Der Zug kommt später.",
    )
    tell(world, ConnectionPlanned(connection=connection), decided)


_DECISIONS = (
    _cancel,
    _reinstate,
    _detour,
    _close,
    _remove_or_hide,
    _add,
    _assign,
    _break,
    _end,
    _end,
    _write,
    _withdraw,
    _tour,
    _hold,
)
