"""What a learner's code may use: memory by a limit of the system, and time, which the grading process watches.

This module is imported before torch, in the kernel too, and imports nothing that takes time.
"""

import sys
from dataclasses import dataclass

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

ENFORCED = resource is not None and sys.platform == "linux"  # macOS has the limit, and does not enforce it
NOT_ENFORCED = "memory is not limited on this system: only Linux enforces a limit for one process"


@dataclass(frozen=True)
class Limits:
    """How much one notebook may use.

    memory: bytes that the kernel, and each answer, may allocate. cell: seconds for a cell, and for all checks of an
    answer. total: seconds for all cells together.
    """

    memory: int = 4 * 2**30
    cell: float = 60.0
    total: float = 600.0


def limit_memory(size: int) -> None:
    """Let this process allocate no more than `size` bytes: beyond that it gets a MemoryError, or torch's RuntimeError.

    What is allocated counts, not the address space: torch's libraries alone take several gigabytes of that.
    """
    if ENFORCED:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        size = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
