"""Starts SUMO's drtOrtools.py by its function: its command line turns the time limit into a float, which fails.

Run by the interpreter of SUMO's environment, without our packages: ``ortools_example.py CONFIGURATION END_S``.
Arguments are those of the comparison that is repeated here; integers, and a fixed allocation, are what it bears.
"""

import importlib
import os
import sys
from pathlib import Path


def main() -> None:
    """Simulate to the end."""
    home = Path(os.environ["SUMO_HOME"])
    sys.path += [str(home / "tools"), str(home / "tools" / "drt")]
    traci = importlib.import_module("traci")
    model = importlib.import_module("orToolsDataModel")
    example = importlib.import_module("drtOrtools")
    traci.start([str(home / "bin" / "sumo"), "-c", sys.argv[1]])
    example.run(
        "dynamic",
        end=int(sys.argv[2]),
        interval=60,
        time_limit=1,
        cost_type=model.CostType.DISTANCE,
        drf=2,
        waiting_time=3600,
        fix_allocation=True,
    )


if __name__ == "__main__":
    main()
