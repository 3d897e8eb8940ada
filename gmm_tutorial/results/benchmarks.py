"""The receipts of benchmarks: what benchmarks/bench.py has written to results/bench/."""

from typing import Any

from gmm_tutorial._files import unsealed
from gmm_tutorial.results.receipts import RESULTS

BENCHMARKS = RESULTS / "bench"


def benchmark(name: str) -> dict[str, Any] | None:
    """Return what a benchmark measured.

    Args:
        name: Of its file in benchmarks/, such as "attention".

    Returns:
        Its question, its answers, the device and the versions, and under "measured" the cells of its table; None if it
        has not been run.

    Raises:
        ValueError: If the receipt is damaged.

    Example:
        >>> benchmark("nothing") is None
        True
    """
    path = BENCHMARKS / f"{name}.json"
    return unsealed(path) if path.exists() else None
