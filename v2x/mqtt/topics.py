"""The topic tree: who speaks of what, up to the gateway and down from it.

``{context}/inQueue/v2x/{kind}/{vehicle}[/{quadkey, one level a digit}]`` up, ``outQueue`` down: the scheme of public
5G pilots (Orange's its-client, MIT). Identity is the level of the vehicle, which the broker's access list ties to
the certificate or user name (``docs/how-to/mqtt.md``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from v2x.client_frames import MAX_ID_LENGTH
from v2x.mqtt.quadkeys import LONGEST_ZOOM, levels, quadkey

ONLINE = b"online"
"""Payload of a retained status: connected."""
OFFLINE = b"offline"
"""Payload of a retained status, also the last will: gone."""
GATEWAY = "gateway"
"""Stands for the gateway where a vehicle would stand."""
_VEHICLE_AT, _QUADKEY_AT = 4, 5
_SPECIAL = frozenset("/+#\0")


class Kind(StrEnum):
    """What a topic carries."""

    BATCH = "batch"
    """Frames of the vehicle protocol (protobuf): ``ClientFrame`` up, ``ServerFrame`` down."""
    STATUS = "status"
    """``online`` or ``offline``, retained."""
    CAM = "cam"
    """A raw ITS message, bare or with its headers."""
    DENM = "denm"
    """Likewise."""


RAW_KINDS = (Kind.CAM, Kind.DENM)
"""Kinds that carry raw ITS messages."""
_KINDS = {str(kind): kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A topic that was understood."""

    kind: Kind
    vehicle_id: VehicleId
    quadkey: str = ""
    """Where, empty where the topic does not say."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The tree below one context, such as ``ilmenau``; made with ``Topics.of``."""

    context: str

    @classmethod
    def of(cls, context: str) -> Self:
        """Check and return; raises ``BadInputError`` for a context that is no single level."""
        return cls(level(context, "context"))

    def up(self, kind: Kind, vehicle_id: VehicleId, place: LatLon | None = None) -> str:
        """Return the topic a vehicle publishes to; ``BadInputError`` for an id that fits no level."""
        return self._topic("inQueue", kind, vehicle_id, place)

    def down(self, kind: Kind, vehicle_id: str, place: LatLon | None = None) -> str:
        """Return the topic that the gateway publishes to, for a vehicle or ``GATEWAY``."""
        return self._topic("outQueue", kind, vehicle_id, place)

    def everything_up(self) -> str:
        """Return the filter for all that vehicles say: one for all kinds, so that a broker keeps their order."""
        return f"{self.context}/inQueue/v2x/#"

    def all_up(self, kind: Kind, share: str = "") -> str:
        """Return the filter for one kind; ``share`` names a group of which one member gets each message (MQTT 5)."""
        group = f"$share/{level(share, 'share')}/" if share else ""
        return f"{group}{self.context}/inQueue/v2x/{kind}/#"

    def tile(self, kind: Kind, place: LatLon, zoom: int) -> str:
        """Return a vehicle's filter for what the gateway says of the tile around ``place``."""
        return f"{self.context}/outQueue/v2x/{kind}/+/{levels(quadkey(place, zoom))}/#"

    def read(self, topic: str) -> Address:
        """Return what an ``inQueue`` topic says; raises ``BadInputError`` for a foreign one."""
        parts = topic.split("/")
        if parts[:3] != [self.context, "inQueue", "v2x"] or len(parts) <= _VEHICLE_AT:
            raise BadInputError("the topic is none of vehicles", field="topic")
        kind = _KINDS.get(parts[3])
        if kind is None:
            raise BadInputError(f"{parts[3]!r} is no kind this gateway reads", field="topic")
        digits = parts[_QUADKEY_AT:]
        if len(digits) > LONGEST_ZOOM or not set(digits) <= set("0123"):
            raise BadInputError("the levels after the vehicle are no quadkey", field="topic")
        vehicle_id = VehicleId(level(parts[_VEHICLE_AT], "vehicle"))
        return Address(kind=kind, vehicle_id=vehicle_id, quadkey="".join(digits))

    def _topic(self, queue: str, kind: Kind, name: str, place: LatLon | None) -> str:
        where = f"/{levels(quadkey(place))}" if place is not None else ""
        return f"{self.context}/{queue}/v2x/{kind}/{level(name, 'vehicle')}{where}"


def level(text: str, name: str) -> str:
    """Return ``text`` if it can stand as one level of a topic (MQTT 5 §4.7); raises ``BadInputError`` otherwise."""
    if not 1 <= len(text) <= MAX_ID_LENGTH or not text.isprintable() or _SPECIAL & set(text) or text.startswith("$"):
        raise BadInputError(f"{text[:MAX_ID_LENGTH]!r} can not be one level of a topic", field=name)
    return text
