"""A part of a budget, for a task within the search."""

from dataclasses import dataclass

from dispatch.darp.problem import Budget


@dataclass(slots=True, kw_only=True)
class Share:
    """The ``budget`` from what is spent after ``done`` iterations up to the share ``until``.

    What counts as one iteration of the task takes ``price`` iterations of the whole.
    """

    budget: Budget
    done: int
    until: float
    price: int
    used: int = 0
    """Iterations of the whole that the task took, for a budget that counts."""

    @property
    def is_counted(self) -> bool:
        """Whether the whole counts."""
        return self.budget.is_counted

    def spent(self, iterations: int) -> float:
        """Return the share of this part that is used up."""
        self.used = max(self.used, iterations * self.price)
        spent = self.budget.spent(self.done + self.used)
        return min(spent / self.until, 1.0)
