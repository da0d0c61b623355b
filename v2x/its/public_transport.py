"""The PublicTransportContainer of a CAM: is somebody boarding, and the request to a traffic light that it carries.

``ptActivationType`` says how the 1 to 20 octets of ``ptActivationData`` are coded (TS 102 894-2, PtActivationType):
0 undefined, 1 R09.16, 2 VDV 50149. R09.16 is built and read here. The octets of VDV 50149 are carried unread: no public
source of their layout was found, and guessing would be worse.
"""

from enum import IntEnum
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsValue
from v2x.its.r09 import R0916, parse_r09_telegram, r09_telegram

_LONGEST_ACTIVATION: Final = 20


class PtActivationType(IntEnum):
    """How ``ptActivationData`` is coded."""

    UNDEFINED = 0
    R09_16 = 1
    VDV_50149 = 2


def public_transport(*, is_embarking: bool, activation: R0916 | bytes | None = None) -> ItsValue:
    """Return a ``specialVehicleContainer`` in the value form.

    ``is_embarking``: passengers are getting on or off. ``activation``: an R09.16 telegram, or the ready octets (1..20)
    of a VDV 50149 telegram. Raises ``ItsError`` (``malformed``) when those are none or too many.
    """
    container: ItsValue = {"embarkationStatus": is_embarking}
    if isinstance(activation, R0916):
        container["ptActivation"] = _activation(PtActivationType.R09_16, r09_telegram(activation))
    elif activation is not None:
        container["ptActivation"] = _activation(PtActivationType.VDV_50149, activation)
    return {"publicTransportContainer": container}


def activation_of(cam: ItsValue) -> tuple[int, bytes] | None:
    """Return type and octets of a CAM's ``ptActivation``, or None when it carries none."""
    special = cam.get("cam", {}).get("camParameters", {}).get("specialVehicleContainer", {})
    found = special.get("publicTransportContainer", {}).get("ptActivation")
    return None if found is None else (found["ptActivationType"], bytes.fromhex(found["ptActivationData"]))


def r09_of(cam: ItsValue) -> R0916 | None:
    """Return the R09.16 telegram in a CAM, or None when it carries none or one of another coding.

    Raises ``ItsError`` when the CAM says R09.16 and the octets are not.
    """
    found = activation_of(cam)
    if found is None or found[0] != PtActivationType.R09_16:
        return None
    return parse_r09_telegram(found[1])


def _activation(kind: PtActivationType, octets: bytes) -> ItsValue:
    if not 1 <= len(octets) <= _LONGEST_ACTIVATION:
        raise ItsError(ItsErrorKind.MALFORMED, f"ptActivationData: {len(octets)} octets are outside 1..20")
    return {"ptActivationType": int(kind), "ptActivationData": octets.hex()}
