"""A small server that speaks the public HTTP interface: it promises everybody a ride, one after the other."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from mobility.core.clock import Clock, Instant, datetime_at, shifted
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay

_ZONE = ZoneInfo("Europe/Berlin")


def iso(moment: int) -> str:
    return datetime_at(Instant(moment), _ZONE).isoformat()


def window(earliest: int, seconds: int) -> dict[str, str]:
    return {"earliest": iso(earliest), "latest": iso(earliest + seconds * 1000)}


@dataclass
class FakeServer:
    """Rides do not overlap: each offer begins half an hour after the last one's."""

    region: Region
    clock: Clock
    wishes: list[dict[str, Any]] = field(default_factory=list)
    offers: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[tuple[str, str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    delays: list[tuple[str, float]] = field(default_factory=list)
    holds: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    refuses: bool = False

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/api/v1/quotes")(self.quote)
        app.post("/api/v1/bookings", status_code=201)(self.book)
        app.post("/api/v1/bookings/{reference}/cancel")(self.cancel)
        app.get("/api/v1/manifests/{vehicle_id}")(self.manifest)
        app.post("/api/v1/manifests/{vehicle_id}/tasks/{task_id}")(self.outcome)
        app.get("/api/v1/connections")(self.connections)
        app.post("/api/v1/connections/{connection_id}/feeder-delay")(self.feeder_delay)
        app.get("/api/v1/reports/{day}")(self.report)
        return app

    async def quote(self, request: Request) -> dict[str, Any]:
        wish = await request.json()
        self.wishes.append(wish)
        if self.refuses:
            return {"offers": [], "refusal": {"code": "no_vehicle_in_time"}, "alternatives": []}
        day = ServiceDay(self.region.scenario_day, self.region.zone)
        number = len(self.offers)
        at = day.at(9 * 3600 + number * 2400)
        offer = {
            "offer_id": f"offer-{number}",
            "vehicle_id": "van-1",
            "pickup": window(at, 900),
            "arrival": window(at + 900_000, 1200),
            "fare_cent": 0,
            "valid_until": iso(at),
        }
        self.offers[offer["offer_id"]] = {**offer, "wish": wish, "at": at}
        return {"offers": [offer], "refusal": None, "alternatives": []}

    async def book(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.keys[request.headers["Idempotency-Key"]] = request.url.path
        offer = self.offers[body["offer_id"]]
        reference = f"R-{body['offer_id']}"
        wish = offer["wish"]
        for kind, stop, begin in (
            ("pickup", wish["origin"], offer["at"]),
            ("dropoff", wish["destination"], offer["at"] + 1_200_000),
        ):
            place = self.region.stops[stop].place
            self.tasks.append(
                {
                    "task_id": f"{reference}:{kind}",
                    "kind": kind,
                    "reference": reference,
                    "stop_id": stop,
                    "stop_name": stop,
                    "lat": place.lat_deg,
                    "lon": place.lon_deg,
                    "window": offer["pickup" if kind == "pickup" else "arrival"],
                    "begin": iso(begin),
                    "service_s": 60,
                    "seats": wish["seats"],
                    "wheelchairs": wish["wheelchairs"],
                    "name": body["name"],
                    "is_done": False,
                }
            )
        answer = {"reference": reference, "link": f"/ride/{reference}?key=secret", "pickup": offer["pickup"]}
        return JSONResponse(answer, status_code=201)

    async def cancel(self, reference: str, key: str) -> dict[str, str]:
        self.cancelled.append(f"{reference} {key}")
        self.tasks = [task for task in self.tasks if task["reference"] != reference or task["is_done"]]
        return {"state": "cancelled"}

    async def manifest(self, vehicle_id: str, date: date) -> dict[str, Any]:
        day = ServiceDay(date, self.region.zone)
        shifts = [
            {"starts": iso(day.at(rule.starts)), "ends": iso(day.at(rule.ends)), "driver": "", "depot": rule.depot}
            for area in self.region.areas
            for rule in area.shifts
            if rule.vehicle_id == vehicle_id
        ]
        return {"vehicle_id": vehicle_id, "date": date.isoformat(), "version": 1, "shifts": shifts, "tasks": self.tasks}

    async def outcome(self, vehicle_id: str, task_id: str, request: Request) -> dict[str, str]:
        body = await request.json()
        self.outcomes.append((task_id, body["outcome"], body["at"]))
        reference = task_id.partition(":")[0]
        for task in self.tasks:
            if task["task_id"] == task_id or (body["outcome"] == "no_show" and task["reference"] == reference):
                task["is_done"] = True
        return {"state": body["outcome"]}

    async def connections(self) -> dict[str, Any]:
        day = self.region.scenario_day.isoformat()
        rows = [
            {
                "connection_id": f"{planned.connection_id}-{day}",
                "trip": {"trip_id": planned.trip_id, "start_date": day},
                "decision": "hold" if planned.connection_id in self.holds else "planned",
                "hold_until": self.holds.get(planned.connection_id),
            }
            for planned in self.region.connections
        ]
        return {"connections": rows}

    async def feeder_delay(self, connection_id: str, request: Request) -> dict[str, Any]:
        delay_s = (await request.json())["delay_s"]
        self.delays.append((connection_id, delay_s))
        planned = next(c for c in self.region.connections if connection_id.startswith(f"{c.connection_id}-"))
        day = ServiceDay(self.region.scenario_day, self.region.zone)
        ready = shifted(day.at(planned.feeder_arrival), delay_s + planned.transfer_s)
        if delay_s <= planned.hold_limit_s:
            self.holds[planned.connection_id] = iso(ready)
        return {"decision": "hold", "hold_until": iso(ready), "cost_person_s": 0, "reason": ""}

    async def report(self, day: date) -> dict[str, Any]:
        return {"trips": {"scheduled": 3, "operated": 2}, "frames": {"duplicates": 0}}
