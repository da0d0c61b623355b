"""A service with its clock, driven by vehicle states in the order of their time."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge

from mobility.core.clock import Instant, shifted
from mobility.core.events import Envelope, TripCancelled
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.dataset import DatasetKind
from passenger_info.edge.service import PassengerInfo
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import SPECS


class World:
    """PassengerInfo over a timetable; feeds are recorded every ``record_s`` seconds of its clock."""

    def __init__(self, timetable, start: Instant, *, specs=SPECS, record_s: float = 30.0, **how) -> None:
        self.clock = SettableClock(start)
        self.told = []
        self.info = PassengerInfo(timetable=timetable, clock=self.clock, specs=specs, published=self.told.append, **how)
        self.record_s = record_s
        self.recorded: list[tuple[Instant, bytes]] = []
        self._next_record = start
        self._next_age = start
        self._seq = 0

    def play(self, *vehicles: Iterable[VehicleState], until: Instant | None = None) -> Iterator[VehicleState]:
        """Feed states in order, ageing and recording as time passes; yields after each state."""
        for seen in merge(*vehicles, key=lambda s: s.received_at):
            if until is not None and seen.received_at > until:
                break
            self.pass_to(seen.received_at)
            self.info.observe(seen)
            yield seen
        if until is not None:
            self.pass_to(until)

    def run(self, *vehicles: Iterable[VehicleState], until: Instant | None = None) -> None:
        """Play to the end."""
        for _ in self.play(*vehicles, until=until):
            pass

    def pass_to(self, moment: Instant) -> None:
        """Let time pass."""
        while min(self._next_age, self._next_record) <= moment:
            self.clock.moment = min(self._next_age, self._next_record)
            if self._next_age <= self._next_record:
                self.info.age(self.clock.moment)
                self._next_age = shifted(self._next_age, 5)
            else:
                self.record()
                self._next_record = shifted(self._next_record, self.record_s)
        self.clock.moment = moment

    def record(self) -> None:
        """Keep the full dataset of now."""
        now = self.clock.moment
        self.recorded.append((now, self.info.full_dataset(DatasetKind.ALL, now)))

    def cancel(self, trip: TripRef, reason: str = "") -> None:
        """Let the ledger say that a trip will not run."""
        self._seq += 1
        body = TripCancelled(trip=trip, reason=reason)
        self.info.facts([Envelope(seq=self._seq, recorded_at=self.clock.moment, actor="dispatcher", body=body)])


Change = Callable[[VehicleState], VehicleState | None]


def changed(states: Iterable[VehicleState], change: Change) -> Iterator[VehicleState]:
    """States after a change; ``None`` drops one."""
    return (seen for seen in map(change, states) if seen is not None)
