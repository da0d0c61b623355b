"""The coverage picture: pieces of street with chainage, worst first, as map layer and table."""

from v2x.link.coverage import Coverage
from v2x.road.layers import Feature, Names, near
from v2x.road.sections import Sections


def coverage_layer(coverage: Coverage, sections: Sections, names: Names = ()) -> list[Feature]:
    """Return one line for each piece of street that vehicles passed, the one with most late samples first.

    ``rtt_p50_ms`` and ``rtt_p95_ms`` are the upper ends of the steps of ``v2x.link.histogram``.
    """
    features = []
    known = ((place, cell) for place, cell in coverage.publishable().items() if sections.is_known(place))
    for place, cell in known:
        from_m, to_m = sections.span_m(place)
        properties = {
            "edge": place.edge,
            "from_m": round(from_m, 1),
            "to_m": round(to_m, 1),
            "near": near(sections.middle(place), names),
            "samples": cell.samples,
            "passes": cell.passes,
            "late_frac": round(cell.late_frac, 4),
            "reconnects": cell.reconnects,
            "rtt_p50_ms": cell.round_trips.at_most_ms(0.5),
            "rtt_p95_ms": cell.round_trips.at_most_ms(0.95),
            "rsrp_dbm": cell.rsrp_dbm,
        }
        features.append(Feature(places=sections.line(place), properties=properties))
    return sorted(features, key=lambda feature: (-feature.properties["late_frac"], -feature.properties["samples"]))
