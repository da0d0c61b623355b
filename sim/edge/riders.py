"""People who book the citizen bus: they ask, compare offers, book, take alternatives, cancel, or leave it."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from mobility.core.clock import Clock, Instant, instant, seconds_between, shifted
from sim.edge.passengers import Habit, Passengers
from sim.edge.public_api import PublicApi, window_of
from sim.ride_wishes import WishCall

_Step = Callable[[], Awaitable[None]]


class Riders:
    """All callers of a run, one conversation after the other. Counters are read for the scorecard."""

    def __init__(self, api: PublicApi, passengers: Passengers, clock: Clock) -> None:
        """Start with nobody calling."""
        self._api = api
        self._passengers = passengers
        self._clock = clock
        self._agenda: list[tuple[Instant, int, _Step]] = []
        self._entered = 0
        self.wished = 0
        self.booked = 0
        self.refused = 0
        self.declined = 0
        self.cancelled = 0

    def expect(self, calls: Sequence[WishCall]) -> None:
        """Let people call at their times; in the given order where the times are equal."""
        for call in calls:
            self._enter(call.calls_at, self._asking(call))

    async def run(self, *, until: Instant | None = None) -> None:
        """Let everybody call who is expected, or only those who call by ``until``; returns when nobody is left."""
        while self._agenda and (until is None or self._agenda[0][0] <= until):
            at, _, step = heapq.heappop(self._agenda)
            await self._clock.sleep(max(seconds_between(self._clock.now(), at), 0.0))
            await step()

    def _enter(self, at: Instant, step: _Step) -> None:
        self._entered += 1
        heapq.heappush(self._agenda, (at, self._entered, step))

    def _asking(self, call: WishCall) -> _Step:
        async def ask() -> None:
            self.wished += 1
            quote = await self._api.quote(call.request(), call.at)
            offers = list(quote.get("offers", ()))
            if not offers:
                offers = self._alternatives(call, quote)
            for offer in sorted(offers, key=lambda offer: _away_ms(call, offer)):
                if await self._book(call, offer):
                    return
            self.refused += bool(offers)

        return ask

    def _alternatives(self, call: WishCall, quote: dict[str, Any]) -> list[dict[str, Any]]:
        alternatives = list(quote.get("alternatives", ()))
        if alternatives and call.accepts_alternative:
            return alternatives
        if alternatives:
            self.declined += 1
        else:
            self.refused += 1
        return []

    async def _book(self, call: WishCall, offer: dict[str, Any]) -> bool:
        wanted = {"offer_id": offer["offer_id"], "name": call.name, "phone": call.phone, "channel": call.channel}
        booking = await self._api.book(call.wish_id, wanted)
        if not booking:
            return False
        self.booked += 1
        reference, link = str(booking["reference"]), str(booking["link"])
        habit = Habit(stays_away=call.stays_away, comes_late_s=call.comes_late_s)
        self._passengers.booked(reference, habit, window_of(booking["pickup"]))
        if call.cancels_after_s is not None:
            at = shifted(self._clock.now(), call.cancels_after_s)
            self._enter(at, self._cancelling(reference, link))
        return True

    def _cancelling(self, reference: str, link: str) -> _Step:
        async def cancel() -> None:
            self.cancelled += await self._api.cancel(reference, link)

        return cancel


def _away_ms(call: WishCall, offer: dict[str, Any]) -> int:
    """Return how far an offer lies from the wished time."""
    text = offer["arrival"]["latest"] if call.kind == "arrive" else offer["pickup"]["earliest"]
    return abs(instant(datetime.fromisoformat(text)) - call.at)
