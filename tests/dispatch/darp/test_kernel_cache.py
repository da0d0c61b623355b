"""A kernel compiled from older sources is never loaded."""

import os
from pathlib import Path

from dispatch.edge.kernel_cache import drop_stale_kernels


def written(path: Path, at_s: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (at_s, at_s))
    return path


def test_kernels_older_than_any_source_are_dropped_all_together(tmp_path: Path) -> None:
    written(tmp_path / "entry.py", 100)
    written(tmp_path / "called.py", 300)
    index = written(tmp_path / "__pycache__" / "entry.f-1.py311.nbi", 200)
    newer = written(tmp_path / "__pycache__" / "entry.f-1.py311.1.nbc", 400)
    assert drop_stale_kernels(tmp_path) == 2
    assert not index.exists()
    assert not newer.exists()


def test_kernels_newer_than_all_sources_stay(tmp_path: Path) -> None:
    written(tmp_path / "entry.py", 100)
    index = written(tmp_path / "__pycache__" / "entry.f-1.py311.nbi", 100)
    assert drop_stale_kernels(tmp_path) == 0
    assert index.exists()


def test_a_package_without_kernels_has_nothing_to_drop(tmp_path: Path) -> None:
    assert drop_stale_kernels(tmp_path) == 0
