"""How long each lesson takes, from its first cell to its last, with nothing trained before: for lesson 00 to show.

python benchmarks/lessons.py            # both profiles; writes results/lesson_times.json
python benchmarks/lessons.py 04 05      # these lessons only

A lesson takes over what an earlier one of the same run has trained, as it does for a learner.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from gmm_tutorial import results
from gmm_tutorial.course import locate, run
from gmm_tutorial.train import profiles


def main(numbers: list[str], names: list[str], cache: Path) -> None:
    """Run learners' notebooks in each profile, and keep the seconds."""
    cache.mkdir(parents=True, exist_ok=True)
    if any(cache.iterdir()):
        raise SystemExit(f"{cache} is not empty, but a lesson's time counts its trainings")
    path = results.RESULTS / "lesson_times.json"
    kept = json.loads(path.read_text()) if path.exists() else {"seconds": {}}
    kept["machine"] = results.machine(profiles.device())
    os.environ["GMM_TUTORIAL_CACHE"] = str(cache)
    notebooks = [locate.find(number) for number in numbers or locate.masters(locate.repository())]
    for notebook in notebooks:  # lesson 00 shows the file, and is itself measured: 0 until then
        kept["seconds"].setdefault(notebook.stem, {"ci": 0, "learn": 0})
    kept["seconds"] = dict(sorted(kept["seconds"].items()))
    path.write_text(json.dumps(kept, indent=1) + "\n")
    for name in names:
        os.environ[profiles.VARIABLE] = name
        for notebook in notebooks:
            start = time.perf_counter()
            run.run(notebook)
            kept["seconds"][notebook.stem][name] = round(time.perf_counter() - start)
            print(notebook.stem, name, kept["seconds"][notebook.stem][name], "s", flush=True)
            path.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", help="their numbers; all of them by default")
    parser.add_argument("--profiles", nargs="+", default=["learn", "ci"], choices=["ci", "learn", "full"])
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:
        main(arguments.lessons, arguments.profiles, arguments.cache or Path(empty))
