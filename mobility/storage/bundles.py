"""Region bundles: a directory of small files becomes one ``Region``, or one clear error and nothing at all."""

import re
from collections.abc import Iterable
from datetime import date
from importlib import resources
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from pyproj import CRS
from pyproj.exceptions import CRSError

from mobility.core.demand import Demand
from mobility.core.errors import BadInputError
from mobility.core.evidence import Factor, SourceRow
from mobility.core.geo import LatLon
from mobility.core.network import RoadNetwork
from mobility.core.region import Calendar, Region
from mobility.storage.bundle_demand import context_of, read_demand
from mobility.storage.bundle_drawing import drawn_network, has_drawing
from mobility.storage.bundle_fields import Fields, read_text, toml_table
from mobility.storage.bundle_fleet import read_fleet
from mobility.storage.bundle_lines import LinesContext, read_lines
from mobility.storage.bundle_network import network_from_bytes
from mobility.storage.bundle_on_demand import read_areas
from mobility.storage.bundle_sources import evidence_of, read_factors, read_sources
from mobility.storage.bundle_stops import read_stops

_EPSG = re.compile(r"EPSG:\d{4,6}")


def shipped_region(name: str) -> Path:
    """Return the directory of a bundle that comes with the product; raises ``BadInputError`` for an unknown name."""
    folder = cast("Path", resources.files("mobility.regions"))
    directory = folder / name
    if not name.isidentifier() or not (directory / "region.toml").is_file():
        shipped = sorted(entry.name for entry in folder.iterdir() if (entry / "region.toml").is_file())
        raise BadInputError(f"no region {name!r:.60} comes with this product, only {', '.join(shipped)}")
    return Path(directory)


def load_region(directory: Path) -> Region:
    """Return the region of a bundle.

    Raises:
        BadInputError: something is missing or wrong; names file, row and field. Nothing was taken over.
    """
    if not directory.is_dir():
        raise BadInputError("there is no such directory", source=str(directory))
    evidence = evidence_of(load_sources(directory))
    stops = read_stops(read_text(directory / "stops.csv"), "stops.csv", evidence)
    fleet, blocks = read_fleet(_optional(directory, "fleet.toml"))
    network = load_network(directory)
    context = LinesContext(stops=stops, fleet=fleet, blocks=blocks, network=network, evidence=evidence)
    lines = read_lines(_optional(directory, "lines.toml"), context)
    top = _toml(directory, "region.toml")
    scenario_day = top.day("scenario_day")
    region = Region(
        region_id=top.identifier("id"),
        name=top.text("name"),
        zone=_zone(top),
        crs=_crs(top),
        languages=_languages(top),
        version=top.text("version"),
        agency_name=top.text("agency_name"),
        agency_url=_url(top, "agency_url"),
        scenario_day=scenario_day,
        demo_starts=top.clock("demo_starts"),
        stops=stops,
        lines=lines.lines,
        calendars=lines.calendars,
        research_routes=lines.research_routes,
        connections=lines.connections,
        areas=read_areas(
            _optional(directory, "on_demand.toml"),
            stops,
            fleet,
            years=_years(lines.calendars.values(), scenario_day),
            lines=[line.route_id for line in lines.lines],
        ),
        fleet=fleet,
        blocks=blocks,
        network=network,
        map_names=tuple(_map_name(row) for row in top.tables("map_names")),
        attribution=top.text("attribution"),
    )
    top.close()
    return region


def load_network(directory: Path) -> RoadNetwork:
    """Return a bundle's road network, from ``network.npz`` or, where there is none, from its drawn source."""
    file = directory / "network.npz"
    if not file.is_file() and has_drawing(directory):
        return drawn_network(directory)
    try:
        return network_from_bytes(file.read_bytes(), file.name)
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=file.name) from error


def load_demand(directory: Path) -> Demand:
    """Return what the simulator's people do; empty where the bundle has no ``demand.toml``. Loads the region."""
    return read_demand(_optional(directory, "demand.toml"), context_of(load_region(directory)))


def load_sources(directory: Path) -> tuple[SourceRow, ...]:
    """Return where the facts of a bundle come from."""
    return read_sources(read_text(directory / "sources.csv"), "sources.csv")


def load_factors(directory: Path) -> tuple[Factor, ...]:
    """Return a bundle's energy and climate factors; none where it has no ``factors.toml``."""
    return read_factors(_optional(directory, "factors.toml"))


def _toml(directory: Path, name: str) -> Fields:
    return toml_table(read_text(directory / name), name)


def _optional(directory: Path, name: str) -> Fields:
    return _toml(directory, name) if (directory / name).is_file() else Fields({}, name)


def _years(calendars: Iterable[Calendar], scenario_day: date) -> range:
    """Return the years that a feed of the region speaks of."""
    days = [day for calendar in calendars for day in (calendar.first, calendar.last)] or [scenario_day]
    # One more: a scenario may let the timetable run on into the year after.
    return range(min(days).year, max(days).year + 2)


def _zone(top: Fields) -> str:
    name = top.text("zone")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path out of the database; a directory inside it
        top.fail("zone", f"{name!r:.40} is no time zone like Europe/Berlin")
    return name


def _crs(top: Fields) -> str:
    name = top.text("crs")
    if not _EPSG.fullmatch(name):
        top.fail("crs", f"{name!r:.40} is no coordinate system like EPSG:25832")
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        top.fail("crs", f"{name!r:.40} is no coordinate system like EPSG:25832")
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        top.fail("crs", f"{name!r:.40} is no plane system in metres")
    return name


def _languages(top: Fields) -> tuple[str, ...]:
    names = top.texts("languages")
    if not names or not set(names) <= {"de", "en"} or len(set(names)) < len(names):
        top.fail("languages", "must name de, en or both")
    return names


def _url(top: Fields, name: str) -> str:
    address = top.text(name)
    if not address.startswith(("https://", "http://")) or " " in address:
        top.fail(name, f"{address!r:.60} is no address like https://example.org/")
    return address


def _map_name(row: Fields) -> tuple[str, LatLon]:
    name = row.text("name"), row.place("place")
    row.close()
    return name
