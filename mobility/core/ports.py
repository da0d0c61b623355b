"""Ports: what the rooms need from each other and from the world. Each has one contract suite in ``tests/contracts``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mobility.core.arrivals import TripStatus
from mobility.core.clock import Instant
from mobility.core.events import Envelope, Event
from mobility.core.fold import State
from mobility.core.ids import BookingId, BootId, OccasionId, RiderRef, StopId, VehicleId
from mobility.core.refusal import Refusal
from mobility.core.vehicle import Sample, TripRef, VehicleState

Decision = Callable[[State, Instant], list[Event] | Refusal]
"""``decide`` with its command bound: pure, called once inside the writer with the newest state."""


@dataclass(frozen=True, slots=True)
class Committed:
    """Facts that are durable, and the state after them."""

    envelopes: tuple[Envelope, ...]
    state: State
    is_repeat: bool = False
    """Whether the idempotency key was known: nothing new was written, these are the facts of the first time."""


class Ledger(Protocol):
    """Append-only facts with one writer. A reply means: durable."""

    @property
    def state(self) -> State:
        """The newest committed snapshot."""
        ...

    async def submit(
        self, decide: Decision, *, actor: str, idempotency_key: str | None = None, fingerprint: str = ""
    ) -> Committed | Refusal:
        """Run ``decide`` on the newest state and commit its facts together, or return its refusal.

        The same ``idempotency_key`` with the same ``fingerprint`` (a digest of the request) returns the first
        outcome again; with another one, ``Refusal(IDEMPOTENCY_MISMATCH)``. Raises ``ReadOnlyError`` when nothing
        can be made durable any more.
        """
        ...

    def subscribe(self, listener: Callable[[Sequence[Envelope]], None]) -> None:
        """Call ``listener`` with the facts of each commit, in order, on the event loop, after COMMIT."""
        ...

    def read(self, after_seq: int = 0) -> Iterable[Envelope]:
        """Yield committed facts in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the vault knows about a rider; nothing of it may enter ledger, log or export."""

    name: str
    phone: str = ""
    note: str = ""
    """Space needs in the rider's own words."""


class Vault(Protocol):
    """People, kept apart from facts and erasable."""

    async def put(self, person: Person) -> RiderRef:
        """Store a person durably and return a new reference."""
        ...

    async def get(self, rider: RiderRef) -> Person | None:
        """Return the person, or ``None`` once erased."""
        ...

    async def erase(self, rider: RiderRef) -> bool:
        """Delete the person; return whether there was one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryRecord:
    """A sample with the bytes it came in, as the segment keeps it."""

    sample: Sample
    received_at: Instant
    event_time: Instant
    """Device time, corrected where the device's clock was ahead of ours."""
    payload: bytes
    """The sample as the vehicle encoded it."""


class TelemetryLog(Protocol):
    """Full-rate telemetry, append-only."""

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        """Return once the records are on disk. Raises ``ReadOnlyError`` when they can not be."""
        ...

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        """Return what is kept already: per vehicle and boot, sequence number to CRC32C of its payload."""
        ...


class TelemetryWindows(Protocol):
    """Stored telemetry of one vehicle by event time."""

    async def read(self, vehicle_id: VehicleId, first: Instant, last: Instant) -> Sequence[TelemetryRecord]:
        """Return the records with ``first`` <= event time <= ``last``, ordered by event time, boot and sequence.

        Damaged frames are left out. Raises ``CorruptionError`` for files that are no segments.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenOccasion:
    """One revision of what the event recorder keeps of an occasion."""

    occasion_id: OccasionId
    revision: int
    """From 1; later ones hold what arrived later."""
    sha256: str
    """Of ``body``, in hex."""
    body: bytes
    """A JSON object."""


class OccasionArchive(Protocol):
    """Frozen occasions (StVG §1g(2)) and the recorder's day tables."""

    async def newest(self, occasion_id: OccasionId) -> FrozenOccasion | None:
        """Return the newest revision, ``None`` before the first. Raises ``CorruptionError`` for changed bytes."""
        ...

    async def put(self, occasion_id: OccasionId, revision: int, body: bytes) -> FrozenOccasion:
        """Keep a revision durably; raises ``StorageError`` where it is there already or can not be written."""
        ...

    async def put_table(self, name: str, data: bytes) -> None:
        """Keep a table of the recorder, in place of the former one of that name."""
        ...

    async def tables(self, prefix: str = "") -> Mapping[str, bytes]:
        """Return the tables whose name begins with ``prefix``, by name."""
        ...


class VehicleStates(Protocol):
    """Live state of the fleet by event time."""

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of."""
        ...

    def subscribe(self, listener: Callable[[VehicleState], None]) -> None:
        """Call ``listener`` whenever a vehicle's live state moves on (never back)."""
        ...


class TripStatuses(Protocol):
    """What may be said of trips now."""

    def status(self, trip: TripRef) -> TripStatus | None:
        """Return the status of a trip run, ``None`` where the timetable does not know it."""
        ...

    def running(self) -> Sequence[TripStatus]:
        """Return all trips with a vehicle on them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A row of a board: one trip at one stop."""

    status: TripStatus
    call_index: int
    """Which of ``status.calls`` is at the stop."""


class Arrivals(Protocol):
    """Departures at a stop, for boards and for transfers."""

    def departures(self, stop_id: StopId, *, horizon_s: float) -> Sequence[Departure]:
        """Return departures from now to ``horizon_s`` ahead in the order of their expected time."""
        ...


class DirectTrips(Protocol):
    """Scheduled trips without transfer, for the rule against competing with the line bus."""

    def direct(self, origin: StopId, destination: StopId, earliest: Instant, latest: Instant) -> Sequence[TripStatus]:
        """Return trips leaving ``origin`` in the span and calling at ``destination`` later; each with both calls."""
        ...


class TravelTimes(Protocol):
    """Driving times between on-demand stops."""

    def seconds(self, origin: StopId, destination: StopId) -> float:
        """Return driving time in seconds, ``inf`` where there is no way."""
        ...

    def metres(self, origin: StopId, destination: StopId) -> float:
        """Return driving distance in metres along that way."""
        ...


class FrameStream(Protocol):
    """A connection that carries whole frames: a WebSocket, or a pipe in memory."""

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` at the end."""
        ...

    async def send(self, frame: bytes | str) -> None:
        """Send a frame; raises ``StreamClosedError`` when nobody listens any more."""
        ...

    async def close(self, reason: str = "") -> None:
        """End the stream; idempotent."""
        ...


class References(Protocol):
    """Source of identifiers; seeded in the simulator."""

    def booking(self) -> BookingId:
        """Return a fresh booking reference that is easy to read out."""
        ...

    def token(self) -> str:
        """Return a fresh opaque identifier of 32 hex digits."""
        ...
