"""Riders of the citizen bus as people: when they stand at the stop, whether they come at all. Known by reference."""

from dataclasses import dataclass

from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted


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

    def booked(self, reference: str, habit: Habit) -> None:
        """Remember who booked."""
        self._habits[reference] = habit

    def stands_at(self, reference: str, window: Window, *, reserve_s: float) -> Instant | None:
        """Return when a party stands at its stop, ``None`` for never.

        Late ones come at least ``reserve_s`` before the window ends, or they could not board inside it.
        """
        habit = self._habits.get(reference, Habit())
        if habit.stays_away:
            return None
        latest = max(shifted(window.latest, -reserve_s), window.earliest)
        return min(shifted(window.earliest, habit.comes_late_s), latest)
