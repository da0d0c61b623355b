"""The scorecard of a run: what the server reports about its days, beside what the simulated people really saw."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_TRIPS = ("scheduled", "operated")
_RIDES = ("requested", "promised", "served", "refused", "cancelled", "no_show")
_PROMISES = ("made", "kept", "revised", "broken", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Distinct samples, counted after draining."""

    sent: int = 0
    acknowledged: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """How good predicted departures were; None where none was scored."""

    scored: int = 0
    eta_accuracy: float | None = None
    """Share within the tolerance of the ETA accuracy benchmark, 0..1."""
    mae_s: float | None = None
    """Mean absolute error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What the simulator itself saw and did; to be held against the server's own count."""

    trips_driven: int = 0
    """Line trips driven to their last stop."""
    line_boardings: int = 0
    line_left_behind: int = 0
    """Times a rider stood at a stop and the vehicle was full."""
    connections_kept: int = 0
    """Train riders who reached the trip they had planned."""
    connections_missed: int = 0
    holds: int = 0
    """Departures that waited for a train."""
    line_changes: int = 0
    """Changes of the line service that the control room entered and the server took."""
    line_changes_refused: int = 0
    rides_wished: int = 0
    rides_booked: int = 0
    rides_refused: int = 0
    """Wishes that ended without a booking because the service refused."""
    rides_declined: int = 0
    """Wishes whose alternatives the rider did not want."""
    rides_cancelled: int = 0
    boarded: int = 0
    alighted: int = 0
    no_shows: int = 0
    pickups_late: int = 0
    """Pickups that began after the window the manifest told the driver."""
    repairs: int = 0
    """Repairs that the simulated dispatcher published."""
    calls_to_riders: int = 0
    """Calls with news, reached or not."""
    radio_gaps: int = 0
    """Times a vehicle lost its connection."""
    http_requests: int = 0
    http_failures: int = 0
    """Requests that got no answer."""
    manoeuvres_released: int = 0
    """Requests of automated vehicles that technical supervision released."""
    manoeuvres_refused: int = 0
    manoeuvres_unanswered: int = 0
    """Requests whose deadline passed, in a radio gap for instance; the safety driver drove on."""
    commands_rejected: int = 0
    """Commands that a vehicle did not obey."""
    driven_m: float = 0.0
    energy_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A run in numbers; ``wall_s`` is the only one that may differ between two runs with the same seed."""

    scenario: str
    seed: int
    service_days: int
    wall_s: float = 0.0
    trips: Mapping[str, int] = field(default_factory=dict)
    rides: Mapping[str, int] = field(default_factory=dict)
    promises: Mapping[str, int] = field(default_factory=dict)
    frames: Frames = Frames()
    predictions: Predictions = Predictions()
    witnessed: Witnessed = Witnessed()

    def as_json(self) -> dict[str, Any]:
        """Return what ``scorecard.json`` holds, in the order of the contract."""
        return asdict(self)


def score(
    *,
    scenario: str,
    seed: int,
    reports: Sequence[Mapping[str, Any]],
    sent: int,
    acknowledged: int,
    witnessed: Witnessed,
) -> Scorecard:
    """Return the scorecard over one report of the server per service day, in order.

    Sums counts over the days; predictions are weighted by how many were scored.
    """
    return Scorecard(
        scenario=scenario,
        seed=seed,
        service_days=len(reports),
        trips=_sums(reports, "trips", _TRIPS),
        rides=_sums(reports, "rides", _RIDES),
        promises=_sums(reports, "promises", _PROMISES),
        frames=Frames(sent=sent, acknowledged=acknowledged, duplicates=_duplicates(reports)),
        predictions=_predictions(reports),
        witnessed=witnessed,
    )


def _sums(reports: Sequence[Mapping[str, Any]], part: str, names: Sequence[str]) -> dict[str, int]:
    parts = [report.get(part, {}) for report in reports]
    more = [name for one in parts for name in one if name not in names]
    return {name: sum(int(one.get(name, 0)) for one in parts) for name in (*names, *dict.fromkeys(more))}


def _duplicates(reports: Sequence[Mapping[str, Any]]) -> int:
    # The gateway counts since it started, so the last day's report holds all of them.
    return int(reports[-1].get("frames", {}).get("duplicates", 0)) if reports else 0


def _predictions(reports: Sequence[Mapping[str, Any]]) -> Predictions:
    parts = [report.get("predictions", {}) for report in reports]
    scored = [(int(part.get("scored") or 0), part) for part in parts]
    total = sum(count for count, _ in scored)

    def mean(name: str) -> float | None:
        known = [(count, float(part[name])) for count, part in scored if count and part.get(name) is not None]
        weight = sum(count for count, _ in known)
        return sum(count * value for count, value in known) / weight if weight else None

    return Predictions(scored=total, eta_accuracy=mean("eta_accuracy"), mae_s=mean("mae_s"))
