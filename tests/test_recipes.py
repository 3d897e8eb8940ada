"""Configurations: the published recipe field by field, what data sets and models make of each, and what is refused."""

import math
import typing

import pytest

from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.models import MODELS, SIZES, create_model, model_defaults
from gmm_tutorial.train import RECIPES, TrainConfig, configure
from gmm_tutorial.train.profiles import PROFILES

VIT = {"patch_size": None, "mlp_ratio": 2.0, "pool": "mean", "pos_embed": True, "mixer": "attention"}


def ci(**choices):
    return configure("shapes", profile="ci", recipe="lesson", **choices)


def test_the_published_recipe():
    config = configure("cifar10", recipe="paper", profile="full", prior="gmm", seed=3)
    assert config.model_dump() == {
        "recipe": "paper",
        "profile": "full",
        "dataset": "cifar10",
        "train_images": 50_000,
        "test_images": 10_000,
        "test_split": "test",
        "epochs": 300,  # the published 100 are of three passes each
        "model": "vit",
        "model_options": {"dim": 192, "depth": 9, "num_heads": 12, **VIT, "drop_path": 0.1},
        "prior": "gmm",
        "prior_options": {"kernels": 5, "init": "paper"},
        "seed": 3,
        "batch_size": 128,
        "mirror": True,
        "padding": 4,
        "auto_augment": "cifar10",
        "erase": 0.25,
        "mix": 0.5,
        "lr": 1e-3,
        "min_lr": 1e-6,
        "warmup": 0.1,
        "weight_decay": 0.05,
        "decay_masks": True,
        "label_smoothing": 0.1,
        "precision": "float32",
        "eval_every": 3,
    }


def test_the_short_recipe():
    """As chosen by measurement: a tenth of the length, crops and mirrors alone, half the bits."""
    config = configure("cifar10", recipe="short", profile="full")
    assert (config.epochs, config.lr, config.precision, config.decay_masks) == (30, 2e-3, "bfloat16", False)
    assert (config.auto_augment, config.erase, config.mix, config.padding, config.mirror) == (None, 0, 0, 4, True)
    assert config.model_options["drop_path"] == 0


@pytest.mark.parametrize(
    ("dataset", "policy"),
    [("cifar10", "cifar10"), ("cifar100", "cifar10"), ("svhn", "svhn"), ("tiny-imagenet", "imagenet")],
)
def test_each_data_set_has_its_policy(dataset, policy):
    assert configure(dataset, recipe="paper", profile="learn").auto_augment == policy
    assert configure(dataset, recipe="lesson", profile="learn").auto_augment is None


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_suit_every_model_and_data_set(recipe):
    for dataset in TABLE:
        for model in SIZES:
            config = configure(dataset, model, recipe=recipe, profile="ci")
            create_model(config.model, **config.model_options)
    for model in MODELS:  # those without a size of ours are as published
        options = configure("cifar10", model, recipe=recipe, profile="full").model_options
        assert model in SIZES or {**options, "drop_path": 0.0} == {**model_defaults(model), "drop_path": 0.0} | {
            name: list(value) for name, value in model_defaults(model).items() if isinstance(value, tuple)
        }


def test_recipes_and_profiles_are_those_that_a_configuration_knows():
    known = {name: typing.get_args(TrainConfig.model_fields[name].annotation) for name in ("recipe", "profile")}
    assert set(known["recipe"]) == set(RECIPES)
    assert set(known["profile"]) == {*PROFILES, "custom"}


def test_sizes_leave_nothing_to_a_default():
    """But for drop_path, which the recipe says."""
    for model, sizes in SIZES.items():
        assert sizes.keys() == PROFILES.keys()
        for options in sizes.values():
            assert options.keys() == model_defaults(model).keys() - {"drop_path"}


@pytest.mark.parametrize("recipe", RECIPES)
def test_choices_go_before_the_recipe(recipe):
    config = configure(
        "svhn",
        recipe=recipe,
        profile="learn",
        **{"lr": 0.5, "auto_augment": None, "epochs": 3, "train_images": 7, "model_options": {"drop_path": 0.25}},
    )
    assert (config.lr, config.auto_augment, config.epochs, config.train_images) == (0.5, None, 3, 7)
    assert config.model_options == {"dim": 96, "depth": 4, "num_heads": 4, **VIT, "pos_std": 1.0, "drop_path": 0.25}


def test_profiles(monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "learn")
    config = configure("shapes", model_options={"pos_embed": False}, seed=3)
    assert (config.profile, config.recipe, config.epochs, config.lr) == ("learn", "lesson", 8, 2e-3)
    assert (config.train_images, config.test_images, config.seed) == (5_000, 2_000, 3)
    assert not config.model_options["pos_embed"] and config.model_options["dim"] == 96
    with pytest.raises(ValueError, match="model is 'rmt-t', but profile 'learn' can size only vit, swin"):
        configure("shapes", "rmt-t")
    monkeypatch.delenv("GMM_TUTORIAL_PROFILE")
    assert configure("shapes") == configure("shapes", profile="learn")
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "fast")
    with pytest.raises(ValueError, match="GMM_TUTORIAL_PROFILE is 'fast', but it must be 'ci', 'learn' or 'full'"):
        configure("shapes")
    assert configure("cifar10", profile="full").recipe == "paper", "the profile's own"


def test_the_number_of_images_is_the_true_one():
    config = ci(train_images=None, test_images=5_000)
    assert (config.train_images, config.test_images) == (10_000, 2_000)
    held_out = ci(train_images=None, test_images=None, test_split="held_out")
    assert (held_out.train_images, held_out.test_images) == (5_000, 5_000)


def test_another_model_or_prior_has_options_of_its_own():
    config = ci(prior="gmm", prior_options={"kernels": 3})
    assert config.but(prior="elm").prior_options == {"init": 0.0}
    assert config.but(prior=None).prior_options == {}
    assert config.but(seed=1).prior_options == config.prior_options
    assert config.but(prior_options={"kernels": 4}).prior_options == {"kernels": 4, "init": "paper"}
    assert config.but(model="convnet").model_options == {"dim": 352, "depth": 2}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"recipe": "papre"}, "recipe is 'papre', but it must be 'lesson', 'paper' or 'short'"),
        ({"dataset": "cifar11"}, "dataset is 'cifar11', but it must be one of 'cifar10'"),
        ({"dataset": None}, "dataset is None, but it must be one of 'cifar10'"),
        ({"dataset": ["cifar10"]}, r"dataset is \['cifar10'\], but it must be one of 'cifar10'"),
        ({"model": "vti"}, "model is 'vti', but it must be one of 'vit'"),
        ({"model": None}, "model is None, but it must be one of 'vit'"),
        ({"prior": "gauss"}, "prior is 'gauss', but it must be one of None, 'elm', 'gmm'"),
        ({"auto_augment": "cifar"}, "auto_augment is 'cifar', but it must be one of None, 'imagenet', 'cifar10'"),
        ({"precision": "float16"}, "precision is 'float16', but it must be 'float32' or 'bfloat16'"),
        ({"lr": None}, "lr is None, but it must be a valid number"),
        ({"lr": math.nan}, "lr is nan, but it must be a finite number"),
        ({"lr": math.inf}, "lr is inf, but it must be a finite number"),
        ({"lr": "fast"}, "lr is 'fast', but it must be a valid number"),
        ({"lr": -1.0}, "lr is -1.0, but it must be greater than 0"),
        ({"lr": True}, "lr is True, but it must be a valid number"),
        ({"min_lr": -1.0}, "min_lr is -1.0, but it must be greater than or equal to 0"),
        ({"min_lr": 0.5}, "min_lr is 0.5, but it must be at most lr, 0.002"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0, but it must be greater than or equal to 0"),
        ({"epochs": 0}, "epochs is 0, but it must be greater than or equal to 1"),
        ({"epochs": math.nan}, "epochs is nan, but it must be a"),
        ({"epochs": 2.0}, "epochs is 2.0, but it must be a valid integer"),
        ({"erase": 1.5}, "erase is 1.5, but it must be less than or equal to 1"),
        ({"mix": -0.1}, "mix is -0.1, but it must be greater than or equal to 0"),
        ({"padding": -1}, "padding is -1, but it must be greater than or equal to 0"),
        ({"padding": 100_000}, "padding is 100000, but it must be less than or equal to 64"),
        ({"seed": 2**64}, "seed is 18446744073709551616, but it must be less than 4294967296"),
        ({"train_images": 0}, "train_images is 0, but it must be greater than or equal to 1"),
        ({"epoch": 3}, "epoch is not a field of TrainConfig"),
        ({"model_options": {"kernels": 3}}, "model_options has 'kernels', but 'vit' takes patch_size, dim"),
        ({"model_options": {"dim": 0}}, "model_options.dim is 0, but it must be an integer from 1 to 1,000,000"),
        ({"model_options": {"depth": -1}}, "model_options.depth is -1, but it must be an integer from 1"),
        ({"model_options": {"depth": True}}, "model_options.depth is True, but it must be an integer from 1"),
        ({"model_options": {"mlp_ratio": math.inf}}, "model_options.mlp_ratio is inf, but it must be a finite number"),
        ({"prior": "gmm", "prior_options": {"kernels": 10**11}}, "prior_options.kernels is 100000000000, but it must"),
        ({"prior_options": {"kernels": 2}}, "prior_options has 'kernels', but None takes no options"),
        ({"prior": "elm", "prior_options": {"init": math.nan}}, "prior_options.init is nan, but it must be a finite"),
    ],
)
def test_what_cannot_be_is_one_sentence(choice, message):
    with pytest.raises(ValueError, match=message) as error:
        configure(**{"dataset": "shapes", "profile": "ci", **choice})
    assert len(str(error.value).splitlines()) == 1
