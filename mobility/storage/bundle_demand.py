"""``demand.toml``: what the simulator's riders do. The server never reads it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mobility.core.demand import Demand, LineRiders, RadioGap, RideFlow, RiderHabits, TrainRiders
from mobility.core.ids import RouteId, ServiceAreaId, StopId
from mobility.core.region import Region
from mobility.core.service_day import ServiceTime
from mobility.storage.bundle_fields import Fields


@dataclass(frozen=True, kw_only=True)
class DemandContext:
    """What the demand file refers to: line ids, and the stops of lines and areas."""

    lines: Mapping[RouteId, Collection[StopId]]
    areas: Mapping[ServiceAreaId, Collection[StopId]]


def context_of(region: Region) -> DemandContext:
    """Return what a region offers to its demand."""
    lines = {line.route_id: {stop for pattern in line.patterns for stop in pattern.stops[:-1]} for line in region.lines}
    return DemandContext(lines=lines, areas={area.area_id: area.stops for area in region.areas})


def read_demand(top: Fields, context: DemandContext) -> Demand:
    """Return the demand; raises ``BadInputError``."""
    flows = tuple(_flow(row, context) for row in top.tables("flows"))
    habits = [_habits(row) for row in top.tables("habits")]
    if len(habits) > 1 or (flows and not habits):
        top.fail("habits", "must stand there exactly once where there are flows")
    demand = Demand(
        flows=flows,
        habits=habits[0] if habits else None,
        train_riders=tuple(_train_riders(row, context) for row in top.tables("train_riders")),
        line_riders=tuple(_line_riders(row, context) for row in top.tables("line_riders")),
        radio_gaps=tuple(_gap(row) for row in top.tables("radio_gaps")),
    )
    top.close()
    return demand


def _flow(row: Fields, context: DemandContext) -> RideFlow:
    area_id = ServiceAreaId(row.one_of("area", context.areas))
    starts, ends = _span(row)
    flow = RideFlow(
        area_id=area_id,
        origin=StopId(row.one_of("origin", context.areas[area_id])),
        destination=StopId(row.one_of("destination", context.areas[area_id])),
        starts=starts,
        ends=ends,
        rides_per_day=row.number("rides_per_day", low=0, high=10_000),
        return_frac=row.number("return_frac", low=0, high=1),
        stay_s=row.number("stay_min", low=0, high=1440) * 60,
    )
    if flow.origin == flow.destination:
        row.fail("destination", "is the origin")
    row.close()
    return flow


def _habits(row: Fields) -> RiderHabits:
    habits = RiderHabits(
        phone_frac=row.number("phone_frac", low=0, high=1),
        arrive_frac=row.number("arrive_frac", low=0, high=1),
        lead_min_s=row.number("lead_min_min", low=0, high=100_000) * 60,
        lead_max_s=row.number("lead_max_min", low=0, high=100_000) * 60,
        group_weights=row.numbers("group_weights", low=0, high=1),
        wheelchair_frac=row.number("wheelchair_frac", low=0, high=1),
        no_show_frac=row.number("no_show_frac", low=0, high=1),
        cancel_frac=row.number("cancel_frac", low=0, high=1),
    )
    if habits.lead_max_s < habits.lead_min_s:
        row.fail("lead_max_min", "is less than lead_min_min")
    if not 0.999 < sum(habits.group_weights) < 1.001:  # noqa: PLR2004 - rounding of written decimals
        row.fail("group_weights", f"sum to {sum(habits.group_weights):g}, not to 1")
    row.close()
    return habits


def _train_riders(row: Fields, context: DemandContext) -> TrainRiders:
    route_id = RouteId(row.one_of("line", context.lines))
    starts, ends = _span(row)
    riders = TrainRiders(
        route_id=route_id,
        stop_id=StopId(row.one_of("stop", context.lines[route_id])),
        starts=starts,
        ends=ends,
        riders_per_train=row.number("riders_per_train", low=0, high=500),
    )
    row.close()
    return riders


def _line_riders(row: Fields, context: DemandContext) -> LineRiders:
    starts, ends = _span(row)
    riders = LineRiders(
        route_id=RouteId(row.one_of("line", context.lines)),
        starts=starts,
        ends=ends,
        boardings_per_call=row.number("boardings_per_call", low=0, high=500),
    )
    row.close()
    return riders


def _gap(row: Fields) -> RadioGap:
    gap = RadioGap(
        name=row.text("name"), centre=row.place("centre"), radius_m=row.number("radius_m", low=1, high=50_000)
    )
    row.close()
    return gap


def _span(row: Fields) -> tuple[ServiceTime, ServiceTime]:
    starts, ends = row.clock("starts"), row.clock("ends")
    if ends <= starts:
        row.fail("ends", "lies not after starts")
    return starts, ends
