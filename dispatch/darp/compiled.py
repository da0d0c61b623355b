"""Compilation to machine code: one set of options, so that every kernel is built the same way."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")

_njit: Any = numba.njit  # its stubs do not know all options
OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True, "_nrt": False}
"""Kernels work in arrays they are given and make none: without counting of references they compile and run faster."""


def entry(kernel: Callable[P, R]) -> Callable[P, R]:
    """Return ``kernel`` as machine code that Python may call, compiled at its first call and kept on disk.

    Arithmetic stays exact IEEE 754 (no ``fastmath``): a plan must not depend on how a machine reorders a sum.
    numba notices a change of the kernel's own file only: after an edit of a kernel that others call, delete the caches.
    """
    built: Callable[P, R] = _njit(cache=True, **OPTIONS)(kernel)
    return built


def compiled(kernel: Callable[P, R]) -> Callable[P, R]:
    """Return ``kernel`` as machine code for other kernels only, compiled into each ``entry`` that needs it."""
    built: Callable[P, R] = _njit(no_cpython_wrapper=True, **OPTIONS)(kernel)
    return built
