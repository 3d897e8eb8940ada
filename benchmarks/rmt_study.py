"""The CIFAR-10 comparison that lesson 07 reads: a small RMT, whole and with one part left out, by seed.

    python benchmarks/rmt_study.py --seeds 0 1 2          # trains what has no receipt in results/rmt yet

The scale is that of small_study.py, whose ViT and GMM-ViT stand beside it: 5,000 images, 12 epochs, the whole test set.
How long a run takes stands in its receipt. Every run differs from the whole one in one part, or in the seed.
"""

import argparse
from typing import Any

from gmm_tutorial import results, runs
from gmm_tutorial.train import TrainConfig, profiles

VARIANTS: dict[str, dict[str, Any]] = {
    "whole": {},
    "no-decay": {"decay": False},
    "no-lepe": {"lepe": False},
    "no-pos-conv": {"pos_conv": False},
    "none-of-three": {"decay": False, "lepe": False, "pos_conv": False},
}
STUDY = results.RESULTS / "rmt"


def main(seeds: list[int]) -> None:
    """Run every missing combination, one seed after the other, and write a receipt as soon as each is done."""
    for seed in seeds:
        for name, options in VARIANTS.items():
            path = STUDY / f"cifar10-rmt-{name}-seed{seed}.json"
            if path.exists():
                continue
            config = TrainConfig.of(
                profiles.PROFILES["learn"],
                dataset="cifar10",
                model="rmt-cifar",
                seed=seed,
                epochs=12,
                test_images=10_000,
                eval_every=4,
                model_options=options,
            )
            results.save(runs.train(config).receipt, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    main(parser.parse_args().seeds)
