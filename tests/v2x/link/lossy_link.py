"""A vehicle-day over TCP on a path that loses packets, as a pure model: when does the gateway hear of the vehicle?

The model, on the pessimistic side of what Linux does (RFC 6298, RFC 8985, tcp_input.c and tcp_timer.c as published):
- A sample every ``period_ms``; whatever waits goes out as one segment (the client sends one frame of all that waits).
- Stop and wait: nothing new is sent before the segment under way is acknowledged. Real TCP would send on, and a later
  segment's acknowledgement would cover for a lost one or trigger a fast retransmission; neither happens here.
- Data and acknowledgements are lost independently with ``loss``; each way takes 30 to 50 ms.
- The first retransmission is the tail loss probe after one RTO of 280 ms (SRTT 80 ms + the floor of 200 ms), then the
  RTO doubles with each loss, up to 120 s.
- A segment that arrives a second time is nothing new and reaches nobody.
Losses in bursts, dead cells and reconnects are not in it: a vehicle without network for 5 s *is* lost.
"""

import argparse
import json
import random
from collections.abc import Iterator

from mobility.core.clock import Instant
from v2x.link.state import LOST_AFTER_MS, Presence

RTO_MS = 280
LONGEST_RTO_MS = 120_000
DAY_MS = 86_400_000


def heard_ms(chance: random.Random, *, loss: float, period_ms: int, ends_ms: int) -> Iterator[float]:
    """Yield when news of the vehicle reaches the gateway."""
    write_ms, free_ms = 0.0, 0.0
    while write_ms < ends_ms:
        sent_ms = max(write_ms, free_ms)
        rto_ms, is_probe, has_arrived = RTO_MS, True, False
        while True:
            is_here = chance.random() >= loss
            there_ms, back_ms = chance.uniform(30, 50), chance.uniform(30, 50)
            if is_here and not has_arrived:
                has_arrived = True
                yield sent_ms + there_ms
            if is_here and chance.random() >= loss:
                free_ms = sent_ms + there_ms + back_ms
                break
            sent_ms += rto_ms
            rto_ms = rto_ms if is_probe else min(2 * rto_ms, LONGEST_RTO_MS)
            is_probe = False
        # What was written meanwhile goes out together.
        write_ms = max(write_ms + period_ms, (free_ms // period_ms) * period_ms)


def alarms(seed: int, *, loss: float, period_ms: int, days: int) -> int:
    """Return how often the vehicle counted as lost in so many days of 24 hours."""
    presence = Presence(Instant(0))
    count = 0
    for moment_ms in heard_ms(random.Random(seed), loss=loss, period_ms=period_ms, ends_ms=days * DAY_MS):
        now = Instant(round(moment_ms))
        if now - presence.heard_at >= LOST_AFTER_MS and not presence.is_lost:
            presence.check(Instant(presence.heard_at + LOST_AFTER_MS))
            count += presence.is_lost
        presence.hear(now)
        if presence.is_lost:
            presence.check(now)
    return count


def main() -> None:
    """Print the alarms of many days at both sampling rates."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--loss", type=float, default=0.05)
    given = parser.parse_args()
    for period_ms in (1000, 100):
        found = alarms(given.seed, loss=given.loss, period_ms=period_ms, days=given.days)
        verdict = {"seed": given.seed, "loss": given.loss, "period_ms": period_ms, "days": given.days}
        print(json.dumps({**verdict, "false_alarms": found, "per_day": found / given.days}))  # noqa: T201


if __name__ == "__main__":
    main()
