"""Where optional third-party test data lies, and patience with a slow machine."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dispatch.edge.kernel_cache import drop_stale_kernels

drop_stale_kernels()

# How long an example takes says something about the machine, nothing about the code.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party test data, or a skip that says what is missing."""
    default = Path(__file__).parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("MOBILITY_TEST_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"third-party test data is absent: no folder {folder.name} (set MOBILITY_TEST_DATA)")
    return folder
