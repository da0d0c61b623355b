"""Distinct identifier types, so that a stop can not stand where a trip belongs."""

from typing import NewType

VehicleId = NewType("VehicleId", str)
"""Fleet-wide vehicle name, e.g. ``shuttle-1``; the ``<id>`` of ``urn:vehicle:<id>``."""

BootId = NewType("BootId", str)
"""One run of a vehicle's computer; sequence numbers start anew with it."""

StopId = NewType("StopId", str)
"""A public stop or meeting point (``stops.stop_id`` of GTFS)."""

RouteId = NewType("RouteId", str)
"""A line of the timetable (``routes.route_id`` of GTFS)."""

TripId = NewType("TripId", str)
"""A trip of the timetable (``trips.trip_id`` of GTFS); runs on many service days."""

BlockId = NewType("BlockId", str)
"""A chain of trips that one vehicle drives."""

BookingId = NewType("BookingId", str)
"""The reference a rider is told, e.g. ``K7M-4QX``."""

RiderRef = NewType("RiderRef", str)
"""A reference into the vault; says nothing about the person."""

DriverRef = NewType("DriverRef", str)
"""A reference to a volunteer or employee; says nothing about the person."""

TaskId = NewType("TaskId", str)
"""One pickup or drop-off of a tour: ``<booking>:pickup`` or ``<booking>:dropoff``."""

DisruptionId = NewType("DisruptionId", str)
"""Something that upset a plan: a breakdown, a closed road, a driver who is ill."""

DutyId = NewType("DutyId", str)
"""One duty of the roster: ``<date>/<group>/<role>``."""

TourId = NewType("TourId", str)
"""One citizen-bus tour of a vehicle on a service day."""

ConnectionId = NewType("ConnectionId", str)
"""A planned transfer between two services."""

ServiceAreaId = NewType("ServiceAreaId", str)
"""An on-demand service area of a region; the unit of partitioning."""

NodeIndex = NewType("NodeIndex", int)
"""Index of a node in the arrays of a road network."""

ManoeuvreId = NewType("ManoeuvreId", str)
"""A vehicle's request for a decision; named by the vehicle, unique within it."""

CommandId = NewType("CommandId", str)
"""One command of technical supervision to one vehicle."""

OccasionId = NewType("OccasionId", str)
"""One event of the event recorder (StVG §1g(2))."""

AlarmId = NewType("AlarmId", str)
"""What an alarm is about: ``<kind>:<vehicle>`` and, where there may be several, what else tells them apart."""

HazardId = NewType("HazardId", str)
"""A hazard on the road: ``<originating station>:<sequence number>`` of its DENM action id."""

LineChangeId = NewType("LineChangeId", str)
"""One change of the line service against its timetable."""

AlertId = NewType("AlertId", str)
"""One alert to riders, through all its wordings."""
