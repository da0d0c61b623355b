"""What machines get: the JSON objects of the public interface, times in ISO 8601 with offset."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.edge.links import RideLinks
from dispatch.edge.service import Ride
from dispatch.manifest import Manifest, ManifestTask
from dispatch.offer import Offer, Quote
from dispatch.rules import LineBus
from dispatch.walk import Walk
from dispatch.wording import sentence
from mobility.core.booking import Window
from mobility.core.clock import Instant, datetime_at
from mobility.core.connection import Connection
from mobility.core.events import ConnectionDecided
from mobility.core.ids import RiderRef, StopId
from mobility.core.place import Stop
from mobility.core.vehicle import TripRef


class Answers:
    """Builds answers in one zone."""

    def __init__(self, zone: str, links: RideLinks, stops: Mapping[StopId, Stop]) -> None:
        """Write times in ``zone``, name places by ``stops``."""
        self._zone = ZoneInfo(zone)
        self._links = links
        self._stops = stops

    def moment(self, at: Instant) -> str:
        """Return an instant as ISO 8601 with offset, whole seconds."""
        return datetime_at(at, self._zone).isoformat(timespec="seconds")

    def window(self, window: Window) -> dict[str, str]:
        """Return a window."""
        return {"earliest": self.moment(window.earliest), "latest": self.moment(window.latest)}

    def offer(self, offer: Offer, walks: tuple[Walk, Walk] | None = None) -> dict[str, Any]:
        """Return an offer with the ways on foot to its stops, none where the stops themselves were named."""
        wish = offer.wish
        to, back = walks or (Walk(stop_id=wish.origin), Walk(stop_id=wish.destination))
        return {
            "offer_id": offer.offer_id,
            "vehicle_id": offer.vehicle_id,
            "pickup": self.window(offer.pickup),
            "arrival": self.window(offer.arrival),
            "origin": self._end(to),
            "destination": self._end(back),
            "fare_cent": offer.fare_cent,
            "valid_until": self.moment(offer.valid_until),
        }

    def quote(self, quote: Quote, language: str) -> dict[str, Any]:
        """Return offers, or the refusal as code and sentence with alternatives."""
        refusal = quote.refusal
        told = None
        if refusal is not None:
            parameters = dict(refusal.parameters)
            told = {"code": refusal.code, "sentence": sentence(refusal, language), "parameters": parameters}
        return {
            "offers": [self.offer(offer, quote.walks) for offer in quote.offers],
            "refusal": told,
            "line_bus": None if quote.line_bus is None else self._line_bus(quote.line_bus),
            "alternatives": [self.offer(offer, quote.walks) for offer in quote.alternatives],
        }

    def ride(self, ride: Ride) -> dict[str, Any]:
        """Return a booking with its promises and, while it is planned, the planned times."""
        reference = ride.booking.booking_id
        return {
            "reference": reference,
            "link": self._links.link(reference),
            "vehicle_id": ride.vehicle_id,
            "pickup": self.window(ride.pickup),
            "arrival": self.window(ride.arrival),
            "planned_pickup": None if ride.planned_pickup is None else self.moment(ride.planned_pickup),
            "planned_arrival": None if ride.planned_arrival is None else self.moment(ride.planned_arrival),
            "fare_cent": ride.booking.fare_cent,
            "state": ride.booking.state,
        }

    def manifest(self, manifest: Manifest, names: Mapping[RiderRef, str]) -> dict[str, Any]:
        """Return a manifest; erased riders have an empty name."""
        return {
            "vehicle_id": manifest.vehicle_id,
            "date": manifest.day.isoformat(),
            "version": manifest.version,
            "shifts": [
                {
                    "starts": self.moment(shift.span.earliest),
                    "ends": self.moment(shift.span.latest),
                    "driver": shift.driver,
                    "depot": shift.depot,
                }
                for shift in manifest.shifts
            ],
            "tasks": [self._task(task, names.get(task.rider, "")) for task in manifest.tasks],
        }

    def connection(self, connection: Connection) -> dict[str, Any]:
        """Return a planned connection with what was decided."""
        until = connection.hold_until
        return {
            "connection_id": connection.connection_id,
            "feeder": connection.feeder,
            "feeder_arrival": self.moment(connection.feeder_arrival),
            "feeder_delay_s": connection.feeder_delay_s,
            "trip": _trip(connection.trip),
            "feeder_trip": _trip(connection.feeder_trip),
            "reference": connection.booking_id,
            "stop_id": connection.stop_id,
            "stop_name": self._stops[connection.stop_id].name,
            "departure": self.moment(connection.departure),
            "transfer_s": connection.transfer_s,
            "hold_limit_s": connection.hold_limit_s,
            "decision": connection.decision,
            "hold_until": None if until is None else self.moment(until),
        }

    def decided(self, decided: ConnectionDecided) -> dict[str, Any]:
        """Return a decision."""
        until = decided.hold_until
        return {
            "decision": decided.decision,
            "hold_until": None if until is None else self.moment(until),
            "cost_person_s": decided.cost_person_s,
            "go_cost_person_s": decided.go_cost_person_s,
            "overruled_because": decided.overruled_because,
            "reason": decided.reason,
        }

    def _end(self, walk: Walk) -> dict[str, Any]:
        name = self._stops[walk.stop_id].name
        return {"stop_id": walk.stop_id, "stop_name": name, "walk_m": walk.walk_m, "walk_min": walk.walk_min}

    def _line_bus(self, bus: LineBus) -> dict[str, Any]:
        return {
            "line": bus.line,
            "headsign": bus.headsign,
            "stop_name": bus.stop_name,
            "departure": self.moment(bus.departure),
            "arrival": None if bus.arrival is None else self.moment(bus.arrival),
        }

    def _task(self, task: ManifestTask, name: str) -> dict[str, Any]:
        stop = self._stops[task.stop_id]
        return {
            "task_id": task.task_id,
            "kind": task.kind,
            "reference": task.booking_id,
            "state": task.state,
            "stop_id": task.stop_id,
            "stop_name": stop.name,
            "lat": stop.place.lat_deg,
            "lon": stop.place.lon_deg,
            "window": self.window(task.window),
            "leave": self.moment(task.leave),
            "begin": self.moment(task.begin),
            "service_s": task.service_s,
            "seats": task.load.seats,
            "wheelchairs": task.load.wheelchairs,
            "prams": task.load.prams,
            "luggage": task.load.luggage,
            "name": name,
            "is_done": task.is_done,
        }


def _trip(trip: TripRef | None) -> dict[str, str] | None:
    return None if trip is None else {"trip_id": trip.trip_id, "start_date": trip.start_date.isoformat()}
