"""Topics of the push hub: what a reader may subscribe to, and their one spelling."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import RouteId, StopId, TripId, VehicleId

ALL = "all"
LONGEST_TOPIC = 200
"""Characters; longer ones are refused."""
_SIDES = 4
_NEXT_TOPIC = re.compile(r",(?=(?:all|(?:route|stop|trip|vehicle|bbox):[^,]*)(?:,|$))")
"""A comma that begins another topic; one inside a box or an id does not."""


def route_topic(route_id: RouteId) -> str:
    """Return the topic of a line: its trips and the vehicles on them."""
    return f"route:{route_id}"


def stop_topic(stop_id: StopId) -> str:
    """Return the topic of a stop: the trips that will call there."""
    return f"stop:{stop_id}"


def trip_topic(trip_id: TripId) -> str:
    """Return the topic of a trip: its updates and the vehicle on it."""
    return f"trip:{trip_id}"


def vehicle_topic(vehicle_id: VehicleId) -> str:
    """Return the topic of a vehicle: its position and its trip's update."""
    return f"vehicle:{vehicle_id}"


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in degrees; it may not cross the date line."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def holds(self, place: LatLon) -> bool:
        """Return whether a place lies inside, edges included."""
        return self.south_deg <= place.lat_deg <= self.north_deg and self.west_deg <= place.lon_deg <= self.east_deg


def _never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Known:
    """Which ids exist; a topic of another one is refused. Vehicles come and go, so any id will do for them."""

    routes: Mapping[RouteId, object]
    stops: Mapping[StopId, object]
    trips: Mapping[TripId, object]
    is_live: Callable[[str], bool] = _never
    """Whether something of this topic is published now: trips that are in no timetable, such as public tours."""


def parse_topic(text: str, known: Known) -> tuple[str, Box | None]:
    """Return a topic's one spelling, and its box where it is one; raises ``BadInputError`` for anything else."""
    if len(text) > LONGEST_TOPIC:
        raise BadInputError(f"a topic may have {LONGEST_TOPIC} characters", source="topic")
    kind, colon, name = text.partition(":")
    if text == ALL:
        return ALL, None
    if not colon or not name:
        raise BadInputError("a topic is all, route:…, stop:…, trip:…, vehicle:… or bbox:west,south,east,north")
    if kind == "bbox":
        box = _parse_box(name)
        return f"bbox:{box.west_deg:.9g},{box.south_deg:.9g},{box.east_deg:.9g},{box.north_deg:.9g}", box
    if not _exists(kind, name, known):
        raise BadInputError("there is no such topic", source="topic", field=kind[:20])
    return text, None


def split_topics(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the topics of a query: each text is one topic or several with commas between them."""
    return tuple(dict.fromkeys(part for text in texts for part in _NEXT_TOPIC.split(text) if part))


def _exists(kind: str, name: str, known: Known) -> bool:
    match kind:
        case "route":
            return RouteId(name) in known.routes
        case "stop":
            return StopId(name) in known.stops
        case "trip":
            # An extra trip has the id of the trip it repeats, a plus, and when it leaves.
            pattern = name.rpartition("+")[0]
            return TripId(name) in known.trips or TripId(pattern) in known.trips or known.is_live(f"trip:{name}")
        case _:
            return kind == "vehicle"


def _parse_box(text: str) -> Box:
    parts = text.split(",")
    if len(parts) != _SIDES:
        raise BadInputError("a box is west,south,east,north in degrees", source="topic", field="bbox")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise BadInputError("a box is made of four numbers", source="topic", field="bbox") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        raise BadInputError("a box lies within the degrees of Earth, west before east", source="topic", field="bbox")
    return Box(west, south, east, north)
