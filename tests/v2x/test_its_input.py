import asyncio
import socket
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, ReadOnlyError, StorageError
from mobility.core.events import HazardEnded, HazardReported
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.patience import PATIENCE_S
from tests.v2x.its.frames_making import NOON, NOON_ITS, cam, denm, made_signer, on_ethernet, uper
from tests.v2x.its.junction_messages import spatem, srem
from tests.v2x.making import KeptFrames, identify, sample_at
from v2x.codec import encode_sample
from v2x.edge.gateway import Gateway
from v2x.edge.its_input import HazardLedger, ItsInput
from v2x.edge.udp import open_udp
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.its.clock import TimestampIts
from v2x.its.codec import encode
from v2x.its.security_trust import TrustState, TrustStore

SHUTTLE = VehicleId("shuttle-1")


class Room:
    """A gateway, a ledger and an input, all in memory."""

    def __init__(self, *, trust: TrustStore | None = None, is_signature_required: bool = False) -> None:
        self.clock = SettableClock(NOON)
        self.log = MemoryTelemetryLog()
        self.ledger = MemoryLedger(self.clock)
        self.quarantine = KeptFrames()
        self.gateway = Gateway(log=self.log, clock=self.clock, identify=identify, quarantine=self.quarantine)
        self.input = ItsInput(
            gateway=self.gateway,
            hazards_sink=HazardLedger(self.ledger),
            stations={4711: SHUTTLE},
            quarantine=self.quarantine,
            trust=trust,
            is_signature_required=is_signature_required,
        )
        self.gateway.subscribe_records(self.input.observe)
        self.counters = self.input.counters

    def take(self, *frames: bytes, at: int = NOON) -> None:
        async def taking() -> None:
            for frame in frames:
                await self.input.take(frame, "test", Instant(at))

        asyncio.run(taking())

    @property
    def facts(self) -> list[tuple[str, object]]:
        return [(each.actor, each.body) for each in self.ledger.read()]


def test_a_cam_of_the_fleet_moves_its_vehicle_and_is_kept() -> None:
    room = Room()
    room.take(on_ethernet(cam()), at=NOON + 30)
    state = room.gateway.latest()[SHUTTLE]
    assert (state.as_of, state.sample.speed_mps) == (NOON, 4.5)
    (record,) = room.log.records
    extension = extension_of(record.payload)
    assert extension is not None
    assert extension.its_messages == (uper(cam()),)


def test_the_same_cam_by_three_ways_is_kept_once() -> None:
    room = Room()
    room.take(on_ethernet(cam()), uper(cam()), on_ethernet(cam())[14:])
    assert len(room.log.records) == 1
    assert room.gateway.counters.duplicates == 2
    assert room.quarantine.kept == []


def test_the_signed_envelope_is_kept_as_evidence() -> None:
    signer, root = made_signer()
    room = Room(trust=TrustStore([root]))
    frame = on_ethernet(cam(), signer=signer)
    room.take(frame, frame[14:])
    (record,) = room.log.records
    extension = extension_of(record.payload)
    assert extension is not None
    assert extension.its_messages[0] == frame[18:]
    assert room.counters.trust == {TrustState.VERIFIED: 2}


def test_strangers_are_logged_once_and_never_shown() -> None:
    room = Room()
    with capture_logs() as told:
        room.take(uper(cam(station_id=99)), uper(cam(station_id=99)), uper(cam(station_id=98)))
    assert [line["station_id"] for line in told if line["event"] == "stranger heard"] == [99, 98]
    assert (room.counters.strangers, room.log.records, dict(room.gateway.latest())) == (3, [], {})


def test_what_is_not_decoded_is_quarantined_with_its_reason() -> None:
    room = Room()
    room.take(b"\x01" + uper(cam())[1:], uper(cam())[:9], b"\xff" * 70_000)
    reasons = [reason for _, reason, _ in room.quarantine.kept]
    assert reasons == ["its_unsupported_protocol_version", "its_truncated", "its_malformed"]
    assert max(len(frame) for _, _, frame in room.quarantine.kept) == 4096
    assert sum(room.counters.refused.values()) == 3


def test_a_cam_without_position_is_counted_and_nothing_more() -> None:
    room = Room()
    room.take(uper(cam(latitude=900_000_001)))
    assert (room.counters.unusable, room.log.records) == (1, [])


def test_a_warning_becomes_one_fact_however_often_it_is_repeated() -> None:
    room = Room()
    room.take(*[on_ethernet(denm())] * 20)
    ((actor, fact),) = room.facts
    assert actor == "station:4711:unsigned"
    assert isinstance(fact, HazardReported)
    assert (room.counters.messages["DENM"], room.counters.hazard_news) == (20, 1)


def test_the_end_of_a_warning_is_a_fact_and_stragglers_do_not_revive_it() -> None:
    room = Room()
    end = denm(reference=TimestampIts(NOON_ITS + 500), termination="isCancellation")
    room.take(uper(denm()), uper(end), uper(denm()), uper(end))
    assert [type(fact) for _, fact in room.facts] == [HazardReported, HazardEnded]
    assert room.ledger.state.supervised.hazards == {}


def test_after_a_restart_a_repetition_is_still_no_news() -> None:
    room = Room()
    room.take(uper(denm()))
    later = ItsInput(
        gateway=room.gateway,
        hazards_sink=HazardLedger(room.ledger),
        stations={},
        quarantine=room.quarantine,
    )
    asyncio.run(later.take(uper(denm()), "test", NOON))
    assert len(room.facts) == 1


def test_a_warning_that_could_not_be_kept_is_taken_with_its_next_repetition() -> None:
    room = Room()
    room.ledger.is_read_only = True
    with pytest.raises(ReadOnlyError):
        room.take(uper(denm()))
    room.ledger.is_read_only = False
    room.take(uper(denm()))
    assert len(room.facts) == 1


def test_a_cam_that_could_not_be_kept_is_not_taken_for_known() -> None:
    room = Room()

    class Failing(MemoryTelemetryLog):
        async def append(self, records: Sequence[TelemetryRecord]) -> None:
            raise StorageError("not now")

    failing = Gateway(log=Failing(), clock=room.clock, identify=identify, quarantine=room.quarantine)
    room.input._gateway = failing
    with pytest.raises(StorageError):
        room.take(uper(cam()))
    assert room.counters.records == 0


def test_a_refuted_signature_moves_no_vehicle() -> None:
    signer, root = made_signer()
    room = Room(trust=TrustStore([root]))
    frame = bytearray(on_ethernet(cam(), signer=signer))
    frame[-1] ^= 1
    room.take(bytes(frame))
    assert (room.counters.distrusted, room.log.records) == (1, [])
    assert room.counters.trust == {TrustState.BAD_SIGNATURE: 1}


def test_where_signatures_are_asked_for_an_unsigned_message_does_nothing() -> None:
    signer, root = made_signer()
    room = Room(trust=TrustStore([root]), is_signature_required=True)
    room.take(uper(cam()), uper(denm()), on_ethernet(denm(), signer=signer), on_ethernet(cam(), signer=signer))
    assert room.counters.distrusted == 2
    assert [actor for actor, _ in room.facts] == ["station:4711:verified"]
    assert len(room.log.records) == 1


def test_other_messages_are_handed_to_listeners() -> None:
    room = Room()
    heard: list[tuple[str, str]] = []
    room.input.subscribe(lambda message, source: heard.append((message.message, source)))
    room.take(uper(cam()), uper(denm()))
    assert heard == [("CAM", "test"), ("DENM", "test")]


def batch_record(*messages: bytes) -> TelemetryRecord:
    sample = sample_at(1, at=NOON, vehicle_id=VehicleId("van-1"), boot_id=BootId("boot-a"))
    payload = encode_sample(sample, Extension(its_messages=messages))
    return TelemetryRecord(sample=sample, received_at=NOON, event_time=NOON, payload=payload)


def test_messages_inside_a_batch_are_taken_like_any_others() -> None:
    """The van's radio hears the shuttle's CAM and a warning; the van's own record is not made of a CAM."""
    room = Room()
    heard: list[str] = []
    room.input.subscribe(lambda _, source: heard.append(source))

    async def scene() -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(room.input.run())
            await room.gateway.inject([batch_record(uper(cam()), uper(denm()))])
            for _ in range(20):
                await asyncio.sleep(0)
            running.cancel()

    asyncio.run(scene())
    assert set(room.gateway.latest()) == {"van-1", SHUTTLE}
    assert len(room.facts) == 1
    # The record made of the CAM carries that CAM again; it must not go round.
    assert heard == ["batch:van-1", "batch:van-1"]


def test_a_vehicles_own_cam_in_its_batch_makes_no_second_record() -> None:
    room = Room()

    async def scene() -> None:
        await room.input.take(uper(cam()), "batch:shuttle-1", NOON)

    asyncio.run(scene())
    assert (room.counters.own, room.log.records) == (1, [])


def test_the_queue_of_batches_is_bounded() -> None:
    room = Room()
    record, extension = batch_record(), Extension(its_messages=(uper(cam()),))
    for _ in range(5000):
        room.input.observe(record, extension)
    assert room.counters.dropped == 5000 - 4096


def test_counters_are_told_under_flat_names() -> None:
    room = Room()
    room.take(uper(cam()), uper(denm()), b"\x01\x02")
    told = room.counters.as_mapping()
    assert told["messages_cam"] == told["messages_denm"] == told["refused_unsupported_protocol_version"] == 1
    assert (told["trust_unsigned"], told["records"], told["dropped"]) == (2, 1, 0)


def test_udp_datagrams_reach_the_fleet_and_the_ledger() -> None:
    room = Room()
    all_heard = asyncio.Event()
    room.input.subscribe(lambda message, _: all_heard.set() if message.message == "DENM" else None)

    async def scene() -> None:
        async with open_udp(room.input, "127.0.0.1", 0, clock=room.clock) as udp, asyncio.TaskGroup() as tasks:
            running = tasks.create_task(udp.run())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for seq in range(10):
                    message = cam(at=TimestampIts(NOON_ITS - 1000 + 100 * seq))
                    sender.sendto(on_ethernet(message), ("127.0.0.1", udp.port))
                sender.sendto(b"rubbish", ("127.0.0.1", udp.port))
                sender.sendto(uper(denm()), ("127.0.0.1", udp.port))
            async with asyncio.timeout(PATIENCE_S):
                await all_heard.wait()
                while not room.facts:  # noqa: ASYNC110 - the warning is the last; its fact needs some more turns
                    await asyncio.sleep(0.01)
            running.cancel()

    asyncio.run(scene())
    assert len(room.log.records) == 10
    assert (len(room.facts), sum(room.counters.refused.values())) == (1, 1)


def test_a_flood_of_datagrams_is_bounded_and_counted() -> None:
    room = Room()

    async def scene() -> None:
        async with open_udp(room.input, "127.0.0.1", 0, clock=room.clock) as udp:
            for _ in range(5000):
                udp.put(b"\x01\x02", "203.0.113.9")

    asyncio.run(scene())
    assert room.counters.dropped == 5000 - 4096


def test_a_port_that_is_taken_is_told() -> None:
    room = Room()

    async def scene() -> None:
        async with (
            open_udp(room.input, "127.0.0.1", 0, clock=room.clock) as first,
            open_udp(room.input, "127.0.0.1", first.port, clock=room.clock),
        ):
            pass

    with pytest.raises(BadInputError, match="can not be listened on"):
        asyncio.run(scene())


def test_lights_and_priority_requests_are_shown_and_each_speaker_is_logged_once():
    lights, request = encode("SPATEM", spatem()), encode("SREM", srem())
    room = Room()
    with capture_logs() as logged:
        room.take(lights, request, lights)
    assert room.input.signals.rows(NOON)[0]["event_state"] == "stop-And-Remain"
    told = [(each["message"], each["source"]) for each in logged if each["event"] == "ITS station heard"]
    assert told == [("SPATEM", "test"), ("SREM", "test")]


def test_lights_without_a_verified_signature_are_not_shown_where_one_is_required():
    room = Room(is_signature_required=True)
    room.take(encode("SPATEM", spatem()))
    assert room.input.signals.rows(NOON) == []
    assert room.counters.distrusted == 1
