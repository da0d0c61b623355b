"""Free ports for servers that have to be told theirs, or that come back on the same one."""

import random
import socket

_RANGE = range(24_000, 32_000)
"""Below what Linux gives by itself: what was free a moment ago stays free, however many connections others open."""


def free_port(neighbours: int = 1) -> int:
    """Return the first of so many free loopback ports in a row."""
    chance = random.SystemRandom()
    for port in chance.sample(_RANGE[: -neighbours + 1 or None], 500):
        if all(_is_free(port + number) for number in range(neighbours)):
            return port
    raise AssertionError("no free ports on this machine")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
