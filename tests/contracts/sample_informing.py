"""Changes of the line service and an alert: one example of each of their facts, in an order that may happen."""

from datetime import date

from mobility.core import line_events as events
from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertSeverity, AlertText
from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.geo import LatLon
from mobility.core.ids import AlertId, LineChangeId, RouteId, StopId, TripId
from mobility.core.line_change import DetourCall, LineChange, LineChangeKind
from mobility.core.road_weather import RoadWeather, WeatherReport
from mobility.core.vehicle import TripRef

START = Instant(1_760_421_600_000)
TRIP = TripRef(TripId("D-out-mofr-0807"), date(2025, 10, 14))
DETOUR = LineChange(
    change_id=LineChangeId("umleitung-1"),
    kind=LineChangeKind.DETOUR,
    begins=START,
    ends=Instant(START + 7_200_000),
    reason="Baustelle in der Ehrenbergstraße",
    trips=(TRIP,),
    leaves_at=StopId("ehrenberg"),
    rejoins_at=StopId("campus-ost"),
    via=(DetourCall(StopId("ersatzhalt"), 95.0),),
    drive_s=120.0,
    path=(LatLon(50.681, 10.931), LatLon(50.683, 10.936), LatLon(50.684, 10.94)),
)
ALERT = Alert(
    alert_id=AlertId("baustelle-1"),
    cause=AlertCause.CONSTRUCTION,
    effect=AlertEffect.DETOUR,
    severity=AlertSeverity.WARNING,
    communication=AlertPeriod(START, None),
    impact=(AlertPeriod(START, Instant(START + 7_200_000)),),
    texts=(
        AlertText(language="de", header="Linie D fährt eine Umleitung", description="Campus Nord wird nicht bedient."),
        AlertText(language="de-simple", header="Die Linie D fährt anders.", description="", spoken="Linie D"),
    ),
    routes=(RouteId("D"),),
    stops=(StopId("campus-nord"),),
    trips=(TRIP,),
    url="https://example.org/umleitung",
    template="detour",
)


def informed(cancelled: TripRef) -> list[Event]:
    """Facts of a detour, its alert, and a cancelled trip that runs after all."""
    return [
        events.TripReinstated(trip=cancelled, reason="Fahrzeug repariert"),
        events.LineChanged(change=DETOUR),
        events.AlertPublished(alert=ALERT),
        events.LineChangeEnded(change_id=DETOUR.change_id, reason="Baustelle beendet"),
        events.RoadWeatherReported(report=WeatherReport(RoadWeather.SNOW, START)),
        events.AlertWithdrawn(alert_id=ALERT.alert_id, reason="Baustelle beendet"),
    ]
