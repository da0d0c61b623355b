"""Passenger information: matching, prediction, GTFS-realtime entities, boards. Knows bookings only as public tours."""
