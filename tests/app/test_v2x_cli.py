"""``mobility v2x``: files of every form to JSON, JSON to bytes, and Wireshark as the third party that reads them."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mobility.cli.v2x import app
from tests.v2x.its.frames_making import cam, denm, made_signer, on_ethernet, uper
from tests.v2x.its.tshark_rows import tshark_rows
from v2x.its.frame import open_frame
from v2x.its.pcap import capture_bytes, read_capture

RUN = CliRunner()
KEYS = (
    *("frame", "message", "protocol_version", "station_id", "latitude", "longitude", "speed_value", "heading_value"),
    *("cause_code", "sub_cause_code", "value", "layers"),
)
SAMPLES = {
    "hamburg_cam_radiotap.pcap": (2_624_309_139, 535_505_166, 99_353_789, 11, 724, None, None),
    "signed_eu_cam.pcap": (4_084_353_204, 514_935_494, 91_290_299, 445, 2_768, None, None),
    "signed_cert_cam.pcap": (3_745_471_357, 478_226_556, 130_408_495, 21, 2_551, None, None),
    "android_cam.pcap": (1, 485_194_000, 23_689_670, 0, 0, None, None),
    "instantx_denm.pcap": (19_911_991, -109_791_002, -112_004_003, 1_300, 14, 14, 0),
    "pycrate156.pcap": (55_552, 421_280_170, -86_227_780, 0, 1_570, None, None),
}


def run(*arguments: object, given: bytes | None = None) -> Result:
    return RUN.invoke(app, [str(argument) for argument in arguments], input=given)


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def decoded(*arguments: object, given: bytes | None = None) -> list[dict[str, Any]]:
    done = run("decode", *arguments, given=given)
    assert (done.exit_code, done.stderr) == (0, "")
    return lines(done)


@pytest.mark.parametrize("name", SAMPLES)
def test_public_samples_are_decoded_with_their_published_values(shared_data: Path, name: str) -> None:
    (line,) = decoded(shared_data / "v2x" / name)
    assert tuple(line) == KEYS
    assert (line["frame"], line["protocol_version"]) == (1, 2)
    assert tuple(line[key] for key in KEYS[3:10]) == SAMPLES[name]
    assert line["layers"]["captured_at_ns"] == 1_700_000_000 * 10**9


@pytest.mark.parametrize("name", SAMPLES)
def test_decode_and_encode_is_a_round_trip_to_the_byte(shared_data: Path, name: str) -> None:
    (captured,) = read_capture((shared_data / "v2x" / name).read_bytes())
    told = run("decode", shared_data / "v2x" / name).stdout
    again = run("encode", given=told.encode())
    assert (again.exit_code, again.stdout.strip()) == (0, open_frame(captured.data, captured.start).uper.hex())


def test_a_capture_is_told_frame_by_frame(tmp_path: Path) -> None:
    file = tmp_path / "two.pcap"
    file.write_bytes(capture_bytes([(10**18, on_ethernet(cam())), (10**18 + 5000, on_ethernet(denm()))]))
    first, second = decoded(file)
    assert (first["frame"], first["message"], second["frame"], second["message"]) == (1, "CAM", 2, "DENM")
    assert (second["cause_code"], second["sub_cause_code"]) == (94, 0)
    assert second["layers"]["geonetworking"]["type"] == "GBC"
    assert second["layers"]["btp"] == {"type": "B", "destination_port": 2002, "destination_port_info": 0}


def test_hex_lines_of_every_start_are_read_from_stdin() -> None:
    whole = on_ethernet(cam())
    text = "# ways to write one CAM\n" + "\n".join(
        [whole.hex(), whole[14:].hex(" "), whole[54:].hex(":"), uper(cam()).hex()]
    )
    told = decoded("-", given=text.encode())
    assert [line["layers"]["start"] for line in told] == ["ethernet", "geonetworking", "btp", "uper"]
    assert [line["value"] for line in told] == [cam().value] * 4


def test_a_raw_file_is_one_frame(tmp_path: Path) -> None:
    file = tmp_path / "cam.bin"
    file.write_bytes(uper(cam()))
    (line,) = decoded(file)
    assert line["station_id"] == 4711


def test_every_frame_that_is_not_decoded_says_why_and_the_others_are_decoded() -> None:
    good = uper(cam())
    frames = [b"\x01" + good[1:], b"\x02\x0e" + good[2:], good[:20], good + b"\x00", good]
    text = "\n".join([*(frame.hex() for frame in frames), "not hex"])
    done = run("decode", "-", given=text.encode())
    assert done.exit_code == 1
    told = lines(done)
    assert [line.get("error") for line in told] == [
        "unsupported_protocol_version",
        "unsupported_message",
        "truncated",
        "malformed",
        None,
        "malformed",
    ]
    assert all(set(line) == {"frame", "error", "detail"} for line in told if "error" in line)
    assert [line["frame"] for line in told] == [1, 2, 3, 4, 5, 6]


def test_a_damaged_capture_gives_the_frames_before_the_damage(tmp_path: Path) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(capture_bytes([(0, on_ethernet(cam())), (0, on_ethernet(cam()))])[:-1])
    done = run("decode", file)
    assert done.exit_code == 1
    assert [line.get("error") for line in lines(done)] == [None, "truncated"]


@pytest.mark.parametrize("given", [b"", b"\x00", b"\xa1\xb2\xc3\xd4", b"\xff" * 100])
def test_rubbish_is_one_error_line_and_exit_1(given: bytes) -> None:
    done = run("decode", "-", given=given)
    assert done.exit_code == 1
    assert [set(line) for line in lines(done)] == [{"frame", "error", "detail"}]


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    assert run("decode", "/no/such/file").exit_code == 2


def test_wireshark_reads_what_encode_writes(tmp_path: Path) -> None:
    told = "\n".join(json.dumps({"message": made.message, "value": made.value}) for made in (cam(), denm()))
    file = tmp_path / "out.pcap"
    done = run("encode", "--pcap", file, given=told.encode())
    assert (done.exit_code, done.stdout) == (0, "")
    rows = tshark_rows(file, "its.stationID", "its.latitude", "its.longitude", "geonw.gxc.latitude", "_ws.malformed")
    assert rows == [["4711", "506800000", "109200000", "", ""], ["4711", "506800000", "109200000", "506800000", ""]]


def test_wireshark_reads_what_encode_signs_and_decode_verifies_it(tmp_path: Path) -> None:
    told = "\n".join(json.dumps({"message": made.message, "value": made.value}) for made in (cam(), denm()))
    keys, file = tmp_path / "keys", tmp_path / "signed.pcap"
    assert run("encode", "--signed", "--keys", keys, "--pcap", file, given=told.encode()).exit_code == 0
    verified = decoded(file, "--certificates", keys / "certificates.hex")
    assert [line["layers"]["security"]["verification"] for line in verified] == ["verified", "verified"]
    assert {stat.S_IMODE((keys / name).stat().st_mode) for name in ("root.pem", "ticket.pem")} == {0o600}
    rows = tshark_rows(file, "its.stationID", "ieee1609dot2.psid", "_ws.malformed")
    assert rows == [["4711", "36", ""], ["4711", "37", ""]]


def test_the_development_keys_are_made_once(tmp_path: Path) -> None:
    told = json.dumps({"message": "CAM", "value": cam().value}).encode()
    first, second = (run("encode", "--signed", "--keys", tmp_path / "keys", given=told).stdout for _ in range(2))
    signers = [open_frame(bytes.fromhex(each)).signed for each in (first, second)]
    assert signers[0] is not None
    assert signers[1] is not None
    assert signers[0].signer_id == signers[1].signer_id


def test_a_signature_that_is_refuted_is_exit_1(tmp_path: Path) -> None:
    signer, root = made_signer()
    frame = bytearray(on_ethernet(cam(), signer=signer))
    frame[-1] ^= 1
    (tmp_path / "root.hex").write_text(root.raw.hex())
    (tmp_path / "root.oer").write_bytes(root.raw)
    for certificates in ("root.hex", "root.oer"):
        done = run("decode", "-", "--certificates", tmp_path / certificates, given=bytes(frame).hex().encode())
        assert done.exit_code == 1
        assert lines(done)[0]["layers"]["security"]["verification"] == "bad_signature"


def test_without_certificates_a_signature_is_reported_and_not_judged() -> None:
    signer, _ = made_signer()
    (line,) = decoded("-", given=on_ethernet(cam(), signer=signer).hex().encode())
    security = line["layers"]["security"]
    assert (security["verification"], security["psid"]) == ("unchecked", 36)
    assert security["signer"]["certificates"][0]["hashed_id8"] == signer.certificate.hashed_id8.hex()


@pytest.mark.parametrize("content", [b"zz", b"\x80\x04", b"00"])
def test_certificates_that_are_none_are_wrong_use(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "certificates").write_bytes(content)
    done = run("decode", "-", "--certificates", tmp_path / "certificates", given=b"02")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "holds no certificates" in done.stderr


def test_encode_prints_whole_frames_on_demand() -> None:
    told = json.dumps({"message": "DENM", "value": denm().value}).encode()
    (line,) = decoded("-", given=run("encode", "--frames", given=told).stdout.encode())
    assert line["layers"]["start"] == "ethernet"
    assert line["layers"]["geonetworking"]["area"]["distance_a_m"] == 200


def test_messages_of_junctions_go_there_and_back_and_wireshark_reads_them(tmp_path: Path) -> None:
    light = {"eventState": "protected-Movement-Allowed", "timing": {"minEndTime": 100}}
    junction = {"id": {"id": 5}, "revision": 1, "status": "0" * 16}
    states = [{"signalGroup": 2, "state-time-speed": [light]}]
    value = {
        "header": {"protocolVersion": 2, "messageID": 4, "stationID": 77},
        "spat": {"intersections": [junction | {"states": states}]},
    }
    told = json.dumps({"message": "SPATEM", "value": value}).encode()
    file = tmp_path / "light.pcap"
    assert run("encode", "--pcap", file, given=told).exit_code == 0
    (line,) = decoded(file)
    assert (line["message"], line["latitude"], line["value"]) == ("SPATEM", None, value)
    assert line["layers"]["btp"]["destination_port"] == 2004
    assert tshark_rows(file, "its.stationID", "_ws.malformed") == [["77", ""]]
    refused = run("encode", "--signed", "--keys", tmp_path / "keys", given=told)
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_encode_keeps_the_times_of_a_capture(tmp_path: Path) -> None:
    first, second = tmp_path / "a.pcap", tmp_path / "b.pcap"
    first.write_bytes(capture_bytes([(1_763_463_600_123_456_000, on_ethernet(cam()))]))
    run("encode", "--pcap", second, given=run("decode", first).stdout.encode())
    assert [frame.time_ns for frame in read_capture(second.read_bytes())] == [1_763_463_600_123_456_000]


def test_objects_over_many_lines_and_lists_are_read() -> None:
    told = {"message": "CAM", "value": cam().value}
    for given in (json.dumps(told, indent=2), json.dumps([told])):
        assert run("encode", given=given.encode()).stdout.strip() == uper(cam()).hex()


def test_an_object_that_can_not_be_encoded_is_named_and_the_others_are_written() -> None:
    good = {"message": "CAM", "value": cam().value}
    header = {"protocolVersion": 2, "messageID": 2, "stationID": -1}
    rows = [
        json.dumps(good),
        "{",
        json.dumps({"frame": 2, "error": "truncated", "detail": ""}),
        json.dumps({"message": "CAM"}),
        json.dumps({"message": "CAM", "value": cam().value | {"header": header}}),
        json.dumps({"message": "CPM", "value": {}}),
        "[]",
        "[" * 100_000,
        json.dumps(good),
    ]
    done = run("encode", given="\n".join(rows).encode())
    assert (done.exit_code, done.stdout.splitlines()) == (1, [uper(cam()).hex()] * 2)
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == [f" row {row}" for row in range(2, 9)]


def test_a_capture_that_can_not_be_written_is_wrong_use(tmp_path: Path) -> None:
    told = json.dumps({"message": "CAM", "value": cam().value}).encode()
    done = run("encode", "--pcap", tmp_path / "none" / "out.pcap", given=told)
    assert done.exit_code == 2
    assert "can not be written" in done.stderr
