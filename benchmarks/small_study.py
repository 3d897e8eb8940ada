"""The CIFAR-10 comparison of lessons 02, 03 and 07: ViT, ELM and GMM, with and without position embeddings, by seed.

    python benchmarks/small_study.py --seeds 0 1 2        # trains what has no receipt in results/small yet

A small ViT, 5,000 images, 12 epochs, mean pooling, the whole test set; about two minutes a run on two CPU cores.
Every run differs from its neighbours in nothing but the prior, the position embeddings, or the seed.
"""

import argparse

import numpy as np

from gmm_tutorial import results, runs
from gmm_tutorial.train import TrainConfig, profiles

PRIORS = (None, "elm", "gmm")
STUDY = results.RESULTS / "small"


def main(seeds: list[int], positions: list[bool]) -> None:
    """Run every missing combination, one seed after the other, and write a receipt as soon as each is done."""
    for seed in seeds:
        for pos_embed in positions:
            for prior in PRIORS:
                name = f"cifar10-vit-{prior or 'none'}-{'positions' if pos_embed else 'no-positions'}-seed{seed}"
                path = STUDY / f"{name}.json"
                if path.exists():
                    continue
                config = TrainConfig.of(
                    profiles.PROFILES["learn"],
                    dataset="cifar10",
                    prior=prior,
                    seed=seed,
                    epochs=12,
                    test_images=10_000,
                    eval_every=4,
                    model_options={"pos_embed": pos_embed},
                )
                trained = runs.train(config)
                if prior == "elm" and pos_embed:
                    # the masks that lesson 02 shows and lesson 03 fits with Gaussians: (layers, N, N)
                    masks = [block.attn.prior.mask[0].detach().numpy() for block in trained.model.blocks]
                    np.savez_compressed(path.with_suffix(".npz"), masks=np.stack(masks).astype(np.float32))
                results.save(trained.receipt, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--positions", choices=("with", "without", "both"), default="both")
    arguments = parser.parse_args()
    main(arguments.seeds, {"with": [True], "without": [False], "both": [True, False]}[arguments.positions])
