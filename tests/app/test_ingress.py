"""Settings about vehicles become what the server is built with, and what is unsafe is refused by name."""

from pathlib import Path

import pytest

from mobility.app.ingress import ingress_of, policy_of, retention_of
from mobility.app.settings import Settings, load_settings
from mobility.app.vehicle_door import door_of
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.supervision import CommandAction


def settings(folder: Path, text: str) -> Settings:
    file = folder / "mobility.toml"
    file.write_text(f'data_dir = "{folder}"\n{text}', "utf-8")
    return load_settings(file)


def test_nothing_set_means_no_further_way_in(tmp_path: Path) -> None:
    plain = settings(tmp_path, "")
    ingress = ingress_of(plain)
    assert (ingress.mqtt, ingress.udp, dict(ingress.stations)) == (None, None, {})
    assert policy_of(plain).approved_actions == {CommandAction.PROPOSE_ROUTE}
    assert retention_of(plain).rider_linked_days == 7
    assert door_of(plain, ()).tls is None


def test_a_whole_table_is_taken_as_written(tmp_path: Path) -> None:
    full = settings(
        tmp_path,
        """
[its]
udp_port = 47000
[its.stations]
4711 = "pmover-1"
[mqtt]
host = "127.0.0.1"
port = 1883
version = "3.1.1"
context = "ilmenau"
[supervision]
second_person_for = ["announce"]
second_person_leaves_minimal_risk = true
[retention]
telemetry_days = 30
""",
    )
    ingress = ingress_of(full)
    assert ingress.stations == {4711: VehicleId("pmover-1")}
    assert ingress.udp == ("127.0.0.1", 47000)
    assert ingress.mqtt is not None
    assert (ingress.mqtt.broker.version, ingress.mqtt.context) == ("3.1.1", "ilmenau")
    assert policy_of(full).approves_leaving_minimal_risk
    assert (retention_of(full).other_days, retention_of(full).index_days) == (30, 30)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[mqtt]\nhost = "broker.example"', "mqtt.tls"),
        ("[its]\nis_signature_required = true", "its.certificates"),
        ('[supervision]\nsecond_person_for = ["steer"]', "supervision.second_person_for.0"),
        ('[supervision]\nsecond_person_for = ["deactivate"]', "supervision.second_person_for.0"),
        ("[retention]\nrider_linked_days = 0", "retention.rider_linked_days"),
    ],
)
def test_what_can_not_be_is_named(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(BadInputError) as told:
        ingress_of(settings(tmp_path, text))
    assert told.value.field == field


def test_the_world_is_not_listened_to_without_certificates(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as told:
        door_of(settings(tmp_path, 'host = "0.0.0.0"'), ())
    assert told.value.field == "vehicle_tls"


def test_the_own_authority_serves_once_a_vehicle_is_enrolled(tmp_path: Path) -> None:
    from mobility.app.clock import SystemClock  # noqa: PLC0415 - only here
    from v2x.edge.authority import DevelopmentAuthority  # noqa: PLC0415

    DevelopmentAuthority.open(tmp_path / "authority", SystemClock()).vehicle("shuttle-1")
    door = door_of(settings(tmp_path, 'host = "0.0.0.0"'), (VehicleId("shuttle-1"),))
    assert door.scheme == "wss"
    assert door.admission is not None
