"""The area a timetable's lines cover; positions outside it say nothing to its passengers."""

from gtfs.timetable import Timetable
from mobility.core.geo import XY


class Coverage:
    """The box around all lines of a timetable, in its frame."""

    def __init__(self, timetable: Timetable) -> None:
        """Measure the lines once."""
        patterns = {id(trip.pattern): trip.pattern for trip in timetable.trips.values()}
        points = [point for pattern in patterns.values() for point in pattern.line.points]
        self._x_m = (min((p.x_m for p in points), default=0.0), max((p.x_m for p in points), default=0.0))
        self._y_m = (min((p.y_m for p in points), default=0.0), max((p.y_m for p in points), default=0.0))

    def holds(self, point: XY) -> bool:
        """Return whether a point lies in the box."""
        return self._x_m[0] <= point.x_m <= self._x_m[1] and self._y_m[0] <= point.y_m <= self._y_m[1]
