"""The independent validator's verdict with the two warnings that have to be taken out, where they have to be."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from tests.passenger_info.validator import findings


def verdict(static, recorded: Sequence[tuple[Instant, bytes]], folder: Path) -> Counter[str]:
    """Rule ids that fired, but for W002 and W003 on updates that name no vehicle: cancelled ones, those ahead.

    Every update without a vehicle is one W002 and at most one W003; a single one more counts as a finding.
    """
    assert len(recorded) > 5
    found = findings(static, recorded, folder)
    bare = sum(bare_updates(message) for message in {message for _, message in recorded})
    found.subtract({"W002": bare, "W003": min(bare, found["W003"])})
    assert found["W002"] >= 0
    return +found


def bare_updates(message: bytes) -> int:
    """How many updates name no vehicle."""
    entities = gtfs_realtime.FeedMessage.FromString(message).entity
    return sum(entity.HasField("trip_update") and not entity.trip_update.vehicle.id for entity in entities)
