"""What the dispatcher's page shows, row by row: calls, tours, connections, drafts, as plain words and clock times."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dispatch.desk_texts import DESK, KIND
from dispatch.edge.tellings import CallToMake, Tellings
from dispatch.promise import binding, happens, outside_ms
from dispatch.proposal import Proposal
from dispatch.watch import Lateness
from dispatch.wording import singular
from mobility.core.booking import Window
from mobility.core.clock import Instant, datetime_at
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.dates import long_date
from mobility.core.disruption import Disruption
from mobility.core.events import ConnectionDecided
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind
from mobility.core.region import Region
from mobility.core.service_day import service_day_of

_MINUTE_MS = 60_000
_KIND = {TaskKind.PICKUP: PromiseKind.PICKUP, TaskKind.DROPOFF: PromiseKind.ARRIVAL}


class Draft(Protocol):
    """Answers to a disruption, side by side; nothing of them is true yet."""

    @property
    def draft_id(self) -> str:
        """Its name."""
        ...

    @property
    def disruption(self) -> Disruption:
        """What happened, or might."""
        ...

    @property
    def proposals(self) -> Sequence[Proposal]:
        """The answers, the best first."""
        ...


class Said(Protocol):
    """Says a proposal in words."""

    def __call__(self, proposal: Proposal, language: str) -> tuple[str, Sequence[str]]:
        """Return its title and the reasons for and against it, as sentences."""
        ...


class DeskView:
    """Makes rows in one language."""

    def __init__(self, region: Region, language: str, now: Instant) -> None:
        """Show the region's day as of ``now``."""
        self._region = region
        self._zone = ZoneInfo(region.zone)
        self._language = language
        self.now = now
        self.texts: Mapping[str, str] = DESK[language]

    def clock(self, at: Instant) -> str:
        """Return the local clock time."""
        return f"{datetime_at(at, self._zone):%H:%M}"

    def calls(self, calls: Sequence[CallToMake], tellings: Tellings) -> list[dict[str, Any]]:
        """Return the call list."""
        return [self._call(each, tellings) for each in calls]

    def tours(self, plan: DayPlan, state: State) -> list[dict[str, Any]]:
        """Return the tours of a day with what is promised and where a promise would not be kept."""
        windows = binding(state, [task.booking_id for tour in plan.tours for task in tour.tasks])
        return [self._tour(tour, state, windows) for tour in plan.tours]

    def risk(self, tour: Tour, late: Sequence[Lateness]) -> dict[str, Any]:
        """Return a vehicle that will be late, and for whom, in the order of its tour."""
        vehicle_id = tour.shift.vehicle_id
        return {
            "vehicle_id": vehicle_id,
            "heading": self.texts["risk"].format(vehicle=self._region.fleet[vehicle_id].label),
            "late": [self._late(each) for each in late],
        }

    def connections(
        self, planned: Sequence[Connection], weighed: Callable[[Connection], ConnectionDecided | None]
    ) -> list[dict[str, Any]]:
        """Return the connections that are not over, late ones with what holding and going cost."""
        ahead = (each for each in planned if max(each.departure, each.hold_until or 0) >= self.now)
        return [self._connection(each) | {"costs": self._costs(weighed(each))} for each in ahead]

    def disruptions(self, known: Sequence[Disruption]) -> list[dict[str, str]]:
        """Return what is not over."""
        return [
            {
                "disruption_id": each.disruption_id,
                "what": self._about(each),
                "since": self.texts["since"].format(time=self.clock(each.begins)),
                "note": each.note,
            }
            for each in known
        ]

    def drafts(self, drafts: Sequence[Draft], said: Said) -> list[dict[str, Any]]:
        """Return drafts with their proposals side by side."""
        return [
            {
                "draft_id": draft.draft_id,
                "heading": self.texts["draft"].format(what=self._about(draft.disruption)),
                "proposals": [self._proposal(each, said) for each in draft.proposals],
            }
            for draft in drafts
        ]

    def _late(self, each: Lateness) -> str:
        said = self.texts["risk_line"].format(
            what=self.texts[each.kind.value].format(reference=each.booking_id),
            where=self._region.stops[each.stop_id].name,
            latest=self.clock(each.latest),
            expected=self.clock(each.expected),
            n=-(-(each.expected - each.latest) // _MINUTE_MS),
        )
        return singular(said)

    def _call(self, each: CallToMake, tellings: Tellings) -> dict[str, Any]:
        call, texts = each.call, self.texts
        return {
            "reference": call.booking.booking_id,
            "news": call.news_id,
            "heading": texts["call_heading"].format(
                name=each.name or texts["nameless"], reference=call.booking.booking_id
            ),
            "phone": each.phone,
            "due": self._due(call.revision.tell_by, is_overdue=call.is_overdue),
            "is_overdue": call.is_overdue,
            "tries": self._tries(call.revision.tries),
            "say": tellings.spoken(call, self._language),
            "may_cancel": not call.revision.is_withdrawn and call.pickup is not None,
        }

    def _due(self, tell_by: Instant, *, is_overdue: bool) -> str:
        day = service_day_of(tell_by, self._region.zone)
        if not is_overdue and day != service_day_of(self.now, self._region.zone):
            said = self.texts["tell_by_day"]
            return said.format(day=long_date(day.date, self._language), time=self.clock(tell_by))
        left_min = max(0, (tell_by - self.now) // _MINUTE_MS)
        said = self.texts["tell_late" if is_overdue else "tell_by"]
        return singular(said.format(time=self.clock(tell_by), minutes=left_min))

    def _tries(self, count: int) -> str:
        if count == 0:
            return ""
        return self.texts["try"] if count == 1 else self.texts["tries"].format(n=count)

    def _tour(
        self, tour: Tour, state: State, windows: Mapping[tuple[BookingId, PromiseKind], Window]
    ) -> dict[str, Any]:
        span, texts = tour.shift.span, self.texts
        label = self._region.fleet[tour.shift.vehicle_id].label
        is_held = tour.held_until is not None and tour.held_until > self.now
        return {
            "vehicle_id": tour.shift.vehicle_id,
            "heading": texts["tour"].format(
                vehicle=label, from_time=self.clock(span.earliest), to_time=self.clock(span.latest)
            ),
            "out": texts["tour_out"].format(time=self.clock(tour.out_from)) if tour.out_from is not None else "",
            "held": texts["tour_held"].format(time=self.clock(tour.held_until)) if is_held and tour.held_until else "",
            "rows": [self._task(task, state, windows, is_done=k < tour.done) for k, task in enumerate(tour.tasks)],
        }

    def _task(
        self,
        task: Task,
        state: State,
        windows: Mapping[tuple[BookingId, PromiseKind], Window],
        *,
        is_done: bool,
    ) -> dict[str, Any]:
        texts = self.texts
        window = windows.get((task.booking_id, _KIND[task.kind]))
        off_ms = 0 if window is None or is_done else abs(outside_ms(window, happens(task)))
        return {
            "time": self.clock(task.begin),
            "what": texts[task.kind.value].format(reference=task.booking_id),
            "where": self._region.stops[task.stop_id].name,
            "told": self._span(window) if window is not None else "",
            "state": texts["done" if is_done else "open"],
            "late": singular(texts["is_late"].format(n=-(-off_ms // _MINUTE_MS))) if off_ms else "",
            "untold": texts["untold"] if task.booking_id in state.revisions and not is_done else "",
        }

    def _connection(self, each: Connection) -> dict[str, Any]:
        texts = self.texts
        onward = texts["bus"].format(reference=each.booking_id)
        if each.trip is not None:
            onward = texts["trip"].format(trip=self._line_of(str(each.trip.trip_id)))
        minutes = round(each.feeder_delay_s / 60)
        decided = {
            ConnectionDecision.PLANNED: texts["planned"],
            ConnectionDecision.GO: texts["go"],
            ConnectionDecision.HOLD: texts["hold"].format(
                time=self.clock(each.hold_until) if each.hold_until is not None else ""
            ),
        }
        return {
            "connection_id": each.connection_id,
            "feeder": each.feeder,
            "feeder_at": texts["feeder_at"].format(time=self.clock(each.feeder_arrival)),
            "onward": onward,
            "leaves_at": texts["leaves_at"].format(
                time=self.clock(each.departure), stop=self._region.stops[each.stop_id].name
            ),
            "late": texts["minutes"].format(n=minutes) if minutes else texts["on_time"],
            "delay_min": minutes,
            "decision": decided[each.decision],
            "limit": texts["limit"].format(n=round(each.hold_limit_s / 60)),
            "is_bus": each.is_to_citizen_bus,
            "is_quiet": each.decision is ConnectionDecision.PLANNED and each.ready <= each.departure,
            "delay_label": texts["delay_of"].format(feeder=each.feeder),
        }

    def _costs(self, weighed: ConnectionDecided | None) -> str:
        if weighed is None:
            return ""
        hold_s, go_s = weighed.cost_person_s, weighed.go_cost_person_s
        return singular(self.texts["costs"].format(hold=round(hold_s / 60), go=round(go_s / 60)))

    def _line_of(self, trip_id: str) -> str:
        line = next((x for x in self._region.lines if any(t.trip_id == trip_id for t in x.trips)), None)
        return trip_id if line is None else line.short_name

    def _proposal(self, proposal: Proposal, said: Said) -> dict[str, Any]:
        texts = self.texts
        title, reasons = said(proposal, self._language)
        count = len(proposal.affected)
        cost = {
            "before": round(proposal.cost_before_ms / _MINUTE_MS),
            "after": round(proposal.cost_after_ms / _MINUTE_MS),
        }
        riders = texts["rider"] if count == 1 else texts["riders"].format(n=count)
        return {
            "name": proposal.name,
            "title": title,
            "reasons": list(reasons),
            "cost": texts["cost_change"].format(**cost),
            "affected": riders if count else texts["nobody"],
            "tell": [
                texts["until"].format(reference=each.booking_id, time=self.clock(each.tell_by))
                + (f" ({texts['withdrawn']})" if each.is_withdrawn else "")
                for each in proposal.revisions
            ],
        }

    def _about(self, disruption: Disruption) -> str:
        parts = [KIND[self._language][disruption.kind]]
        if disruption.vehicle_id is not None and disruption.vehicle_id in self._region.fleet:
            parts.append(self._region.fleet[disruption.vehicle_id].label)
        if disruption.booking_id is not None:
            parts.append(str(disruption.booking_id))
        if disruption.stop_id is not None and disruption.stop_id in self._region.stops:
            parts.append(self._region.stops[disruption.stop_id].name)
        return ", ".join(parts)

    def _span(self, window: Window) -> str:
        return f"{self.clock(window.earliest)}\N{EN DASH}{self.clock(window.latest)}"
