"""What live trainings gave with several seeds: how it is measured, kept and read."""

import json
import math

from benchmarks import live as bench
from gmm_tutorial import results
from gmm_tutorial.results import lessons

MASTER = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# 42 A lesson

```{code-cell} ipython3
SEED = 0
ALL = False  # trains the second row too
values = {"a": 10.0 + SEED} | ({"b": 20} if ALL else {})
```

```{code-cell} ipython3
live = {name: value / 3 for name, value in values.items()}
```

```{code-cell} ipython3
raise RuntimeError("what comes after the measurement is not run")
```
"""


def test_a_lesson_is_measured_with_every_seed(tmp_path, monkeypatch):
    (tmp_path / "solutions").mkdir()
    master = tmp_path / "solutions" / "42_lesson.md"
    master.write_text(MASTER)
    (tmp_path / "solutions" / "43_other.md").write_text(MASTER.replace("live =", "other ="))
    monkeypatch.setattr(lessons, "LIVE", tmp_path / "live.json")
    monkeypatch.setattr(bench, "LIVE", tmp_path / "live.json")
    monkeypatch.setattr(bench.locate, "repository", lambda: tmp_path)
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")
    assert results.live("42_lesson") == {}
    bench.main([], [0, 5])
    assert results.live("42_lesson") == {"a": [3.33, 5.0], "b": [6.67, 6.67]}
    assert results.live("43_other") == {}
    assert json.loads((tmp_path / "live.json").read_text())["seeds"] == [0, 5]


def test_what_is_kept_belongs_to_lessons_that_are_there():
    """Each row has a finite value for each seed."""
    if not lessons.LIVE.exists():
        return
    kept = json.loads(lessons.LIVE.read_text())
    masters = bench.locate.masters(bench.locate.repository()).values()
    assert set(kept["lessons"]) <= {master.stem for master in masters}
    for rows in kept["lessons"].values():
        for values in rows.values():
            assert len(values) == len(kept["seeds"])
            assert all(map(math.isfinite, values))


def test_lesson_11_says_of_its_seeds_what_they_gave():
    """What its text says of the three committed seeds, in figures."""
    seeds = results.live("11_your_own_prior")
    chance = max(max(seeds[name]) for name in ("ViT", "temperature", "shuffled rate"))
    assert chance < 12
    for name in ("learned rate", "query width", "tilted Gaussians"):
        assert min(seeds[name]) > chance + 5
    for name in ("query width", "tilted Gaussians"):
        assert sum(own > gmm - 10 for own, gmm in zip(seeds[name], seeds["GMM"], strict=True)) >= 2
        assert abs(min(seeds[name]) - max(seeds[name])) > 10
    assert all(own < gmm - 40 for own, gmm in zip(seeds["learned rate"], seeds["GMM"], strict=True))
    assert max(seeds["learned rate"]) - min(seeds["learned rate"]) > 20
