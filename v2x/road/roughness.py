"""Roughness of a piece of road from the vertical acceleration in vehicles, made comparable between speeds.

On a road whose elevation has the spectrum of ISO 8608 (waviness 2), Gd(n) = Gd(n0) (n/n0)^-2 with n0 = 0.1 cycles/m,
the vertical velocity under the wheel is white noise of density (2 pi n0)^2 Gd(n0) v in m^2/s^2 per Hz. A linear
vehicle answers with an RMS acceleration in proportion to the root of it, that is to sqrt(v). So the index is

    index = RMS * sqrt(10 m/s / v)        in m/s^2, what the RMS would be at 36 km/h.

The class A to E is that of a road on which the Golden Car of the IRI (quarter car of ASTM E1926: ks/ms = 63.3 1/s^2,
kt/ms = 653 1/s^2, c/ms = 6 1/s, mu/ms = 0.15) would have the index: a comparison of roads driven by the same kind of
vehicle, no measurement after ISO 8608, as nobody has calibrated our vehicles.
"""

import math
from bisect import bisect_right

REFERENCE_MPS = 10.0
"""The speed to which the index belongs."""
SLOWEST_MPS = 2.0
"""Below it engine, doors and people shake a vehicle more than the road does."""
BODY_GAIN_HZ = 1171.5
"""Integral over frequency of |sprung mass acceleration / road velocity|^2 of the Golden Car, (m/s^2)^2 / (m/s)^2 * Hz.

Computed from the equations of the quarter car; a test computes it again.
"""
_WAVE_PER_M = 2 * math.pi * 0.1
CLASS_LIMITS_M3 = (32e-6, 128e-6, 512e-6, 2048e-6)
"""Gd(n0) between the classes A, B, C, D and E of ISO 8608."""
CLASS_LIMITS_MPS2 = tuple(
    _WAVE_PER_M * math.sqrt(limit_m3 * REFERENCE_MPS * BODY_GAIN_HZ) for limit_m3 in CLASS_LIMITS_M3
)
"""The same as index of the Golden Car: about 0.38, 0.77, 1.54 and 3.08 m/s^2."""


def index_mps2(rms_mps2: float, speed_mps: float) -> float | None:
    """Return the index of an RMS measured at a speed, ``None`` where the vehicle was too slow."""
    if speed_mps < SLOWEST_MPS:
        return None
    return rms_mps2 * math.sqrt(REFERENCE_MPS / speed_mps)


def class_of(roughness_mps2: float) -> str:
    """Return the class, ``A`` (smooth) to ``E`` (very rough), of an index."""
    return "ABCDE"[bisect_right(CLASS_LIMITS_MPS2, roughness_mps2)]


def joined_mps2(rms_mps2: list[float]) -> float:
    """Return the RMS over spans of equal length, of which each has one of ``rms_mps2`` (at least one)."""
    return math.sqrt(math.fsum(each * each for each in rms_mps2) / len(rms_mps2))
