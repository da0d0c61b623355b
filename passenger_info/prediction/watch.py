"""Watching a vehicle between its stops: where it stood and for how long, how its time grew, who drove."""

from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.vehicle import Doors, DrivingMode, Sample
from passenger_info.calls import STANDING_MPS
from passenger_info.track import Track

MARKS = 20
"""A drive is measured at this many marks, evenly by distance."""
_DENSE_MS = 5000
"""Between samples farther apart nobody knows whether the vehicle stood."""


@dataclass(slots=True)
class Watch:
    """One vehicle on one trip. Fed with every sample; everything refers to the drive under way, but ``by_hand_s``."""

    call_index: int = -1
    stands_since: Instant | None = None
    stood_s: float = 0.0
    """Standing of this drive, the present stand included."""
    stands: list[tuple[float, float]] = field(default_factory=list)
    """Stands that are over: share of the way, seconds."""
    marks_s: list[float] = field(default_factory=list)
    """Moving time from departure to each mark passed."""
    by_hand_s: float = 0.0
    """How long a person has driven without a break, since the first stop."""
    hand_in_drive_s: float = 0.0
    has_ramp_out: bool = False
    """Whether it was seen at the present stop."""
    shut_since: Instant | None = None
    """Since when the doors are shut that were open at the present stop."""
    _was_open: bool = False
    _last: Instant | None = None
    _was_standing: bool = False

    def see(self, track: Track, sample: Sample) -> None:
        """Take the newest sample, matched to ``track``."""
        now, last = track.as_of, self._last
        self._last = now
        is_standing = track.speed_mps < STANDING_MPS
        elapsed_ms = now - last if last is not None else 0
        if track.call_index != self.call_index:
            self._begin(track.call_index)
        if track.is_at_stop:
            self._at_stop(sample.doors, now)
            self._was_standing, self.stands_since = is_standing, None
            return
        if sample.mode is DrivingMode.MANUAL:
            self.by_hand_s += elapsed_ms / 1000
            self.hand_in_drive_s += elapsed_ms / 1000
        else:
            self.by_hand_s = 0.0
        self._stand_or_go(track, elapsed_ms, last, is_standing=is_standing)

    def _begin(self, call_index: int) -> None:
        self.call_index, self.stands_since, self.stood_s = call_index, None, 0.0
        self.stands, self.marks_s, self.hand_in_drive_s = [], [], 0.0
        self.has_ramp_out, self.shut_since, self._was_open = False, None, False

    def _at_stop(self, doors: Doors, now: Instant) -> None:
        if doors in (Doors.OPEN, Doors.RAMP_OUT):
            self.has_ramp_out = self.has_ramp_out or doors is Doors.RAMP_OUT
            self._was_open, self.shut_since = True, None
        elif doors is Doors.CLOSED and self._was_open and self.shut_since is None:
            self.shut_since = now

    def _stand_or_go(self, track: Track, elapsed_ms: int, last: Instant | None, *, is_standing: bool) -> None:
        k = track.call_index
        left = track.departed[k - 1] if k > 0 else None
        if left is None:
            return
        from_m, to_m = track.run.chainage_m[k - 1], track.run.chainage_m[k]
        share = (track.chainage_m - from_m) / (to_m - from_m) if to_m > from_m else 1.0
        if is_standing and self._was_standing and elapsed_ms <= _DENSE_MS and last is not None:
            self.stood_s += elapsed_ms / 1000
            if self.stands_since is None:
                self.stands_since = last
        elif not is_standing and self.stands_since is not None:
            self.stands.append((share, (track.as_of - self.stands_since) / 1000))
            self.stands_since = None
        self._was_standing = is_standing
        passed = min(MARKS, int(share * MARKS))
        if passed > len(self.marks_s):
            moving_s = (track.as_of - left) / 1000 - self.stood_s
            self.marks_s.extend([moving_s] * (passed - len(self.marks_s)))
