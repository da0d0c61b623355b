"""The compiled search on disk: what was compiled from older sources is dropped before it can be loaded.

numba looks at the file of the function it compiles, not at the files of what that function calls. So after an update of
some files a stale kernel would be loaded, and nobody would notice.
"""

from pathlib import Path

import dispatch.darp

_KINDS = ("*.nbi", "*.nbc")


def drop_stale_kernels(folder: Path | None = None) -> int:
    """Delete compiled kernels that are older than any source beside them; return how many files went.

    ``folder`` is the package of the kernels. Where it may not be written to nothing is compiled into it either.
    """
    package = folder or Path(dispatch.darp.__file__).parent
    sources = [path.stat().st_mtime for path in package.glob("*.py")]
    kept = [path for kind in _KINDS for path in (package / "__pycache__").glob(kind)]
    if not sources or all(path.stat().st_mtime >= max(sources) for path in kept):
        return 0
    for path in kept:
        path.unlink(missing_ok=True)
    return len(kept)


if __name__ == "__main__":  # once, when the project is set up: half a minute that nobody waits for later
    from dispatch.darp.solve import warm

    drop_stale_kernels()
    warm()
