"""Everything a board page shows at one moment in one language: alerts, departures, how to book, what is read aloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable, TimetableStop
from mobility.core.alert import AlertRecord, AlertSeverity
from mobility.core.clock import Instant, datetime_at
from mobility.core.ports import Departure
from passenger_info.alert_view import AlertView, alert_view
from passenger_info.board import BoardFacts, BoardRow, board_rows, next_departure, read_aloud
from passenger_info.board_booking import BookingView, booking_view
from passenger_info.board_videos import SignVideo, first_video, video_of_alert

MOST_OPEN = 3
"""So many alerts stand and are said before the departures; the others are folded up there and said after them."""
_FIRST = (AlertSeverity.SEVERE, AlertSeverity.WARNING, AlertSeverity.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertShown:
    """An alert on a board."""

    view: AlertView
    video: SignVideo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """One board."""

    rows: tuple[BoardRow, ...]
    alerts: tuple[AlertShown, ...]
    """The most severe first, then the newest."""
    bookings: tuple[BookingView, ...]
    """How to book what comes here on request."""
    aloud: str
    """The whole board for reading aloud, a sentence or two a line."""
    next_sentence: str
    """What leaves next where no row stands; empty where rows stand or nothing is known."""
    videos: Mapping[str, SignVideo]

    @property
    def urgent(self) -> tuple[AlertShown, ...]:
        """Alerts that stand above the departures: all but mere information."""
        return tuple(alert for alert in self.alerts if alert.view.severity is not AlertSeverity.INFO)

    @property
    def informing(self) -> tuple[AlertShown, ...]:
        """Alerts that stand below them."""
        return tuple(alert for alert in self.alerts if alert.view.severity is AlertSeverity.INFO)

    def video_of(self, row: BoardRow) -> SignVideo | None:
        """Return the film that goes with the state or the reason of a departure."""
        waits = ("wait",) if any(note.symbol == "wait" for note in row.notes) else ()
        return first_video(self.videos, (row.state, *waits))


def board_view(
    timetable: Timetable,
    stop: TimetableStop,
    facts: BoardFacts,
    *,
    records: Sequence[AlertRecord],
    now: Instant,
    language: str,
    videos: Mapping[str, SignVideo],
    hours: int,
    later: Departure | None = None,
) -> BoardView:
    """Return a board in ``de``, ``en`` or ``de-simple``; ``records`` are the alerts shown at the stop now.

    ``later`` is the first departure after a board that is empty for ``hours``.
    """
    zone = ZoneInfo(timetable.zone)
    rows = board_rows(timetable, facts, now, language)
    ordered = sorted(records, key=lambda each: (_FIRST.index(each.alert.severity), -each.published_at))
    alerts = tuple(
        AlertShown(view=alert_view(each, language, zone, now), video=video_of_alert(videos, each.alert))
        for each in ordered
    )
    bookings = tuple(booking_view(service, language) for service in timetable.bookable_at(stop.stop_id))
    urgent = [alert.view.spoken for alert in alerts if alert.view.severity is not AlertSeverity.INFO]
    informing = [alert.view.spoken for alert in alerts if alert.view.severity is AlertSeverity.INFO]
    next_sentence = next_departure(timetable, later, language) if later is not None and not rows else ""
    aloud = read_aloud(
        stop.name,
        rows,
        datetime_at(now, zone),
        language,
        before=urgent[:MOST_OPEN],
        after=[
            *([next_sentence] if next_sentence else []),
            *urgent[MOST_OPEN:],
            *informing,
            *(booking.spoken for booking in bookings),
        ],
        hours=hours,
    )
    return BoardView(
        rows=tuple(rows),
        alerts=alerts,
        bookings=bookings,
        aloud=aloud,
        next_sentence=next_sentence,
        videos=videos,
    )
