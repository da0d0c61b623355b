"""Changes of the line service as a service: decisions bound to ledger, clock and the trips that run now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.edge.service import Key
from dispatch.line_book import LineBook, Seen
from dispatch.line_decide import LineNow, cancelled, changed, ended, reinstated, swap, weather_reported
from dispatch.line_swap import Swap
from gtfs.timetable import Timetable
from mobility.core.clock import Clock, Instant
from mobility.core.events import Envelope, Event, TripCancelled
from mobility.core.fold import State
from mobility.core.ids import LineChangeId
from mobility.core.line_change import LineChange
from mobility.core.line_events import LineChanged, TripReinstated
from mobility.core.ports import Committed, Decision, Ledger, References, TripStatuses
from mobility.core.refusal import Refusal
from mobility.core.region import Region
from mobility.core.road_weather import RoadWeather, WeatherReport
from mobility.core.vehicle import TripRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a command."""

    change_id: LineChangeId
    """Empty for cancelled and reinstated trips."""
    trips: tuple[TripRef, ...]
    """In the order of their departure."""


class LineDesk:
    """What a dispatcher changes about the line service. One per server."""

    def __init__(
        self,
        *,
        region: Region,
        timetable: Timetable,
        ledger: Ledger,
        clock: Clock,
        references: References,
        statuses: TripStatuses | None = None,
    ) -> None:
        """Change the trips of ``timetable``; ``statuses`` tell which of them run, without it none seem to."""
        self.book = LineBook(region, timetable)
        self.clock = clock
        self.references = references
        self.statuses = statuses
        self._ledger = ledger

    @property
    def state(self) -> State:
        """The newest committed snapshot."""
        return self._ledger.state

    async def cancel(self, trips: Sequence[TripRef], reason: str, key: Key, actor: str) -> Taken | Refusal:
        """Cancel trips."""
        return await self._taken(lambda state, now: cancelled(self._line(), state, trips, reason, now), key, actor)

    async def reinstate(self, trips: Sequence[TripRef], reason: str, key: Key, actor: str) -> Taken | Refusal:
        """Let cancelled trips run after all."""
        return await self._taken(lambda state, now: reinstated(self._line(), state, trips, reason, now), key, actor)

    async def change(self, wished: LineChange, key: Key, actor: str) -> Taken | Refusal:
        """Change the line service; the change gets an id of its own."""
        named = replace(wished, change_id=LineChangeId(f"{wished.kind}-{self.references.token()[-12:]}"))
        return await self._taken(lambda state, now: changed(self._line(), state, named, now), key, actor)

    async def swap(self, trips: Sequence[TripRef], wished: Swap, key: Key, actor: str) -> Taken | Refusal:
        """Let two vehicles swap trips; the swap gets a name of its own."""
        named = replace(wished, token=self.references.token()[-12:])
        done = await self._submit(lambda state, now: swap(self._line(), state, trips, named, now), key, actor)
        if isinstance(done, Refusal):
            return done
        # The last two are the halves; before them stands what other assignments lost to them.
        changes = [envelope.body.change for envelope in done.envelopes if isinstance(envelope.body, LineChanged)][-2:]
        runs = self.book.runs([ref for change in changes for ref in change.trips], done.state)
        refs = () if isinstance(runs, Refusal) else tuple(run.ref for run in runs)
        return Taken(change_id=changes[-1].change_id, trips=refs)

    async def end(self, change_id: LineChangeId, reason: str, key: Key, actor: str) -> Refusal | None:
        """End a change; ``None`` when it was."""
        done = await self._submit(lambda state, now: ended(self._line(), state, change_id, reason, now), key, actor)
        return done if isinstance(done, Refusal) else None

    async def report(
        self, weather: RoadWeather, begins: Instant | None, key: Key, actor: str
    ) -> WeatherReport | Refusal:
        """Say what the road is like, from now on where no begin is given."""

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            report = WeatherReport(weather, now if begins is None else begins)
            return weather_reported(self._line(), state, report, now)

        done = await self._submit(decide, key, actor)
        if isinstance(done, Refusal):
            return done
        return done.state.road_weather or WeatherReport(weather, self.clock.now())

    def seen(self) -> Seen:
        """Return the trips with a vehicle on them and how many calls it has left."""
        running = self.statuses.running() if self.statuses is not None else ()
        return {status.trip: sum(call.has_departed for call in status.calls) for status in running}

    def _line(self) -> LineNow:
        return LineNow(book=self.book, seen=self.seen())

    async def _taken(self, decide: Decision, key: Key, actor: str) -> Taken | Refusal:
        done = await self._submit(decide, key, actor)
        return done if isinstance(done, Refusal) else _outcome(done.envelopes)

    async def _submit(self, decide: Decision, key: Key, actor: str) -> Committed | Refusal:
        return await self._ledger.submit(decide, actor=actor, idempotency_key=key.value, fingerprint=key.fingerprint)


def _outcome(envelopes: Sequence[Envelope]) -> Taken:
    # The change asked for comes last, after those it takes trips from.
    changes = [envelope.body.change for envelope in envelopes if isinstance(envelope.body, LineChanged)]
    if changes:
        return Taken(change_id=changes[-1].change_id, trips=changes[-1].trips)
    bodies = (envelope.body for envelope in envelopes)
    trips = tuple(body.trip for body in bodies if isinstance(body, TripCancelled | TripReinstated))
    return Taken(change_id=LineChangeId(""), trips=trips)
