"""How the recipe `short` was chosen: one change at a time, measured on training images that were held out.

    python benchmarks/short_recipe.py --seeds 0                # what results/short_recipe.json lacks
    python benchmarks/short_recipe.py --seeds 0 1 2 --changes "as it is" "rate 1e-3"

The ViT of the profile `learn`, 5,000 training images of CIFAR-10, 30 passes; 5,000 others, of the training split too,
take the place of the test images, which have no part in the choice. About four minutes per run on one CPU core.
"""

import argparse
import json
from dataclasses import replace
from typing import Any

from filelock import FileLock

from gmm_tutorial import data, results
from gmm_tutorial.data import Images
from gmm_tutorial.train import build, configure, fit

PATH = results.RESULTS / "short_recipe.json"
IMAGES = 5_000

CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "with AutoAugment": {"auto_augment": "cifar10"},
    "with mixing": {"mix": 0.5},
    "with both": {"auto_augment": "cifar10", "mix": 0.5},
    "rate 1e-3": {"lr": 1e-3},
    "rate 4e-3": {"lr": 4e-3},
    "decay .2": {"weight_decay": 0.2},
    "float32": {"precision": "float32"},
}


def parts(images: Images) -> tuple[Images, Images]:
    """Images to train on, and as many others to choose by."""
    both = images.subset(2 * IMAGES, seed=0)
    return tuple(  # type: ignore[return-value]
        replace(both, images=both.images[part], labels=both.labels[part])
        for part in (slice(0, IMAGES), slice(IMAGES, 2 * IMAGES))
    )


def main(seeds: list[int], changes: list[str], prior: str | None) -> None:
    """Measure what is missing, and print all that there is."""
    train_set, held_out = parts(data.load("cifar10", "train"))
    for seed in seeds:
        for change in changes:
            name = f"{prior or 'none'}, {change}, seed {seed}"
            if name in known():
                continue
            values = {"epochs": 30, "eval_every": 30, "seed": seed, "prior": prior, **CHANGES[change]}
            config = configure("cifar10", recipe="short", profile="learn", **values)
            history = fit(build(config, train_set), config, train_set, held_out)
            with FileLock(PATH.with_suffix(".lock")):
                measured = {
                    "accuracy": history.accuracy[-1][1],
                    "loss": history.loss[-1],
                    "training": config.model_dump(mode="json"),
                }
                PATH.write_text(json.dumps({**known(), name: measured}, indent=1) + "\n")
    for name, measured in known().items():
        print(f"{measured['accuracy']:.2%}  loss {measured['loss']:.3f}  {name}")


def known() -> dict[str, Any]:
    """What was measured so far."""
    found: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--changes", nargs="+", choices=[*CHANGES], default=[*CHANGES])
    parser.add_argument("--prior", default="none")
    given = parser.parse_args()
    main(given.seeds, given.changes, None if given.prior == "none" else given.prior)
