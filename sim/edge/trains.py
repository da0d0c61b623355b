"""Trains: their delays become known some minutes before they arrive, and somebody reports them."""

from collections.abc import Sequence

from mobility.core.clock import Clock, seconds_between, shifted
from mobility.core.vehicle import TripRef
from sim.edge.public_api import PublicApi
from sim.line_demand import Train


async def report_delays(trains: Sequence[Train], *, api: PublicApi, clock: Clock, known_before_s: float) -> None:
    """Report each late train when its delay becomes known; those that have arrived already are left out."""
    late = [train for train in trains if train.delay_s > 0]
    for train in sorted(late, key=lambda train: (train.scheduled, train.connection_id)):
        known_at = shifted(train.scheduled, -known_before_s)
        now = clock.now()
        if shifted(train.scheduled, train.delay_s) <= now:
            continue
        await clock.sleep(max(seconds_between(now, known_at), 0.0))
        ref = TripRef(train.trip_id, train.day)
        for planned in await api.holds():
            if planned.trip == ref and str(planned.connection_id).startswith(train.connection_id):
                await api.report_feeder_delay(planned.connection_id, train.delay_s)
