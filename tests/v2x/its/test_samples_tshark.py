"""Every real capture: tshark reads the file as it came, we open and decode it; all numbers must be the same."""

import pytest

from tests.rigs.its_tshark import differences
from tests.v2x.its.oracle import Tshark
from v2x.its.codec import decode, encode
from v2x.its.frame import open_frame
from v2x.its.pcap import read_capture


@pytest.mark.parametrize(
    "name", ["android_cam", "hamburg_cam_radiotap", "instantx_denm", "pycrate156", "signed_cert_cam", "signed_eu_cam"]
)
def test_tshark_and_we_read_the_same_numbers_in_a_real_capture(shared_data, name: str):
    path = shared_data / "v2x" / f"{name}.pcap"
    (row,) = Tshark().read(path)
    (captured,) = read_capture(path.read_bytes())
    uper = open_frame(captured.data, captured.start).uper
    read = decode(uper)
    assert list(differences(read.message, read.value, row)) == []
    assert row["its.messageID"] == ["1" if read.message == "DENM" else "2"]
    assert encode(read.message, read.value) == uper
