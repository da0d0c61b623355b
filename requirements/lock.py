"""Pin the ranges of pyproject.toml into hashed requirement files that name no address.

Seven days of cooldown let a bad release be found before it reaches us. Run by ``make lock``.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FILES = {
    "runtime.txt": ["pyproject.toml"],
    "build.txt": ["--group", "build"],
    "dev.txt": ["pyproject.toml", "--group", "build", "--group", "dev"],
    "uv.txt": ["--group", "bootstrap"],
    "planner.txt": ["--group", "planner"],
}


def main() -> int:
    """Write every lock; return the first exit code that is not 0."""
    uv = Path(sys.executable).with_name("uv")
    for name, source in FILES.items():
        command = [uv, "pip", "compile", *source, "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--exclude-newer", "P7D", "--quiet", "-o", HERE / name]
        done = subprocess.run(command, check=False, cwd=HERE.parent)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
