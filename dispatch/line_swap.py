"""Two vehicles that swap trips in one step, which neither could take over alone: at that moment both are driving."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.line_book import LineBook, LineRun, of_kind
from dispatch.line_vehicle import taken_from, undrivable, vehicle_refused
from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import LineChangeId, VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of

_SWAPPED = "vehicle_assigned-swap-"
"""Both halves of a swap are named so, and alike up to their last letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Who swaps."""

    vehicle_id: VehicleId
    other_id: VehicleId
    begins: Instant
    """Without trips named: those of both are swapped that leave from here on until the end of the service day."""
    reason: str
    token: str = ""
    """Names the swap; whoever takes it in gives one."""


def swapped(book: LineBook, state: State, runs: Sequence[LineRun], swap: Swap) -> list[Event] | Refusal:
    """Let each vehicle drive what the other had to drive of ``runs``; without any, of all that is ahead of both.

    That is one assignment for each of them, decided together; both end together (``halves``).
    """
    refusal = vehicle_refused(book, swap.vehicle_id) or vehicle_refused(book, swap.other_id)
    if refusal is not None:
        return refusal
    pair = (swap.vehicle_id, swap.other_id)
    mine, theirs = (_driven(book, state, runs or _ahead(book, state, swap.begins), each) for each in pair)
    refusal = _unfit(book, runs, swap, (mine, theirs))
    if refusal is not None:
        return refusal
    given = [*zip("ab", pair, (theirs, mine), strict=True)]
    named = {run.ref for run in (*mine, *theirs)}
    events: list[Event] = taken_from(state, LineChangeKind.VEHICLE_ASSIGNED, named, swap.reason)
    events += [LineChanged(change=_half(swap, letter, vehicle_id, each)) for letter, vehicle_id, each in given]
    return undrivable(book, after(state, events), (*mine, *theirs)) or events


def halves(state: State, change: LineChange) -> list[LineChange]:
    """Return a change and, of a swap, its other half."""
    if not change.change_id.startswith(_SWAPPED):
        return [change]
    stem = change.change_id[:-1]
    return [each for each in of_kind(state, change.kind) if each.change_id[:-1] == stem]


def after(state: State, events: Sequence[Event]) -> State:
    """Return the state once changes of the line have happened."""
    changes = dict(state.line_changes)
    for event in events:
        match event:
            case LineChanged(change=change):
                changes[change.change_id] = change
            case LineChangeEnded(change_id=change_id):
                changes.pop(change_id, None)
            case _:
                pass
    return replace(state, line_changes=changes)


def _ahead(book: LineBook, state: State, begins: Instant) -> list[LineRun]:
    ends = service_day_of(begins, book.timetable.zone).plus(1).start
    removed = {ref for change in of_kind(state, LineChangeKind.REMOVED) for ref in change.trips}
    return [run for run in book.between(begins, ends, state) if begins <= run.begins < ends and run.ref not in removed]


def _driven(book: LineBook, state: State, runs: Sequence[LineRun], vehicle_id: VehicleId) -> list[LineRun]:
    return [run for run in runs if book.vehicle_of(run, state) == vehicle_id]


def _unfit(
    book: LineBook, runs: Sequence[LineRun], swap: Swap, driven: tuple[list[LineRun], list[LineRun]]
) -> Refusal | None:
    label, other = (book.region.fleet[each].label for each in (swap.vehicle_id, swap.other_id))
    if swap.vehicle_id == swap.other_id:
        return Refusal(RefusalCode.SWAP_WITH_ITSELF, {"vehicle": label})
    stranger = next((run for run in runs if run not in driven[0] and run not in driven[1]), None)
    if stranger is not None:
        time = book.clock(stranger.begins)
        return Refusal(RefusalCode.SWAP_OF_OTHERS, {"time": time, "vehicle": label, "other": other})
    for name, mine in ((label, driven[0]), (other, driven[1])):
        if not mine:
            return Refusal(RefusalCode.NOTHING_TO_SWAP, {"vehicle": name})
    return None


def _half(swap: Swap, letter: str, vehicle_id: VehicleId, runs: Sequence[LineRun]) -> LineChange:
    return LineChange(
        change_id=LineChangeId(f"{_SWAPPED}{swap.token}-{letter}"),
        kind=LineChangeKind.VEHICLE_ASSIGNED,
        begins=swap.begins,
        reason=swap.reason,
        trips=tuple(run.ref for run in runs),
        vehicle_id=vehicle_id,
    )
