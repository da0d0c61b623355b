from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.v2x.its.frames_making import cam, denm, made_signer, on_ethernet, uper
from v2x.its.btp import BtpType
from v2x.its.clock import unwrapped
from v2x.its.codec import decode
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import Frame, Start, detect, open_frame
from v2x.its.frame_lines import layers
from v2x.its.geonetworking import AreaShape, PacketType
from v2x.its.pcap import read_capture

SAMPLES = [
    ("hamburg_cam_radiotap.pcap", 63, 2_624_309_139, 535_505_166, 99_353_789, 11, 724, 0),
    ("signed_eu_cam.pcap", 46, 4_084_353_204, 514_935_494, 91_290_299, 445, 2_768, -11),
    ("signed_cert_cam.pcap", 55, 3_745_471_357, 478_226_556, 130_408_495, 21, 2_551, 0),
    ("android_cam.pcap", 41, 1, 485_194_000, 23_689_670, 0, 0, 0),
    ("instantx_denm.pcap", 76, 19_911_991, -109_791_002, -112_004_003, 1_300, 14, None),
    ("pycrate156.pcap", 55, 55_552, 421_280_170, -86_227_780, 0, 1_570, 1_022),
]
"""File, bytes of UPER, station id, latitude, longitude, speed, heading, curvature: what the sources publish."""

IN_LAYERS = on_ethernet(cam())
ETHERNET, GN = 14, 4 + 8 + 28
LINK_FREE = IN_LAYERS[ETHERNET:]
AS_RADIO = bytes.fromhex("8800 0000 ffffffffffff 020000001267 ffffffffffff 1000 2300 aaaa03000000 8947") + LINK_FREE
AS_RADIOTAP = bytes.fromhex("0000 0800 0000 0000") + AS_RADIO + b"\xde\xad\xbe\xef"


def sample(shared_data: Path, name: str) -> tuple[Frame, bytes]:
    (captured,) = read_capture((shared_data / "v2x" / name).read_bytes())
    return open_frame(captured.data, captured.start), captured.data


@pytest.mark.parametrize("row", SAMPLES, ids=lambda row: row[0])
def test_public_samples_give_the_published_values(shared_data: Path, row: tuple[str, int, *tuple[int, ...]]) -> None:
    name, length, station_id, latitude, longitude, speed, heading, curvature = row
    frame, data = sample(shared_data, name)
    message = decode(frame.uper)
    assert (len(frame.uper), message.station_id, message.protocol_version) == (length, station_id, 2)
    assert (message.latitude, message.longitude) == (latitude, longitude)
    assert (message.speed_value, message.heading_value) == (speed, heading)
    if curvature is None:
        assert (message.message, message.cause_code, message.sub_cause_code) == ("DENM", 14, 0)
    else:
        fast = message.value["cam"]["camParameters"]["highFrequencyContainer"]
        assert fast["basicVehicleContainerHighFrequency"]["curvature"]["curvatureValue"] == curvature
    assert detect(data) is frame.start


def test_the_hamburg_frame_ends_where_geonetworking_says(shared_data: Path) -> None:
    """Four bytes of check sequence follow; the published radiotap header has 72 bytes."""
    frame, data = sample(shared_data, "hamburg_cam_radiotap.pcap")
    assert frame.radio is not None
    assert frame.radio.radiotap_bytes == 72
    assert frame.geonetworking is not None
    assert frame.geonetworking.payload_length == 67
    assert data[:-4].endswith(frame.uper)
    assert frame.geonetworking.source.timestamp % 65_536 == decode(frame.uper).value["cam"]["generationDeltaTime"]


@pytest.mark.parametrize("name", ["signed_eu_cam.pcap", "signed_cert_cam.pcap"])
def test_the_time_in_a_signed_cam_agrees_with_its_envelope(shared_data: Path, name: str) -> None:
    frame, _ = sample(shared_data, name)
    assert frame.signed is not None
    generated_at = frame.signed.generated_at
    assert generated_at is not None
    made_at = unwrapped(decode(frame.uper).value["cam"]["generationDeltaTime"], generated_at)
    assert abs(made_at - generated_at) < 2000


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (IN_LAYERS, Start.ETHERNET),
        (IN_LAYERS[:12] + b"\x81\x00\x00\x05" + IN_LAYERS[12:], Start.ETHERNET),
        (LINK_FREE, Start.GEONETWORKING),
        (LINK_FREE[GN:], Start.BTP),
        (LINK_FREE[GN + 4 :], Start.UPER),
        (AS_RADIO, Start.RADIO),
        (AS_RADIOTAP, Start.RADIOTAP),
        (IN_LAYERS + bytes(20), Start.ETHERNET),
    ],
    ids=["ethernet", "vlan", "geonetworking", "btp", "uper", "802.11", "radiotap", "padded"],
)
def test_the_start_is_detected_and_the_message_found(data: bytes, start: Start) -> None:
    assert detect(data) is start
    assert open_frame(data).uper == uper(cam())


def test_an_address_that_looks_like_a_message_is_still_an_address() -> None:
    """02:02 begins a CAM of version 2, and any locally administered address like it."""
    frame = b"\x02\x02\x00\x00\x00\x01" + IN_LAYERS[6:]
    assert detect(frame) is Start.ETHERNET
    assert open_frame(frame).uper == uper(cam())


def test_a_message_that_has_the_ethertype_in_its_middle_is_still_a_message() -> None:
    data = bytearray(uper(cam()))
    data[12:14] = b"\x89\x47"
    assert detect(bytes(data)) is Start.UPER


def test_a_cam_goes_out_as_single_hop_broadcast() -> None:
    header = open_frame(IN_LAYERS).geonetworking
    assert header is not None
    assert (header.kind, header.remaining_hops, header.max_hops) == (PacketType.SHB, 1, 1)
    assert (header.source.latitude, header.source.longitude) == (506_800_000, 109_200_000)
    assert (header.source.speed, header.source.heading) == (450, 900)


def test_a_denm_goes_out_to_the_area_it_concerns() -> None:
    frame = open_frame(on_ethernet(denm()))
    assert frame.btp is not None
    assert frame.geonetworking is not None
    area = frame.geonetworking.area
    assert (frame.geonetworking.kind, frame.btp.destination_port) == (PacketType.GBC, 2002)
    assert area is not None
    assert (area.shape, area.distance_a, area.latitude) == (AreaShape.CIRCLE, 200, 506_800_000)


def test_a_secured_packet_opens_to_the_same_message() -> None:
    signer, _ = made_signer()
    data = on_ethernet(cam(), signer=signer)
    frame = open_frame(data)
    assert (frame.uper, frame.btp) == (uper(cam()), open_frame(IN_LAYERS).btp)
    assert frame.evidence in data
    assert open_frame(frame.evidence).uper == frame.uper
    assert detect(frame.evidence) is Start.ENVELOPE


def test_bytes_after_the_message_inside_the_envelope_are_refused() -> None:
    signer, _ = made_signer()
    inner = open_frame(IN_LAYERS)
    assert inner.geonetworking is not None
    payload = LINK_FREE[4:] + b"\x00"
    data = b"\x12\x00\x1a\x01" + signer.envelope(payload, psid=36, generated_at=0)  # type: ignore[arg-type]
    with pytest.raises(ItsError, match="1 bytes follow") as refused:
        open_frame(data)
    assert refused.value.kind is ItsErrorKind.MALFORMED


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", ItsErrorKind.TRUNCATED, "empty"),
        (bytes(65_536), ItsErrorKind.MALFORMED, "65536 bytes"),
        (IN_LAYERS[:12] + b"\x89\x47\x11", ItsErrorKind.TRUNCATED, "basic header"),
        (IN_LAYERS[:14] + b"\x21" + IN_LAYERS[15:], ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, "version 2"),
        (IN_LAYERS[:14] + b"\x12\x00\x1a\x01\x02" + bytes(50), ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, "v1.2"),
        (b"\x07\xd1\x00", ItsErrorKind.TRUNCATED, "BTP"),
    ],
)
def test_what_is_no_frame_is_refused_by_name(data: bytes, kind: ItsErrorKind, words: str) -> None:
    with pytest.raises(ItsError, match=words) as refused:
        open_frame(data)
    assert refused.value.kind is kind


def test_a_frame_of_another_protocol_is_refused_by_its_ethertype() -> None:
    with pytest.raises(ItsError, match="ethertype 0x0800"):
        open_frame(bytes(12) + b"\x08\x00" + bytes(40), Start.ETHERNET)


def test_btp_a_tells_a_source_port() -> None:
    data = bytearray(IN_LAYERS)
    data[ETHERNET + 4] = 0x10
    frame = open_frame(bytes(data))
    assert frame.btp is not None
    assert frame.btp.kind is BtpType.A
    assert "source_port" in layers(frame)["btp"]


@pytest.mark.parametrize(
    ("control", "flags", "words"),
    [
        (0x80, 0, "carries no data"),
        (0x48, 0, "carries no data"),
        (0x88, 0x40, "encrypted"),
        (0x88, 3, "four addresses"),
    ],
)
def test_radio_frames_without_a_readable_message_are_refused(control: int, flags: int, words: str) -> None:
    with pytest.raises(ItsError, match=words):
        open_frame(bytes((control, flags)) + AS_RADIO[2:], Start.RADIO)


def test_every_cut_of_every_form_is_an_error() -> None:
    signer, _ = made_signer()
    for data in (AS_RADIOTAP[:-4], on_ethernet(denm(), signer=signer)):
        start = detect(data)
        for length in range(len(data)):
            with pytest.raises(ItsError):
                open_frame(data[:length], start)


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([None, *Start]))
def test_random_bytes_give_a_frame_or_the_documented_error(data: bytes, start: Start | None) -> None:
    try:
        frame = open_frame(data, start)
    except ItsError as error:
        assert error.detail
    else:
        assert frame.uper in data


@settings(max_examples=200)
@given(st.data())
def test_a_frame_with_some_wrong_bytes_gives_a_frame_or_the_documented_error(data: st.DataObject) -> None:
    signer, _ = made_signer()
    whole = data.draw(st.sampled_from([IN_LAYERS, AS_RADIOTAP, on_ethernet(denm(), signer=signer)]))
    broken = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
        broken[at] = data.draw(st.integers(0, 255))
    try:
        frame = open_frame(bytes(broken))
    except ItsError as error:
        assert error.detail
    else:
        assert layers(frame)["start"] in set(Start)
