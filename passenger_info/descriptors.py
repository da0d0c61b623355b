"""How trips and vehicles are named in the feed: descriptors with their relationship to the timetable."""

from datetime import date
from functools import lru_cache

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.ids import TripId, VehicleId
from mobility.core.service_day import format_service_time
from mobility.core.vehicle import VehicleSpec
from passenger_info.run import TripRun

Relationship = gtfs_realtime.TripDescriptor.ScheduleRelationship
"""The enumeration of the reference, "TripDescriptor"."""

_OWN_START = (gtfs_realtime.TripDescriptor.NEW, gtfs_realtime.TripDescriptor.ADDED)
"""No timetable says when such a trip starts, so its descriptor does."""


def name_trip(
    trip: gtfs_realtime.TripDescriptor,
    run: TripRun,
    relationship: Relationship = gtfs_realtime.TripDescriptor.SCHEDULED,
    *,
    copied: TripId | None = None,
) -> None:
    """Fill a descriptor; ``copied`` is the trip of the timetable that a ``DUPLICATED`` one repeats."""
    trip.route_id = run.trip.route_id
    trip.schedule_relationship = relationship
    if run.trip.direction is not None:
        trip.direction_id = run.trip.direction
    if copied is not None:
        # Date and time of a copy stand in its properties (reference, "TripProperties"): here they would be the model's.
        trip.trip_id = copied
        return
    trip.trip_id = run.trip_id
    trip.start_date = date_text(run.ref.start_date)
    if relationship in _OWN_START:
        trip.start_time = start_time(run)


@lru_cache(16)
def date_text(day: date) -> str:
    """Return a service day as GTFS writes dates."""
    return f"{day:%Y%m%d}"


def start_time(run: TripRun) -> str:
    """Return when a run starts, as GTFS writes times."""
    return format_service_time(max(0, run.trip.departure[0]))


def name_vehicle(descriptor: gtfs_realtime.VehicleDescriptor, vehicle_id: VehicleId, spec: VehicleSpec | None) -> None:
    """Fill a vehicle's descriptor."""
    descriptor.id = vehicle_id
    if spec is not None and spec.label:
        descriptor.label = spec.label


def tell_wheelchair(descriptor: gtfs_realtime.VehicleDescriptor, *, is_accessible: bool | None) -> None:
    """Say whether wheelchairs can get on; nothing where that is not known."""
    if is_accessible is not None:
        descriptor.wheelchair_accessible = (
            gtfs_realtime.VehicleDescriptor.WHEELCHAIR_ACCESSIBLE
            if is_accessible
            else gtfs_realtime.VehicleDescriptor.WHEELCHAIR_INACCESSIBLE
        )
