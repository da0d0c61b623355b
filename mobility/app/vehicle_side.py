"""Everything that listens to vehicles: gateway, links, supervision, recorder, roads; built and kept going together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobility.core.clock import Clock
from mobility.core.ids import VehicleId
from mobility.core.ports import References
from mobility.core.region import Region
from mobility.core.vehicle import VehicleSpec
from mobility.storage.ledger import SqlLedger
from mobility.storage.occasion_files import OccasionFiles
from mobility.storage.retention import Retention, RetentionPolicy
from mobility.storage.segment_window import SegmentWindows
from mobility.storage.segments import SegmentLog
from v2x.edge.admission import Admission
from v2x.edge.command_keys import CommandKeys
from v2x.edge.gateway import Gateway
from v2x.edge.its_input import HazardLedger, ItsInput
from v2x.edge.link_watch import LinkWatch
from v2x.edge.recorder import EventRecorder
from v2x.edge.recorder_key import recorder_key
from v2x.edge.road_watch import RoadWatch
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.edge.udp import open_udp
from v2x.its.security_trust import TrustStore
from v2x.quarantine import Quarantine
from v2x.session import Identify
from v2x.supervision.policy import Policy

if TYPE_CHECKING:
    from v2x.edge.mqtt_ingress import MqttIngress
    from v2x.edge.mqtt_link import Broker

Work = Callable[[], Awaitable[None]]
KEYS_FOLDER = "authority"
"""Of the data directory: certificates that ``mobility vehicle`` signs, keys of commands and archives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttPlan:
    """A broker that carries vehicles' frames."""

    broker: "Broker"
    context: str
    """First level of every topic."""
    share: str = ""
    organisation: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """Ways in beside the vehicle listener."""

    stations: Mapping[int, VehicleId] = field(default_factory=dict)
    """ITS station id to vehicle of the fleet."""
    trust: TrustStore | None = None
    is_signature_required: bool = False
    udp: tuple[str, int] | None = None
    """Host and port for raw ITS messages."""
    mqtt: MqttPlan | None = None


@dataclass(frozen=True, kw_only=True)
class VehicleSideParts:
    """What the vehicles' side is built from."""

    clock: Clock
    references: References
    ledger: SqlLedger
    telemetry: SegmentLog
    quarantine: Quarantine
    identify: Identify
    zone: str
    region: Region | None
    data_dir: Path
    inline: bool
    policy: Policy
    retention: RetentionPolicy
    ingress: Ingress
    admission: Admission | None

    @property
    def specs(self) -> Mapping[VehicleId, VehicleSpec]:
        """The fleet."""
        return self.region.fleet if self.region is not None else {}


@dataclass(frozen=True, kw_only=True)
class VehicleSide:
    """What vehicles talk to, and what comes of it."""

    gateway: Gateway
    keys: CommandKeys
    """Sign commands; vehicles get the public halves."""
    archive_key: Ed25519PrivateKey
    """Signs event archives."""
    supervision: TechnicalSupervision
    recorder: EventRecorder
    retention: Retention
    links: LinkWatch
    road: RoadWatch | None
    """Nothing without a road network."""
    its: ItsInput
    mqtt: "MqttIngress | None"
    udp: tuple[str, int] | None
    admission: Admission | None
    """Judges certificates, where there are any."""
    clock: Clock

    def work(self) -> Mapping[str, Work]:
        """Return the periodic work by name."""
        work: dict[str, Work] = {
            "technical supervision": self.supervision.run,
            "event recorder": self.recorder.run,
            "retention": self.retention.run,
            "link watch": self.links.run,
            "ITS messages": self.its.run,
        }
        if self.road is not None:
            work["road watch"] = self.road.run
        if self.mqtt is not None:
            work["MQTT"] = self.mqtt.run
        if self.udp is not None:
            work["ITS over UDP"] = self._listen_udp
        return work

    def readings(self) -> Mapping[str, float]:
        """Return figures for the metrics."""
        known = self.supervision.state.supervised
        figures: dict[str, float] = {
            "vehicles_connected": len(self.gateway.connected()),
            "alarms_standing": len(known.alarms),
            "occasions_noted": len(known.occasions),
            "occasions_unnoted_total": self.recorder.unnoted,
            "occasion_revisions_total": self.recorder.revisions,
            "supervision_ignored_total": self.supervision.ignored,
            "supervision_dropped_total": self.supervision.dropped,
            **{f"its_{name}": value for name, value in self.its.counters.as_mapping().items()},
        }
        if self.admission is not None:
            refused = self.admission.refused
            figures |= {f"certificates_refused_{fault.value}_total": number for fault, number in refused.items()}
            figures["certificates_ended_total"] = self.admission.ended
        if self.mqtt is not None:
            figures["mqtt_connected"] = self.mqtt.is_connected
            figures |= {f"mqtt_{name}": value for name, value in asdict(self.mqtt.counters).items()}
        return figures

    def save(self) -> None:
        """Write what is only written now and then; at the end of a process."""
        self.links.save()
        if self.road is not None:
            self.road.save()

    async def _listen_udp(self) -> None:
        if self.udp is not None:
            host, port = self.udp
            async with open_udp(self.its, host, port, clock=self.clock) as udp:
                await udp.run()


def build_vehicle_side(parts: VehicleSideParts) -> VehicleSide:
    """Plug the gateway and its listeners together; raises ``BadInputError`` for keys that can not be read."""
    recorder = _recorder(parts)
    links = _links(parts, recorder)
    gateway = Gateway(
        log=parts.telemetry,
        clock=parts.clock,
        identify=parts.identify,
        quarantine=parts.quarantine,
        link=links,
        gather_s=parts.telemetry.gather_s,
    )
    keys = CommandKeys.open(parts.data_dir / KEYS_FOLDER)
    supervision = TechnicalSupervision(
        ledger=parts.ledger,
        gateway=gateway,
        clock=parts.clock,
        references=parts.references,
        keys=keys,
        specs=parts.specs,
        policy=parts.policy,
    )
    ingress = parts.ingress
    its = ItsInput(
        gateway=gateway,
        hazards_sink=HazardLedger(parts.ledger),
        stations=ingress.stations,
        quarantine=parts.quarantine,
        trust=ingress.trust,
        is_signature_required=ingress.is_signature_required,
    )
    road = _road(parts)
    gateway.subscribe_records(supervision.observe)
    gateway.subscribe_records(recorder.observe)
    gateway.subscribe_records(its.observe)
    if road is not None:
        gateway.subscribe_records(road.observe)
    gateway.subscribe_forged(lambda vehicle_id, _: supervision.forged(vehicle_id))
    return VehicleSide(
        gateway=gateway,
        keys=keys,
        archive_key=recorder_key(parts.data_dir / KEYS_FOLDER),
        supervision=supervision,
        recorder=recorder,
        retention=_retention(parts),
        links=links,
        road=road,
        its=its,
        mqtt=None if ingress.mqtt is None else _mqtt(parts, gateway, its, ingress.mqtt),
        udp=ingress.udp,
        admission=parts.admission,
        clock=parts.clock,
    )


def _recorder(parts: VehicleSideParts) -> EventRecorder:
    recorder = EventRecorder(
        ledger=parts.ledger,
        windows=SegmentWindows(parts.data_dir / "telemetry", parts.zone, inline=parts.inline),
        archive=OccasionFiles(parts.data_dir / "occasions", inline=parts.inline),
        clock=parts.clock,
        specs=parts.specs,
        zone=parts.zone,
    )
    parts.ledger.subscribe(recorder.facts)
    recorder.facts(list(parts.ledger.read()))
    return recorder


def _links(parts: VehicleSideParts, recorder: EventRecorder) -> LinkWatch:
    region = parts.region
    return LinkWatch(
        clock=parts.clock,
        ledger=parts.ledger,
        zone=parts.zone,
        specs=parts.specs,
        network=region.network if region is not None else None,
        names=region.map_names if region is not None else (),
        directory=parts.data_dir / "links",
        timed_too=recorder.timed,
    )


def _road(parts: VehicleSideParts) -> RoadWatch | None:
    region = parts.region
    if region is None or not region.network.edge_count:
        return None
    return RoadWatch(
        clock=parts.clock,
        ledger=parts.ledger,
        network=region.network,
        specs=region.fleet,
        names=region.map_names,
        directory=parts.data_dir / "road",
    )


def _retention(parts: VehicleSideParts) -> Retention:
    return Retention(
        telemetry=parts.data_dir / "telemetry",
        occasions=parts.data_dir / "occasions",
        policy=parts.retention,
        fleet=parts.specs,
        clock=parts.clock,
        zone=parts.zone,
        inline=parts.inline,
        seal=parts.telemetry.seal,
    )


def _mqtt(parts: VehicleSideParts, gateway: Gateway, its: ItsInput, plan: MqttPlan) -> "MqttIngress":
    from v2x.edge.mqtt_ingress import MqttIngress  # noqa: PLC0415 - most servers have no broker

    return MqttIngress(
        gateway,
        its,
        clock=parts.clock,
        quarantine=parts.quarantine,
        broker=plan.broker,
        context=plan.context,
        share=plan.share,
        organisation=plan.organisation,
        client_id=plan.client_id,
        is_known=None if parts.region is None else lambda vehicle: vehicle in parts.specs,
    )
