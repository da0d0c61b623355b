"""From a fresh clone to a page that answers: ``make run`` with empty package caches, and ``make run`` once more.

Clones the committed state into a directory that is thrown away and points pip, uv and npm at empty caches. Needs the
package registries; without them it says so and fails. Limits: 240 s the first time, 15 s the second.
Run: ``python -m benchmarks.bench_clean_clone``.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench_start import answers, free_port

ROOT = Path(__file__).parents[1]
COLD_LIMIT_S, WARM_LIMIT_S = 240.0, 15.0


def make_run_s(clone: Path, environment: dict[str, str], patience_s: float) -> float:
    """Return the seconds from ``make run`` to the first answered page; raises ``RuntimeError`` where none comes."""
    port = free_port()
    started_s = time.perf_counter()
    with subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            while process.poll() is None and time.perf_counter() - started_s < patience_s:
                if answers(port):
                    return time.perf_counter() - started_s
                time.sleep(0.05)
            raise RuntimeError("make run ended or gave no page in time")
        finally:
            # make's own session: the demo below it ends with it.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)


def main() -> int:
    """Print two JSON lines; 1 where a limit is not kept."""
    results: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        clone, cache = Path(folder) / "clone", Path(folder) / "cache"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        caches = {"UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip", "npm_config_cache": "npm"}
        environment = {**os.environ, **{name: str(cache / part) for name, part in caches.items()}}
        try:
            for name, limit_s in (("cold", COLD_LIMIT_S), ("again", WARM_LIMIT_S)):
                results.append((name, make_run_s(clone, environment, 2 * limit_s), limit_s))
        except RuntimeError as error:
            print(json.dumps({"benchmark": "make_run", "failed": str(error)}))
            return 1
    for name, taken_s, limit_s in results:
        line = {"benchmark": f"make_run.{name}", "s": round(taken_s, 1), "limit_s": limit_s}
        print(json.dumps({**line, "ratio": round(taken_s / limit_s, 3)}))
    return 0 if all(taken_s <= limit_s for _, taken_s, limit_s in results) else 1


if __name__ == "__main__":
    sys.exit(main())
