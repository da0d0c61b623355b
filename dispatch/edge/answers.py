"""What machines get: the JSON objects of the public interface, times in ISO 8601 with offset."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.edge.links import RideLinks
from dispatch.edge.service import Ride
from dispatch.manifest import Manifest, ManifestTask
from dispatch.offer import Offer, Quote
from dispatch.wording import sentence
from mobility.core.booking import Window
from mobility.core.clock import Instant, datetime_at
from mobility.core.connection import Connection
from mobility.core.events import ConnectionDecided
from mobility.core.ids import RiderRef, StopId
from mobility.core.place import Stop


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

    def offer(self, offer: Offer) -> dict[str, Any]:
        """Return an offer."""
        return {
            "offer_id": offer.offer_id,
            "vehicle_id": offer.vehicle_id,
            "pickup": self.window(offer.pickup),
            "arrival": self.window(offer.arrival),
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
            "offers": [self.offer(offer) for offer in quote.offers],
            "refusal": told,
            "alternatives": [self.offer(offer) for offer in quote.alternatives],
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
            "trip": {"trip_id": connection.trip.trip_id, "start_date": connection.trip.start_date.isoformat()},
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
            "reason": decided.reason,
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
            "name": name,
            "is_done": task.is_done,
        }
