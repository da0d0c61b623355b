"""What a junction's lights show to one signal group, out of a SPATEM (SAE J2735 / ISO TS 19091, TS 103 301 §5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from v2x.its.message import ItsValue

UNKNOWN_TIME_MARK: Final = 36001
"""A TimeMark of 36001 is "unknown": no second of the hour is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The present phase of a signal group and when it ends."""

    event_state: str
    """``MovementPhaseState`` by its ASN.1 name, such as ``stop-And-Remain`` or ``protected-Movement-Allowed``."""
    min_end_s: float | None
    """Earliest end, seconds after the full UTC hour (0..3600.0, resolution 0.1 s); None = not told."""
    max_end_s: float | None
    """Latest end, seconds after the full UTC hour; None = not told."""
    likely_s: float | None
    """Most likely end, seconds after the full UTC hour; None = not told."""

    @property
    def is_go(self) -> bool:
        """Whether the group may drive now, protected or permissive; amber and flashing are no "go"."""
        return self.event_state in {"protected-Movement-Allowed", "permissive-Movement-Allowed"}


def signal_state(spatem: ItsValue, intersection: int, signal_group: int) -> SignalState | None:
    """Return the present state of a signal group (0..255) of an intersection (0..65535).

    ``spatem`` is the value of a decoded SPATEM. None when the message does not speak of that group. The first event of
    a movement is the present one (ISO TS 19091, MovementEventList).
    """
    for junction in spatem["spat"]["intersections"]:
        if junction["id"]["id"] == intersection:
            return next((_state(movement) for movement in _movements(junction, signal_group)), None)
    return None


def signal_states(junction: ItsValue) -> dict[int, SignalState]:
    """Return the present state of every signal group of one intersection of a SPATEM."""
    return {movement["signalGroup"]: _state(movement) for movement in junction["states"]}


def _movements(junction: ItsValue, signal_group: int) -> Iterator[ItsValue]:
    return (movement for movement in junction["states"] if movement["signalGroup"] == signal_group)


def _state(movement: ItsValue) -> SignalState:
    event = movement["state-time-speed"][0]
    timing = event.get("timing", {})
    return SignalState(
        event_state=event["eventState"],
        min_end_s=_seconds(timing.get("minEndTime")),
        max_end_s=_seconds(timing.get("maxEndTime")),
        likely_s=_seconds(timing.get("likelyTime")),
    )


def _seconds(mark: int | None) -> float | None:
    return None if mark is None or mark >= UNKNOWN_TIME_MARK else mark / 10
