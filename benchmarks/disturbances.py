"""The frozen table of disturbances, and its digest: figures compare only between runs with the same one."""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim.scenario import Scenario, Traffic

FILE = Path(__file__).with_name("disturbances.toml")
DISTURBANCES: Mapping[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
DIGEST = sha256(FILE.read_bytes()).hexdigest()[:16]
SCENARIO = Scenario(name="disturbed", region="ilmenau", traffic=Traffic(mean_frac=0.10))
"""What the table leaves open: doors, riders, trains."""
