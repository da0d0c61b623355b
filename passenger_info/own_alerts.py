"""Alerts that the feed makes by itself: for cancelled trips, detours, and departures that wait.

A trip that is told as cancelled needs an alert that says so (GTFS-realtime best practices, "Alerts"), and a position
beside a trip's usual line needs one that names the trip (rule E029). Where somebody wrote an alert of the same effect
about the same trip or line, that one says it, and names the trips.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable
from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertRecord, AlertSeverity, AlertText
from mobility.core.clock import Instant, datetime_at
from mobility.core.ids import AlertId, RouteId, StopId
from mobility.core.vehicle import TripRef
from passenger_info.held import Hold
from passenger_info.own_alert_texts import Said, cancelled_texts, detour_texts, waiting_texts
from passenger_info.run import TripRun


@dataclass(frozen=True, slots=True)
class Affected:
    """A run with what befell it."""

    run: TripRun
    reason: str
    known_at: Instant


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """An alert as it goes into the feed: with trips that its author did not name but that it is about."""

    record: AlertRecord
    trips: tuple[TripRun, ...]


def told_alerts(written: Sequence[AlertRecord], own: Iterable[tuple[Alert, Sequence[Affected]]]) -> Iterator[ToldAlert]:
    """Return the alerts of the moment: ``written`` ones first, then those of ``own`` that say something else."""
    named: dict[AlertId, dict[TripRef, TripRun]] = {record.alert.alert_id: {} for record in written}
    rest: list[ToldAlert] = []
    for alert, affected in own:
        left: list[Affected] = []
        for each in affected:
            says_it = next((r for r in written if _says(r.alert, alert.effect, each.run)), None)
            if says_it is None:
                left.append(each)
            else:
                named[says_it.alert.alert_id][each.run.ref] = each.run
        if left:
            record = AlertRecord(alert=alert, published_at=max(each.known_at for each in left))
            rest.append(ToldAlert(record, tuple(each.run for each in left)))
    for record in written:
        yield ToldAlert(record, tuple(named[record.alert.alert_id].values()))
    yield from rest


def _says(alert: Alert, effect: AlertEffect, run: TripRun) -> bool:
    return alert.effect is effect and (run.ref in alert.trips or run.trip.route_id in alert.routes)


class OwnAlerts:
    """Writes them, in the words and times of a timetable."""

    def __init__(self, timetable: Timetable) -> None:
        """Take the timetable, for names and the zone."""
        self._timetable = timetable
        self._zone = ZoneInfo(timetable.zone)

    def cancelled(self, affected: Iterable[Affected]) -> Iterator[tuple[Alert, Sequence[Affected]]]:
        """Yield an alert for each line and reason of cancelled trips."""
        for (route_id, reason), group in _grouped(affected).items():
            said = Said(line=self._line(route_id), times=self._times(group), reason=reason)
            name = AlertId(f"cancelled-{route_id}-{crc32(reason.encode()):08x}")
            yield self._alert(name, group, AlertEffect.NO_SERVICE, cancelled_texts(said)), group

    def detours(self, affected: Iterable[Affected]) -> Iterator[tuple[Alert, Sequence[Affected]]]:
        """Yield an alert for each line and reason of trips on another way."""
        for (route_id, reason), group in _grouped(affected).items():
            skipped = dict.fromkeys(skip.stop_id for each in group for skip in each.run.skipped)
            others = dict.fromkeys(stop for each in group for stop in _only_here(each.run))
            said = Said(
                line=self._line(route_id),
                times=self._times(group),
                stops=self._names(skipped),
                others=self._names(others),
                reason=reason,
            )
            name = AlertId(f"detour-{route_id}-{crc32(reason.encode()):08x}")
            yield self._alert(name, group, AlertEffect.DETOUR, detour_texts(said)), group

    def waiting(self, run: TripRun, hold: Hold) -> tuple[Alert, Sequence[Affected]]:
        """Return the alert of a departure that waits."""
        connection = hold.connection
        kind = "train" if connection.feeder_trip is None else "line"
        said = Said(
            line=self._line(run.trip.route_id),
            times=[self._time(connection.departure)],
            towards=run.trip.headsign,
            feeder=connection.feeder,
            until=self._time(hold.until),
            reason=hold.reason,
        )
        group = [Affected(run, hold.reason, hold.known_at)]
        alert = Alert(
            alert_id=AlertId(f"waits-{connection.connection_id}"),
            cause=AlertCause.OTHER_CAUSE,
            effect=AlertEffect.SIGNIFICANT_DELAYS,
            severity=AlertSeverity.INFO,
            communication=AlertPeriod(hold.known_at, hold.until),
            impact=(),
            texts=waiting_texts(said, kind),
        )
        return alert, group

    def _alert(
        self, name: AlertId, group: Sequence[Affected], effect: AlertEffect, texts: tuple[AlertText, ...]
    ) -> Alert:
        known = min(each.known_at for each in group)
        ends = max(each.run.arrival[-1] for each in group)
        begins = max(known, min(each.run.departure[0] for each in group))
        return Alert(
            alert_id=name,
            cause=AlertCause.UNKNOWN_CAUSE,
            effect=effect,
            severity=AlertSeverity.WARNING,
            communication=AlertPeriod(known, None),
            impact=(AlertPeriod(begins, ends),) if begins < ends else (),
            texts=texts,
        )

    def _line(self, route_id: RouteId) -> str:
        route = self._timetable.routes[route_id]
        return route.short_name or route.long_name

    def _times(self, group: Sequence[Affected]) -> list[str]:
        return [self._time(moment) for moment in sorted(each.run.departure[0] for each in group)]

    def _time(self, moment: Instant) -> str:
        return f"{datetime_at(moment, self._zone):%H:%M}"

    def _names(self, stops: Iterable[StopId]) -> list[str]:
        return [self._timetable.stops[stop_id].name for stop_id in stops]


def _grouped(affected: Iterable[Affected]) -> dict[tuple[RouteId, str], list[Affected]]:
    groups: dict[tuple[RouteId, str], list[Affected]] = {}
    for each in affected:
        groups.setdefault((each.run.trip.route_id, each.reason), []).append(each)
    return groups


def _only_here(run: TripRun) -> Iterator[StopId]:
    if run.change is not None:
        for stop_id, origin in zip(run.trip.pattern.stops, run.change.origin, strict=True):
            if origin is None:
                yield stop_id
