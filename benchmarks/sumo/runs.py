"""One simulation with each dispatcher: SUMO's greedyShared, its OR-Tools example, and ours through TraCI."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.sumo.install import Sumo
from benchmarks.sumo.road_graph import RoadGraph
from benchmarks.sumo.rolling import Planner, Roads
from benchmarks.sumo.scenario import Demand, Outcome, read_outcome, write_scenario
from benchmarks.sumo.taxi_dispatch import TaxiDispatch


def greedy_shared(sumo: Sumo, demand: Demand, net: Path, folder: Path) -> Outcome:
    """Run SUMO's own dispatcher with shared rides, at its default period of 60 s."""
    configuration = write_scenario(demand, net, folder)
    command = [sumo.program("sumo"), "-c", configuration, "--device.taxi.dispatch-algorithm", "greedyShared"]
    subprocess.run(command, check=True, capture_output=True, env=_environment(sumo))
    return read_outcome(folder, len(demand.requests))


def drt_ortools(sumo: Sumo, demand: Demand, net: Path, folder: Path) -> Outcome:
    """Run SUMO's example with OR-Tools in the interpreter that has the ortools it needs."""
    if sumo.python is None:
        raise FileNotFoundError("no environment with ortools 9.10 beside this SUMO")
    configuration = write_scenario(demand, net, folder)
    text = configuration.read_text("utf-8")
    told = '<device.taxi.dispatch-algorithm value="traci" />'
    configuration.write_text(text.replace("</configuration>", f"{told}</configuration>"), "utf-8")
    script = Path(__file__).with_name("ortools_example.py")
    # Two hours after the last request everybody has arrived; the example itself does not notice that.
    end_s = round(demand.requests[-1].time_s) + 7200
    command = [sumo.python, script, configuration, str(end_s)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=_environment(sumo), timeout=1800
    )
    if done.returncode:
        raise RuntimeError(f"drtOrtools.py failed: {done.stderr.strip().splitlines()[-1:]}")
    return read_outcome(folder, len(demand.requests))


def ours(sumo: Sumo, demand: Demand, net: Path, folder: Path, *, graph: RoadGraph, planner: Planner) -> Outcome:
    """Run with our engine deciding."""
    configuration = write_scenario(demand, net, folder)
    traci = sumo.traci()
    command = [str(sumo.program("sumo")), "-c", str(configuration), "--device.taxi.dispatch-algorithm", "traci"]
    os.environ["SUMO_HOME"] = str(sumo.home)
    with contextlib.redirect_stdout(sys.stderr):  # it tells of its attempts to connect
        traci.start(command, stdout=subprocess.DEVNULL)
    try:
        TaxiDispatch(traci=traci, roads=Roads(graph), planner=planner, expected=len(demand.requests)).run()
    finally:
        traci.close()
    return read_outcome(folder, len(demand.requests))


def _environment(sumo: Sumo) -> dict[str, str]:
    return {**os.environ, "SUMO_HOME": str(sumo.home)}
