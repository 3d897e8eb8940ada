"""Results: receipts of trainings, their statistics, and where they come from."""

from gmm_tutorial._lazy import lazy

_MODULES = {
    "benchmarks": ("BENCHMARKS", "benchmark"),
    "lessons": ("live",),
    "provenance": ("commit", "machine"),
    "receipts": ("RESULTS", "SUFFIX", "Kept", "Receipt", "Source", "lesson_times", "load", "read", "save"),
    "statistics": ("check_alike", "interval", "paired_difference", "verdict"),
}
_EXPORTS = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}

__all__ = [*_EXPORTS]
__getattr__, __dir__ = lazy(__name__, _EXPORTS)
