"""What the live trainings of the lessons gave with several seeds, measured beforehand by benchmarks/live.py."""

import json

from gmm_tutorial.results.receipts import RESULTS

LIVE = RESULTS / "live.json"


def live(lesson: str) -> dict[str, list[float]]:
    """Return what the live trainings of a lesson gave.

    Args:
        lesson: Its name, such as "03_gmm".

    Returns:
        One value per seed, by the name of the row; empty as long as the lesson has not been measured.

    Example:
        >>> live("00_start_here")
        {}
    """
    if not LIVE.exists():
        return {}
    kept: dict[str, dict[str, list[float]]] = json.loads(LIVE.read_text())["lessons"]
    return kept.get(lesson, {})
