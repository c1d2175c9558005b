"""One thread for small matrices."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P, T = ParamSpec("P"), TypeVar("T")


def one_blas_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` with one BLAS thread: its matrices are small, so that more threads mostly wait for each other,
    and the last bits of a result must not depend on the number of cores."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
