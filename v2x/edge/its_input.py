"""Raw ITS messages from the outside: CAM become telemetry, DENM hazards, SPATEM lights; all are passed on.

They come over UDP, over MQTT, or inside a vehicle's batch; the way makes no difference to what is made of them.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, StorageError
from mobility.core.ids import VehicleId
from mobility.core.ports import Ledger, TelemetryRecord
from v2x.edge.wake import Wake
from v2x.extension import Extension
from v2x.its.codec import decode
from v2x.its.errors import ItsError
from v2x.its.frame import Frame, open_frame
from v2x.its.message import ItsMessage
from v2x.its.security_trust import UNCHECKED, UNSIGNED, Trust, TrustState, TrustStore
from v2x.its.signal_board import SignalBoard
from v2x.its.station import BOOT_PREFIX, cam_record
from v2x.its.station_counters import ItsCounters
from v2x.its.station_hazards import HazardMemory, HazardNews, decide_hazard, hazard_news
from v2x.quarantine import Quarantine

MOST_WAITING: Final = 4096
"""Messages from batches that may wait to be read; beyond them new ones are dropped, the batch itself is kept."""
MOST_STRANGERS: Final = 1024
"""Stations not of the fleet that are remembered, so that each is logged once; pseudonyms change every few minutes."""
KEPT_OF_REFUSED_BYTES: Final = 4096
"""Of a frame that was not decoded so much goes into quarantine."""

_log = structlog.get_logger()


class Injects(Protocol):
    """The part of the gateway that is needed here."""

    async def inject(self, records: Sequence[TelemetryRecord]) -> None:
        """Keep and publish records; returns when they are durable, raises ``StorageError`` when they can not be."""
        ...


class HazardSink(Protocol):
    """Where news of hazards go."""

    async def keep(self, news: HazardNews, actor: str) -> None:
        """Return when the facts are durable; raises ``StorageError`` when they can not be made so."""
        ...


class HazardLedger:
    """Puts hazards into the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Submit to ``ledger``."""
        self._ledger = ledger

    async def keep(self, news: HazardNews, actor: str) -> None:
        """Submit what the news add to what is known; without anything new no fact is written."""
        await self._ledger.submit(decide_hazard(news), actor=actor)


Listener = Callable[[ItsMessage, str], None]
"""Hears of every decoded message and its source."""


@dataclass(frozen=True, slots=True)
class _Opened:
    message: ItsMessage
    frame: Frame
    trust: Trust


class ItsInput:
    """Takes frames, decodes them and hands on what they say."""

    def __init__(
        self,
        *,
        gateway: Injects,
        hazards_sink: HazardSink,
        stations: Mapping[int, VehicleId],
        quarantine: Quarantine,
        trust: TrustStore | None = None,
        is_signature_required: bool = False,
    ) -> None:
        """Know the fleet's ``stations`` by their station id; all others are strangers.

        ``trust`` verifies signatures; with ``is_signature_required`` only verified messages are used. A message
        whose signature is refuted is never used.
        """
        self._gateway = gateway
        self._hazards_sink = hazards_sink
        self._stations = stations
        self._quarantine = quarantine
        self._trust = trust
        self._is_signature_required = is_signature_required
        self._memory = HazardMemory()
        self._listeners: list[Listener] = []
        self._strangers: OrderedDict[int, None] = OrderedDict()
        self._others: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._told: dict[int, TrustState] = {}
        self._waiting: deque[tuple[bytes, str, Instant]] = deque()
        self._arrived = Wake()
        self.counters = ItsCounters()
        self.signals = SignalBoard()
        """What the lights of junctions show, by SPATEM and MAPEM."""

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` on the event loop with every decoded message (such as SPATEM) and where it came from."""
        self._listeners.append(listener)

    async def take(self, frame: bytes, source: str, now: Instant) -> None:
        """Take one frame that arrived at ``now``; the start is detected (Ethernet, GeoNetworking, BTP, bare UPER, ...).

        Returns when what it says is durable. A frame that is not decoded is quarantined and counted, nothing is
        raised for it. Raises ``StorageError`` when something can not be kept; taking the same frame again is safe.
        """
        await self.take_many([(frame, source, now)])

    async def take_many(self, frames: Iterable[tuple[bytes, str, Instant]]) -> None:
        """Take frames as ``take`` does, with one append for all CAM among them."""
        records: list[TelemetryRecord] = []
        warnings: list[_Opened] = []
        for data, source, now in frames:
            opened = self._open(data, source, now)
            if opened is None or not self._is_usable(opened):
                continue
            if opened.message.message == "CAM":
                record = self._record(opened, source, now)
                if record is not None:
                    records.append(record)
            elif opened.message.message == "DENM":
                warnings.append(opened)
            else:
                self._take_other(opened, source, now)
        if records:
            await self._gateway.inject(records)
            self.counters.records += len(records)
        for opened in warnings:
            await self._take_hazard(opened)

    def observe(self, record: TelemetryRecord, extension: Extension | None) -> None:
        """Queue the raw messages inside a vehicle's record for ``run``; subscribe it to the gateway's records."""
        # What was made of a CAM here carries that CAM: it is known already.
        if extension is None or not extension.its_messages or record.sample.boot_id.startswith(BOOT_PREFIX):
            return
        for message in extension.its_messages:
            if len(self._waiting) >= MOST_WAITING:
                self.counters.dropped += 1
                continue
            self._waiting.append((message, _batch_of(record.sample.vehicle_id), record.received_at))
        self._arrived.set()

    async def run(self) -> None:
        """Take queued messages until cancelled. Raises ``StorageError`` when one can not be kept; it stays first."""
        while True:
            while self._waiting:
                await self.take(*self._waiting[0])
                self._waiting.popleft()
            await self._arrived.wait()

    def _open(self, data: bytes, source: str, now: Instant) -> _Opened | None:
        try:
            frame = open_frame(data)
            message = decode(frame.uper)
        except ItsError as error:
            self.counters.refused[error.kind] += 1
            self._quarantine.keep(None, f"its_{error.kind}", data[:KEPT_OF_REFUSED_BYTES])
            return None
        trust = self._trust_of(frame, now)
        self.counters.messages[message.message] += 1
        self.counters.trust[trust.state] += 1
        for listener in self._listeners:
            listener(message, source)
        return _Opened(message, frame, trust)

    def _trust_of(self, frame: Frame, now: Instant) -> Trust:
        if frame.signed is None:
            return UNSIGNED
        return UNCHECKED if self._trust is None else self._trust.check(frame.signed, now)

    def _is_usable(self, opened: _Opened) -> bool:
        state = opened.trust.state
        if not state.is_refuted and (state is TrustState.VERIFIED or not self._is_signature_required):
            return True
        self.counters.distrusted += 1
        return False

    def _record(self, opened: _Opened, source: str, now: Instant) -> TelemetryRecord | None:
        message, signed = opened.message, opened.frame.signed
        vehicle_id = self._stations.get(message.station_id)
        if vehicle_id is None:
            self._note_stranger(message.station_id)
            return None
        if source == _batch_of(vehicle_id):
            # Its own sample, which it came with, tells the same and more.
            self.counters.own += 1
            return None
        self._note_trust(message.station_id, vehicle_id, opened.trust)
        try:
            return cam_record(
                message,
                opened.frame.evidence,
                vehicle_id=vehicle_id,
                received_at=now,
                generated_at=None if signed is None else signed.generated_at,
            )
        except BadInputError:
            self.counters.unusable += 1
            return None

    async def _take_hazard(self, opened: _Opened) -> None:
        try:
            news = hazard_news(opened.message)
        except BadInputError:
            self.counters.unusable += 1
            return
        if not self._memory.is_news(news):
            return
        self.counters.hazard_news += 1
        self._memory.remember(news)
        try:
            await self._hazards_sink.keep(news, f"station:{opened.message.station_id}:{opened.trust.state}")
        except StorageError:
            self._memory.forget(news)
            raise

    def _take_other(self, opened: _Opened, source: str, now: Instant) -> None:
        """Take what junctions and vehicles tell each other: lights are shown, of all it is logged who speaks."""
        message = opened.message
        self.signals.take(message, source=source, trust=str(opened.trust.state), now=now)
        key = message.message, message.station_id
        if key not in self._others:
            _log.info("ITS station heard", message=key[0], station_id=key[1], source=source)
        self._others[key] = None
        self._others.move_to_end(key)
        if len(self._others) > MOST_STRANGERS:
            self._others.popitem(last=False)

    def _note_stranger(self, station_id: int) -> None:
        self.counters.strangers += 1
        if station_id not in self._strangers:
            _log.info("stranger heard", station_id=station_id)
        self._strangers[station_id] = None
        self._strangers.move_to_end(station_id)
        if len(self._strangers) > MOST_STRANGERS:
            self._strangers.popitem(last=False)

    def _note_trust(self, station_id: int, vehicle_id: VehicleId, trust: Trust) -> None:
        """Log when a station of the fleet is heard first, and when its messages become more or less believable."""
        if self._told.get(station_id) is not trust.state:
            self._told[station_id] = trust.state
            _log.info("station heard", station_id=station_id, vehicle_id=vehicle_id, trust=str(trust.state))


def _batch_of(vehicle_id: VehicleId) -> str:
    return f"batch:{vehicle_id}"
