"""The control room of the lines: enters what differs from the timetable when it becomes known."""

from collections.abc import Sequence
from typing import Any

from mobility.core.clock import Clock, seconds_between
from mobility.core.service_day import ServiceDay, ServiceTime
from sim.edge.public_api import PublicApi
from sim.scenario import LineUpset, LineUpsetKind, WeatherChange

_LASTING = frozenset({LineUpsetKind.VEHICLE_OUT, LineUpsetKind.RAMP_BROKEN})
"""Changes that somebody ends when they are over; the others are over with their trips."""

_WITHOUT_SPAN = frozenset({LineUpsetKind.CANCEL, LineUpsetKind.REINSTATE})


class LineControl:
    """Uses the interface that every dispatcher uses."""

    def __init__(self, api: PublicApi, clock: Clock) -> None:
        """Start with nothing to do."""
        self._api = api
        self._clock = clock
        self.entered = 0
        """Changes that the server took."""
        self.refused = 0

    async def day(self, day: ServiceDay, upsets: Sequence[LineUpset], weather: Sequence[WeatherChange]) -> None:
        """Enter a day's changes one after the other, each when it becomes known; what is past already is entered."""
        steps: list[tuple[ServiceTime, int, LineUpset | WeatherChange | str]] = []
        for change in weather:
            steps.append((change.told_at, len(steps), change))
        for upset in upsets:
            steps.append((upset.told_at, len(steps), upset))
            if upset.kind in _LASTING and upset.ends is not None:
                steps.append((upset.ends, len(steps), _key(upset)))
        entered: dict[str, str] = {}
        for at, _, step in sorted(steps, key=lambda step: step[:2]):
            await self._clock.sleep(max(seconds_between(self._clock.now(), day.at(at)), 0.0))
            match step:
                case str():
                    await self._end(entered.get(step, ""))
                case WeatherChange():
                    await self._api.report_weather(step.weather, day.at(at))
                case LineUpset():
                    entered[_key(step)] = await self._enter(step, day)

    async def _enter(self, upset: LineUpset, day: ServiceDay) -> str:
        change_id = await self._api.change_line(self._body(upset, day), f"{day.date.isoformat()}-{_key(upset)}")
        self.entered += change_id is not None
        self.refused += change_id is None
        return change_id or ""

    async def _end(self, change_id: str) -> None:
        if change_id:
            await self._api.end_line_change(change_id)

    def _body(self, upset: LineUpset, day: ServiceDay) -> dict[str, Any]:
        body: dict[str, Any] = {
            "kind": upset.kind.value,
            "trips": [{"trip_id": trip_id, "start_date": day.date.isoformat()} for trip_id in upset.trips],
            "reason": upset.reason,
            "vehicle_id": upset.vehicle,
            "pattern_of": upset.pattern_of,
            "stops": list(upset.stops),
            "leaves_at": upset.leaves_at,
            "rejoins_at": upset.rejoins_at,
            "via": [{"stop_id": call.stop_id, "drive_s": call.drive_s} for call in upset.via],
            "path": [[corner.lat_deg, corner.lon_deg] for corner in upset.path],
        }
        if upset.kind is LineUpsetKind.DETOUR:
            body["drive_s"] = upset.drive_s
        if upset.departs is not None:
            body["departs"] = self._api.iso(day.at(upset.departs))
        if upset.kind not in _WITHOUT_SPAN:
            body["begins"] = self._api.iso(day.at(upset.begins))
        return {name: value for name, value in body.items() if value not in (None, [], "")}


def _key(upset: LineUpset) -> str:
    # The first trip tells changes apart; an idempotency key that named them all would be refused as too long.
    return f"{upset.kind}-{upset.told_at}-{upset.vehicle or ''}-{next(iter(upset.trips), '')}"
