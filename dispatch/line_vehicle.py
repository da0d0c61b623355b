"""Which vehicle drives which trips: another one than planned, one that is out, one whose ramp is broken."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from dispatch.line_book import OF_LINES, LineBook, LineRun, of_kind
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef


def vehicle_refused(book: LineBook, vehicle_id: VehicleId | None) -> Refusal | None:
    """Return why there is no such vehicle on lines."""
    spec = book.region.fleet.get(vehicle_id) if vehicle_id is not None else None
    if spec is None:
        return Refusal(RefusalCode.UNKNOWN_VEHICLE)
    return None if spec.kind in OF_LINES else Refusal(RefusalCode.NOT_FOR_LINES, {"vehicle": spec.label})


def stands_out(book: LineBook, state: State, wished: LineChange) -> list[Event] | Refusal:
    """Take a vehicle out of service, or its ramp; twice the same is refused."""
    refusal = vehicle_refused(book, wished.vehicle_id)
    if refusal is not None:
        return refusal
    assert wished.vehicle_id is not None  # noqa: S101 - checked before
    spec = book.region.fleet[wished.vehicle_id]
    if wished.kind is LineChangeKind.RAMP_BROKEN and not spec.has_ramp:
        return Refusal(RefusalCode.NO_RAMP, {"vehicle": spec.label})
    known = next((c for c in of_kind(state, wished.kind) if c.vehicle_id == wished.vehicle_id), None)
    if known is not None and (known.ends is None or known.ends > wished.begins):
        return Refusal(RefusalCode.ALREADY_CHANGED, {"change_id": known.change_id})
    return [LineChanged(change=wished)]


def assigned(book: LineBook, state: State, runs: Sequence[LineRun], wished: LineChange) -> list[Event] | Refusal:
    """Let a vehicle drive trips, unless it is out or busy then. It takes them over from an earlier assignment."""
    refusal = vehicle_refused(book, wished.vehicle_id) or may_drive(book, state, runs, wished)
    if refusal is not None:
        return refusal
    return [
        *taken_from(state, LineChangeKind.VEHICLE_ASSIGNED, wished.trips, wished.reason),
        LineChanged(change=wished),
    ]


def taken_from(state: State, kind: LineChangeKind, trips: Collection[TripRef], reason: str) -> list[Event]:
    """Return what takes trips out of the changes of a kind; one that is left without any ends."""
    events: list[Event] = []
    for change in of_kind(state, kind):
        left = tuple(ref for ref in change.trips if ref not in trips)
        if not left:
            events.append(LineChangeEnded(change_id=change.change_id, reason=reason))
        elif len(left) < len(change.trips):
            events.append(LineChanged(change=replace(change, trips=left)))
    return events


def may_drive(book: LineBook, state: State, runs: Sequence[LineRun], wished: LineChange) -> Refusal | None:
    """Return why the vehicle of ``wished`` can not drive ``runs``: it is out, or drives another trip then."""
    assert wished.vehicle_id is not None  # noqa: S101 - callers checked it
    for run in runs:
        refusal = _out(book, state, wished.vehicle_id, run)
        busy = (*book.driven_by(wished.vehicle_id, run, state), *(each for each in runs if each is not run))
        refusal = refusal or _elsewhere(book, wished.vehicle_id, run, busy)
        if refusal is not None:
            return refusal
    return None


def undrivable(book: LineBook, state: State, runs: Sequence[LineRun]) -> Refusal | None:
    """Return why the vehicles that ``state`` has for ``runs`` can not drive them: out, or somewhere else."""
    out = (_out(book, state, vehicle_id, run) for run, vehicle_id in _drivers(book, state, runs))
    return next(filter(None, out), None) or driven_twice(book, state, runs)


def driven_twice(book: LineBook, state: State, runs: Sequence[LineRun]) -> Refusal | None:
    """Return that ``state`` has a vehicle drive one of ``runs`` and something else at a time."""
    clashes = (
        _elsewhere(book, vehicle_id, run, book.driven_by(vehicle_id, run, state))
        for run, vehicle_id in _drivers(book, state, runs)
    )
    return next(filter(None, clashes), None)


def _drivers(book: LineBook, state: State, runs: Sequence[LineRun]) -> Iterator[tuple[LineRun, VehicleId]]:
    """Yield the runs that are driven, each with who has to."""
    for run in runs:
        vehicle_id = book.vehicle_of(run, state)
        if vehicle_id is not None and run.ref not in state.cancelled_trips:
            yield run, vehicle_id


def _elsewhere(book: LineBook, vehicle_id: VehicleId, run: LineRun, busy: Iterable[LineRun]) -> Refusal | None:
    """Return that a vehicle drives one of ``busy`` at the time of ``run``."""
    clash = next((each for each in busy if each.overlaps(run)), None)
    if clash is None:
        return None
    when = {"time": book.clock(clash.begins), "towards": clash.trip.headsign}
    return Refusal(RefusalCode.VEHICLE_ELSEWHERE, {"vehicle": book.region.fleet[vehicle_id].label, **when})


def _out(book: LineBook, state: State, vehicle_id: VehicleId, run: LineRun) -> Refusal | None:
    is_out = any(
        change.vehicle_id == vehicle_id
        and change.begins < run.ends
        and (change.ends is None or change.ends > run.begins)
        for change in of_kind(state, LineChangeKind.VEHICLE_OUT)
    )
    label = book.region.fleet[vehicle_id].label
    return Refusal(RefusalCode.VEHICLE_OUT, {"vehicle": label}) if is_out else None
