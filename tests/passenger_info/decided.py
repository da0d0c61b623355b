"""Facts as dispatchers would decide them, told to a ``World`` at its present moment."""

from itertools import count

from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertSeverity, AlertText
from mobility.core.events import Envelope
from mobility.core.ids import AlertId, LineChangeId, StopId, TripId, VehicleId
from mobility.core.line_change import DetourCall, LineChange, LineChangeKind
from mobility.core.line_events import AlertPublished, LineChanged
from mobility.core.vehicle import TripRef
from tests.passenger_info.day import DAY, at
from tests.passenger_info.world import World

_NUMBERS = count(1)


def tell(world: World, *bodies) -> None:
    """Let the ledger say something now."""
    now = world.clock.moment
    world.info.facts([Envelope(seq=next(_NUMBERS), recorded_at=now, actor="dispatcher", body=body) for body in bodies])


def change(world: World, kind: LineChangeKind, *trips: str, day=DAY, change_id: str = "", **fields) -> LineChange:
    """Decide a change of the line now."""
    decided = LineChange(
        change_id=LineChangeId(change_id or f"change-{next(_NUMBERS)}"),
        kind=kind,
        begins=world.clock.moment,
        trips=tuple(TripRef(TripId(trip), day) for trip in trips),
        **fields,
    )
    tell(world, LineChanged(change=decided))
    return decided


def extra(world: World, trip_id: str, pattern_of: str, departs: str, day=DAY) -> TripRef:
    """Decide an extra trip."""
    change(world, LineChangeKind.EXTRA, trip_id, day=day, pattern_of=TripId(pattern_of), departs=at(departs, day))
    return TripRef(TripId(trip_id), day)


def detour(world: World, *trips: str, via=(), path=(), ends=("market", "campus"), day=DAY, **fields) -> LineChange:
    """Decide a detour around the stop "north"."""
    return change(
        world,
        LineChangeKind.DETOUR,
        *trips,
        day=day,
        leaves_at=StopId(ends[0]),
        rejoins_at=StopId(ends[1]),
        via=tuple(DetourCall(StopId(stop), drive_s) for stop, drive_s in via),
        drive_s=150.0,
        path=path,
        reason="Bauarbeiten in der Marktstraße",
        **fields,
    )


def assign(world: World, vehicle_id: str, *trips: str, day=DAY) -> LineChange:
    """Put a vehicle on trips."""
    return change(world, LineChangeKind.VEHICLE_ASSIGNED, *trips, day=day, vehicle_id=VehicleId(vehicle_id))


def alert(alert_id: str, effect: AlertEffect, **fields) -> AlertPublished:
    """A written alert, shown at once and for ever."""
    texts = (
        AlertText(language="de", header="Baustelle", description="Die Straße ist gesperrt.", spoken="Baustelle. Zu."),
        AlertText(language="en", header="Roadworks", description="The road is closed."),
        AlertText(language="de-simple", header="Baustelle", description="Baustelle"),
    )
    return AlertPublished(
        alert=Alert(
            alert_id=AlertId(alert_id),
            cause=AlertCause.CONSTRUCTION,
            effect=effect,
            severity=AlertSeverity.WARNING,
            **({"communication": AlertPeriod(None, None), "impact": (), "texts": texts} | fields),
        )
    )
