"""What a repair does to people, as an order: the lexicographic measure by which proposals are compared.

Riders left stranded in a broken vehicle weigh more than any number of withdrawn rides, those more than any number of
broken promises, those more than any minutes beyond the told windows, those more than any number of calls to make,
those more than any cost. A repair may break one promise by an hour rather than two by a minute: one person is called
and asked, two would be. Of as many, the one with fewer minutes wins.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Harm:
    """The measure; compares field by field in the order they stand here, the least is best."""

    stranded: int = 0
    """Rides aboard a vehicle that does not go on, whom nobody fetches."""
    withdrawn: int = 0
    """Rides that can not be given any more."""
    broken: int = 0
    """Promises the plan does not keep as they were told last: pickups and arrivals counted apart."""
    beyond_ms: int = 0
    """How far all planned times together lie outside the told windows."""
    calls: int = 0
    """Rides whose riders have to be told something."""
    cost_ms: int = 0
    """Driving, waiting and a tenth of riding of all that is still to be driven."""

    def __add__(self, other: "Harm") -> "Harm":
        """Return the harm of both."""
        return Harm(
            self.stranded + other.stranded,
            self.withdrawn + other.withdrawn,
            self.broken + other.broken,
            self.beyond_ms + other.beyond_ms,
            self.calls + other.calls,
            self.cost_ms + other.cost_ms,
        )
