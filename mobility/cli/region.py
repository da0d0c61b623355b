"""``mobility region``: check a region bundle, build one from a map, redraw the network of a drawn one."""

import json
import re
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from dispatch.edge.osm import ATTRIBUTION, build_network
from dispatch.edge.osm_place import build_place
from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError
from mobility.core.evidence import SourceRow
from mobility.core.geo import LatLon, utm_crs
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.storage.bundle_check import Finding
from mobility.storage.bundle_drawing import drawn_network, has_drawing
from mobility.storage.bundle_rules import check_bundle
from mobility.storage.bundle_rules_places import FARTHEST_M
from mobility.storage.bundle_write import BundleHead, write_bundle, write_network

app = typer.Typer(name="region", help="Region bundles: check, build, draw.", no_args_is_help=True)

_SCENARIO_DAY = date(2025, 10, 14)
"""A Tuesday out of season; only a demonstration of the built region starts on it."""
_NO_ID = re.compile(r"[^a-z0-9_-]+")


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(help="A bundle's directory.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read a bundle and look for what can not be. Exit 0: no error; 1: errors; 2: no such directory."""
    if not directory.is_dir():
        fail(f"{directory}: there is no such directory")
    try:
        found = check_bundle(directory)
    except BadInputError as error:
        found = [Finding(rule="unreadable", is_error=True, sentence=str(error))]
    errors = sum(finding.is_error for finding in found)
    if as_json:
        report = {
            "bundle": str(directory),
            "errors": errors,
            "warnings": len(found) - errors,
            "findings": [asdict(finding) for finding in found],
        }
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        for finding in found:
            typer.echo(f"{'error' if finding.is_error else 'warning'} {finding.rule}: {finding.sentence}")
        typer.echo(f"{directory}: {errors} errors, {len(found) - errors} warnings")
    if errors:
        raise typer.Exit(FOUND_WANTING)


@app.command()
def build(
    *,
    out: Annotated[Path, typer.Option("--out", help="The bundle's new directory.")],
    osm: Annotated[Path | None, typer.Option("--osm", help="A map: .osm, .osm.gz or .osm.pbf.")] = None,
    place: Annotated[str | None, typer.Option("--place", help="A place to download, e.g. 'Ilmenau, Germany'.")] = None,
    gtfs: Annotated[Path | None, typer.Option("--gtfs", help="A static feed of the lines there.")] = None,
    name: Annotated[str, typer.Option("--name", help="The region's name; default: the directory's.")] = "",
    zone: Annotated[str, typer.Option("--zone", help="Time zone, where no feed names one.")] = "Europe/Berlin",
    day: Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Scenario day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Build a bundle from a map and, with --gtfs, the stops of a feed. Exit 1: the input can not be used."""
    if (osm is None) == (place is None):
        fail("name either --osm FILE or --place NAME")
    for file in (osm, gtfs):
        if file is not None and not file.is_file():
            fail(f"{file}: there is no such file")
    try:
        with working("Building the road network"):
            network = build_network(osm) if osm is not None else build_place(place or "")
            timetable = None if gtfs is None else load_feed(gtfs)
            head = _head(name or out.name, zone, _SCENARIO_DAY if day is None else day.date(), network, timetable)
            stops = [] if timetable is None else _stops(timetable, network)
            sources = _sources(osm.name if osm is not None else f"OpenStreetMap, {place}", head, timetable, stops)
            feed = None if gtfs is None else gtfs.read_bytes()
            write_bundle(out, head, network, stops=stops, sources=sources, feed=feed)
    except BadInputError as error:
        fail(str(error), FOUND_WANTING)
    result = {
        "out": str(out),
        "nodes": network.node_count,
        "edges": network.edge_count,
        "length_km": round(float(network.length_m.sum()) / 1000, 3),
        "stops": len(stops),
        "attribution": head.attribution,
    }
    words = f"{out}: {result['nodes']} nodes, {result['edges']} edges, {result['stops']} stops. {head.attribution}"
    typer.echo(json.dumps(result, ensure_ascii=False) if as_json else words)


@app.command()
def draw(directory: Annotated[Path, typer.Argument(help="A bundle's directory with drawn/ inside.")]) -> None:
    """Make network.npz anew from the drawn roads. The same drawing gives the same bytes."""
    if not has_drawing(directory):
        fail(f"{directory}: there is no drawn/roads.csv")
    try:
        network = drawn_network(directory)
        write_network(directory, network)
    except BadInputError as error:
        fail(str(error), FOUND_WANTING)
    typer.echo(f"{directory / 'network.npz'}: {network.node_count} nodes, {network.edge_count} edges")


def _head(name: str, zone: str, day: date, network: RoadNetwork, timetable: Timetable | None) -> BundleHead:
    middle = LatLon(float(network.lat_deg.mean()), float(network.lon_deg.mean()))
    return BundleHead(
        region_id=_NO_ID.sub("-", name.lower()).strip("-_") or "region",
        name=name,
        zone=zone if timetable is None else timetable.zone,
        crs=utm_crs(middle),
        version=f"{day:%Y-%m}.1",
        agency_name=name if timetable is None else timetable.agency_name or name,
        agency_url="https://www.openstreetmap.org/" if timetable is None else timetable.agency_url,
        attribution=ATTRIBUTION,
        scenario_day=day,
    )


def _stops(timetable: Timetable, network: RoadNetwork) -> list[Stop]:
    """Return the stops that trips call at and that lie on the map; raises ``BadInputError`` when none does."""
    called_at = {stop for trip in timetable.trips.values() for stop in trip.pattern.stops}
    stops = [
        Stop(
            stop_id=stop.stop_id,
            name=stop.name or stop.stop_id,
            locality=stop.name or stop.stop_id,
            place=stop.place,
            elevation_m=float("nan"),
            is_line_stop=True,
            is_meeting_point=False,
            is_wheelchair_accessible=bool(stop.is_wheelchair_accessible),
            evidence=Evidence.SOURCED,
        )
        for stop in timetable.stops.values()
        if stop.stop_id in called_at and network.nearest_edge(stop.place).offset_m <= FARTHEST_M
    ]
    if not stops:
        raise BadInputError("no stop of the feed lies on a road of the map", source="stops.txt")
    return stops


def _sources(origin: str, head: BundleHead, timetable: Timetable | None, stops: list[Stop]) -> list[SourceRow]:
    dated = head.scenario_day.isoformat()

    def row(subject: str, fact: str, value: str, evidence: Evidence, source: str) -> SourceRow:
        return SourceRow(subject=subject, fact=fact, value=value, evidence=evidence, source=source, dated=dated)

    feed = "" if timetable is None else f"{timetable.agency_name}, static feed {timetable.feed_version}"
    return [
        row("region", "name", head.name, Evidence.ASSUMED, "given when the bundle was built"),
        row("network", "roads", origin, Evidence.SOURCED, ATTRIBUTION),
        row("network", "speeds without a limit", "by road class", Evidence.ASSUMED, "usual speeds of such roads"),
        *(row(f"stop:{stop.stop_id}", "name", stop.name, Evidence.SOURCED, feed) for stop in stops),
    ]
