"""What a session tells of its link: who is connected, what was heard, timed, kept and sent twice."""

from typing import Protocol

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.extension import Extension


class LinkObserver(Protocol):
    """Hears of every frame of every session. Called on the path of acknowledgement: it must be cheap and never raise.

    ``now`` is the gateway's clock at the moment it is told. Calls come in the order of their ``now``.
    """

    def connected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """Tell that a session of the vehicle began: its hello was accepted."""
        ...

    def disconnected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """Tell that the vehicle's present session ended, whoever ended it; not told of one a newer one replaced."""
        ...

    def heard(self, vehicle_id: VehicleId, size_bytes: int, now: Instant) -> None:
        """Tell of any frame of the vehicle, pings as well, with its bytes on the stream."""
        ...

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, offset_ms: int, error_ms: int, now: Instant) -> None:
        """Tell what the vehicle measured and said in a ping.

        ``round_trip_ms`` is that of its newest ping; ``offset_ms`` is what its filter adds to the vehicle's clock to
        get the gateway's, ``error_ms`` the bound of its error (both of the filter, not of this ping alone).
        """
        ...

    def kept(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        """Tell of a record that is durable now, late ones too, each exactly once."""
        ...

    def repeated(self, vehicle_id: VehicleId, samples: int, now: Instant) -> None:
        """Tell of samples that were kept already: what the link made the vehicle send again."""
        ...
