"""The scenario files of SUMO: network, taxis, persons; and what came of a run."""

import csv
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any
from xml.etree import ElementTree as ET

TOP_SPEED_MPS = 22.0
SEATS = 8
END_S = 40_000
"""Long after the last ride of anybody: nobody is left over because the simulation ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person who wants to ride."""

    person: str
    time_s: float
    origin: str
    """Edge; the person stands at its begin and rides to the other edge's end."""
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Vehicles with their first edges, and requests by time."""

    vehicles: tuple[tuple[str, str], ...]
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to."""

    requests: int
    served: int
    wait_s: float
    """Mean from request to boarding."""
    wait_p95_s: float
    ride_s: float
    """Mean from boarding to alighting."""
    vehicle_km: float

    def as_json(self) -> dict[str, Any]:
        """Return the rounded figures."""
        return {
            "requests": self.requests,
            "served": self.served,
            "wait_s": round(self.wait_s, 1),
            "wait_p95_s": round(self.wait_p95_s, 1),
            "ride_s": round(self.ride_s, 1),
            "vehicle_km": round(self.vehicle_km, 2),
        }


def read_demand(path: Path) -> Demand:
    """Read one of the scenario's CSV files."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    requests = [
        Request(person=row["id"], time_s=float(row["time_s"]), origin=row["from_edge"], destination=row["to_edge"])
        for row in rows
        if row["kind"] == "request"
    ]
    return Demand(
        vehicles=tuple((row["id"], row["from_edge"]) for row in rows if row["kind"] == "vehicle"),
        requests=tuple(sorted(requests, key=lambda request: request.time_s)),
    )


def build_network(netconvert: Path, osm: Path, out: Path) -> None:
    """Make the network with netconvert's default settings; raises ``CalledProcessError``."""
    command = [netconvert, "--osm-files", osm, "-o", out]
    subprocess.run(command, check=True, capture_output=True)


def write_scenario(demand: Demand, net: Path, folder: Path) -> Path:
    """Write routes and configuration and return the configuration's path."""
    root = ET.Element("routes")
    kind = ET.SubElement(
        root, "vType", id="shuttle", vClass="taxi", maxSpeed=str(TOP_SPEED_MPS), personCapacity=str(SEATS)
    )
    ET.SubElement(kind, "param", key="has.taxi.device", value="true")
    for vehicle, edge in demand.vehicles:
        started = ET.SubElement(root, "vehicle", id=vehicle, type="shuttle", depart="0")
        ET.SubElement(started, "route", edges=edge)
    for request in demand.requests:
        person = ET.SubElement(root, "person", id=request.person, depart=str(request.time_s))
        ends = {"from": request.origin, "to": request.destination}
        ET.SubElement(person, "ride", ends, lines="taxi")
    ET.ElementTree(root).write(folder / "demand.rou.xml")
    return _write_configuration(net, folder)


def _write_configuration(net: Path, folder: Path) -> Path:
    root = ET.Element("configuration")
    values = {
        "net-file": str(net),
        "route-files": "demand.rou.xml",
        "end": str(END_S),
        "device.taxi.idle-algorithm": "stop",
        "tripinfo-output": "tripinfo.xml",
        "tripinfo-output.write-unfinished": "true",
        "no-step-log": "true",
        "no-warnings": "true",
    }
    for name, value in values.items():
        ET.SubElement(root, name, value=value)
    path = folder / "scenario.sumocfg"
    ET.ElementTree(root).write(path)
    return path


def read_outcome(folder: Path, requests: int) -> Outcome:
    """Read ``tripinfo.xml`` of a finished run."""
    root = ET.parse(folder / "tripinfo.xml").getroot()  # noqa: S314 - SUMO's own output
    rides = [ride for ride in root.iter("ride") if float(ride.get("arrival", "-1")) >= 0]
    waits_s = sorted(float(ride.get("waitingTime", "nan")) for ride in rides)
    return Outcome(
        requests=requests,
        served=len(rides),
        wait_s=fmean(waits_s) if waits_s else float("nan"),
        wait_p95_s=_percentile(waits_s, 0.95),
        ride_s=fmean(float(ride.get("duration", "nan")) for ride in rides) if rides else float("nan"),
        vehicle_km=sum(float(trip.get("routeLength", "nan")) for trip in root.iter("tripinfo")) / 1000,
    )


def _percentile(ordered: Sequence[float], frac: float) -> float:
    return ordered[min(int(frac * len(ordered)), len(ordered) - 1)] if ordered else float("nan")
