"""The operator's decisions about vehicles: certificates, brokers, ITS stations, supervision, how long data are kept."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mobility.core.supervision import CommandAction
from v2x.supervision.policy import AT_ONCE_ACTIONS


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VehicleTls(_Table):
    """The operator's own certificates for the vehicle listener, PEM files."""

    certificate: Path
    key: Path
    authorities: list[Path] = Field(min_length=1)
    """Who may vouch for vehicles."""
    revocations: list[Path] = []
    """Their revocation lists, read anew when they change."""


class ClientTls(_Table):
    """Certificates with which we log on to a broker, PEM files."""

    authority: Path
    certificate: Path
    key: Path


class MqttSettings(_Table):
    """A broker that carries vehicles' frames."""

    host: str
    port: int = Field(default=8883, ge=1, le=65535)
    version: Literal["5", "3.1.1"] = "5"
    context: str = "mobility"
    """First level of every topic."""
    share: str = ""
    """Group with which several processes share raw messages and positions (MQTT 5)."""
    organisation: str = ""
    """Takes VDV 435 positions of this organisation."""
    client_id: str = ""
    """Name of our session at the broker; two gateways on one broker need two."""
    username: str = ""
    password: str = Field(default="", repr=False)
    tls: ClientTls | None = None
    """Without it only a broker on loopback."""


class MqttOutSettings(_Table):
    """A broker at which planners read GTFS-realtime, one retained topic an entity."""

    host: str
    port: int = Field(default=8883, ge=1, le=65535)
    version: Literal["5", "3.1.1"] = "5"
    feed_id: str = "ilmenau"
    """A level of every topic; one process publishes under it."""
    prefix: str = "/gtfsrt"
    profile: Literal["full", "reference", "otp", "motis", "legacy"] = "otp"
    """Which relationships and fields the readers understand."""
    client_id: str = ""
    username: str = ""
    password: str = Field(default="", repr=False)
    tls: ClientTls | None = None
    """Without it only a broker on loopback."""


class ItsSettings(_Table):
    """Raw ITS messages: CAM as positions, DENM as hazards."""

    stations: dict[int, str] = {}
    """Station id to vehicle."""
    udp_port: int | None = Field(default=None, ge=1, le=65535)
    udp_host: str = "127.0.0.1"
    certificates: Path | None = None
    """Trusted certificates, as ``mobility v2x decode --certificates`` takes them."""
    is_signature_required: bool = False


def _can_wait(action: CommandAction) -> CommandAction:
    if action in AT_ONCE_ACTIONS:
        raise ValueError(f"{action} must work at once and waits for nobody")
    return action


class SupervisionSettings(_Table):
    """Technical supervision."""

    second_person_for: list[Annotated[CommandAction, AfterValidator(_can_wait)]] = [CommandAction.PROPOSE_ROUTE]
    """Commands that a second person must approve; stopping and deactivating can not be among them."""
    second_person_leaves_minimal_risk: bool = False
    """Whether the release from the minimal-risk condition is one of them."""


class RetentionSettings(_Table):
    """Days for which data are kept, the day itself not counted."""

    rider_linked_days: int = Field(default=7, ge=3)
    """Telemetry of vehicles whose way is their riders' way."""
    telemetry_days: int = Field(default=184, ge=3)
    """Telemetry of all others (StVG §63a: six months)."""
    occasion_days: int = Field(default=3 * 365 + 1, ge=184)
    """Records of the event recorder."""
    accident_days: int = Field(default=10 * 365 + 3, ge=3 * 365)
    """Records of accidents."""
