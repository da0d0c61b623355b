"""Who a vehicle is stands in one place of its certificate and in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from v2x.identity import CertificateFault, peer_certificate, vehicle_of_certificate, vehicle_of_urn, vehicle_urn


def names(*uris: str, **more: object) -> dict[str, object]:
    return {"subjectAltName": tuple(("URI", uri) for uri in uris), **more}


def test_the_vehicle_is_the_one_uri_of_the_certificate():
    certificate = {"subjectAltName": (("DNS", "shuttle-9.example"), ("URI", "urn:vehicle:shuttle-1"))}
    assert vehicle_of_certificate(certificate) == "shuttle-1"


@pytest.mark.parametrize(
    "certificate",
    [
        {},
        {"subject": ((("commonName", "shuttle-1"),),)},
        {"subjectAltName": (("DNS", "urn:vehicle:shuttle-1"),)},
        names("urn:vehicle:shuttle-1", "urn:vehicle:shuttle-2"),
        names("urn:vehicle:shuttle-1", "https://example.org"),
        names("urn:vehicle:shuttle-1", "urn:vehicle:shuttle-1"),
        names("urn:vehicle:"),
        names("URN:VEHICLE:shuttle-1"),
        names("urn:vehicles:shuttle-1"),
        names("urn:vehicle:shuttle 1"),
        names("urn:vehicle:shuttle%2D1"),
        names("urn:vehicle:shuttle-1\x00"),
        names("urn:vehicle:shuttle-1%00"),
        names("urn:vehicle:%ff"),
        names("urn:vehicle:" + "x" * 129),
    ],
)
def test_anything_else_names_no_vehicle(certificate: dict[str, object]):
    with pytest.raises(BadInputError):
        vehicle_of_certificate(certificate)


@given(st.text(max_size=140))
def test_every_id_comes_back_from_its_name_or_is_refused(vehicle_id: str):
    try:
        urn = vehicle_urn(vehicle_id)
    except BadInputError:
        assert not vehicle_id.isprintable() or not 1 <= len(vehicle_id) <= 128
        return
    assert urn.isascii()
    assert vehicle_of_urn(urn) == vehicle_id


@given(st.text(max_size=40) | st.text(alphabet="%0aAfF:urnvehicl", max_size=30).map("urn:vehicle:".__add__))
def test_two_spellings_are_never_one_vehicle(urn: str):
    try:
        vehicle_id = vehicle_of_urn(urn)
    except BadInputError:
        return
    assert vehicle_urn(vehicle_id) == urn


def test_validity_is_read_as_openssl_prints_it():
    peer = peer_certificate(
        names(
            "urn:vehicle:bus 7".replace(" ", "%20"),
            serialNumber="0AFF",
            notBefore="Nov  8 11:00:00 2025 GMT",
            notAfter="Nov 18 11:00:00 2025 GMT",
            issuer=((("organizationName", "IOV"),), (("commonName", "Fleet"),)),
        )
    )
    assert (peer.vehicle_id, peer.serial, peer.issuer) == ("bus 7", 0xAFF, "Fleet")
    assert peer.fault_at(Instant(peer.not_before - 1)) is CertificateFault.NOT_YET_VALID
    assert peer.fault_at(peer.not_before) is None
    assert peer.fault_at(Instant(1_763_463_600_999)) is None
    assert peer.fault_at(Instant(1_763_463_601_000)) is CertificateFault.EXPIRED


@pytest.mark.parametrize("field", ["serialNumber", "notBefore", "notAfter"])
@pytest.mark.parametrize("text", ["", "soon", "Nov 18 11:00:00 2025 CET", "Nov 31 11:00:00 2025 GMT"])
def test_a_certificate_with_no_sound_validity_or_number_is_refused(field: str, text: str):
    good = {
        "serialNumber": "1",
        "notBefore": "Nov  8 11:00:00 2025 GMT",
        "notAfter": "Nov 18 11:00:00 2025 GMT",
    }
    with pytest.raises(BadInputError):
        peer_certificate(names("urn:vehicle:a", **{**good, field: text}))
