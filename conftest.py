"""What every test needs, unit tests and notebooks alike, so that plain `pytest` works with no flag."""

import os

import pytest

# notebooks are tested in the quick profile; whoever sets another one means it
os.environ.setdefault("GMM_TUTORIAL_PROFILE", "ci")

# with xdist the workers share the cores instead of each taking all of them; kernels inherit this
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if workers > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))


def pytest_collectstart(collector: pytest.Collector) -> None:
    """nbval: leave warnings and vector pictures out of the comparison, as it does PNG."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "image/svg+xml")
