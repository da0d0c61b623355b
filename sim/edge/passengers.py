"""Riders of the citizen bus as people: when they stand at the stop, whether they come at all. Known by reference."""

from dataclasses import dataclass

from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted

_PATIENCE_S = 1200.0
"""So long after the promised time people still stand at the stop; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a rider will do at the stop."""

    stays_away: bool = False
    comes_late_s: float = 0.0
    """How long after the window's begin the rider is there."""


class Passengers:
    """Who booked, and what they will do; a reference nobody here booked belongs to a punctual person."""

    def __init__(self) -> None:
        """Start without anybody."""
        self._habits: dict[str, Habit] = {}
        self._told: dict[str, Window] = {}

    def booked(self, reference: str, habit: Habit, pickup: Window) -> None:
        """Remember who booked, and the time they were told."""
        self._habits[reference] = habit
        self._told[reference] = pickup

    def told(self, reference: str, pickup: Window) -> None:
        """Tell somebody another time: they come by the last one they heard of."""
        self._told[reference] = pickup

    def stands_at(self, reference: str, window: Window, arrived: Instant, *, reserve_s: float) -> Instant | None:
        """Return when a party stands at its stop for a bus that ``arrived``, ``None`` for never.

        Late ones come at least ``reserve_s`` before the window ends, or they could not board inside it. People go home
        when nobody came and nobody called; who is not known here comes in the ``window`` of the manifest.
        """
        window = self._told.get(reference, window)
        if arrived > shifted(window.latest, _PATIENCE_S):
            return None
        habit = self._habits.get(reference, Habit())
        if habit.stays_away:
            return None
        latest = max(shifted(window.latest, -reserve_s), window.earliest)
        return min(shifted(window.earliest, habit.comes_late_s), latest)
