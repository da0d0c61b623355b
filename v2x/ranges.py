"""Ranges of sequence numbers: ascending, disjoint, both ends included."""

from collections.abc import Iterable, Sequence

SeqRange = tuple[int, int]
"""First and last sequence number of a stretch."""


def runs(seqs: Iterable[int]) -> list[SeqRange]:
    """Return the ranges that hold exactly ``seqs``, in any order and with repetitions."""
    return merged((seq, seq) for seq in seqs)


def merged(ranges: Iterable[SeqRange]) -> list[SeqRange]:
    """Return the union of ``ranges``, in any order and overlapping."""
    union: list[SeqRange] = []
    for first, last in sorted(ranges):
        if union and first <= union[-1][1] + 1:
            union[-1] = (union[-1][0], max(union[-1][1], last))
        else:
            union.append((first, last))
    return union


def without(whole: SeqRange, parts: Sequence[SeqRange]) -> list[SeqRange]:
    """Return what is left of ``whole`` when the ascending, disjoint ``parts`` are taken out."""
    rest: list[SeqRange] = []
    start, end = whole
    for first, last in parts:
        if last < start:
            continue
        if first > end:
            break
        if first > start:
            rest.append((start, first - 1))
        start = last + 1
    if start <= end:
        rest.append((start, end))
    return rest


def size(ranges: Iterable[SeqRange]) -> int:
    """Return how many sequence numbers disjoint ``ranges`` hold."""
    return sum(last - first + 1 for first, last in ranges)


def shortened(ranges: Sequence[SeqRange], limit: int) -> list[SeqRange]:
    """Return at most ``limit`` >= 1 ascending ranges that cover all of ``ranges``; the last one may cover gaps too."""
    if len(ranges) <= limit:
        return list(ranges)
    return [*ranges[: limit - 1], (ranges[limit - 1][0], ranges[-1][1])]
