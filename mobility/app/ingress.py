"""From settings to what the vehicles' side and publishing are built with; files are read here, once."""

from ssl import SSLContext

from mobility.app.passenger_side import MqttOutPlan, Publishing
from mobility.app.settings import Settings
from mobility.app.vehicle_settings import ClientTls, ItsSettings, MqttOutSettings, MqttSettings
from mobility.app.vehicle_side import Ingress, MqttPlan
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.storage.retention import RetentionPolicy
from passenger_info.edge.mqtt_publisher import PublishingBroker
from v2x.edge.tls import vehicle_context
from v2x.its.security_trust import TrustStore, parse_certificates
from v2x.supervision.policy import Policy

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def ingress_of(settings: Settings) -> Ingress:
    """Return the ways in beside the vehicle listener; raises ``BadInputError`` naming what can not be used."""
    its = settings.its
    return Ingress(
        stations={station: VehicleId(vehicle) for station, vehicle in its.stations.items()},
        trust=_trust(its),
        is_signature_required=its.is_signature_required,
        udp=None if its.udp_port is None else (its.udp_host, its.udp_port),
        mqtt=None if settings.mqtt is None else _mqtt(settings.mqtt),
    )


def publishing_of(settings: Settings) -> Publishing:
    """Return what is published beside HTTP and push; raises ``BadInputError`` naming what can not be used."""
    out = settings.mqtt_out
    return Publishing(mqtt=None if out is None else _mqtt_out(out), films=settings.films)


def policy_of(settings: Settings) -> Policy:
    """Return the policy of technical supervision."""
    return Policy(
        approved_actions=frozenset(settings.supervision.second_person_for),
        approves_leaving_minimal_risk=settings.supervision.second_person_leaves_minimal_risk,
    )


def retention_of(settings: Settings) -> RetentionPolicy:
    """Return how long data are kept; sequence numbers as long as the telemetry they keep from coming twice."""
    days = settings.retention
    return RetentionPolicy(
        rider_linked_days=days.rider_linked_days,
        section_63a_days=days.telemetry_days,
        other_days=days.telemetry_days,
        index_days=max(days.telemetry_days, days.rider_linked_days),
        occasion_days=days.occasion_days,
        accident_days=days.accident_days,
    )


def _trust(its: ItsSettings) -> TrustStore | None:
    if its.certificates is None:
        if its.is_signature_required:
            raise BadInputError("signatures can only be required of trusted certificates", field="its.certificates")
        return None
    try:
        text = its.certificates.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"can not be read: {error}", source=str(its.certificates)) from error
    return TrustStore(parse_certificates(text, str(its.certificates)))


def _mqtt(mqtt: MqttSettings) -> MqttPlan:
    from v2x.edge.mqtt_link import Broker  # noqa: PLC0415 - most servers have no broker

    context = _context(mqtt.host, mqtt.tls, "mqtt.tls")
    broker = Broker(
        host=mqtt.host,
        port=mqtt.port,
        version=mqtt.version,
        username=mqtt.username,
        password=mqtt.password,
        tls=context,
    )
    return MqttPlan(
        broker=broker, context=mqtt.context, share=mqtt.share, organisation=mqtt.organisation, client_id=mqtt.client_id
    )


def _mqtt_out(out: MqttOutSettings) -> MqttOutPlan:
    broker = PublishingBroker(
        host=out.host,
        port=out.port,
        version=out.version,
        username=out.username,
        password=out.password,
        tls=_context(out.host, out.tls, "mqtt_out.tls"),
    )
    return MqttOutPlan(
        broker=broker, feed_id=out.feed_id, profile=out.profile, prefix=out.prefix, client_id=out.client_id
    )


def _context(host: str, tls: ClientTls | None, field: str) -> SSLContext | None:
    if tls is None:
        if host not in _LOOPBACK:
            raise BadInputError("a broker elsewhere needs certificates", field=field)
        return None
    return vehicle_context(certificate=tls.certificate, key=tls.key, authority=tls.authority)
