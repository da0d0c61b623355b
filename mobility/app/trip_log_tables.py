"""What a trip log's tables hold: every column with its type, unit and meaning. Pure.

Names follow TIDES (Transit ITS Data Exchange Specification, ``trips_performed`` and ``stop_visits``) where it has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "date", "moment", "number", "count", "flag"]
"""``moment`` is a UTC instant in milliseconds, ``date`` a service date, ``count`` a whole number."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``unit`` is empty where there is none."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""


_SERVICE_DATE = Column("service_date", "date", "Date of the service day; trips after midnight belong to the day before")
_TRIP = Column("trip_id_performed", "text", "One run of a trip: scheduled trip and service date")
_VEHICLE = Column("vehicle_id", "text", "Vehicle of the fleet")

TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "trips_performed": (
            _SERVICE_DATE,
            _TRIP,
            _VEHICLE,
            Column("trip_id_scheduled", "text", "Trip of the static feed (GTFS trips.trip_id)"),
            Column("route_id", "text", "Line (GTFS routes.route_id)"),
            Column("schedule_trip_start", "moment", "Scheduled departure from the first stop", "UTC ms"),
            Column("schedule_trip_end", "moment", "Scheduled arrival at the last stop", "UTC ms"),
            Column(
                "actual_trip_start", "moment", "Observed departure from the first stop; empty if not seen", "UTC ms"
            ),
            Column("actual_trip_end", "moment", "Observed arrival at the last stop; empty if not seen", "UTC ms"),
            Column("is_assumed", "flag", "Whether the trip was found by position; the vehicle had not logged on to it"),
        ),
        "stop_visits": (
            _SERVICE_DATE,
            _TRIP,
            _VEHICLE,
            Column("trip_stop_sequence", "count", "GTFS stop_times.stop_sequence"),
            Column("stop_id", "text", "Stop (GTFS stops.stop_id)"),
            Column("schedule_arrival_time", "moment", "Scheduled arrival", "UTC ms"),
            Column("schedule_departure_time", "moment", "Scheduled departure", "UTC ms"),
            Column("actual_arrival_time", "moment", "Observed arrival; empty if not seen", "UTC ms"),
            Column("actual_departure_time", "moment", "Observed departure; empty if not seen", "UTC ms"),
            Column("dwell_s", "number", "Observed departure minus observed arrival", "s"),
            Column("departure_delay_s", "number", "Observed minus scheduled departure; positive is late", "s"),
        ),
        "vehicle_positions": (
            _VEHICLE,
            Column("event_timestamp", "moment", "When the sample was taken", "UTC ms"),
            Column("latitude", "number", "WGS84 latitude as measured", "deg"),
            Column("longitude", "number", "WGS84 longitude as measured", "deg"),
            Column("speed_mps", "number", "Speed over ground", "m/s"),
            Column("heading_deg", "number", "Clockwise from north, 0 to below 360", "deg"),
            Column("odometer_m", "number", "Distance counter of the vehicle", "m"),
            Column("driving_mode", "text", "Who drives: manual, assisted, automated, minimal_risk, unknown"),
            Column("doors", "text", "closed, open, ramp_out, unknown"),
            Column("passengers", "count", "People aboard without the crew", "people"),
            Column("wheelchairs", "count", "Wheelchair places taken", "places"),
            Column("battery_frac", "number", "State of charge, 0 to 1", "1"),
            Column("trip_id_scheduled", "text", "Trip the vehicle had logged on to; empty if none"),
            Column("trip_service_date", "date", "Service date of that trip"),
        ),
        "rides": (
            Column("service_date", "date", "Local date of the wished time"),
            Column("time_band", "text", "Local two hours the wished time lies in, e.g. 08-10"),
            Column("area_id", "text", "On-demand service area"),
            Column("origin_stop_id", "text", "Public stop or meeting point"),
            Column("destination_stop_id", "text", "Public stop or meeting point"),
            Column("wish_kind", "text", "Whether the wished time is to depart or to arrive"),
            Column("seats", "count", "Seats asked for", "seats"),
            Column("wheelchairs", "count", "Wheelchair places asked for", "places"),
            Column("channel", "text", "How it was asked for: phone, web, api, driver"),
            Column("outcome", "text", "refused, promised, boarded, completed, no_show, cancelled"),
            Column("refusal_code", "text", "The binding constraint of a refusal"),
            Column("fare_cent", "count", "Fare of the ride", "cent"),
            Column("direct_time_min", "count", "Ride time without detour, in whole minutes", "min"),
            Column("ride_time_min", "count", "Time aboard, in whole minutes", "min"),
            Column("pickup_revisions", "count", "How often the pickup window was told anew", "times"),
            Column("pickup_outcome", "text", "open, kept, broken, released"),
            Column("arrival_revisions", "count", "How often the arrival window was told anew", "times"),
            Column("arrival_outcome", "text", "open, kept, broken, released"),
        ),
    }
)
"""Tables in the order they are written. ``rides`` names nobody and can not be joined to positions by time."""
