"""The DENM a vehicle sends when it stands where others drive: cause 94, stationary vehicle (EN 302 637-3 §7.1.4)."""

from typing import Any

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from v2x.its.clock import timestamp_its
from v2x.its.codec import encode

STATIONARY_VEHICLE = 94
"""``causeCode``."""
_BREAKDOWN = 2
"""``subCauseCode`` vehicle breakdown: the nearest there is to a minimal-risk condition."""
_PASSENGER_CAR = 5
_UNAVAILABLE_AXIS, _UNAVAILABLE_ORIENTATION, _UNAVAILABLE_ALTITUDE = 4095, 3601, 800_001
_PROTOCOL_VERSION, _DENM = 2, 1


def stationary_vehicle(
    *, station_id: int, sequence: int, place: LatLon, began: Instant, told: Instant, is_over: bool = False
) -> bytes:
    """Return the bytes (UPER) of a warning that began at ``began``; with ``is_over`` of its cancellation.

    It is valid for ten minutes, the standard's default. ``sequence`` (0..65535) tells the station's warnings apart,
    ``told`` must rise with every news about one. Raises ``ItsError`` for numbers that do not fit.
    """
    management: dict[str, Any] = {
        "actionID": {"originatingStationID": station_id, "sequenceNumber": sequence},
        "detectionTime": timestamp_its(began),
        "referenceTime": timestamp_its(told),
        "eventPosition": {
            "latitude": round(place.lat_deg * 1e7),
            "longitude": round(place.lon_deg * 1e7),
            "positionConfidenceEllipse": {
                "semiMajorConfidence": _UNAVAILABLE_AXIS,
                "semiMinorConfidence": _UNAVAILABLE_AXIS,
                "semiMajorOrientation": _UNAVAILABLE_ORIENTATION,
            },
            "altitude": {"altitudeValue": _UNAVAILABLE_ALTITUDE, "altitudeConfidence": "unavailable"},
        },
        "stationType": _PASSENGER_CAR,
    }
    denm: dict[str, Any] = {"management": management}
    if is_over:
        management["termination"] = "isCancellation"
    else:
        denm["situation"] = {
            "informationQuality": 3,
            "eventType": {"causeCode": STATIONARY_VEHICLE, "subCauseCode": _BREAKDOWN},
        }
    header = {"protocolVersion": _PROTOCOL_VERSION, "messageID": _DENM, "stationID": station_id}
    return encode("DENM", {"header": header, "denm": denm})
