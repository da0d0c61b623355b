"""How much of the time with fresh evidence trips have a live prediction: the figure of a feed without gaps."""

from dataclasses import dataclass

from mobility.core.clock import Instant
from mobility.core.vehicle import TripRef
from passenger_info.fleet import Fleet, Tracked
from passenger_info.held import Facts
from passenger_info.match import is_plausible
from passenger_info.standing import LIVE_S


@dataclass(slots=True)
class LiveShare:
    """Counts trip-seconds. A trip counts while a vehicle on it, or logged on to it, has a frame at most 15 s old."""

    heard_s: float = 0.0
    live_s: float = 0.0

    def pass_by(self, fleet: Fleet, at: Instant, span_s: float) -> None:
        """Count a span of ``span_s`` seconds that ends at ``at``."""
        trips: dict[TripRef, bool] = {}
        for vehicle in fleet.vehicles.values():
            ref = _driven(vehicle, fleet, at) if vehicle.state.age_s(at) <= LIVE_S else None
            if ref is not None:
                trips[ref] = trips.get(ref, False) or _is_live(vehicle, fleet.runs.facts, at)
        self.heard_s += span_s * len(trips)
        self.live_s += span_s * sum(trips.values())

    @property
    def share(self) -> float | None:
        """Share of trip-seconds with a live prediction, ``None`` before there was any."""
        return self.live_s / self.heard_s if self.heard_s > 0 else None


def _driven(vehicle: Tracked, fleet: Fleet, at: Instant) -> TripRef | None:
    """Return the trip a vehicle is on as far as anybody can know: by its track, or by a log-on that may be."""
    ref, facts = vehicle.track.run.ref if vehicle.track is not None else vehicle.log_on, fleet.runs.facts
    if ref is None or ref in fleet.done or ref in facts.cancelled or facts.is_untracked(ref):
        return None
    if facts.is_out(vehicle.vehicle_id, at):
        return None
    run = fleet.runs.get(ref)
    return ref if run is not None and is_plausible(run, at) else None


def _is_live(vehicle: Tracked, facts: Facts, at: Instant) -> bool:
    track = vehicle.track
    if track is None or track.is_done or not track.is_on_route or vehicle.forecast is None:
        return False
    return vehicle.forecast.run is track.run and not facts.is_out(vehicle.vehicle_id, at)
