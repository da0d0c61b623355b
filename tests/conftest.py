"""Where optional third-party test data lies."""

import os
from pathlib import Path

import pytest

from dispatch.edge.kernel_cache import drop_stale_kernels

drop_stale_kernels()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party test data, or a skip that says what is missing."""
    default = Path(__file__).parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("MOBILITY_TEST_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"third-party test data is absent: no folder {folder.name} (set MOBILITY_TEST_DATA)")
    return folder
