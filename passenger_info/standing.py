"""What may honestly be said of a trip now, and when evidence has become too old to say it."""

from mobility.core.arrivals import Call, TripStanding, TripStatus
from mobility.core.clock import Instant, seconds_between
from passenger_info.fleet import Tracked
from passenger_info.predict import Forecast
from passenger_info.run import SkippedCall, TripRun
from passenger_info.track import Track

LIVE_S = 15.0
"""A vehicle silent for longer is never shown live."""
STALE_S = 90.0
"""A vehicle silent for longer has no delay any more, and its trip no predictions but for the stop it was heading to."""
GONE_S = 180.0
"""After this nothing is left of a silent vehicle in the feeds."""
_OVERDUE_S = 120.0
"""A trip that should have left this long ago, without a vehicle, is unknown."""
_ABOUT_TO_LEAVE_S = 120.0


def is_live(vehicle: Tracked, now: Instant) -> bool:
    """Return whether the vehicle's state is fresh enough to be shown as running."""
    return vehicle.state.age_s(now) <= LIVE_S


def is_stale(vehicle: Tracked, now: Instant) -> bool:
    """Return whether the vehicle has been silent too long to predict anything from it."""
    return vehicle.state.age_s(now) > STALE_S


def standing_with(vehicle: Tracked, track: Track, forecast: Forecast | None, now: Instant) -> TripStanding:
    """Return the standing of a trip with a vehicle.

    Running: fresh evidence, on its route, and it has left or leaves within two minutes. Before that it is expected,
    also when the waiting vehicle falls silent; without fresh evidence on the road it is unknown.
    """
    if not is_live(vehicle, now):
        is_due = seconds_between(track.run.departure[0], now) > _OVERDUE_S
        return TripStanding.UNKNOWN if track.has_started or is_due else TripStanding.EXPECTED
    if track.has_started:
        return TripStanding.RUNNING if track.is_on_route else TripStanding.UNKNOWN
    leaves = track.run.departure[0] if forecast is None else forecast.calls[0].departure.p50
    is_leaving = track.is_on_route and seconds_between(now, leaves) <= _ABOUT_TO_LEAVE_S
    return TripStanding.RUNNING if is_leaving else TripStanding.EXPECTED


def standing_without(run: TripRun, now: Instant, *, is_tracked_line: bool) -> TripStanding:
    """Return the standing of a trip without a vehicle; on a line whose vehicles report, an overdue one is unknown."""
    is_overdue = seconds_between(run.departure[0], now) > _OVERDUE_S
    return TripStanding.UNKNOWN if is_overdue and is_tracked_line else TripStanding.EXPECTED


def status_with(vehicle: Tracked, track: Track, now: Instant) -> TripStatus:
    """Return the status of a trip with a vehicle on it."""
    stale = is_stale(vehicle, now)
    forecast = None if stale or not track.is_on_route else vehicle.forecast
    return TripStatus(
        trip=track.run.ref,
        route_id=track.run.trip.route_id,
        headsign=track.run.trip.headsign,
        standing=standing_with(vehicle, track, vehicle.forecast, now),
        as_of=track.as_of,
        vehicle_id=vehicle.vehicle_id,
        delay_s=None if stale else track.delay_s,
        chainage_m=track.chainage_m,
        calls=_calls(track.run, track, forecast),
    )


def status_done(track: Track, now: Instant) -> TripStatus:
    """Return the status of a run that has reached its last stop: all its calls have departed."""
    return TripStatus(
        trip=track.run.ref,
        route_id=track.run.trip.route_id,
        headsign=track.run.trip.headsign,
        standing=TripStanding.RUNNING if track.as_of >= now - LIVE_S * 1000 else TripStanding.UNKNOWN,
        as_of=track.as_of,
        delay_s=track.delay_s,
        chainage_m=track.chainage_m,
        calls=_calls(track.run, track, None),
    )


def status_without(run: TripRun, standing: TripStanding, forecast: Forecast | None, now: Instant) -> TripStatus:
    """Return the status of a trip no vehicle is on yet; ``forecast`` follows from its block's trip before."""
    return TripStatus(
        trip=run.ref,
        route_id=run.trip.route_id,
        headsign=run.trip.headsign,
        standing=standing,
        as_of=now,
        calls=_calls(run, None, forecast),
    )


def status_cancelled(run: TripRun, reason: str, now: Instant) -> TripStatus:
    """Return the status of a trip that will not run."""
    return TripStatus(
        trip=run.ref,
        route_id=run.trip.route_id,
        headsign=run.trip.headsign,
        standing=TripStanding.CANCELLED,
        as_of=now,
        calls=_calls(run, None, None),
        reason=reason,
    )


def _calls(run: TripRun, track: Track | None, forecast: Forecast | None) -> tuple[Call, ...]:
    """Return the calls in order of travel, those that the run passes by among them."""
    calls = [_call(run, i, track, forecast) for i in range(run.last + 1)]
    for k, skip in enumerate(run.skipped):
        calls.insert(skip.before + k, _skipped(skip, track))
    return tuple(calls)


def _call(run: TripRun, i: int, track: Track | None, forecast: Forecast | None) -> Call:
    ahead = forecast.at(i) if forecast is not None else None
    return Call(
        stop_id=run.trip.pattern.stops[i],
        stop_sequence=run.trip.stop_sequence[i],
        scheduled_arrival=run.arrival[i],
        scheduled_departure=run.departure[i],
        arrival=ahead.arrival if ahead is not None else None,
        departure=ahead.departure if ahead is not None else None,
        has_departed=track is not None and (i < track.call_index or track.is_done),
        is_on_detour=run.change is not None and run.change.origin[i] is None,
    )


def _skipped(skip: SkippedCall, track: Track | None) -> Call:
    return Call(
        stop_id=skip.stop_id,
        stop_sequence=skip.stop_sequence,
        scheduled_arrival=skip.arrival,
        scheduled_departure=skip.departure,
        has_departed=track is not None and (skip.before < track.call_index or track.is_done),
        is_skipped=True,
        instead=skip.instead,
    )
