"""Times told to all: every published prediction that differs from the one told before by 30 s or more."""

from dataclasses import dataclass, field

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from mobility.core.ids import StopId
from mobility.core.vehicle import TripRef
from passenger_info.predict import Forecast

CHANGE_S = 30
"""Smaller changes are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTime:
    """A time that boards and feeds told from ``told_at`` on."""

    trip: TripRef
    stop_id: StopId
    stop_sequence: int
    event: str
    """``arrival`` or ``departure``."""
    time: Prediction
    scheduled: Instant
    told_at: Instant


@dataclass(slots=True)
class Told:
    """What was told last, per trip run and event."""

    _last: dict[TripRef, dict[tuple[int, str], Instant]] = field(default_factory=dict)

    def changes(self, forecast: Forecast) -> list[PublishedTime]:
        """Return what of a newly published forecast is news, and remember it."""
        run = forecast.run
        last = self._last.setdefault(run.ref, {})
        news: list[PublishedTime] = []
        for i, call in enumerate(forecast.calls, start=forecast.first):
            for event, time, scheduled in (
                ("arrival", call.arrival, run.arrival[i]),
                ("departure", call.departure, run.departure[i]),
            ):
                before = last.get((i, event))
                if before is not None and abs(time.p50 - before) < CHANGE_S * 1000:
                    continue
                last[i, event] = time.p50
                news.append(
                    PublishedTime(
                        trip=run.ref,
                        stop_id=run.trip.pattern.stops[i],
                        stop_sequence=run.trip.stop_sequence[i],
                        event=event,
                        time=time,
                        scheduled=scheduled,
                        told_at=forecast.made_at,
                    )
                )
        return news

    def forget(self, trip: TripRef) -> None:
        """Forget a finished run."""
        self._last.pop(trip, None)
