"""Live state of the fleet by event time: what comes late repairs history, it never moves a vehicle back."""

from collections.abc import Mapping

from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import VehicleState


class VehicleTracker:
    """The newest sample of every vehicle by event time."""

    def __init__(self) -> None:
        """Start without any vehicle."""
        self._states: dict[VehicleId, VehicleState] = {}

    def observe(self, record: TelemetryRecord) -> VehicleState | None:
        """Take a durable record; return the vehicle's new state, or ``None`` where the record is not newer."""
        sample = record.sample
        known = self._states.get(sample.vehicle_id)
        if known is not None and not _is_newer(record, known):
            return None
        # Within its tolerance a clock may be a little ahead; live state is never ahead of ours.
        as_of = min(record.event_time, record.received_at)
        state = VehicleState(sample=sample, as_of=as_of, received_at=record.received_at)
        self._states[sample.vehicle_id] = state
        return state

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of, as it is now."""
        return dict(self._states)


def _is_newer(record: TelemetryRecord, known: VehicleState) -> bool:
    # Samples of one corrected batch share an event time; within a boot the sequence number decides.
    as_of = min(record.event_time, record.received_at)
    if as_of != known.as_of:
        return as_of > known.as_of
    return record.sample.boot_id == known.sample.boot_id and record.sample.seq > known.sample.seq
