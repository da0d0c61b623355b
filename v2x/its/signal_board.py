"""What the lights of junctions show now: the newest SPATEM of each intersection, its place from MAPEM where one came.

A state is worth something for seconds. What was not told again within ``SHOWN_FOR_S`` is not shown: unknown, not old.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mobility.core.clock import Instant
from v2x.its.message import ItsMessage, ItsValue
from v2x.its.signal_state import SignalState, signal_states
from v2x.its.station import UNAVAILABLE_LATITUDE, UNAVAILABLE_LONGITUDE

SHOWN_FOR_S: Final = 5.0
"""A roadside unit tells its lights once a second or more often (TS 103 301)."""
MOST_JUNCTIONS: Final = 256
"""Junctions that are remembered; beyond them the one heard longest ago is forgotten."""
_HOUR_S: Final = 3600.0
_T = TypeVar("_T")

JunctionId = tuple[int | None, int]
"""Region, where it is told, and id of an intersection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lights:
    """One junction's lights as they were told last."""

    states: dict[int, SignalState]
    """By signal group."""
    station_id: int
    source: str
    """The way it came, such as ``udp:10.0.0.7`` or ``batch:pmover-1``."""
    trust: str
    """What is known of its origin."""
    heard_at: Instant


class SignalBoard:
    """The junctions heard of."""

    def __init__(self) -> None:
        """Start knowing none."""
        self._lights: OrderedDict[JunctionId, Lights] = OrderedDict()
        self._places: OrderedDict[JunctionId, tuple[float, float]] = OrderedDict()

    def take(self, message: ItsMessage, *, source: str, trust: str, now: Instant) -> None:
        """Take a decoded SPATEM or MAPEM; any other message says nothing about lights."""
        if message.message == "SPATEM":
            for junction in message.value["spat"]["intersections"]:
                lights = Lights(
                    states=signal_states(junction),
                    station_id=message.station_id,
                    source=source,
                    trust=trust,
                    heard_at=now,
                )
                _keep(self._lights, _id_of(junction), lights)
        elif message.message == "MAPEM":
            for junction in message.value["map"].get("intersections", ()):
                lat, lon = junction["refPoint"]["lat"], junction["refPoint"]["long"]
                if lat != UNAVAILABLE_LATITUDE and lon != UNAVAILABLE_LONGITUDE:
                    _keep(self._places, _id_of(junction), (lat / 1e7, lon / 1e7))

    def rows(self, now: Instant) -> list[dict[str, Any]]:
        """Return one row for each signal group that was told within ``SHOWN_FOR_S``; remaining times in seconds."""
        found = []
        for junction, lights in sorted(self._lights.items(), key=lambda each: (each[0][1], each[0][0] or 0)):
            age_s = (now - lights.heard_at) / 1000
            if age_s > SHOWN_FOR_S:
                continue
            lat, lon = self._places.get(junction, (None, None))
            for group, state in sorted(lights.states.items()):
                found.append(
                    {
                        "region": junction[0],
                        "intersection": junction[1],
                        "signal_group": group,
                        "event_state": state.event_state,
                        "is_go": state.is_go,
                        "earliest_end_s": _left_s(state.min_end_s, now),
                        "likely_end_s": _left_s(state.likely_s, now),
                        "latest_end_s": _left_s(state.max_end_s, now),
                        "age_s": age_s,
                        "lat": lat,
                        "lon": lon,
                        "station_id": lights.station_id,
                        "source": lights.source,
                        "trust": lights.trust,
                    }
                )
        return found


def _id_of(junction: ItsValue) -> JunctionId:
    return junction["id"].get("region"), junction["id"]["id"]


def _left_s(mark_s: float | None, now: Instant) -> float | None:
    """Return the seconds until a mark of the UTC hour; one of the hour's other half has passed: 0."""
    if mark_s is None:
        return None
    left_s = (mark_s - now / 1000) % _HOUR_S
    return round(left_s, 1) if left_s <= _HOUR_S / 2 else 0.0


def _keep(memory: OrderedDict[JunctionId, _T], junction: JunctionId, value: _T) -> None:
    memory[junction] = value
    memory.move_to_end(junction)
    if len(memory) > MOST_JUNCTIONS:
        memory.popitem(last=False)
