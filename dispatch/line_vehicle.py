"""Which vehicle drives which trips: another one than planned, one that is out, one whose ramp is broken."""

from collections.abc import Sequence
from dataclasses import replace

from dispatch.line_book import OF_LINES, LineBook, LineRun, of_kind
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded
from mobility.core.refusal import Refusal, RefusalCode


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
    taken = set(wished.trips)
    events: list[Event] = []
    for change in of_kind(state, LineChangeKind.VEHICLE_ASSIGNED):
        left = tuple(ref for ref in change.trips if ref not in taken)
        if not left:
            events.append(LineChangeEnded(change_id=change.change_id, reason=wished.reason))
        elif len(left) < len(change.trips):
            events.append(LineChanged(change=replace(change, trips=left)))
    return [*events, LineChanged(change=wished)]


def may_drive(book: LineBook, state: State, runs: Sequence[LineRun], wished: LineChange) -> Refusal | None:
    """Return why the vehicle of ``wished`` can not drive ``runs``: it is out, or drives another trip then."""
    assert wished.vehicle_id is not None  # noqa: S101 - callers checked it
    label = book.region.fleet[wished.vehicle_id].label
    for run in runs:
        if _is_out(state, wished.vehicle_id, run):
            return Refusal(RefusalCode.VEHICLE_OUT, {"vehicle": label})
        busy = (*book.driven_by(wished.vehicle_id, run, state), *(each for each in runs if each is not run))
        clash = next((each for each in busy if each.overlaps(run)), None)
        if clash is not None:
            when = {"time": book.clock(clash.begins), "towards": clash.trip.headsign}
            return Refusal(RefusalCode.VEHICLE_ELSEWHERE, {"vehicle": label, **when})
    return None


def _is_out(state: State, vehicle_id: VehicleId, run: LineRun) -> bool:
    return any(
        change.vehicle_id == vehicle_id
        and change.begins < run.ends
        and (change.ends is None or change.ends > run.begins)
        for change in of_kind(state, LineChangeKind.VEHICLE_OUT)
    )
