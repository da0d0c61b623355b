"""Watches the links of the fleet: raises and clears alarms as facts, keeps the coverage picture over restarts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mobility.core.clock import Clock, Instant
from mobility.core.events import AlarmRaised, Event
from mobility.core.fold import State
from mobility.core.ids import VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.ports import Committed, Ledger, TelemetryRecord
from mobility.core.vehicle import ServiceKind, VehicleSpec
from v2x.edge.figures_file import FiguresFiles
from v2x.extension import Extension
from v2x.link.alarms import MOST_SINGLE, SEVERAL, Told, link_alarms, shared_by
from v2x.link.coverage import Coverage, of_json, together
from v2x.link.day import DayOf
from v2x.link.picture import coverage_layer
from v2x.link.register import LinkRegister
from v2x.link.state import LOST_AFTER_MS
from v2x.link.where import KEPT_DAYS, Where
from v2x.road.layers import Feature, Names, near
from v2x.road.locator import Locator
from v2x.road.sections import Sections

SAVE_EVERY_MS = 300_000
"""How often the picture is written; a crash costs what was counted since."""
SETTLE_MS = 30_000
"""So long after the start vehicles may still be on their way back."""
DUTY_MS = 3_600_000
"""Vehicles on duty when a process ended are awaited by the next one, if it starts within an hour."""
_DUTY = "duty"
DRAWN_FOR_MS = 10_000
EXPECTED_GAP_MS = 300_000
"""So long a vehicle with a person at the wheel may be silent in a radio gap that is known before it is an alarm."""
_ALONE_LEVEL = 4
"""From this SAE level a vehicle may be without anybody who could act."""
_LONGEST_WAIT_MS = LOST_AFTER_MS
"""A vehicle heard for the first time during a wait can not be lost before its end."""

Timed = Callable[[VehicleId, int, int, int, Instant], None]
"""As ``LinkObserver.timed``."""


def on_demand(specs: Mapping[VehicleId, VehicleSpec]) -> frozenset[VehicleId]:
    """Return the vehicles whose way is their riders' way."""
    return frozenset(spec.vehicle_id for spec in specs.values() if spec.kind is ServiceKind.CITIZEN_BUS)


class LinkWatch:
    """Is the gateway's ``LinkObserver``; ``run`` does what needs time, ledger or disk."""

    def __init__(
        self,
        *,
        clock: Clock,
        ledger: Ledger,
        zone: str,
        specs: Mapping[VehicleId, VehicleSpec],
        network: RoadNetwork | None = None,
        names: Names = (),
        directory: Path | None = None,
        expects_gaps: bool = True,
        timed_too: Timed | None = None,
    ) -> None:
        """Days are those of ``zone``. Without a ``network`` there is no picture, without ``directory`` it is not kept.

        ``timed_too`` hears of round trips as well.
        With ``expects_gaps`` a vehicle below SAE level 4 that falls silent where the picture knows a radio gap is
        shown as lost after 5 s like any other, but an alarm only after 5 minutes: what happens on every tour alarms
        nobody. Vehicles that ``specs`` does not know ring at once.
        What ``directory`` holds of the last 30 days on the same network is read now.
        """
        self._clock = clock
        self._ledger = ledger
        self._names = names
        self._timed_too = timed_too
        self._may_wait = frozenset(
            spec.vehicle_id for spec in specs.values() if expects_gaps and spec.sae_level < _ALONE_LEVEL
        )
        self._drawn: dict[int, tuple[Instant, Sequence[Feature]]] = {}
        self._expected: dict[VehicleId, tuple[Instant, bool]] = {}
        self._files = FiguresFiles(directory)
        self._day_of = DayOf(zone)
        self._sections: Sections | None = None
        self._where: Where | None = None
        if network is not None and network.edge_count:
            locator = Locator.of(network)
            self._sections = Sections(network, locator.lengths_m)
            self._where = Where(locator, self._sections, self._day_of, on_demand(specs))
            self._restore(self._where, self._sections)
        self.register = LinkRegister(self._day_of, self._where)
        """Presence and figures of every vehicle."""
        self._started = self._saved = clock.now()
        self._told: Told | None = None
        self._duty: list[VehicleId] = []
        self._awaited = self._read_duty()

    def connected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.connected(vehicle_id, now)

    def disconnected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.disconnected(vehicle_id, now)

    def heard(self, vehicle_id: VehicleId, size_bytes: int, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.heard(vehicle_id, size_bytes, now)

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, offset_ms: int, error_ms: int, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.timed(vehicle_id, round_trip_ms, offset_ms, error_ms, now)
        if self._timed_too is not None:
            self._timed_too(vehicle_id, round_trip_ms, offset_ms, error_ms, now)

    def kept(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.kept(record, extension, now)

    def repeated(self, vehicle_id: VehicleId, samples: int, now: Instant) -> None:
        """See ``LinkObserver``."""
        self.register.repeated(vehicle_id, samples, now)

    async def run(self) -> None:
        """Raise and clear alarms, and keep the picture, until cancelled. Raises ``StorageError`` of the ledger.

        Sleeps until a vehicle may be lost or back, at most 5 s: no transition is late, and a day of virtual time needs
        few wake-ups.
        """
        while True:
            now = self._clock.now()
            self.register.check(now)
            await self._tell(now)
            if now - self._saved >= SAVE_EVERY_MS:
                self.save()
            elif self._duty != self.register.on_duty():
                self._write_duty(now)
            now = self._clock.now()
            until = min(self.register.deadlines(now), default=Instant(now + _LONGEST_WAIT_MS))
            wait_ms = min(max(until - now, 1), _LONGEST_WAIT_MS)
            await self._clock.sleep(wait_ms / 1000)

    def save(self) -> None:
        """Write the days of the picture that changed; also at the end of a process."""
        self._saved = self._clock.now()
        self._write_duty(self._saved)
        if self._where is None or self._sections is None:
            return
        for day in sorted(self._where.changed):
            value = {"network": self._sections.fingerprint, **self._where.days[day].as_json()}
            self._files.write(day.isoformat(), value)
        self._where.changed.clear()
        for gone in self._where.forget_before(self._day_of(self._saved)):
            self._files.remove(gone.isoformat())

    def views(self, now: Instant) -> list[dict[str, Any]]:
        """Return the links of all vehicles heard of since the start."""
        return self.register.views(now)

    def picture(self, days: int = KEPT_DAYS) -> Sequence[Feature]:
        """Return the coverage picture of the last ``days`` days (1 to 30), today included, worst piece first.

        Drawn at most every ten seconds: it takes some 50 ms, in which no vehicle is answered.
        """
        if self._where is None or self._sections is None:
            return ()
        now = self._clock.now()
        drawn = self._drawn.get(days)
        if drawn is None or now - drawn[0] >= DRAWN_FOR_MS:
            first = self._day_of(now) - timedelta(days=days - 1)
            spans = [coverage for day, coverage in sorted(self._where.days.items()) if day >= first]
            drawn = self._drawn[days] = now, coverage_layer(together(spans), self._sections, self._names)
        return drawn[1]

    async def _tell(self, now: Instant) -> None:
        if not self._events(self._ledger.state, now):
            return
        done = await self._ledger.submit(self._events, actor="link watch")
        if isinstance(done, Committed) and any(_is_shared(envelope.body) for envelope in done.envelopes):
            self._told = Told(now, shared_by(done.state.supervised, self._alarming(now).keys()))

    def _events(self, state: State, now: Instant) -> list[Event]:
        lost = self._alarming(now)
        return link_alarms(
            state.supervised,
            lost=lost,
            there=self.register.links.keys() - self.register.lost().keys(),
            told=self._told,
            is_settled=now - self._started >= SETTLE_MS,
            # Only where each may have its own alarm are places told.
            places={each: self._near(each) for each in lost} if len(lost) <= MOST_SINGLE else None,
            now=now,
        )

    def _alarming(self, now: Instant) -> dict[VehicleId, Instant]:
        lost = self.register.lost()
        if now - self._started >= SETTLE_MS:
            lost |= dict.fromkeys(self._awaited - self.register.links.keys(), self._started)
        return {each: since for each, since in lost.items() if not self._is_expected(each, since, now)}

    def _is_expected(self, vehicle_id: VehicleId, since: Instant, now: Instant) -> bool:
        if self._where is None or vehicle_id not in self._may_wait or now - since >= EXPECTED_GAP_MS:
            return False
        known = self._expected.get(vehicle_id)
        if known is None or known[0] != since:
            known = self._expected[vehicle_id] = since, self._where.is_at_a_gap(vehicle_id, now)
        return known[1]

    def _write_duty(self, now: Instant) -> None:
        # Whoever was on duty and does not come back after a restart is lost, although this process never heard it.
        awaited = self._awaited - self.register.links.keys()
        self._duty = self.register.on_duty()
        self._files.write(_DUTY, {"at": now, "vehicles": sorted(awaited.union(self._duty))})

    def _read_duty(self) -> frozenset[VehicleId]:
        saved = self._files.read(_DUTY)
        try:
            is_recent = self._started - int(saved["at"]) <= DUTY_MS
            return frozenset(VehicleId(str(each)) for each in saved["vehicles"]) if is_recent else frozenset()
        except (KeyError, TypeError, ValueError):
            return frozenset()

    def _near(self, vehicle_id: VehicleId) -> str:
        place = None if self._where is None else self._where.last_place(vehicle_id)
        return "" if place is None else near(place, self._names)

    def _restore(self, where: Where, sections: Sections) -> None:
        for name in self._files.names():
            day, coverage = _saved_day(name, self._files.read(name), sections)
            if day is not None and coverage is not None:
                where.restore(day, coverage)


def _is_shared(event: Event) -> bool:
    return isinstance(event, AlarmRaised) and event.alarm.alarm_id == SEVERAL


def _saved_day(name: str, saved: Any, sections: Sections) -> tuple[date | None, Coverage | None]:
    # A file of another network, or a damaged one, counts for nothing; it is replaced when its day is written anew.
    try:
        if saved["network"] != sections.fingerprint:
            return None, None
        return date.fromisoformat(name), of_json(saved)
    except (KeyError, TypeError, ValueError):
        return None, None
