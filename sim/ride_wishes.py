"""What people want of the on-demand service on a day: wishes with their callers, drawn from the bundle's demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mobility.core.clock import Instant, shifted
from mobility.core.demand import Demand, RideFlow, RiderHabits
from mobility.core.ids import ServiceAreaId, StopId
from mobility.core.region import Region, ServiceArea
from mobility.core.service_day import ServiceDay
from sim.chance import Chance, Key
from sim.scenario import Riding

NAMES = (
    "Anneliese Beispiel",
    "Bernd Muster",
    "Christa Probst",
    "Dieter Vorlage",
    "Edeltraud Fiktiv",
    "Friedrich Erdacht",
    "Gisela Modell",
    "Horst Exempel",
    "Ingrid Schablone",
    "Jürgen Entwurf",
    "Karin Sinnbild",
    "Lothar Platzhalter",
    "Margot Versuch",
    "Norbert Skizze",
    "Oda Annahme",
    "Peter Probe",
)
"""Fictitious callers; each name says that it is one."""
_FIRST_PHONE = 990000
_FIVE_MINUTES_MS = 300_000
_SPEAKING_S = 300.0
"""All calls of the evening before take a moment."""
_PUT_OFF_S = 3600.0
_STAY_DEVIATION = 0.25
_SHORTEST_STAY_S = 1800.0
_EXTREMES = ("too early", "too many", "same stop", "too late")


@dataclass(frozen=True, slots=True, kw_only=True)
class WishCall:
    """Somebody calls, or opens the booking page, at an instant and asks for a ride."""

    wish_id: str
    calls_at: Instant
    area_id: ServiceAreaId
    origin: StopId
    destination: StopId
    kind: str
    """``depart`` or ``arrive``."""
    at: Instant
    seats: int
    wheelchairs: int
    channel: str
    """``phone`` or ``web``."""
    name: str
    phone: str
    cancels_after_s: float | None
    """Seconds from the booking to its cancellation; ``None`` who keeps it."""
    stays_away: bool
    comes_late_s: float
    """How long after the window's begin the rider stands at the stop."""
    accepts_alternative: bool

    def request(self) -> dict[str, object]:
        """Return the body of a quote without its time."""
        return {
            "area_id": self.area_id,
            "origin": self.origin,
            "destination": self.destination,
            "kind": self.kind,
            "seats": self.seats,
            "wheelchairs": self.wheelchairs,
            "channel": self.channel,
        }


def calls_for(
    region: Region, demand: Demand, riding: Riding, chance: Chance, *, day: date, begins: Instant
) -> tuple[WishCall, ...]:
    """Return the calls for rides on ``day``, ordered by when people call; nobody calls before ``begins``.

    Days without the service's weekday have none. Who would have called before ``begins`` calls right then: those are
    the bookings of the evening before. Where the run begins in the middle of the day, wishes that would come too late
    for the service's lead time are put off by up to an hour, and those of the past are left out.
    """
    if demand.habits is None:
        return ()
    areas = {area.area_id: area for area in region.areas}
    maker = _Maker(region, areas, demand.habits, riding, chance, ServiceDay(day, region.zone), begins)
    calls = [call for number, flow in enumerate(demand.flows) for call in maker.flow(number, flow)]
    calls.extend(maker.impossible(calls))
    return tuple(sorted(calls, key=lambda call: (call.calls_at, call.wish_id)))


@dataclass(frozen=True, slots=True)
class _Maker:
    region: Region
    areas: Mapping[ServiceAreaId, ServiceArea]
    habits: RiderHabits
    riding: Riding
    chance: Chance
    day: ServiceDay
    begins: Instant

    def flow(self, number: int, flow: RideFlow) -> list[WishCall]:
        """Return the calls of one flow."""
        area = self.areas.get(flow.area_id)
        if area is None or self.day.date.weekday() not in area.weekdays:
            return []
        key: tuple[Key, ...] = ("wish", self.day.date.isoformat(), number)
        count = self.chance.poisson(min(flow.rides_per_day * self.riding.demand_factor, 500.0), *key, "count")
        calls: list[WishCall] = []
        for n in range(count):
            at = self._possible(area, self.day.at(round(self.chance.between(flow.starts, flow.ends, *key, n, "at"))))
            if at < self.begins:
                continue
            there = self._call(area, (*key, n), (flow.origin, flow.destination), at)
            calls.append(there)
            if self.chance.happens(flow.return_frac, *key, n, "return"):
                stay = self.chance.normal(flow.stay_s, flow.stay_s * _STAY_DEVIATION, *key, n, "stay")
                back_at = self._minutes(shifted(at, max(stay, _SHORTEST_STAY_S)))
                calls.append(self._back(there, area, (*key, n, "back"), back_at))
        return calls

    def impossible(self, calls: Sequence[WishCall]) -> list[WishCall]:
        """Return calls that ask for what the service can not do, about a share of all others."""
        made: list[WishCall] = []
        for call in calls:
            key = (call.wish_id, "impossible")
            if self.chance.happens(self.riding.impossible_share, *key):
                made.append(self._extreme(call, self.chance.pick(_EXTREMES, *key, "how")))
        return made

    def _extreme(self, call: WishCall, how: str) -> WishCall:
        area = self.areas[call.area_id]
        at = {"too early": self.day.at(area.opens - 7200), "too late": self.day.at(area.closes + 7200)}.get(
            how, call.at
        )
        return replace(
            call,
            wish_id=f"{call.wish_id}-odd",
            destination=call.origin if how == "same stop" else call.destination,
            at=at,
            seats=40 if how == "too many" else call.seats,
            cancels_after_s=None,
            stays_away=False,
            comes_late_s=0.0,
            accepts_alternative=False,
        )

    def _call(self, area: ServiceArea, key: tuple[Key, ...], ends: tuple[StopId, StopId], at: Instant) -> WishCall:
        habits, chance = self.habits, self.chance
        lead_s = chance.between(habits.lead_min_s, habits.lead_max_s, *key, "lead")
        sizes = range(1, len(habits.group_weights) + 1)
        people = chance.weighted(sizes, habits.group_weights, *key, "group")
        wheelchairs = int(chance.happens(habits.wheelchair_frac, *key, "wheelchair"))
        person = int(chance.share(*key, "person") * len(NAMES))
        cancels = chance.happens(habits.cancel_frac * self.riding.cancel_factor, *key, "cancels")
        return WishCall(
            wish_id="-".join(map(str, key)),
            calls_at=max(shifted(at, -lead_s), self.begins),
            area_id=area.area_id,
            origin=ends[0],
            destination=ends[1],
            kind="arrive" if chance.happens(habits.arrive_frac, *key, "kind") else "depart",
            at=at,
            seats=people - wheelchairs,
            wheelchairs=wheelchairs,
            channel="phone" if chance.happens(habits.phone_frac, *key, "channel") else "web",
            name=NAMES[person],
            phone=f"03677 {_FIRST_PHONE + person}",
            cancels_after_s=chance.between(0.1, 0.9, *key, "cancels when") * lead_s if cancels else None,
            stays_away=chance.happens(habits.no_show_frac * self.riding.no_show_factor, *key, "no-show"),
            comes_late_s=self._late_s(key),
            accepts_alternative=chance.happens(self.riding.alternative_share, *key, "alternative"),
        )

    def _back(self, there: WishCall, area: ServiceArea, key: tuple[Key, ...], at: Instant) -> WishCall:
        """Return the call for the way back: the same people in the same conversation."""
        call = self._call(area, key, (there.destination, there.origin), at)
        return replace(
            call,
            calls_at=there.calls_at,
            kind="depart",
            seats=there.seats,
            wheelchairs=there.wheelchairs,
            channel=there.channel,
            name=there.name,
            phone=there.phone,
        )

    def _late_s(self, key: tuple[Key, ...]) -> float:
        is_late = self.chance.happens(self.riding.late_share, *key, "late")
        return self.chance.between(30.0, 360.0, *key, "late by") if is_late else 0.0

    def _possible(self, area: ServiceArea, moment: Instant) -> Instant:
        """Return the time a caller names: what is too near for a booking at the run's begin becomes a little later."""
        soonest = shifted(self.begins, area.lead_time_s + _SPEAKING_S)
        if shifted(soonest, -_PUT_OFF_S) <= moment < soonest:
            return self._minutes(shifted(moment, _PUT_OFF_S))
        return self._minutes(moment)

    def _minutes(self, moment: Instant) -> Instant:
        """People say times in five minutes."""
        return Instant(round(moment / _FIVE_MINUTES_MS) * _FIVE_MINUTES_MS)
