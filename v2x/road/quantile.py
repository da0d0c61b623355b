"""Quantiles of a few measured values."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile ``share`` (0..1), interpolated between order statistics (type 7 of Hyndman and Fan 1996).

    ``values`` need not be ordered. Raises ``ValueError`` for none.
    """
    if not values:
        msg = "no value has no quantile"
        raise ValueError(msg)
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (rank - below) * (ordered[above] - ordered[below])
