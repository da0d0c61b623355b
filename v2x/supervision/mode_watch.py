"""Watching driving modes: every two following samples are judged once, in whatever order they arrive.

A radio gap brings live samples first and the backlog behind; judging by arrival would take the two ends of a gap for
one change. So runs of samples without a hole are kept, and a pair is judged when the sample that joins it is there.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import DrivingMode, VehicleSpec
from v2x.supervision.modes import Judgement, judged

_MOST_RUNS = 256
# Of one boot; the oldest is forgotten. More holes than that are no radio gap but a fault.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of mode that is not simply possible."""

    vehicle_id: VehicleId
    before: DrivingMode
    after: DrivingMode
    at: Instant
    """Event time of the first sample in the new mode."""
    since: Instant | None
    """Event time of the first sample in the mode before; ``None`` where that was not seen."""
    judgement: Judgement


@dataclass(slots=True)
class _Run:
    """Samples ``first``..``last`` without a hole; a mode ``UNKNOWN`` does not change what is known."""

    first: int
    last: int
    first_mode: DrivingMode
    first_at: Instant
    last_mode: DrivingMode
    last_since: Instant | None


_Step = tuple[DrivingMode, DrivingMode, Instant, Instant | None]
# Mode before, mode after, event time of the change, event time of the one before.


class ModeWatch:
    """Judges the modes of a fleet."""

    def __init__(self, specs: Mapping[VehicleId, VehicleSpec]) -> None:
        """Know the SAE levels by ``specs``; a vehicle that is not in it is not judged."""
        self._specs = specs
        self._boots: dict[VehicleId, tuple[BootId, list[_Run]]] = {}

    def observe(self, record: TelemetryRecord) -> list[Change]:
        """Take a durable record, and return the changes it shows that need a person's eye. Call once for each.

        Of each vehicle the newest boot is watched: what happened while its computer started is not known.
        """
        sample = record.sample
        spec = self._specs.get(sample.vehicle_id)
        runs = self._runs(sample.vehicle_id, sample.boot_id, record.event_time) if spec is not None else None
        if spec is None or runs is None:
            return []
        found = []
        for before, after, at, since in _joined(runs, sample.seq, sample.mode, record.event_time):
            judgement = judged(spec.sae_level, before, after)
            if judgement is not Judgement.POSSIBLE:
                found.append(
                    Change(
                        vehicle_id=sample.vehicle_id,
                        before=before,
                        after=after,
                        at=at,
                        since=since,
                        judgement=judgement,
                    )
                )
        return found

    def _runs(self, vehicle_id: VehicleId, boot_id: BootId, at: Instant) -> list[_Run] | None:
        known = self._boots.get(vehicle_id)
        if known is not None and known[0] == boot_id:
            return known[1]
        if known is not None and known[1] and at < known[1][-1].first_at:
            return None  # the backlog of a former boot
        runs: list[_Run] = []
        self._boots[vehicle_id] = (boot_id, runs)
        return runs


def _joined(runs: list[_Run], seq: int, mode: DrivingMode, at: Instant) -> list[_Step]:
    """Put a sample into the runs; return the steps it completes: to it, and from it to what came before it."""
    last = runs[-1] if runs else None
    if last is not None and last.last == seq - 1 and last.last_mode is mode:
        last.last = seq  # nearly every sample
        return []
    place = bisect_right(runs, seq, key=lambda run: run.first)
    run = runs[place - 1] if place else None
    if run is not None and seq <= run.last:
        return []
    if run is None or run.last != seq - 1:
        run = _Run(seq, seq - 1, DrivingMode.UNKNOWN, at, DrivingMode.UNKNOWN, None)
        runs.insert(place, run)
        place += 1
    steps = _extended(run, mode, at)
    run.last = seq
    if place < len(runs) and runs[place].first == seq + 1:
        steps += _extended(run, runs[place].first_mode, runs[place].first_at)
        _append(run, runs.pop(place))
    del runs[: max(0, len(runs) - _MOST_RUNS)]
    return steps


def _extended(run: _Run, mode: DrivingMode, at: Instant) -> list[_Step]:
    if mode is DrivingMode.UNKNOWN or mode is run.last_mode:
        return []
    steps: list[_Step] = [(run.last_mode, mode, at, run.last_since)]
    if run.last_mode is DrivingMode.UNKNOWN:
        run.first_mode, run.first_at = mode, at
    else:
        run.last_since = at
    run.last_mode = mode
    return steps


def _append(run: _Run, later: _Run) -> None:
    run.last = later.last
    if later.last_since is not None:
        run.last_mode, run.last_since = later.last_mode, later.last_since
