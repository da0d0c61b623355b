"""Learning from the trip log: what past days taught is there again after a restart.

A trip log says when vehicles came and left, not where they stood in between or who drove: what a drive took far beyond
the usual is taken for standing.
"""

from collections.abc import Iterable

from passenger_info.predictor import Predictor
from passenger_info.runs import Runs
from passenger_info.visits import StopVisit


def learn(predictor: Predictor, runs: Runs, visits: Iterable[StopVisit]) -> int:
    """Teach ``predictor`` stop visits of past days, in order of days and of travel; return how many drives it learned.

    Visits of trips that the timetable of ``runs`` does not have, or at other stops, teach nothing.
    """
    drives = 0
    before: StopVisit | None = None
    for visit in visits:
        run = runs.get(visit.trip)
        sequence = () if run is None else run.trip.stop_sequence
        if run is None or visit.stop_sequence not in sequence:
            before = None
            continue
        i = sequence.index(visit.stop_sequence)
        if run.trip.pattern.stops[i] != visit.stop_id:
            before = None
            continue
        if i > 0 and before is not None and _follows(visit, before) and before.stop_sequence == sequence[i - 1]:
            drives += predictor.learned_drive(run, i, before.departure, visit.arrival)
        if visit.departure is not None and i < run.last:
            predictor.learned_stop(run, i, visit.arrival, visit.departure)
        before = visit
    return drives


def _follows(visit: StopVisit, before: StopVisit) -> bool:
    return before.trip == visit.trip and before.vehicle_id == visit.vehicle_id
