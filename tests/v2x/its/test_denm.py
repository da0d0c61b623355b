"""DENM: a hazard on the road, the real sample, and the default that the canonical form leaves out."""

from typing import Any

import pytest

from v2x.its.codec import decode, encode
from v2x.its.errors import ItsError, ItsErrorKind


def stationary_shuttle() -> dict[str, Any]:
    """A broken-down shuttle (cause 94, sub cause 2: vehicle breakdown), valid as long as a DENM is by default."""
    return {
        "header": {"protocolVersion": 2, "messageID": 1, "stationID": 7},
        "denm": {
            "management": {
                "actionID": {"originatingStationID": 7, "sequenceNumber": 1},
                "detectionTime": 688_000_000_000,
                "referenceTime": 688_000_000_100,
                "eventPosition": {
                    "latitude": 506_841_230,
                    "longitude": 109_141_230,
                    "positionConfidenceEllipse": {
                        "semiMajorConfidence": 4095,
                        "semiMinorConfidence": 4095,
                        "semiMajorOrientation": 3601,
                    },
                    "altitude": {"altitudeValue": 800_001, "altitudeConfidence": "unavailable"},
                },
                "relevanceDistance": "lessThan500m",
                "stationType": 6,
            },
            "situation": {"informationQuality": 3, "eventType": {"causeCode": 94, "subCauseCode": 2}},
            "location": {
                "eventSpeed": {"speedValue": 0, "speedConfidence": 1},
                "eventPositionHeading": {"headingValue": 900, "headingConfidence": 10},
                "traces": [[]],
            },
            "alacarte": {"stationaryVehicle": {"stationarySince": "lessThan1Minute", "numberOfOccupants": 3}},
        },
    }


def test_a_denm_comes_back_as_it_was_written():
    read = decode(encode("DENM", stationary_shuttle()))
    assert (read.message, read.protocol_version, read.station_id) == ("DENM", 2, 7)
    assert read.value == stationary_shuttle()
    assert (read.latitude, read.longitude, read.speed_value, read.heading_value) == (506841230, 109141230, 0, 900)
    assert (read.cause_code, read.sub_cause_code) == (94, 2)


def test_a_cancellation_has_a_position_and_no_cause():
    value = stationary_shuttle()
    value["denm"] = {"management": {**value["denm"]["management"], "termination": "isCancellation"}}
    read = decode(encode("DENM", value))
    assert (read.latitude, read.cause_code, read.sub_cause_code, read.speed_value) == (506841230, None, None, None)


def test_the_default_validity_is_left_out_and_never_accepted_when_written_out():
    value = stationary_shuttle()
    short = encode("DENM", value)
    value["denm"]["management"]["validityDuration"] = 600
    assert encode("DENM", value) == short
    value["denm"]["management"]["validityDuration"] = 601
    longer = bytearray(encode("DENM", value))
    assert decode(bytes(longer)).value["denm"]["management"]["validityDuration"] == 601
    bits = f"{int.from_bytes(longer, 'big'):0{len(longer) * 8}b}"
    place = bits.index(f"{601:017b}")
    written_out = int(bits[:place] + f"{600:017b}" + bits[place + 17 :], 2).to_bytes(len(longer), "big")
    with pytest.raises(ItsError, match="validityDuration") as refused:
        decode(written_out)
    assert refused.value.kind == ItsErrorKind.MALFORMED


def test_the_real_denm_is_read_with_its_extended_delta_time(shared_data):
    uper = (shared_data / "v2x" / "instantx_denm.pcap").read_bytes()[-76:]
    read = decode(uper)
    assert (read.station_id, read.latitude, read.longitude) == (19911991, -109791002, -112004003)
    assert (read.speed_value, read.heading_value, read.cause_code, read.sub_cause_code) == (1300, 14, 14, 0)
    situation = read.value["denm"]["situation"]
    assert situation["linkedCause"] == {"causeCode": 97, "subCauseCode": 0}
    assert situation["eventHistory"][0]["eventDeltaTime"] == 1_706_733_817
    assert encode("DENM", read.value) == uper
