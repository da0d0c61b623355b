"""Alerts as entities of the feed. Rules: GTFS-realtime reference v2.0, "Alert" and "EntitySelector"."""

from collections.abc import Callable, Mapping, Sequence

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.timetable import Timetable
from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertSeverity
from mobility.core.clock import Instant
from mobility.core.ids import RouteId, StopId, TripId
from mobility.core.vehicle import TripRef
from passenger_info.entities import Entity
from passenger_info.identity import alert_entity_id
from passenger_info.own_alerts import ToldAlert
from passenger_info.profiles import PeriodsAs, Profile
from passenger_info.splice import entity_record
from passenger_info.topics import ALL, route_topic, stop_topic, trip_topic

_CAUSES = {cause: getattr(gtfs_realtime.Alert, cause.name) for cause in AlertCause}
_EFFECTS = {effect: getattr(gtfs_realtime.Alert, effect.name) for effect in AlertEffect}
_SEVERITIES = {severity: getattr(gtfs_realtime.Alert, severity.name) for severity in AlertSeverity}
_SENTENCE_END = ". "
Stops = Mapping[RouteId, frozenset[StopId]]


def stops_of_routes(timetable: Timetable) -> Stops:
    """Return which stops each line serves."""
    served: dict[RouteId, set[StopId]] = {}
    for trip in timetable.trips.values():
        served.setdefault(trip.route_id, set()).update(trip.pattern.stops)
    return {route_id: frozenset(stops) for route_id, stops in served.items()}


def alert_message(
    told: ToldAlert, timetable: Timetable, served: Stops, profile: Profile
) -> gtfs_realtime.FeedEntity | None:
    """Return an alert, ``None`` where nothing that it is about is known to the timetable."""
    entity = gtfs_realtime.FeedEntity(id=alert_entity_id(told.record.alert.alert_id))
    source, alert = told.record.alert, entity.alert
    alert.cause, alert.effect = _CAUSES[source.cause], _EFFECTS[source.effect]
    alert.severity_level = _SEVERITIES[source.severity]
    _select(alert, told, timetable, served)
    if not alert.informed_entity:
        return None
    _tell_periods(alert, source, profile.periods)
    _tell_texts(alert, source, has_new_fields=profile.has_new_fields)
    return entity


def alert_entity(message: gtfs_realtime.FeedEntity) -> Entity:
    """Return an alert as the feed keeps it, in the topics of all it names."""
    topics: dict[str, None] = {ALL: None}
    for selector in message.alert.informed_entity:
        if selector.HasField("route_id"):
            topics[route_topic(RouteId(selector.route_id))] = None
        if selector.HasField("stop_id"):
            topics[stop_topic(StopId(selector.stop_id))] = None
        if selector.HasField("trip"):
            topics[trip_topic(TripId(selector.trip.trip_id))] = None
            topics[route_topic(RouteId(selector.trip.route_id))] = None
    return Entity(entity_id=message.id, record=entity_record(message), topics=tuple(topics))


def _select(alert: gtfs_realtime.Alert, told: ToldAlert, timetable: Timetable, served: Stops) -> None:
    source = told.record.alert
    stops = [stop_id for stop_id in source.stops if stop_id in timetable.stops]
    routes = dict.fromkeys(route_id for route_id in source.routes if route_id in timetable.routes)
    # An alert that names all stops of a line is one of the line (best practices, "Alerts").
    routes.update(dict.fromkeys(route_id for route_id, own in served.items() if own and own <= set(stops)))
    trips: dict[TripRef, RouteId] = {
        ref: timetable.trips[ref.trip_id].route_id for ref in source.trips if ref.trip_id in timetable.trips
    }
    for run in told.trips:
        if run.trip_id in timetable.trips:
            trips[run.ref] = run.trip.route_id
        else:  # readers can not look up an extra trip, so its line is named
            routes[run.trip.route_id] = None
    for route_id in routes:
        alert.informed_entity.add(route_id=route_id)
    for stop_id in stops:
        alert.informed_entity.add(stop_id=stop_id)
    for ref, route_id in trips.items():
        trip = alert.informed_entity.add().trip
        trip.trip_id, trip.route_id = ref.trip_id, route_id
        trip.start_date = f"{ref.start_date:%Y%m%d}"
        trip.schedule_relationship = gtfs_realtime.TripDescriptor.SCHEDULED


def _tell_periods(alert: gtfs_realtime.Alert, source: Alert, periods: PeriodsAs) -> None:
    shown = source.communication
    impact = [span for span in (_within(span, shown) for span in source.impact) if span is not None]
    if periods is not PeriodsAs.OLD:
        _fill(alert.communication_period.add, [] if shown == AlertPeriod(None, None) else [shown])
        _fill(alert.impact_period.add, impact)
    if periods is not PeriodsAs.NEW:
        _fill(alert.active_period.add, impact or ([] if shown == AlertPeriod(None, None) else [shown]))


def _within(span: AlertPeriod, outer: AlertPeriod) -> AlertPeriod | None:
    """Return the part of a period that lies in another (rule S026), ``None`` where there is none."""
    begins = max((each for each in (span.begins, outer.begins) if each is not None), default=None)
    ends = min((each for each in (span.ends, outer.ends) if each is not None), default=None)
    return None if begins is not None and ends is not None and begins >= ends else AlertPeriod(begins, ends)


def _fill(added: Callable[[], gtfs_realtime.TimeRange], spans: Sequence[AlertPeriod]) -> None:
    for span in spans:
        each = added()
        if span.begins is not None:
            each.start = span.begins // 1000
        if span.ends is not None:
            each.end = _rounded_up(span.ends)


def _rounded_up(moment: Instant) -> int:
    return -(-moment // 1000)


def _tell_texts(alert: gtfs_realtime.Alert, source: Alert, *, has_new_fields: bool) -> None:
    for text in source.texts:
        if text.header:
            alert.header_text.translation.add(text=text.header, language=text.language)
        if text.description and text.description != text.header:
            alert.description_text.translation.add(text=text.description, language=text.language)
        if text.spoken and has_new_fields:
            first, end, rest = text.spoken.partition(_SENTENCE_END)
            alert.tts_header_text.translation.add(text=first + end.strip(), language=text.language)
            if rest.strip():
                alert.tts_description_text.translation.add(text=rest.strip(), language=text.language)
    if source.url:
        alert.url.translation.add(text=source.url, language=source.texts[0].language if source.texts else "de")
