"""What a sample carries beside its position comes back as it was sent, and nonsense is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.supervision import CommandState, ManoeuvreKind, OccasionKind
from mobility.core.vehicle import Sample
from v2x import wire_pb2 as wire
from v2x.codec import encode_sample
from v2x.extension import (
    CommandReport,
    Environment,
    Extension,
    Incident,
    Light,
    LinkReading,
    ManoeuvreRequest,
    SafetySystem,
    SystemCode,
    SystemState,
)
from v2x.extension_codec import extension_of

NOW = Instant(1_760_421_600_000)
SAMPLE = Sample(
    vehicle_id=VehicleId("pmover-1"), boot_id=BootId("b"), seq=1, device_time=NOW, place=LatLon(50.68, 10.92)
)
FULL = Extension(
    altitude_m=489.25,
    acceleration_long_mps2=-1.5,
    acceleration_lat_mps2=0.25,
    roughness_mps2=0.75,
    supply_v=12.6,
    lights_on=frozenset({Light.LOW_BEAM, Light.HAZARD}),
    environment=Environment(temperature_degc=-3.5, illuminance_lx=1200, is_wiper_on=True),
    link=LinkReading(latency_ms=35, bandwidth_kbps=12_000, rsrp_dbm=-98, loss_frac=0.05),
    system=SystemState(
        software_version="4.2.0", codes=(SystemCode(code="E17", text="Lidar verschmutzt", began_at=NOW),)
    ),
    safety_systems=(SafetySystem(name="AEB", is_active=True, triggered_by="vehicle"),),
    incidents=(Incident(kind=OccasionKind.CONFLICT, detail="Radfahrer", is_accident=False),),
    manoeuvre=ManoeuvreRequest(
        request_id="m1", kind=ManoeuvreKind.PASS_OBSTACLE, deadline=Instant(NOW + 30_000), text="Lieferwagen"
    ),
    command_reports=(CommandReport(command_id="c1", state=CommandState.REJECTED, reason="expired"),),
    its_messages=(b"\x02\x02abc",),
    state_version=7,
    goes_to_rest=True,
    vin="WVWZZZ7HZTH000001",
)


def test_everything_comes_back_as_it_was_sent() -> None:
    assert extension_of(encode_sample(SAMPLE, FULL)) == FULL
    assert extension_of(encode_sample(SAMPLE)) is None
    assert extension_of(encode_sample(SAMPLE, Extension(lights_on=frozenset()))) == Extension(lights_on=frozenset())


@given(
    st.builds(
        Extension,
        altitude_m=st.none() | st.integers(-50_000, 900_000).map(lambda cm: cm / 100),
        acceleration_long_mps2=st.none() | st.integers(-200_000, 200_000).map(lambda mm: mm / 1000),
        roughness_mps2=st.none() | st.integers(0, 200_000).map(lambda mm: mm / 1000),
        supply_v=st.none() | st.integers(0, 1_000_000).map(lambda mv: mv / 1000),
        lights_on=st.none() | st.frozensets(st.sampled_from([each for each in Light if each is not Light.UNKNOWN])),
        state_version=st.none() | st.integers(0, 2**32 - 1),
        goes_to_rest=st.booleans(),
    )
)
def test_numbers_survive_at_the_resolution_of_the_wire(extension: Extension) -> None:
    assert extension_of(encode_sample(SAMPLE, extension)) == extension


@pytest.mark.parametrize(
    ("extension", "field"),
    [
        (Extension(acceleration_long_mps2=201.0), "acceleration_long_mmps2"),
        (Extension(supply_v=-1.0), "supply_v"),
        (Extension(altitude_m=float("nan")), "altitude_m"),
        (Extension(vin="KURZ"), "vin"),
        (Extension(its_messages=(b"",) * 33), "extension"),
        (Extension(system=SystemState(software_version="x" * 513)), "extension"),
        (Extension(command_reports=(CommandReport(command_id="c", state=CommandState.ISSUED),)), "command_reports"),
    ],
)
def test_a_value_that_can_not_be_is_named(extension: Extension, field: str) -> None:
    with pytest.raises(BadInputError) as told:
        encode_sample(SAMPLE, extension)
    assert told.value.field == field


def test_what_a_later_protocol_adds_is_left_out() -> None:
    message = wire.Sample.FromString(encode_sample(SAMPLE, FULL))
    message.extension.manoeuvre.kind = 99
    message.extension.incidents[0].kind = 99
    message.extension.command_reports[0].state = 99
    message.extension.lights.on.append(99)
    known = extension_of(message.SerializeToString())
    assert known is not None
    assert (known.manoeuvre, known.incidents, known.command_reports) == (None, (), ())
    assert known.lights_on == FULL.lights_on


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_the_documented_error(noise: bytes) -> None:
    try:
        extension_of(noise)
    except BadInputError as error:
        assert str(error)


def test_events_and_records_are_told_from_routine() -> None:
    assert FULL.is_record
    assert Extension(incidents=(Incident(kind=OccasionKind.EVASION),)).is_record
    assert Extension(vin="WVWZZZ7HZTH000001").is_record, "told once a minute: held back it would be missing for one"
    assert not Extension(supply_v=12.0, state_version=3).is_record
