"""How long people wait for the first sign of life: importing the server, and the demo's first answered page.

Two JSON lines, seconds on the clock on the wall, the best of the runs, each with its limit: ``start.import`` is a fresh
interpreter that imports the whole server with its listeners, beside one that imports nothing; ``start.demo`` is
``mobility demo`` from its start to the first answered page, with everything installed and compiled. ``cpu_s`` is the
processor time of the same runs, which a busy machine disturbs less.

Run: ``python -m benchmarks.bench_start [--runs 5]``.
"""

import argparse
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

IMPORT_LIMIT_S = 1.5
DEMO_LIMIT_S = 15.0
_PATIENCE_S = 120.0
_IMPORTS = "import mobility.cli.run"
"""Wiring, HTTP application and the three listeners: what ``mobility serve`` loads."""
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Python keeps what it compiled, as it does by default; the first run of each figure is not counted."""
_PORTS_TRIED = range(18000, 19000, 10)


def import_s(statement: str) -> tuple[float, float]:
    """Return the seconds a fresh interpreter takes to run a statement and end, and its processor time."""
    started, cpu_s = time.perf_counter(), _children_cpu_s()
    subprocess.run([sys.executable, "-c", statement], check=True, env=_ENVIRONMENT)
    return time.perf_counter() - started, _children_cpu_s() - cpu_s


def free_port() -> int:
    """Return the first of three neighbouring free ports."""
    for port in _PORTS_TRIED:
        if all(_is_free(number) for number in range(port, port + 3)):
            return port
    raise RuntimeError("no three neighbouring ports are free")


def answers(port: int) -> bool:
    """Return whether the start page is served on a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def demo_s() -> float:
    """Return the seconds from starting the demo to its first answered page."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        data = ["--data-dir", str(Path(folder) / "demo")]
        command = [sys.executable, "-m", "mobility", "demo", "--port", str(port), *data]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_ENVIRONMENT) as process:
            try:
                _wait_for_page(process, port, started + _PATIENCE_S)
                return time.perf_counter() - started
            finally:
                process.terminate()


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _wait_for_page(process: subprocess.Popen[bytes], port: int, until_s: float) -> None:
    while time.perf_counter() < until_s and process.poll() is None:
        if answers(port):
            return
        time.sleep(0.02)
    raise RuntimeError("the demo ended or did not answer")


def main() -> int:
    """Print both lines; 1 where a limit is not kept."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=5)
    runs = arguments.parse_args().runs
    import_s(_IMPORTS)  # compiles what is not compiled yet
    measured = [import_s(_IMPORTS) for _ in range(runs)]
    imports, cpu_s = [wall_s for wall_s, _ in measured], [used_s for _, used_s in measured]
    bare = [import_s("pass")[0] for _ in range(runs)]
    demos = [demo_s() for _ in range(2)]
    lines = [
        {
            "benchmark": "start.import",
            "runs": runs,
            "s": round(min(imports), 3),
            "median_s": round(median(imports), 3),
            "cpu_s": round(min(cpu_s), 3),
            "bare_interpreter_s": round(min(bare), 3),
            "limit_s": IMPORT_LIMIT_S,
            "ratio": round(min(imports) / IMPORT_LIMIT_S, 3),
        },
        {
            "benchmark": "start.demo",
            "runs": len(demos),
            "s": round(min(demos), 3),
            "limit_s": DEMO_LIMIT_S,
            "ratio": round(min(demos) / DEMO_LIMIT_S, 3),
        },
    ]
    for line in lines:
        print(json.dumps(line), flush=True)
    return 0 if min(imports) <= IMPORT_LIMIT_S and min(demos) <= DEMO_LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
