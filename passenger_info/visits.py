"""Trips performed and stop visits of a span of telemetry. A function of event times only: order of arrival is nothing.

The same samples give the same visits whether they came live, late, twice or through another protocol.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.events import Envelope
from mobility.core.ids import RouteId, StopId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.fleet import Fleet
from passenger_info.held import Facts
from passenger_info.runs import Runs
from passenger_info.track import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class StopVisit:
    """A vehicle at a stop of its trip. Observed times are ``None`` where nobody saw them."""

    trip: TripRef
    vehicle_id: VehicleId
    stop_id: StopId
    stop_sequence: int
    scheduled_arrival: Instant
    scheduled_departure: Instant
    arrival: Instant | None
    departure: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPerformed:
    """A trip run as a vehicle drove it."""

    trip: TripRef
    route_id: RouteId
    vehicle_id: VehicleId
    scheduled_start: Instant
    scheduled_end: Instant
    started: Instant | None
    """Departure from the first stop."""
    ended: Instant | None
    """Arrival at the last stop; ``None`` where the vehicle was not seen there."""
    is_assumed: bool
    """Whether the trip was found by us, the vehicle had not logged on to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """All trips with at least one observed stop, ordered by scheduled start, and their visits in order of travel."""

    trips: tuple[TripPerformed, ...]
    visits: tuple[StopVisit, ...]


def _everybody(_vehicle_id: VehicleId) -> bool:
    return True


def visits(
    timetable: Timetable,
    records: Iterable[TelemetryRecord],
    *,
    is_public: Callable[[VehicleId], bool] = _everybody,
    envelopes: Sequence[Envelope] = (),
) -> Performed:
    """Return what vehicles did on the timetable's trips as facts changed them.

    ``is_public`` says which vehicles may be matched at all: citizen buses and research vans may not. ``envelopes``
    are the ledger's facts in order, all that are known today: extra trips, detours, closed stops. A change that ended
    counts for trips that had left before. Duplicates and disorder among ``records`` change nothing.
    """
    facts = Facts(keeps_ended=True)
    facts.take(envelopes)
    fleet = Fleet(Runs(timetable, facts))
    tracks: dict[tuple[TripRef, VehicleId], Track] = {}
    for record in _ordered(records, is_public):
        state = VehicleState(sample=record.sample, as_of=record.event_time, received_at=record.event_time)
        step = fleet.observe(state, None)
        for track in (step.finished, step.after):
            if track is not None:
                tracks[track.run.ref, state.vehicle_id] = track
    driven = [(track, vehicle_id) for (_, vehicle_id), track in tracks.items() if _is_driven(track)]
    driven.sort(key=lambda d: (d[0].run.departure[0], d[0].run.trip_id, d[1]))
    return Performed(
        trips=tuple(_trip(track, vehicle_id) for track, vehicle_id in driven),
        visits=tuple(visit for track, vehicle_id in driven for visit in visits_of(track, vehicle_id)),
    )


def _ordered(records: Iterable[TelemetryRecord], is_public: Callable[[VehicleId], bool]) -> Sequence[TelemetryRecord]:
    distinct = {
        (record.sample.vehicle_id, record.sample.boot_id, record.sample.seq): record
        for record in records
        if is_public(record.sample.vehicle_id)
    }
    return sorted(distinct.values(), key=lambda r: (r.event_time, r.sample.vehicle_id, r.sample.boot_id, r.sample.seq))


def _is_driven(track: Track) -> bool:
    """Return whether the trip was more than a log-on: it left its first stop or was seen at a later one."""
    return any(moment is not None for moment in (*track.departed, *track.arrived[1:]))


def _trip(track: Track, vehicle_id: VehicleId) -> TripPerformed:
    run = track.run
    return TripPerformed(
        trip=run.ref,
        route_id=run.trip.route_id,
        vehicle_id=vehicle_id,
        scheduled_start=run.departure[0],
        scheduled_end=run.arrival[-1],
        started=track.departed[0],
        ended=track.arrived[-1],
        is_assumed=track.is_assumed,
    )


def visits_of(track: Track, vehicle_id: VehicleId) -> Iterable[StopVisit]:
    """Yield the calls of a vehicle's trip at which it was observed, in order of travel."""
    run = track.run
    for i in range(run.last + 1):
        if track.arrived[i] is None and track.departed[i] is None:
            continue
        yield StopVisit(
            trip=run.ref,
            vehicle_id=vehicle_id,
            stop_id=run.trip.pattern.stops[i],
            stop_sequence=run.trip.stop_sequence[i],
            scheduled_arrival=run.arrival[i],
            scheduled_departure=run.departure[i],
            arrival=track.arrived[i],
            departure=track.departed[i],
        )
