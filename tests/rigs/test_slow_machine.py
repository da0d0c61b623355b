"""The slow machine is slow, for children too, and what runs on it ends as it would elsewhere."""

import subprocess
import sys

from tests.patience import LONG_PATIENCE_S
from tests.rigs.slow_machine import run

STANDS_STILL = """
import sys, time
gap_s, before_s, end_s = 0.0, time.monotonic(), time.monotonic() + 30
while gap_s < 0.1 and before_s < end_s:
    time.sleep(0.001)
    now_s = time.monotonic()
    gap_s, before_s = max(gap_s, now_s - before_s), now_s
sys.exit(7 if gap_s >= 0.1 else 1)
"""


def test_a_process_and_its_children_stand_still_now_and_then_and_the_exit_code_comes_back() -> None:
    assert run([sys.executable, "-c", STANDS_STILL], 0.6, 0.2, 1) == 7
    child = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {STANDS_STILL!r}]).returncode)"
    assert run([sys.executable, "-c", child], 0.6, 0.2, 2) == 7


def test_who_ends_at_once_leaves_nothing_stopped() -> None:
    slow = [sys.executable, "-m", "tests.rigs.slow_machine", "--share", "0.9", "--"]
    command = [*slow, sys.executable, "-c", "print('done')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG_PATIENCE_S)
    assert (done.returncode, done.stdout) == (0, "done\n")
