"""When an occasion is frozen: once its window is over, and again whenever something of the window becomes known."""

from dataclasses import dataclass

from mobility.core.clock import Instant, shifted
from mobility.core.ids import OccasionId, VehicleId
from mobility.core.supervision import Occasion
from v2x.recorder.frozen import LEAD_S, window_of

SETTLE_S = 5.0
"""Wait after the window, and after a late record: what belongs together arrives together."""
REFREEZE_DAYS = 7.0
"""How long late records still complete a window; raw telemetry of some vehicles is not kept longer."""


@dataclass(slots=True)
class _Watched:
    """An occasion whose window may still change."""

    occasion: Occasion
    first: Instant
    last: Instant
    due: Instant | None


class Freezing:
    """Occasions and when each is to be frozen next."""

    def __init__(self) -> None:
        """Start without occasions."""
        self._watched: dict[VehicleId, dict[OccasionId, _Watched]] = {}
        self._ends: dict[VehicleId, Instant] = {}

    def occasion(self, occasion: Occasion, now: Instant) -> None:
        """Take an occasion that was noted; an old one is taken for frozen."""
        if occasion.at < shifted(now, -REFREEZE_DAYS * 86_400):
            return
        first, last = window_of(occasion)
        due = shifted(Instant(max(last, now)), SETTLE_S)
        watched = _Watched(occasion, shifted(first, -LEAD_S), last, due)
        self._watched.setdefault(occasion.vehicle_id, {})[occasion.occasion_id] = watched
        self._ends[occasion.vehicle_id] = max(last, self._ends.get(occasion.vehicle_id, last))

    def record(self, vehicle_id: VehicleId, moment: Instant, now: Instant) -> None:
        """Take note that something of ``moment`` became known of a vehicle."""
        if moment > self._ends.get(vehicle_id, Instant(-1)):
            return  # the usual case: nothing happened lately
        for watched in self._watched[vehicle_id].values():
            if watched.due is None and watched.first <= moment <= watched.last:
                watched.due = shifted(now, SETTLE_S)

    def due(self, now: Instant) -> list[Occasion]:
        """Return the occasions to freeze now, the oldest first."""
        found = [w for of_vehicle in self._watched.values() for w in of_vehicle.values()]
        ready = [w for w in found if w.due is not None and w.due <= now]
        return [w.occasion for w in sorted(ready, key=lambda w: (w.due, w.occasion.occasion_id))]

    def begin(self, occasion_id: OccasionId) -> None:
        """Take note that an occasion is being frozen: what becomes known from now on makes it due again."""
        for of_vehicle in self._watched.values():
            if occasion_id in of_vehicle:
                of_vehicle[occasion_id].due = None

    def again(self, occasion_id: OccasionId, now: Instant) -> None:
        """Take note that freezing failed and is to be tried again."""
        for of_vehicle in self._watched.values():
            if occasion_id in of_vehicle:
                of_vehicle[occasion_id].due = now

    def forget_before(self, now: Instant) -> None:
        """Forget occasions that nothing completes any more."""
        oldest = shifted(now, -REFREEZE_DAYS * 86_400)
        for vehicle_id, of_vehicle in list(self._watched.items()):
            kept = {name: w for name, w in of_vehicle.items() if w.last >= oldest or w.due is not None}
            self._watched[vehicle_id] = kept
            self._ends[vehicle_id] = max((w.last for w in kept.values()), default=Instant(-1))
