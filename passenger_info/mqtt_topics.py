"""Where on an MQTT broker an entity is found, and what says there that it is gone.

One entity, one topic. Positions lie in the tree of Digitransit's ``gtfsrthttp2mqtt`` (README and topic format of
HSLdevcom/gtfsrthttp2mqtt), which its map and others subscribe to level by level; trip updates in a tree that a
planner takes whole with ``…/tu/{feed}/#``, as OpenTripPlanner's ``mqtt-gtfs-rt-updater`` does.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.timetable import Timetable
from gtfs.trip import Trip
from mobility.core.errors import BadInputError
from mobility.core.ids import RouteId, TripId

PREFIX = "/gtfsrt"
"""What all topics begin with; Digitransit's has the leading slash, that is an empty first level."""
LONGEST_TOPIC_BYTES = 2000
"""Longer topics are not published; the protocol's own limit is 65,535 (MQTT 5 §1.5.4), brokers' are lower."""
MODE = "BUS"
"""Every line of this project is one; the level is named as in Digitransit."""
_SPECIAL = frozenset("/+#%\0")
_SLASHED = _SPECIAL - {"/"}


@dataclass(frozen=True, slots=True)
class FeedTopics:
    """The tree of one feed; made with ``FeedTopics.of``."""

    prefix: str
    feed_id: str
    timetable: Timetable

    @classmethod
    def of(cls, prefix: str, feed_id: str, timetable: Timetable) -> Self:
        """Check and return; raises ``BadInputError`` for a prefix or feed id that fits no topic."""
        if not prefix or prefix.endswith("/") or prefix.startswith("$") or not _SLASHED.isdisjoint(prefix):
            raise BadInputError("a topic prefix has no wildcard and no slash at its end", field="prefix")
        if not feed_id or not _SPECIAL.isdisjoint(feed_id):
            raise BadInputError("a feed id is one topic level without / + # %", field="feed_id")
        return cls(prefix, feed_id, timetable)

    @property
    def status(self) -> str:
        """Where the publisher says ``online`` or ``offline``, retained."""
        return f"{self.prefix}/status/{self.feed_id}"

    @property
    def filters(self) -> tuple[str, ...]:
        """Filters that together match every entity's topic and nothing else."""
        return tuple(f"{self.prefix}/{kind}/{self.feed_id}/#" for kind in ("vp", "tu", "sa", "other"))

    def topic(self, entity: gtfs_realtime.FeedEntity) -> str:
        """Return an entity's topic; raises ``BadInputError`` where its ids make one too long."""
        if entity.HasField("vehicle"):
            kind, levels = "vp", self._position_levels(entity.vehicle)
        elif entity.HasField("trip_update"):
            trip = entity.trip_update.trip
            kind, levels = "tu", (trip.route_id, _direction(trip), _trip_name(entity.trip_update), trip.start_date)
        else:
            kind, levels = "sa" if entity.HasField("alert") else "other", (entity.id,)
        topic = "/".join((self.prefix, kind, self.feed_id, *map(level, levels)))
        if len(topic.encode()) > LONGEST_TOPIC_BYTES:
            raise BadInputError(f"a topic may have {LONGEST_TOPIC_BYTES} bytes", source="MQTT out", field=kind)
        return topic

    def _position_levels(self, vehicle: gtfs_realtime.VehiclePosition) -> tuple[str, ...]:
        """Return the levels after the feed id, the empty last one included."""
        trip, place = vehicle.trip, vehicle.position
        known = self.timetable.trips.get(TripId(trip.trip_id))
        route = self.timetable.routes.get(RouteId(trip.route_id))
        return (
            "",
            self.timetable.agency_name,
            MODE,
            trip.route_id,
            _direction(trip),
            known.headsign if known else "",
            trip.trip_id,
            vehicle.stop_id,
            _start(trip.start_time, known),
            vehicle.vehicle.id,
            *_tile(place.latitude, place.longitude),
            route.short_name if route else "",
            route.colour if route else "",
            "",
        )

    def parting(self, entity: gtfs_realtime.FeedEntity) -> gtfs_realtime.FeedEntity:
        """Return what tells a reader of differential messages that an entity is gone.

        Such a reader looks at ``is_deleted``. A planner that does not, and keeps a trip's last update for ever, is
        told in the same entity that nothing is known of the trip any more (every call ``NO_DATA``), or, where the
        timetable has no such trip, that there is none (``DELETED``).
        """
        gone = gtfs_realtime.FeedEntity(id=entity.id, is_deleted=True)
        if not entity.HasField("trip_update"):
            return gone
        update = gone.trip_update
        update.trip.trip_id = _trip_name(entity.trip_update)
        update.trip.start_date = entity.trip_update.trip.start_date
        update.trip.route_id = entity.trip_update.trip.route_id
        update.timestamp = entity.trip_update.timestamp
        trip = self.timetable.trips.get(TripId(update.trip.trip_id))
        if trip is None:
            update.trip.schedule_relationship = gtfs_realtime.TripDescriptor.DELETED
            return gone
        update.trip.schedule_relationship = gtfs_realtime.TripDescriptor.SCHEDULED
        for sequence, stop_id in zip(trip.stop_sequence, trip.pattern.stops, strict=True):
            update.stop_time_update.add(
                stop_sequence=sequence,
                stop_id=stop_id,
                schedule_relationship=gtfs_realtime.TripUpdate.StopTimeUpdate.NO_DATA,
            )
        return gone


def level(text: str) -> str:
    """Return text as one topic level: what separates, matches or controls is written as ``%XX`` (RFC 3986 §2.1)."""
    if _SPECIAL.isdisjoint(text) and text.isprintable():
        return text
    return "".join(c if c.isprintable() and c not in _SPECIAL else quote(c, safe="") for c in text)


def _trip_name(update: gtfs_realtime.TripUpdate) -> str:
    """Return the id under which a reader knows the trip: its own where it duplicates another."""
    return update.trip_properties.trip_id or update.trip.trip_id


def _direction(trip: gtfs_realtime.TripDescriptor) -> str:
    return str(trip.direction_id) if trip.HasField("direction_id") else ""


def _start(start_time: str, trip: Trip | None) -> str:
    """Return hours and minutes of a trip's first departure; hours may pass 24."""
    if start_time or trip is None:
        return start_time[:5]
    minutes = trip.departure[0] // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _tile(lat_deg: float, lon_deg: float) -> tuple[str, str, str, str]:
    """Return whole degrees, then one digit of each coordinate a level: about 11 km, 1.1 km and 110 m wide."""
    lat, lon = f"{lat_deg:.6f}".partition("."), f"{lon_deg:.6f}".partition(".")
    digits = [a + b for a, b in zip(lat[2][:3], lon[2][:3], strict=True)]
    return (f"{lat[0]};{lon[0]}", digits[0], digits[1], digits[2])
