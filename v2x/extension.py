"""What a sample may carry beyond position and mode: accelerations, lights, link, system state, requests and reports."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.supervision import CommandState, ManoeuvreKind, OccasionKind


class Light(StrEnum):
    """Lights, in the order of their numbers on the wire."""

    UNKNOWN = "unknown"
    DAYTIME_RUNNING = "daytime_running"
    LOW_BEAM = "low_beam"
    HIGH_BEAM = "high_beam"
    LEFT_INDICATOR = "left_indicator"
    RIGHT_INDICATOR = "right_indicator"
    HAZARD = "hazard"
    BRAKE = "brake"
    REVERSE = "reverse"
    FOG = "fog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Environment and weather as the vehicle's sensors see them; ``None`` where not measured."""

    temperature_degc: float | None = None
    illuminance_lx: int | None = None
    is_wiper_on: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReading:
    """The radio as the vehicle's modem sees it; ``None`` where not measured."""

    latency_ms: int | None = None
    bandwidth_kbps: int | None = None
    """Available uplink, kbit/s."""
    rsrp_dbm: int | None = None
    loss_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCode:
    """A code of the vehicle's system monitoring that stands."""

    code: str
    text: str
    began_at: Instant
    """By the vehicle's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemState:
    """System monitoring: software and the codes that stand."""

    software_version: str
    codes: tuple[SystemCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetySystem:
    """An active or passive safety system that was switched."""

    name: str
    is_active: bool
    triggered_by: str
    """The instance: the vehicle, the driver, technical supervision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something the vehicle wants recorded (StVG §1g(2))."""

    kind: OccasionKind
    detail: str = ""
    is_accident: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManoeuvreRequest:
    """The vehicle asks before it goes on; open as long as samples carry it."""

    request_id: str
    """Unique within the vehicle."""
    kind: ManoeuvreKind
    deadline: Instant
    """By the vehicle's clock."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReport:
    """Where a command stands, in the vehicle's words."""

    command_id: str
    state: CommandState
    """``RECEIVED``, ``ACCEPTED``, ``EXECUTED`` or ``REJECTED``."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What a vehicle with an event recorder or technical supervision adds to a sample. ``None``: not told.

    What hardly changes (VIN, software, safety systems, environment) is sent when it changed and once a minute.
    """

    altitude_m: float | None = None
    """Above the WGS84 ellipsoid."""
    acceleration_long_mps2: float | None = None
    """Forward positive."""
    acceleration_lat_mps2: float | None = None
    """To the left positive."""
    roughness_mps2: float | None = None
    """RMS of the vertical acceleration about its mean since the last sample."""
    supply_v: float | None = None
    """Supply voltage."""
    lights_on: frozenset[Light] | None = None
    """All lights that are on; empty for all off."""
    environment: Environment | None = None
    link: LinkReading | None = None
    system: SystemState | None = None
    safety_systems: tuple[SafetySystem, ...] = ()
    incidents: tuple[Incident, ...] = ()
    manoeuvre: ManoeuvreRequest | None = None
    command_reports: tuple[CommandReport, ...] = ()
    its_messages: tuple[bytes, ...] = ()
    """Raw ITS messages as the vehicle's radio received or sent them."""
    state_version: int | None = None
    """Rises with every change of mode and of the open manoeuvre."""
    goes_to_rest: bool = False
    """The computer is switched off after this sample: silence is no loss of the link."""
    vin: str = ""

    @property
    def is_record(self) -> bool:
        """Whether the sample is an event, command or safety record, which is never held back under load.

        What is told only once a minute is one too: held back, it would be missing for a minute.
        """
        return bool(
            (self.safety_systems or self.incidents or self.manoeuvre or self.command_reports or self.goes_to_rest)
            or (self.vin or self.system is not None or self.environment is not None)
        )
