"""What is known of the roads as map layers (GeoJSON, RFC 7946) and as tables: roughness, hazards, junctions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from mobility.core.clock import datetime_at
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import NodeIndex
from mobility.core.supervision import Hazard
from v2x.road.hazards import cause_of
from v2x.road.roughness import class_of
from v2x.road.survey import RoadSurvey

Names = Sequence[tuple[str, LatLon]]
"""Named places of a region, e.g. ``Region.map_names``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing on the map: a line or, with one place, a point."""

    places: tuple[LatLon, ...]
    properties: Mapping[str, Any]
    """Also the row of the table, in the order of its columns."""


def near(place: LatLon, names: Names) -> str:
    """Return the name of the named place nearest to ``place``; empty where there are no names."""
    return min(names, key=lambda named: distance_m(place, named[1]))[0] if names else ""


def roughness_layer(survey: RoadSurvey, names: Names = ()) -> list[Feature]:
    """Return one line for each section and direction somebody measured, the roughest first."""
    features = []
    for section, told in survey.roughness().items():
        from_m, to_m = survey.sections.span_m(section)
        properties = {
            "edge": section.edge,
            "from_m": round(from_m, 1),
            "to_m": round(to_m, 1),
            "near": near(survey.sections.middle(section), names),
            "passes": told.passes,
            "roughness_mps2": round(told.roughness_mps2, 3),
            "p90_mps2": round(told.p90_mps2, 3),
            "class": class_of(told.roughness_mps2),
        }
        features.append(Feature(places=survey.sections.line(section), properties=properties))
    return sorted(features, key=lambda feature: -feature.properties["roughness_mps2"])


def junction_layer(survey: RoadSurvey, names: Names = ()) -> list[Feature]:
    """Return one line for each approach with enough passes, the longest mean delay first."""
    features = []
    for approach, told in survey.delays().items():
        place = survey.network.place(NodeIndex(approach.node))
        properties = {
            "junction": approach.node,
            "edge": approach.edge,
            "length_m": round(approach.length_m, 1),
            "near": near(place, names),
            "passes": told.passes,
            "mean_delay_s": round(told.mean_delay_s, 1),
            "p90_delay_s": round(told.p90_delay_s, 1),
            "free_flow_mps": round(told.free_flow_mps, 2),
        }
        line = survey.sections.cut(approach.edge, approach.from_m, approach.to_m)
        features.append(Feature(places=line, properties=properties))
    return sorted(features, key=lambda feature: -feature.properties["mean_delay_s"])


def hazard_layer(hazards: Iterable[Hazard], names: Names = ()) -> list[Feature]:
    """Return one point for each hazard given."""
    return [
        Feature(
            places=(hazard.place,),
            properties={
                "hazard_id": hazard.hazard_id,
                "cause": cause_of(hazard),
                "cause_code": hazard.cause_code,
                "sub_cause_code": hazard.sub_cause_code,
                "near": near(hazard.place, names),
                "detected_at": datetime_at(hazard.detected_at, UTC).isoformat(),
                "valid_until": datetime_at(hazard.valid_until, UTC).isoformat(),
                "reported_by": hazard.reported_by,
            },
        )
        for hazard in hazards
    ]


def collection(features: Iterable[Feature]) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": [_geojson(feature) for feature in features]}


def table(features: Iterable[Feature]) -> list[dict[str, Any]]:
    """Return the same as rows, each with the place of its middle."""
    rows = []
    for feature in features:
        middle = feature.places[len(feature.places) // 2]
        rows.append({**feature.properties, "lat": round(middle.lat_deg, 6), "lon": round(middle.lon_deg, 6)})
    return rows


def _geojson(feature: Feature) -> dict[str, Any]:
    positions = [[round(place.lon_deg, 6), round(place.lat_deg, 6)] for place in feature.places]
    geometry = (
        {"type": "LineString", "coordinates": positions}
        if len(positions) > 1
        else {"type": "Point", "coordinates": positions[0]}
    )
    return {"type": "Feature", "geometry": geometry, "properties": dict(feature.properties)}
