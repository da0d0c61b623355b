"""Small files in Cordeau's format, made for a test."""

import random
from collections.abc import Sequence

TINY = """\
2 2 480 3 30
0 0.0 0.0 0 0 0 480
1 1.0 0.0 3 1 0 1440
2 0.0 2.0 3 1 10 20
3 5.0 0.0 3 -1 30 45
4 0.0 6.0 3 -1 0 1440
"""
"""Two requests, two vehicles; the first has its window on the delivery, the second on the pickup."""
TINY_ROUTES = [[1, 3], [2, 4]]
TINY_COST = 22.0


def with_row(text: str, number: int, row: str) -> str:
    """The file with one line (from 1) replaced."""
    lines = text.split("\n")
    lines[number - 1] = row
    return "\n".join(lines)


def random_file(rng: random.Random, requests: int, vehicles: int) -> str:
    """A file of the a-series' kind: an hour of windows, half on the delivery, half on the pickup."""
    spots = [(round(rng.uniform(-10, 10), 3), round(rng.uniform(-10, 10), 3)) for _ in range(2 * requests + 1)]
    rows = [f"{vehicles} {requests} 480 3 30", row(0, (0.0, 0.0), 0, 0, (0, 480))]
    opens = [rng.randint(60, 360) for _ in range(requests)]
    for k in range(2 * requests):
        is_outbound, is_pickup = k % requests < requests // 2, k < requests
        window = (0, 1440) if is_outbound == is_pickup else (opens[k % requests], opens[k % requests] + 15)
        rows.append(row(k + 1, spots[k + 1], 3, 1 if is_pickup else -1, window))
    return "\n".join(rows) + "\n"


def row(node: int, spot: tuple[float, float], service: int, load: int, window: Sequence[int]) -> str:
    return f"{node} {spot[0]:.3f} {spot[1]:.3f} {service} {load} {window[0]} {window[1]}"
