"""``region check``: what is wrong with a bundle that can be read, rule by rule, each with an id and a sentence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mobility.core.demand import Demand
from mobility.core.evidence import Factor, SourceRow
from mobility.core.network import RoadNetwork
from mobility.core.region import Region
from mobility.storage.bundle_drawing import drawn_network, has_drawing
from mobility.storage.bundles import load_demand, load_factors, load_region, load_sources

FILES = (
    "region.toml",
    "network.npz",
    "stops.csv",
    "lines.toml",
    "on_demand.toml",
    "fleet.toml",
    "demand.toml",
    "factors.toml",
    "sources.csv",
    "drawn",
    "gtfs",
    "README.md",
)
"""What a bundle's directory may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found. An error makes the bundle wanting, a warning does not."""

    rule: str
    is_error: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Everything the rules look at."""

    region: Region
    demand: Demand
    factors: tuple[Factor, ...]
    sources: tuple[SourceRow, ...]
    drawn: RoadNetwork | None
    """The network of the drawn source, where the bundle brings one."""
    strangers: tuple[str, ...]
    """Names in the directory that no bundle has."""


Sentences = Iterable[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its id, what it demands, and the function that returns one sentence for each breach."""

    rule_id: str
    demands: str
    breaches: Callable[[Bundle], Sentences]
    is_error: bool = True


def open_bundle(directory: Path) -> Bundle:
    """Return a bundle with all its files read; raises ``BadInputError``."""
    region = load_region(directory)
    return Bundle(
        region=region,
        demand=load_demand(directory),
        factors=load_factors(directory),
        sources=load_sources(directory),
        drawn=drawn_network(directory) if has_drawing(directory) else None,
        strangers=tuple(
            entry.name
            for entry in sorted(directory.iterdir())
            if entry.name not in FILES and not entry.name.startswith((".", "__"))
        ),
    )


def findings(bundle: Bundle, rules: Iterable[Rule]) -> list[Finding]:
    """Return what the rules find, errors first, else in the order of the rules."""
    found = [
        Finding(rule=rule.rule_id, is_error=rule.is_error, sentence=sentence)
        for rule in rules
        for sentence in rule.breaches(bundle)
    ]
    return sorted(found, key=lambda finding: not finding.is_error)
