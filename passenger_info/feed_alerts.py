"""The alerts of the moment as entities: written ones, and those that follow from what befell trips."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.alert import Alert, AlertEffect
from mobility.core.clock import Instant, shifted
from mobility.core.vehicle import TripRef
from passenger_info.alert_entities import Stops, alert_message, stops_of_routes
from passenger_info.held import Facts
from passenger_info.own_alerts import Affected, OwnAlerts, ToldAlert, told_alerts
from passenger_info.profiles import Profile
from passenger_info.run import RunKind, TripRun
from passenger_info.runs import Runs
from passenger_info.tellings import AHEAD_S

_LINGER_S = 3600.0
"""An alert of a detour stays this long after the scheduled end of its last trip: trips may be late."""


@dataclass(slots=True)
class FeedAlerts:
    """Makes them for one profile."""

    runs: Runs
    profile: Profile
    _own: OwnAlerts = field(init=False)
    _served: Stops = field(init=False)

    def __post_init__(self) -> None:
        """Index the timetable."""
        self._own = OwnAlerts(self.runs.timetable)
        self._served = stops_of_routes(self.runs.timetable)

    @property
    def _facts(self) -> Facts:
        return self.runs.facts

    def messages(self, at: Instant) -> Mapping[str, gtfs_realtime.FeedEntity]:
        """Return all alerts by entity id."""
        told = told_alerts(self._facts.shown_alerts(at), self._befallen(at))
        made = (self._message(each) for each in told)
        return {message.id: message for message in made if message is not None}

    def _message(self, told: ToldAlert) -> gtfs_realtime.FeedEntity | None:
        return alert_message(told, self.runs.timetable, self._served, self.profile)

    def _befallen(self, at: Instant) -> Iterator[tuple[Alert, Sequence[Affected]]]:
        yield from self._own.cancelled(self._cancelled(at))
        yield from self._own.detours(self._detoured(at))
        for ref, holds in self._facts.holds.items():
            run = self.runs.get(ref)
            if run is not None and ref not in self._facts.cancelled:
                # Who waits for a rider's own bus tells no one for whom.
                public = [hold for hold in holds.values() if hold.connection.booking_id is None]
                yield from (self._own.waiting(run, hold) for hold in public if at < hold.until)

    def _cancelled(self, at: Instant) -> Iterator[Affected]:
        for ref, cancelled in sorted(self._facts.cancelled.items(), key=_by_ref):
            run = self.runs.planned(ref)
            if run is not None and not self._facts.is_removed(ref) and _is_near(run, at, 0.0):
                yield Affected(run, cancelled.reason, cancelled.known_at)

    def _detoured(self, at: Instant) -> Iterator[Affected]:
        for run in self.runs.changed():
            is_told = run.kind is RunKind.DETOUR and run.ref not in self._facts.cancelled
            if is_told and run.change is not None and _is_near(run, at, _LINGER_S):
                yield Affected(run, run.change.note, run.change.known_at)


def is_detour(message: gtfs_realtime.FeedEntity) -> bool:
    """Return whether an alert tells of a detour."""
    return message.alert.effect == gtfs_realtime.Alert.Effect.Value(AlertEffect.DETOUR.name)


def _is_near(run: TripRun, at: Instant, linger_s: float) -> bool:
    return shifted(run.departure[0], -AHEAD_S) <= at <= shifted(run.arrival[-1], linger_s)


def _by_ref(item: tuple[TripRef, object]) -> tuple[str, str]:
    return (item[0].start_date.isoformat(), item[0].trip_id)
