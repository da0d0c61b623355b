"""When a sample was really taken: its device time, corrected by what is known of the clock of that boot.

Good clocks stay untouched, a clock of unknown error is believed unless it is in the future, and nothing is dropped.
"""

from mobility.core.clock import Instant

CLOCK_TOLERANCE_MS = 2000
"""A time further ahead of ours than this can not be: the time of receipt takes its place."""
JUMP_MS = 5000
"""A clock that moves further than this against ours, or backwards, was set."""
FLOOR_MS = 250
"""Smaller offsets are not corrected, whatever their error."""
LONGEST_WAY_MS = 30_000
"""A connection on which something is under way for longer was given up long before."""
MOST_CORRECTIONS = 32
"""Corrections that are remembered for the backlog of a boot."""


class DeviceClock:
    """What the gateway knows of the clock of one boot of a vehicle."""

    __slots__ = ("_astray_from", "_corrections", "_newest_ms", "_offset_ms", "jumps")

    def __init__(self) -> None:
        """Start knowing nothing: device times are believed unless they are in the future."""
        self._corrections: list[tuple[int, int]] = []
        self._offset_ms: int | None = None
        self._newest_ms = 0
        self._astray_from = 0
        self.jumps = 0
        """How often the clock was set, as far as seen."""

    def report(self, *, sent_ms: int, offset_ms: int, error_ms: int, next_seq: int, now: Instant) -> bool:
        """Take the offset that the vehicle measured; return whether it can be believed.

        ``sent_ms`` is the vehicle's time of saying so, ``next_seq`` the first number that it has not used yet. An
        offset that puts this very message into the future, or long into the past, is none: a ping has no checksum.
        """
        under_way_ms = now - (sent_ms + offset_ms)
        if not -(error_ms + FLOOR_MS) <= under_way_ms <= LONGEST_WAY_MS:
            return False
        correction_ms = offset_ms if abs(offset_ms) > max(error_ms, FLOOR_MS) else 0
        former_ms, self._offset_ms = self._offset_ms, offset_ms
        is_jump = former_ms is not None and abs(offset_ms - former_ms) > JUMP_MS
        if is_jump:
            self.jumps += not self._astray_from
            # What was sampled before keeps the correction of its time, however late it comes.
            self._corrections = self._corrections[1 - MOST_CORRECTIONS :]
            self._corrections.append((self._astray_from or next_seq, correction_ms))
        else:
            self._corrections[-1:] = [(self._corrections[-1][0] if self._corrections else 0, correction_ms)]
        self._astray_from = 0
        return True

    def event_time(self, seq: int, device_time: Instant, now: Instant, *, is_live: bool) -> Instant:
        """Return when the sample was taken; ``is_live`` where it follows all that were heard of before."""
        if is_live:
            if device_time < self._newest_ms - JUMP_MS and not self._astray_from:
                # The clock was set back, or samples were numbered out of order: its next ping will tell.
                self._astray_from = seq
                self.jumps += 1
            self._newest_ms = device_time
        event_time = device_time
        if self._corrections:
            event_time = Instant(device_time + self._correction_ms(seq))
        return event_time if 0 < event_time <= now + CLOCK_TOLERANCE_MS else now

    def _correction_ms(self, seq: int) -> int:
        for from_seq, correction_ms in reversed(self._corrections):
            if seq >= from_seq:
                return correction_ms
        return self._corrections[0][1]
