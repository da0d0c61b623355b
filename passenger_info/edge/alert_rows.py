"""What the alerts editor shows: rows of alerts, choices of the form, the preview; plain words and clock times."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from mobility.core.alert import Alert, AlertRecord
from mobility.core.clock import Instant, datetime_at
from mobility.core.dates import long_date
from mobility.core.fold import State
from mobility.core.trip_name import trip_name, trip_named
from passenger_info.alert_decide import missing_languages
from passenger_info.alert_draft import LISTS, PARTS, PERIODS, Typed, template_of
from passenger_info.alert_names import AlertNames, KnownTrip
from passenger_info.alert_templates import USUAL, Template
from passenger_info.alert_texts import ALERTS, CAUSES, EFFECTS, SEVERITIES, TEMPLATES
from passenger_info.alert_view import LANGUAGES, SYMBOLS, alert_view
from passenger_info.board_texts import PAGE


class AlertRows:
    """Makes rows in one language."""

    def __init__(self, names: AlertNames, language: str, now: Instant, state: State) -> None:
        """Show what ``state`` knows as of ``now``."""
        self.names = names
        self.language = language
        self.now = now
        self.state = state
        self.texts: Mapping[str, str] = ALERTS[language]

    def page(self) -> dict[str, Any]:
        """Return what every page of the editor shows."""
        return {
            "t": self.texts,
            "time": self.names.clock(self.now),
            "day": datetime_at(self.now, self.names.zone).date(),
            "templates": TEMPLATES[self.language],
            "symbols": list(SYMBOLS[self.language]),
        }

    def parted(self, records: Sequence[AlertRecord]) -> dict[str, list[dict[str, Any]]]:
        """Return the alerts that are shown, that will be, and that are not any more."""
        parts: dict[str, list[dict[str, Any]]] = {"shown": [], "ahead": [], "record": []}
        for record in records:
            parts[self._part(record)].append(self.row(record))
        return parts

    def row(self, record: AlertRecord) -> dict[str, Any]:
        """Return one alert as the dispatcher reads it."""
        alert = record.alert
        view = alert_view(record, self.language, self.names.zone, self.now)
        missing = [self.texts[language] for language in missing_languages(alert.texts)]
        return {
            "alert_id": alert.alert_id,
            "view": view,
            "severity": SEVERITIES[self.language][alert.severity],
            "affected": self.affected(alert),
            "published": self.moment(record.published_at),
            "missing": self.texts["missing"].format(languages=", ".join(missing)) if missing else "",
            "ended": self._ended(record),
            "because": record.withdrawn_because,
        }

    def affected(self, alert: Alert) -> list[str]:
        """Return what an alert names, as its readers call it."""
        trips = (self.names.trip(ref, self.state) for ref in alert.trips)
        return [
            *(f"{self.texts['lines']}: {self.names.line(each)}" for each in alert.routes),
            *(f"{self.texts['stops']}: {self.names.stop(each)}" for each in alert.stops),
            *(self.trip(each) for each in trips if each is not None),
        ]

    def trip(self, trip: KnownTrip) -> str:
        """Return a trip as a dispatcher tells it from others."""
        time, line = self.names.clock(trip.begins), self.names.line(trip.route_id)
        said = self.texts["trip"].format(time=time, line=line, towards=trip.towards)
        day = datetime_at(trip.begins, self.names.zone).date()
        is_today = day == datetime_at(self.now, self.names.zone).date()
        return said if is_today else f"{long_date(day, self.language)}, {said}"

    def moment(self, at: Instant) -> str:
        """Return date and clock time."""
        day = long_date(datetime_at(at, self.names.zone).date(), self.language)
        return self.texts["moment"].format(day=day, time=self.names.clock(at))

    def _part(self, record: AlertRecord) -> str:
        if record.is_shown(self.now):
            return "shown"
        begins = record.alert.communication.begins
        is_ahead = record.withdrawn_at is None and begins is not None and begins > self.now
        return "ahead" if is_ahead else "record"

    def _ended(self, record: AlertRecord) -> str:
        if record.withdrawn_at is None:
            return self.texts["over"]
        return self.texts["withdrawn"].format(moment=self.moment(record.withdrawn_at))


def editor_context(rows: AlertRows, given: Typed) -> dict[str, Any]:
    """Return the choices of the form and what is typed or ticked already."""
    timetable, language = rows.names.timetable, rows.language
    chosen = {name: set(given.several(name)) for name in LISTS}
    routes = sorted(timetable.routes, key=lambda each: (rows.names.line(each), each))
    stops = sorted(timetable.stops.values(), key=lambda each: (each.name, each.stop_id))
    template = template_of(given)
    return {
        "given": given,
        "chosen": chosen,
        "looked_at_first": USUAL[template].concerns,
        "template": template,
        "template_name": TEMPLATES[language][template],
        "has_template": template is not Template.FREE,
        "routes": [(each, rows.names.line(each)) for each in routes],
        "stops": [(each.stop_id, each.name) for each in stops],
        "trips": [(trip_name(trip.ref), rows.trip(trip)) for trip in _offered(rows, given)],
        "causes": CAUSES[language],
        "effects": EFFECTS[language],
        "severities": SEVERITIES[language],
        "languages_of_alerts": LANGUAGES,
        "periods": range(1, _periods(given) + 1),
    }


def field_label(name: str, language: str) -> str:
    """Return what a field of the editor is called, with what it belongs to: many fields share their label."""
    texts, parts = ALERTS[language], name.split("_")
    if parts[-1] in ("day", "time"):
        if parts[0] == "show":
            return f"{texts['communication']} {texts[f'{parts[1]}_{parts[2]}']}"
        number = "" if parts[1] == "1" else f" ({parts[1]})"
        return f"{texts['impact']}{number} {texts[f'{parts[0]}_{parts[2]}']}"
    if parts[0] in PARTS and parts[-1] in LANGUAGES:
        return f"{texts[parts[-1]]}, {texts['spoken_field' if parts[0] == 'spoken' else parts[0]]}"
    return texts.get(name, "")


def preview(alert: Alert, language: str, zone: ZoneInfo, now: Instant) -> list[dict[str, Any]]:
    """Return the alert as riders of each language see and hear it."""
    record, texts = AlertRecord(alert=alert, published_at=now), ALERTS[language]
    views = ((each, alert_view(record, each, zone, now)) for each in LANGUAGES)
    return [
        {"name": texts[each], "board": PAGE[each], "view": view, "video": None, "is_own": view.language == each}
        for each, view in views
    ]


def _offered(rows: AlertRows, given: Typed) -> list[KnownTrip]:
    """Return the trips that are ticked already, and after them the others of today."""
    named = (trip_named(each) for each in given.several("trips"))
    known = (rows.names.trip(ref, rows.state) for ref in named if ref is not None)
    ticked = [trip for trip in known if trip is not None]
    refs = {trip.ref for trip in ticked}
    return [*ticked, *(trip for trip in rows.names.trips_ahead(rows.now, rows.state) if trip.ref not in refs)]


def _periods(given: Typed) -> int:
    """Return how many periods the form shows: a few, or as many as are filled."""
    filled = (
        int(parts[1])
        for name, value in given.values.items()
        if value and len(parts := name.split("_")) == 3 and parts[0] in ("from", "to") and parts[1].isdecimal()  # noqa: PLR2004 - from_1_day
    )
    return max(PERIODS, *filled, 0)
