"""Recipes: the published one field by field, what data sets and models make of each, and what old receipts hold."""

import pytest

from gmm_tutorial import results
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.models import MODELS, create_model
from gmm_tutorial.train import RECIPES, TrainConfig, profiles


def test_the_published_recipe():
    config = TrainConfig.by_recipe("paper", "cifar10", prior="gmm", seed=3)
    assert config == TrainConfig(
        recipe="paper",
        dataset="cifar10",
        train_images=None,
        test_images=None,
        epochs=300,  # the published 100 are of three passes each
        model="vit",
        model_options={"drop_path": 0.1},
        prior="gmm",
        seed=3,
        batch_size=128,
        mirror=True,
        padding=4,
        auto_augment="cifar10",
        erase=0.25,
        mix=0.5,
        lr=1e-3,
        min_lr=1e-6,
        warmup=0.1,
        weight_decay=0.05,
        decay_masks=True,
        label_smoothing=0.1,
        precision="float32",
        eval_every=3,
    )


@pytest.mark.parametrize(
    ("dataset", "policy"),
    [("cifar10", "cifar10"), ("cifar100", "cifar10"), ("svhn", "svhn"), ("tiny-imagenet", "imagenet")],
)
def test_each_data_set_has_its_policy(dataset, policy):
    assert TrainConfig.by_recipe("paper", dataset).auto_augment == policy
    assert TrainConfig.by_recipe("lesson", dataset).auto_augment is None


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_suit_every_model_and_data_set(recipe):
    for dataset in TABLE:
        for model in ("vit", "convnet", "rmt-cifar"):
            config = TrainConfig.by_recipe(recipe, dataset, model, size=profiles.PROFILES["ci"])
            create_model(config.model, **config.model_options)
    for model in MODELS:  # as published
        assert "dim" not in TrainConfig.by_recipe(recipe, "cifar10", model).model_options


def test_choices_go_before_the_recipe():
    config = TrainConfig.by_recipe("paper", "svhn", lr=0.5, auto_augment=None, model_options={"drop_path": 0.0})
    assert (config.lr, config.auto_augment, config.model_options) == (0.5, None, {"drop_path": 0.0})


def test_a_size_is_the_profiles():
    config = TrainConfig.by_recipe("paper", "cifar10", size=profiles.PROFILES["learn"])
    assert config.model_options == {"drop_path": 0.1, "dim": 96, "depth": 4, "num_heads": 4}
    assert (config.train_images, config.epochs) == (None, 300), "the recipe's scale, all the same"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("papre", "cifar10"), "recipe is 'papre', but it must be one of 'lesson', 'paper', 'short'"),
        (("paper", "cifar11"), "name is 'cifar11', but it must be one of 'cifar10'"),
        (("paper", "cifar10", "vti"), "model is 'vti', but it must be one of 'vit', 'convnet'"),
    ],
)
def test_unknown_names(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.by_recipe(*arguments)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"erase": 1.5}, "erase is 1.5, but it must be 0 to 1"),
        ({"mix": -0.1}, "mix is -0.1, but it must be 0 to 1"),
        ({"padding": -1}, "padding is -1, but it must be at least 0"),
        ({"precision": "float16"}, "precision is 'float16', but it must be one of 'float32', 'bfloat16'"),
        (
            {"auto_augment": "cifar"},
            "auto_augment is 'cifar', but it must be one of None, 'imagenet', 'cifar10', 'svhn'",
        ),
        ({"recipe": "mine"}, "recipe is 'mine', but it must be one of 'lesson', 'paper', 'short'"),
    ],
)
def test_values_out_of_range(choice, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.of(profiles.PROFILES["ci"], dataset="cifar10", **choice)


def test_what_old_receipts_say_is_still_a_configuration():
    """Their trainings were those of the lesson recipe, whose fields have come later."""
    paths = sorted((results.RESULTS / "small").glob("*.json"))
    assert paths
    for path in paths:
        config = TrainConfig(**results.load(path).config)
        assert config.recipe == "lesson" and config.mirror and config.decay_masks and config.precision == "float32"
        assert config.auto_augment is None and config.erase == config.mix == 0
