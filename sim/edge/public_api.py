"""The server's public HTTP interface as the devices of riders, drivers and the control room use it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar

import httpx

from mobility.core.booking import Window
from mobility.core.clock import Instant, datetime_at, instant
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.ids import ConnectionId, VehicleId
from mobility.core.vehicle import TripRef
from sim.edge.world import World

T = TypeVar("T")

_ATTEMPTS = 5
_RETRY_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopover:
    """One task of a driver's manifest."""

    task_id: str
    is_pickup: bool
    reference: str
    place: LatLon
    window: Window
    begin: Instant
    service_s: float
    seats: int
    wheelchairs: int
    is_done: bool

    @property
    def is_transfer(self) -> bool:
        """Whether riders of a broken vehicle change over here."""
        return self.task_id.endswith(":transfer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A driver's day: shifts and tasks in driving order."""

    shifts: tuple[Window, ...]
    tasks: tuple[Stopover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a driver must know of a planned connection."""

    connection_id: ConnectionId
    trip: TripRef
    hold_until: Instant | None
    """Set while the departure is held."""


class PublicApi:
    """Requests with idempotency keys and patience: who gets no answer asks again with the same key."""

    def __init__(self, world: World, zone: tzinfo) -> None:
        """Speak to the server of ``world``; times are written in ``zone``."""
        self._http = world.http
        self._clock = world.clock
        self._run_id = world.run_id
        self._zone = zone
        self._reported = 0
        self.requests = 0
        self.failures = 0

    async def manifest(self, vehicle_id: VehicleId, day: date) -> Manifest:
        """Return a vehicle's manifest; empty where dispatch does not know the vehicle."""
        path = f"/api/v1/manifests/{vehicle_id}"
        answer = await self._ask("GET", path, params={"date": day.isoformat()})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return Manifest(shifts=(), tasks=())
        return _read(_body(answer), path, _manifest)

    async def report_outcome(self, vehicle_id: VehicleId, task_id: str, outcome: str, at: Instant) -> bool:
        """Report ``boarded``, ``alighted`` or ``no_show``; return whether the server took it."""
        path = f"/api/v1/manifests/{vehicle_id}/tasks/{task_id}"
        body = {"outcome": outcome, "at": self.iso(at)}
        return (await self._tell(path, body, f"{vehicle_id}-{task_id}-{outcome}")).is_success

    async def quote(self, wish: Mapping[str, Any], at: Instant) -> dict[str, Any]:
        """Ask for offers for a wish whose time is ``at``; a request the server finds invalid counts as refused."""
        answer = await self._ask("POST", "/api/v1/quotes", json={**wish, "at": self.iso(at)})
        return dict(_body(answer)) if answer.is_success else {"offers": [], "alternatives": []}

    async def book(self, wish_id: str, booking: Mapping[str, Any]) -> dict[str, Any]:
        """Accept an offer; return the booking, empty where it was refused."""
        answer = await self._tell("/api/v1/bookings", booking, f"{wish_id}-book-{booking['offer_id']}")
        return dict(_body(answer)) if answer.is_success else {}

    async def cancel(self, reference: str, link: str) -> bool:
        """Cancel a booking by its signed ``link``; return whether the server did."""
        key = httpx.URL(link).params.get("key", "")
        path = f"/api/v1/bookings/{reference}/cancel"
        return (await self._tell(path, {}, f"{reference}-cancel", params={"key": key})).is_success

    async def holds(self) -> tuple[Hold, ...]:
        """Return the planned connections with their decisions."""
        path = "/api/v1/connections"
        body = _body(await self._ask("GET", path))
        rows = body.get("connections", ()) if isinstance(body, dict) else body
        return tuple(_read(row, path, _hold) for row in rows)

    async def report_feeder_delay(self, connection_id: ConnectionId, delay_s: float) -> bool:
        """Tell how late a train is; return whether the server took it."""
        path = f"/api/v1/connections/{connection_id}/feeder-delay"
        return (await self._tell(path, {"delay_s": delay_s}, f"{connection_id}-{delay_s:g}")).is_success

    async def open_manoeuvres(self) -> list[dict[str, Any]]:
        """Return what automated vehicles ask technical supervision, empty where the server has none."""
        answer = await self._ask("GET", "/api/v1/supervision")
        return list(_body(answer)["manoeuvres"]) if answer.is_success else []

    async def command(self, order: Mapping[str, Any], purpose: str) -> bool:
        """Command a vehicle as technical supervision; return whether the server took it."""
        return (await self._tell("/api/v1/supervision/commands", order, f"command-{purpose}")).is_success

    async def change_line(self, change: Mapping[str, Any], purpose: str) -> str | None:
        """Enter a change of the line service; return its id, ``None`` where the server refused."""
        answer = await self._tell("/api/v1/line/changes", change, f"line-{purpose}")
        return str(_body(answer)["change_id"]) if answer.is_success else None

    async def end_line_change(self, change_id: str) -> bool:
        """Say that a change is over; return whether the server took it."""
        body = {"reason": "Vorbei."}
        return (await self._tell(f"/api/v1/line/changes/{change_id}/end", body, f"line-end-{change_id}")).is_success

    async def report_weather(self, weather: str, begins: Instant) -> bool:
        """Report the state of the road; return whether the server took it."""
        body = {"weather": weather, "begins": self.iso(begins)}
        return (await self._tell("/api/v1/line/weather", body, f"weather-{begins}")).is_success

    async def at_risk(self) -> list[dict[str, Any]]:
        """Return the citizen buses that will be late for somebody, empty where the server does not watch."""
        answer = await self._ask("GET", "/api/v1/promises/at-risk")
        return list(_body(answer)["at_risk"]) if answer.is_success else []

    async def report_disruption(self, disruption: Mapping[str, Any]) -> dict[str, Any]:
        """Report what upset a plan; return the draft with its proposals, empty where the server refused."""
        self._reported += 1
        answer = await self._tell("/api/v1/repairs/disruptions", disruption, f"disruption-{self._reported}")
        return dict(_body(answer)) if answer.is_success else {}

    async def publish_repair(self, draft_id: str, choice: str) -> bool:
        """Publish one proposal of a draft; return whether the server did."""
        path = f"/api/v1/repairs/drafts/{draft_id}/publish"
        return (await self._tell(path, {"choice": choice}, f"publish-{draft_id}")).is_success

    async def tellings(self) -> list[dict[str, Any]]:
        """Return whom to tell what, the most urgent first; empty where the server has no such list."""
        answer = await self._ask("GET", "/api/v1/tellings")
        return list(_body(answer)["tellings"]) if answer.is_success else []

    async def tell(self, reference: str, attempt: Mapping[str, Any], purpose: str) -> bool:
        """Report an attempt to tell a rider the news; return whether the server took it."""
        return (await self._tell(f"/api/v1/tellings/{reference}", attempt, f"tell-{purpose}")).is_success

    async def report(self, day: date) -> dict[str, Any]:
        """Return the server's own report about a service day, empty where it has none."""
        answer = await self._ask("GET", f"/api/v1/reports/{day.isoformat()}")
        return dict(_body(answer)) if answer.is_success else {}

    def iso(self, moment: Instant) -> str:
        """Return an instant in the zone of the region, ISO 8601 with offset."""
        return datetime_at(moment, self._zone).isoformat()

    async def _tell(
        self, path: str, body: Mapping[str, Any], purpose: str, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": f"{self._run_id}-{purpose}"}
        return await self._ask("POST", path, json=body, headers=headers, params=params)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        attempt = 0
        while True:
            self.requests += 1
            try:
                answer = await self._http.request(method, path, params=params, json=json, headers=headers)
            except httpx.TransportError:
                self.failures += 1
                attempt += 1
                if attempt == _ATTEMPTS:
                    raise
                await self._clock.sleep(_RETRY_S)
                continue
            if answer.is_server_error:
                self.failures += 1
            return answer


def window_of(row: Mapping[str, str]) -> Window:
    """Return a window as the interface writes it."""
    return Window(moment_of(row["earliest"]), moment_of(row["latest"]))


def _body(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise BadInputError(f"the server answered {answer.status_code}: {answer.text[:200]}", source=str(answer.url))
    return answer.json()


def _read(row: Any, source: str, reader: Callable[[Any], T]) -> T:
    try:
        return reader(row)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"the answer can not be read: {error!r}", source=source) from error


def _manifest(body: Mapping[str, Any]) -> Manifest:
    return Manifest(
        shifts=tuple(Window(moment_of(shift["starts"]), moment_of(shift["ends"])) for shift in body["shifts"]),
        tasks=tuple(_stopover(task) for task in body["tasks"]),
    )


def _stopover(task: Mapping[str, Any]) -> Stopover:
    window = task["window"]
    return Stopover(
        task_id=str(task["task_id"]),
        is_pickup=task["kind"] == "pickup",
        reference=str(task["reference"]),
        place=LatLon(task["lat"], task["lon"]),
        window=Window(moment_of(window["earliest"]), moment_of(window["latest"])),
        begin=moment_of(task["begin"]),
        service_s=float(task["service_s"]),
        seats=int(task["seats"]),
        wheelchairs=int(task["wheelchairs"]),
        is_done=bool(task["is_done"]),
    )


def _hold(row: Mapping[str, Any]) -> Hold:
    trip = row["trip"]
    until = row.get("hold_until")
    return Hold(
        connection_id=ConnectionId(row["connection_id"]),
        trip=TripRef(trip["trip_id"], date.fromisoformat(str(trip["start_date"]))),
        hold_until=moment_of(until) if until and row.get("decision") == "hold" else None,
    )


def moment_of(text: str) -> Instant:
    """Return an instant as the interface writes it."""
    return instant(datetime.fromisoformat(text))
