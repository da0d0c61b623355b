"""When the calls of a run are told to happen: predicted, observed or, where nothing else is known, as scheduled.

Times of a run that is told whole always rise from call to call by at least a second (rule E022).
"""

from collections.abc import Mapping
from typing import NamedTuple

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from passenger_info.predict import Forecast
from passenger_info.run import TripRun
from passenger_info.track import Track

_STEP_MS = 1000


class CallTimes(NamedTuple):
    """Arrival and departure of a call."""

    arrival: Prediction
    departure: Prediction
    is_predicted: bool = True
    """Whether the spread of the quantiles means something."""


def predicted_times(forecast: Forecast) -> tuple[CallTimes, ...]:
    """Return the times of a forecast, from its first call on."""
    run = forecast.run
    return tuple(
        CallTimes(_first_arrival(run, call.arrival, call.departure) if i == 0 else call.arrival, call.departure)
        for i, call in enumerate(forecast.calls, start=forecast.first)
    )


def _first_arrival(run: TripRun, arrival: Prediction, departure: Prediction) -> Prediction:
    """Return when the trip begins at its first stop: a vehicle that waits there early has not arrived for it yet."""
    return _exactly(Instant(max(arrival.p50, min(run.arrival[0], departure.p50))))


def scheduled_times(run: TripRun, holds: Mapping[int, Instant]) -> tuple[CallTimes, ...]:
    """Return the times of all calls as scheduled; a departure that waits makes later ones wait too."""
    times: list[CallTimes] = []
    bound = Instant(0)
    for i in range(run.last + 1):
        came = Instant(max(run.arrival[i], bound))
        left = Instant(max(run.departure[i], came, holds.get(i, came)))
        times.append(CallTimes(_exactly(came), _exactly(left), is_predicted=False))
        drive_ms = run.arrival[i + 1] - run.departure[i] if i < run.last else 0
        if run.fastest_s is not None and i < run.last:
            drive_ms = min(drive_ms, run.fastest_s[i + 1] * 1000)
        bound = Instant(left + max(_STEP_MS, drive_ms))
    return tuple(times)


def whole_run(track: Track | None, ahead: tuple[CallTimes, ...], run: TripRun) -> tuple[CallTimes, ...]:
    """Return the times of all calls of a run: observed ones behind, those ``ahead`` after them.

    Where nobody saw a call behind, the schedule stands for it, as late as the calls after it allow.
    """
    behind: list[CallTimes] = []
    bound = Instant((ahead[0].arrival.p50 if ahead else run.arrival[-1]) // _STEP_MS * _STEP_MS - _STEP_MS)
    for i in range(run.last - len(ahead), -1, -1):
        seen_left = track.departed[i] if track is not None else None
        seen_came = track.arrived[i] if track is not None else None
        left = _whole(min(seen_left or run.departure[i], bound))
        came = _whole(min(seen_came or run.arrival[i], left))
        behind.append(CallTimes(_exactly(came), _exactly(left)))
        bound = Instant(came - _STEP_MS)
    return (*reversed(behind), *ahead)


def _exactly(moment: Instant) -> Prediction:
    return Prediction(p10=moment, p50=moment, p90=moment)


def _whole(moment: int) -> Instant:
    return Instant(moment // _STEP_MS * _STEP_MS)
