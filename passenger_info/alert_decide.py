"""Deciding alerts: publishing, revising, withdrawing, each ``decide(state, command, now)`` with refusals that help."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from gtfs.timetable import Timetable
from mobility.core.alert import Alert, AlertPeriod, AlertText
from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.fold import State
from mobility.core.ids import AlertId
from mobility.core.line_change import LineChangeKind
from mobility.core.line_events import AlertPublished, AlertWithdrawn
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef
from passenger_info.alert_view import LANGUAGES

LONGEST_HEADER = 120
LONGEST_DESCRIPTION = 1500
"""Signs; also of what is spoken. A board shows a few lines of it."""


def published(timetable: Timetable, state: State, alert: Alert, now: Instant) -> list[Event] | Refusal:
    """Publish a new alert. Its texts come out with German first; empty ones are left out."""
    refusal = _unfit(timetable, state, alert, now)
    return refusal or [AlertPublished(alert=replace(alert, texts=_ordered(alert.texts)))]


def revised(timetable: Timetable, state: State, alert: Alert, now: Instant) -> list[Event] | Refusal:
    """Publish a new wording of an alert that riders may see."""
    known = state.alerts.get(alert.alert_id)
    if known is None:
        return Refusal(RefusalCode.UNKNOWN_ALERT)
    if known.withdrawn_at is not None:
        return Refusal(RefusalCode.ALERT_WITHDRAWN)
    return published(timetable, state, alert, now)


def withdrawn(state: State, alert_id: AlertId, reason: str) -> list[Event] | Refusal:
    """Withdraw an alert; it stays on record."""
    known = state.alerts.get(alert_id)
    if known is None:
        return Refusal(RefusalCode.UNKNOWN_ALERT)
    if known.withdrawn_at is not None:
        return Refusal(RefusalCode.ALERT_WITHDRAWN)
    if not reason.strip():
        return Refusal(RefusalCode.REASON_NEEDED)
    return [AlertWithdrawn(alert_id=alert_id, reason=reason.strip())]


def missing_languages(texts: Sequence[AlertText]) -> tuple[str, ...]:
    """Return the languages in which riders would read German instead."""
    given = {text.language for text in texts if text.header.strip()}
    return tuple(language for language in LANGUAGES if language not in given)


def _unfit(timetable: Timetable, state: State, alert: Alert, now: Instant) -> Refusal | None:
    refusal = _texts_unfit(alert.texts) or _periods_unfit(alert, now) or _names_unfit(timetable, state, alert)
    if refusal is None and alert.url and not _is_address(alert.url):
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "url"})
    return refusal


def _texts_unfit(texts: Sequence[AlertText]) -> Refusal | None:
    languages = [text.language for text in texts]
    if len(set(languages)) < len(languages) or not set(languages) <= set(LANGUAGES):
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "language"})
    german = next((text for text in texts if text.language == LANGUAGES[0]), None)
    if german is None or not german.header.strip() or not german.description.strip():
        return Refusal(RefusalCode.ALERT_NEEDS_GERMAN)
    for text in texts:
        is_long = (
            len(text.header) > LONGEST_HEADER or max(len(text.description), len(text.spoken)) > LONGEST_DESCRIPTION
        )
        is_half = bool(text.header.strip()) != bool(text.description.strip())
        if is_long or is_half:
            return Refusal(RefusalCode.INVALID_INPUT, {"detail": f"texts.{text.language}"})
    return None


def _periods_unfit(alert: Alert, now: Instant) -> Refusal | None:
    shown = alert.communication
    if any(_is_backwards(period) for period in (shown, *alert.impact)):
        return Refusal(RefusalCode.PERIOD_BACKWARDS)
    if shown.ends is not None and shown.ends <= now:
        return Refusal(RefusalCode.PERIOD_OVER)
    if not all(_is_within(period, shown) for period in alert.impact):
        return Refusal(RefusalCode.IMPACT_UNSEEN)
    return None


def _names_unfit(timetable: Timetable, state: State, alert: Alert) -> Refusal | None:
    if not (alert.routes or alert.stops or alert.trips):
        return Refusal(RefusalCode.ALERT_NAMES_NOTHING)
    for route_id in alert.routes:
        if route_id not in timetable.routes:
            return Refusal(RefusalCode.UNKNOWN_ROUTE, {"route_id": route_id[:100]})
    for stop_id in alert.stops:
        if stop_id not in timetable.stops:
            return Refusal(RefusalCode.UNKNOWN_STOP, {"stop_id": stop_id[:100]})
    return next((refusal for ref in alert.trips if (refusal := _trip_unfit(timetable, state, ref))), None)


def _trip_unfit(timetable: Timetable, state: State, ref: TripRef) -> Refusal | None:
    if ref.trip_id not in timetable.trips:
        changes = state.line_changes.values()
        is_extra = any(change.kind is LineChangeKind.EXTRA and ref in change.trips for change in changes)
        return None if is_extra else Refusal(RefusalCode.UNKNOWN_TRIP, {"trip_id": ref.trip_id[:100]})
    if timetable.runs_on(ref.trip_id, ref.start_date):
        return None
    return Refusal(RefusalCode.TRIP_NOT_ON_DAY, {"trip_id": ref.trip_id[:100], "day": ref.start_date.isoformat()})


def _is_backwards(period: AlertPeriod) -> bool:
    return period.begins is not None and period.ends is not None and period.ends <= period.begins


def _is_within(inner: AlertPeriod, outer: AlertPeriod) -> bool:
    begins_in = outer.begins is None or (inner.begins is not None and inner.begins >= outer.begins)
    ends_in = outer.ends is None or (inner.ends is not None and inner.ends <= outer.ends)
    return begins_in and ends_in


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_named = bool(parts.hostname)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and is_named and not any(sign.isspace() for sign in url)


def _ordered(texts: Sequence[AlertText]) -> tuple[AlertText, ...]:
    given = (text for text in texts if text.header.strip())
    return tuple(sorted(given, key=lambda text: LANGUAGES.index(text.language)))
