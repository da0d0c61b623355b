"""What goes wrong on the lines on a day of faults: drawn before it begins, known to nobody until it happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mobility.core.ids import TripId, VehicleId
from mobility.core.service_day import ServiceTime
from sim.chance import Chance
from sim.line_day import LineDay, Run
from sim.scenario import LineFaults, LineUpset, LineUpsetKind

_LEAST_STOPS = 4
"""A trip needs so many before one of them can be closed."""
_SLACK_S = 600
"""An extra trip needs this much room before and after."""


@dataclass(frozen=True, slots=True)
class _Draw:
    """The draws of one day; each stands for itself, so that one more trip changes no other."""

    chance: Chance
    day: str

    def happens(self, share: float, *key: str | int) -> bool:
        return self.chance.happens(share, self.day, *key)

    def seconds(self, low_s: float, high_s: float, *key: str | int) -> int:
        return round(self.chance.between(low_s, high_s, self.day, *key))


def line_faults(day: LineDay, vehicles: Sequence[VehicleId], faults: LineFaults, chance: Chance) -> list[LineUpset]:
    """Return a day's drawn upsets in the order they become known; ``day`` holds those that are certain."""
    draw = _Draw(chance, day.day.isoformat())
    found: list[LineUpset] = []
    for vehicle_id in vehicles:
        runs = day.runs(vehicle_id)
        if runs:
            found.extend(_of_vehicle(vehicle_id, runs, faults, draw))
    return sorted(found, key=lambda upset: upset.told_at)


def _of_vehicle(vehicle_id: VehicleId, runs: Sequence[Run], faults: LineFaults, draw: _Draw) -> Iterator[LineUpset]:
    broken = None
    if draw.happens(faults.breakdown_share, vehicle_id, "breakdown"):
        broken = _breakdown(vehicle_id, runs, draw)
        yield from _broken(vehicle_id, runs, broken)
    if draw.happens(faults.ramp_share, vehicle_id, "ramp"):
        starts = _starts(runs[0])
        yield _upset(LineUpsetKind.RAMP_BROKEN, starts, vehicle=vehicle_id, reason="Die Rampe klemmt.")
    for run in runs:
        if broken is None or not _touches(run, broken):
            yield from _of_run(run, faults, draw)
    for before, after in pairwise(runs):
        room_s = _starts(after) - _ends(before)
        needs_s = _ends(before) - _starts(before) + 2 * _SLACK_S
        if broken is None and room_s > needs_s and draw.happens(faults.extra_share, before.trip.trip_id, "extra"):
            yield _extra(vehicle_id, before)


def _of_run(run: Run, faults: LineFaults, draw: _Draw) -> Iterator[LineUpset]:
    trip_id, starts = run.trip.trip_id, _starts(run)
    if draw.happens(faults.cancel_share, trip_id, "cancel"):
        told_at = ServiceTime(max(0, starts - draw.seconds(60, 5400, trip_id, "told")))
        yield _upset(LineUpsetKind.CANCEL, told_at, trips=(trip_id,), reason="Es fehlt Personal.")
        if draw.happens(faults.reinstate_share, trip_id, "reinstate"):
            again = ServiceTime((told_at + starts) // 2)
            yield _upset(LineUpsetKind.REINSTATE, again, trips=(trip_id,), reason="Die Fahrt findet doch statt.")
    elif draw.happens(faults.untracked_share, trip_id, "untracked"):
        told_at = ServiceTime(max(0, starts - 420))
        yield _upset(LineUpsetKind.UNTRACKED, told_at, trips=(trip_id,), reason="Die Ortung ist ausgefallen.")
    elif run.trip.call_count >= _LEAST_STOPS and draw.happens(faults.closed_share, trip_id, "closed"):
        stop_id = draw.chance.pick(run.trip.pattern.stops[1:-1], draw.day, trip_id, "stop")
        told_at = ServiceTime(max(0, starts - draw.seconds(600, 7200, trip_id, "told")))
        yield _upset(
            LineUpsetKind.STOPS_CLOSED,
            told_at,
            trips=(trip_id,),
            stops=(stop_id,),
            reason="Die Haltestelle ist gesperrt.",
        )


def _breakdown(vehicle_id: VehicleId, runs: Sequence[Run], draw: _Draw) -> tuple[ServiceTime, ServiceTime]:
    run = draw.chance.pick(runs, draw.day, vehicle_id, "when")
    begins = ServiceTime(_starts(run) + draw.seconds(60, 240, vehicle_id, "at"))
    return begins, ServiceTime(begins + draw.seconds(1800, 7200, vehicle_id, "for"))


def _broken(vehicle_id: VehicleId, runs: Sequence[Run], span: tuple[ServiceTime, ServiceTime]) -> Iterator[LineUpset]:
    begins, ends = span
    out = _upset(
        LineUpsetKind.VEHICLE_OUT, ServiceTime(begins + 180), vehicle=vehicle_id, reason="Störung am Fahrzeug."
    )
    yield replace(out, begins=begins, ends=ends)
    lost = tuple(run.trip.trip_id for run in runs if _touches(run, span))
    told_at = ServiceTime(begins + 300)
    for trip_id in lost:
        yield _upset(LineUpsetKind.CANCEL, told_at, trips=(trip_id,), reason="Störung am Fahrzeug.")


def _extra(vehicle_id: VehicleId, run: Run) -> LineUpset:
    departs = ServiceTime((_ends(run) + _SLACK_S) // 60 * 60)
    hour, minute = departs // 3600, departs // 60 % 60
    return replace(
        _upset(LineUpsetKind.EXTRA, ServiceTime(departs - 1800), vehicle=vehicle_id, reason="Es fährt ein Bus mehr."),
        trips=(TripId(f"{run.trip.trip_id}+{hour:02d}{minute:02d}"),),
        pattern_of=run.trip.trip_id,
        departs=departs,
    )


def _touches(run: Run, span: tuple[ServiceTime, ServiceTime]) -> bool:
    """Return whether a run is not over when a breakdown begins, and begins before it ends."""
    return _ends(run) + _SLACK_S > span[0] and _starts(run) <= span[1]


def _starts(run: Run) -> ServiceTime:
    return run.trip.departure[0]


def _ends(run: Run) -> ServiceTime:
    return run.trip.arrival[-1]


def _upset(kind: LineUpsetKind, told_at: ServiceTime, **fields: object) -> LineUpset:
    plain = LineUpset(kind=kind, day=None, told_at=told_at, begins=told_at, ends=None)
    return replace(plain, **fields)  # type: ignore[arg-type]  # each field is named where it is given
