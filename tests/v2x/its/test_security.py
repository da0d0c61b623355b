from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrate_asn1dir import ITS_IEEE1609_2

from mobility.core.clock import Instant
from tests.v2x.its.frames_making import NOON, NOON_ITS, cam, denm, made_signer, on_ethernet
from v2x.its.clock import TimestampIts
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import open_frame
from v2x.its.pcap import read_capture
from v2x.its.security import Signed, open_envelope
from v2x.its.security_certificate import Certificate, parse_certificate
from v2x.its.security_coer import CoerReader, coer_integer, coer_octets
from v2x.its.security_keys import (
    Curve,
    Signature,
    canonical_signature,
    is_signed_by,
    public_key_bytes,
    public_key_of,
    read_public_key,
    read_signature,
)
from v2x.its.security_sign import DevelopmentSigner, development_root
from v2x.its.security_trust import Trust, TrustState, TrustStore, parse_certificates

DAY_MS = 86_400_000
EC = {
    Curve.NIST_P256: (ec.SECP256R1(), hashes.SHA256()),
    Curve.BRAINPOOL_P256R1: (ec.BrainpoolP256R1(), hashes.SHA256()),
    Curve.BRAINPOOL_P384R1: (ec.BrainpoolP384R1(), hashes.SHA384()),
}


def signed_cam(
    signer: DevelopmentSigner, *, psid: int = 36, at: int = NOON_ITS, with_certificate: bool = True
) -> Signed:
    payload = open_frame(on_ethernet(cam())).uper
    data = signer.envelope(payload, psid=psid, generated_at=TimestampIts(at), with_certificate=with_certificate)
    envelope, end = open_envelope(data)
    assert (envelope.payload, end) == (payload, len(data))
    assert envelope.signed is not None
    return envelope.signed


def public_sample(shared_data: Path, name: str) -> Signed:
    (captured,) = read_capture((shared_data / "v2x" / name).read_bytes())
    signed = open_frame(captured.data).signed
    assert signed is not None
    return signed


def state(trust: Trust) -> TrustState:
    return trust.state


def test_a_public_message_was_signed_with_the_certificate_it_brings(shared_data: Path) -> None:
    """The chain is not here, so it stays untrusted; but the signature is right, with the hashes of the standard."""
    signed = public_sample(shared_data, "signed_cert_cam.pcap")
    assert TrustStore().check(signed, NOON).detail == "no certificate of issuer 5d5dcbeefbe7d22d"
    broken = replace(signed, to_be_signed=signed.to_be_signed[:-1] + b"\x00")
    assert state(TrustStore().check(broken, NOON)) is TrustState.BAD_SIGNATURE


def test_a_public_message_is_named_by_the_certificate_it_brings(shared_data: Path) -> None:
    """ITS-G5 stations derive station id and address from the HashedId8, so that its end is known from elsewhere."""
    signed = public_sample(shared_data, "signed_cert_cam.pcap")
    assert signed.signer_id is not None
    assert int.from_bytes(signed.signer_id[-4:], "big") == 3_745_471_357
    (certificate,) = signed.certificates
    assert certificate.issuer == bytes.fromhex("5d5dcbeefbe7d22d")
    assert certificate.psids == (36, 37, 140, 141, 638, 639, 1023)
    assert certificate.valid_from == 1_689_292_800_000
    assert (signed.psid, signed.generation_time_us) == (36, 621_166_941_188_830)


def test_a_message_with_a_digest_names_its_signer(shared_data: Path) -> None:
    signed = public_sample(shared_data, "signed_eu_cam.pcap")
    assert (signed.digest, signed.certificates) == (bytes.fromhex("41d7a5daf37248b4"), ())
    assert int.from_bytes(signed.digest[-4:], "big") == 4_084_353_204
    assert state(TrustStore().check(signed, NOON)) is TrustState.UNKNOWN_SIGNER


def test_a_chain_to_a_given_root_is_verified() -> None:
    signer, root = made_signer()
    assert TrustStore([root]).check(signed_cam(signer), NOON) == Trust(TrustState.VERIFIED)


def test_without_the_root_the_same_message_is_not_trusted() -> None:
    signer, _ = made_signer()
    assert state(TrustStore().check(signed_cam(signer), NOON)) is TrustState.UNTRUSTED_ISSUER


def test_a_root_that_nobody_gave_is_not_trusted_even_if_the_message_brings_it() -> None:
    signer, root = made_signer()
    signed = signed_cam(signer)
    with_root = replace(signed, certificates=(signer.certificate, root))
    assert TrustStore().check(with_root, NOON).detail.endswith("is not trusted")
    assert state(TrustStore([root]).check(with_root, NOON)) is TrustState.VERIFIED


def test_a_certificate_is_remembered_for_messages_that_name_only_its_digest() -> None:
    signer, root = made_signer()
    store = TrustStore([root])
    short = signed_cam(signer, with_certificate=False)
    assert state(store.check(short, NOON)) is TrustState.UNKNOWN_SIGNER
    store.check(signed_cam(signer), NOON)
    assert state(store.check(short, NOON)) is TrustState.VERIFIED


def test_a_certificate_whose_chain_does_not_hold_is_not_remembered() -> None:
    signer, _ = made_signer()
    store = TrustStore()
    store.check(signed_cam(signer), NOON)
    assert state(store.check(signed_cam(signer, with_certificate=False), NOON)) is TrustState.UNKNOWN_SIGNER


@pytest.mark.parametrize("days", [-1, 8])
def test_a_message_made_outside_the_validity_is_refuted(days: int) -> None:
    signer, root = made_signer()
    signed = signed_cam(signer, at=NOON_ITS + days * DAY_MS)
    assert state(TrustStore([root]).check(signed, NOON)) is TrustState.OUTSIDE_VALIDITY


def test_a_kind_of_message_that_the_ticket_does_not_name_is_refuted() -> None:
    signer, root = made_signer()
    assert state(TrustStore([root]).check(signed_cam(signer, psid=140), NOON)) is TrustState.NOT_PERMITTED


def test_another_key_than_the_tickets_is_refuted() -> None:
    signer, root = made_signer()
    other = replace(signer, key=ec.derive_private_key(99, ec.SECP256R1()))
    assert state(TrustStore([root]).check(signed_cam(other), NOON)) is TrustState.BAD_SIGNATURE


def test_a_ticket_that_its_issuer_did_not_sign_is_refuted() -> None:
    signer, root = made_signer()
    assert root.issuer is None
    other_key = ec.derive_private_key(42, ec.SECP256R1())
    forged_root = development_root(other_key, NOON)
    signed = signed_cam(signer)
    pretended = replace(signer.certificate, issuer=forged_root.hashed_id8)
    store = TrustStore([forged_root])
    assert state(store.check(replace(signed, certificates=(pretended,)), NOON)) is TrustState.BAD_SIGNATURE


@pytest.mark.parametrize("mask", [1, 2, 4, 8, 16, 32, 64, 128, 255])
def test_no_changed_byte_of_a_signed_message_stays_verified(mask: int) -> None:
    """Every byte counts: payload, header, ticket, signature. What still opens must not be believed."""
    signer, root = made_signer()
    whole = open_frame(on_ethernet(denm(), signer=signer)).envelope
    # Which half of the curve r lies on is neither hashed nor needed to verify.
    ticket = signer.certificate.raw
    forms_of_r = {len(whole) - 65, whole.index(ticket) + len(ticket) - 65}
    believed = []
    for at in sorted(set(range(len(whole))) - forms_of_r):
        changed = whole[:at] + bytes((whole[at] ^ mask,)) + whole[at + 1 :]
        try:
            envelope, _ = open_envelope(changed)
        except ItsError:
            continue
        if envelope.signed and state(TrustStore([root]).check(envelope.signed, NOON)) is TrustState.VERIFIED:
            believed.append(at)
    assert believed == []


@pytest.mark.parametrize("curve", list(Curve))
def test_signatures_of_every_curve_are_checked(curve: Curve) -> None:
    parameters, algorithm = EC[curve]
    key = ec.derive_private_key(1_234_567, parameters)
    digest = curve.digest(b"what is signed")
    numbers = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(algorithm))))
    signature = Signature(curve, *(number.to_bytes(curve.size_bytes, "big") for number in numbers))
    public = public_key_of(key.public_key(), curve)
    assert read_public_key(CoerReader(public_key_bytes(public))) == public
    assert read_signature(CoerReader(canonical_signature(signature))) == signature
    assert is_signed_by(signature, digest, public)
    assert not is_signed_by(signature, curve.digest(b"something else"), public)
    assert not is_signed_by(replace(signature, r=signature.s), digest, public)


def test_a_point_beside_the_curve_proves_nothing() -> None:
    key = public_key_of(ec.derive_private_key(5, ec.SECP256R1()).public_key(), Curve.NIST_P256)
    beside = replace(key, point=replace(key.point, x=b"\xff" * 32))
    assert not is_signed_by(Signature(Curve.NIST_P256, bytes(32), bytes(32)), bytes(32), beside)


@cache
def module() -> object:
    return ITS_IEEE1609_2.Ieee1609Dot2


def test_the_reference_codec_reads_and_rewrites_what_we_sign() -> None:
    signer, _ = made_signer()
    data = open_frame(on_ethernet(denm(), signer=signer)).envelope
    message = module().Ieee1609Dot2Data
    message.from_coer(data)
    content = message.get_val()["content"]
    assert content[0] == "signedData"
    assert content[1]["tbsData"]["headerInfo"]["psid"] == 37
    assert message.to_coer() == data


REGIONS = [
    ("circularRegion", {"center": {"latitude": 506800000, "longitude": 109200000}, "radius": 5000}),
    (
        "rectangularRegion",
        [
            {
                "northWest": {"latitude": 506800000, "longitude": 109200000},
                "southEast": {"latitude": 506000000, "longitude": 109900000},
            }
        ],
    ),
    ("polygonalRegion", [{"latitude": n, "longitude": n} for n in (1, 2, 3)]),
    ("identifiedRegion", [("countryOnly", 276), ("countryAndRegions", {"countryOnly": 276, "regions": [1, 16]})]),
]
POINT = ("compressed-y-1", bytes(range(32)))
FULL = {
    "version": 3,
    "type": "explicit",
    "issuer": ("self", "sha256"),
    "toBeSigned": {
        "id": ("name", "an authority"),
        "cracaId": b"\x00\x00\x00",
        "crlSeries": 0,
        "validityPeriod": {"start": 690_000_000, "duration": ("years", 3)},
        "assuranceLevel": b"\xc0",
        "appPermissions": [
            {"psid": 622, "ssp": ("bitmapSsp", b"\x01\x3e")},
            {"psid": 36},
            {"psid": 99, "ssp": ("opaque", b"x")},
        ],
        "certIssuePermissions": [
            {
                "subjectPermissions": (
                    "explicit",
                    [
                        {
                            "psid": 36,
                            "sspRange": (
                                "bitmapSspRange",
                                {"sspValue": b"\x01\xff\xfc", "sspBitmask": b"\xff\x00\x03"},
                            ),
                        },
                        {"psid": 37, "sspRange": ("all", 0)},
                        {"psid": 638, "sspRange": ("opaque", [b"a", b"bc"])},
                        {"psid": 639},
                    ],
                ),
                "minChainLength": 2,
                "chainLengthRange": 0,
                "eeType": (0xC0, 8),
            }
        ],
        "encryptionKey": {"supportedSymmAlg": "aes128Ccm", "publicKey": ("eciesBrainpoolP256r1", POINT)},
        "verifyKeyIndicator": ("verificationKey", ("ecdsaBrainpoolP256r1", POINT)),
    },
    "signature": ("ecdsaBrainpoolP256r1Signature", {"rSig": ("compressed-y-0", bytes(32)), "sSig": bytes(range(32))}),
}


@pytest.mark.parametrize("region", [None, *REGIONS], ids=lambda region: "none" if region is None else region[0])
def test_authority_certificates_of_the_reference_codec_are_read(region: tuple[str, object] | None) -> None:
    """All parts that TS 103 097 lets an authority's certificate have, encoded by an independent codec."""
    body = FULL["toBeSigned"] | ({} if region is None else {"region": region})  # type: ignore[operator]
    certificate = module().Certificate
    certificate.set_val(FULL | {"toBeSigned": body})
    parsed = parse_certificate(certificate.to_coer())
    assert (parsed.name, parsed.issuer, parsed.psids) == ("an authority", None, (622, 36, 99))
    assert parsed.issued_psids == {36, 37, 638, 639}
    assert parsed.key is not None
    assert (parsed.key.curve, parsed.key.point.x) == (Curve.BRAINPOOL_P256R1, bytes(range(32)))
    assert parsed.valid_until - parsed.valid_from == 3 * 31_556_952_000


def test_the_hash_of_a_certificate_does_not_depend_on_how_r_was_written() -> None:
    certificate = module().Certificate
    certificate.set_val(FULL)
    as_compressed = parse_certificate(certificate.to_coer())
    signature = ("ecdsaBrainpoolP256r1Signature", {"rSig": ("x-only", bytes(32)), "sSig": bytes(range(32))})
    certificate.set_val(FULL | {"signature": signature})
    assert parse_certificate(certificate.to_coer()).hashed_id8 == as_compressed.hashed_id8


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"\x02" + bytes(40), ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, "v1.2"),
        (b"\x04" + bytes(40), ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, "version 4"),
        (b"\x03\x82" + bytes(40), ItsErrorKind.UNSUPPORTED_MESSAGE, "encryptedData"),
        (b"\x03\x83\x00", ItsErrorKind.UNSUPPORTED_MESSAGE, "signedCertificateRequest"),
        (b"\x03\x81\x00\x20" + bytes(40), ItsErrorKind.UNSUPPORTED_MESSAGE, "not only, the data itself"),
        (b"\x03\x81\x07" + bytes(40), ItsErrorKind.UNSUPPORTED_MESSAGE, "hash algorithm 7"),
        (b"\x03\x81\x00\x40\x03\x82" + bytes(40), ItsErrorKind.UNSUPPORTED_MESSAGE, "holds encryptedData"),
        (b"\x03\x80\x81\x05hello", ItsErrorKind.MALFORMED, "shortest form"),
        (b"\x03\x81", ItsErrorKind.TRUNCATED, "early"),
    ],
)
def test_envelopes_that_are_not_read_are_refused_by_name(data: bytes, kind: ItsErrorKind, words: str) -> None:
    with pytest.raises(ItsError, match=words) as refused:
        open_envelope(data)
    assert refused.value.kind is kind


def test_unsecured_data_in_an_envelope_have_no_signer() -> None:
    envelope, end = open_envelope(b"\x03\x80\x05hello")
    assert (envelope.payload, envelope.signed, end) == (b"hello", None, 8)


@given(st.binary(max_size=120))
def test_random_bytes_give_an_envelope_or_the_documented_error(data: bytes) -> None:
    for parse in (open_envelope, parse_certificate):
        try:
            assert parse(data)
        except ItsError as error:
            assert error.detail


@settings(max_examples=200)
@given(st.data())
def test_changed_certificates_give_a_certificate_or_the_documented_error(data: st.DataObject) -> None:
    certificate = module().Certificate
    certificate.set_val(FULL)
    broken = bytearray(certificate.to_coer())
    for at in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=3)):
        broken[at] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(parse_certificate(bytes(broken)), Certificate)
    except ItsError as error:
        assert error.detail


@given(st.integers(0, 2**64))
def test_integers_and_lengths_are_read_as_they_were_written(number: int) -> None:
    assert CoerReader(coer_integer(number)).integer() == number
    octets = bytes(number % 70_000)
    assert CoerReader(coer_octets(octets)).octets() == octets


def test_certificates_are_read_from_lines_and_a_bad_line_is_named() -> None:
    signer, root = made_signer()
    text = f"# root\n{root.raw.hex()}\n\n{signer.certificate.raw.hex()}  # ticket\n"
    assert parse_certificates(text) == [root, signer.certificate]
    with pytest.raises(ItsError, match=r"chain\.hex line 2"):
        parse_certificates(f"\n{root.raw.hex()[:-2]}", "chain.hex")
    with pytest.raises(ItsError, match="line 1: no hex"):
        parse_certificates("zz")


def test_a_root_is_named_by_itself_and_issues_everything() -> None:
    _, root = made_signer()
    assert (root.issuer, root.name, root.psids, root.issued_psids) == (None, "development root", (), None)
    assert root.valid_from == NOON
    assert root.valid_until > Instant(NOON + 1000 * DAY_MS)
