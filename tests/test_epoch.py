"""The mathematics of training against a plain loop, and the state in which `fit` and `evaluate` call a model."""

import math

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from gmm_tutorial import data
from gmm_tutorial.models import create_model
from gmm_tutorial.runs.names import run_name
from gmm_tutorial.train import TrainConfig, build, configure, evaluate, fit, learning_rate
from gmm_tutorial.train.batches import batches
from gmm_tutorial.train.epoch import adamw
from gmm_tutorial.train.parallel import World


def config_of(**choices):
    usual = {"train_images": 96, "test_images": 40, "epochs": 2, "batch_size": 32, "eval_every": 1}
    return TrainConfig(**{"dataset": "shapes", **usual, **choices})


@pytest.fixture(scope="module")
def sets():
    return data.load("shapes", "train").subset(96), data.load("shapes", "test").subset(40)


class Linear(nn.Module):
    """A linear classifier of pixels, which notes in what state it is called, and what it gives."""

    def __init__(self, classes):
        super().__init__()
        self.linear = nn.Linear(3 * 32 * 32, classes)
        self.calls = []

    def forward(self, x):
        logits = self.linear(x.flatten(1))
        self.calls.append((self.training, torch.is_grad_enabled(), logits.detach(), torch.rand(()).item()))
        return logits

    def noted(self, training):
        return [call[1:] for call in self.calls if call[0] == training]


def fitted(sets, config, seed=0):
    torch.manual_seed(seed)
    model = Linear(len(sets[0].classes)).eval()  # as a caller may have left it
    return model, fit(model, config, *sets)


def plain_loop(model, config, images):
    """AdamW (arXiv 1711.05101), the smoothed loss and the order of steps, written out; returns the mean losses."""
    parameters = list(model.parameters())
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    steps, step, means = 3 * config.epochs, 0, []
    for epoch in range(1, config.epochs + 1):
        losses = []
        for x, shares, _ in batches(images, config, epoch, World()):
            smooth = (1 - config.label_smoothing) * shares + config.label_smoothing / shares.shape[1]
            loss = -(smooth * model(x).log_softmax(-1)).sum(-1).mean()
            rate, step = learning_rate(step, steps, config), step + 1
            with torch.no_grad():
                for p, g, m, s in zip(parameters, torch.autograd.grad(loss, parameters), first, second, strict=True):
                    m.copy_(0.9 * m + 0.1 * g)
                    s.copy_(0.999 * s + 0.001 * g**2)
                    mean, square = m / (1 - 0.9**step), s / (1 - 0.999**step)
                    p.copy_(p - rate * (config.weight_decay * p + mean / (square.sqrt() + 1e-8)))
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))
    return means


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"label_smoothing": 0.0, "weight_decay": 0.0},
        {"label_smoothing": 0.3, "weight_decay": 0.5, "mix": 0.7, "erase": 0.5, "lr": 0.01, "seed": 2},
    ],
    ids=str,
)
def test_training_is_a_plain_loop(sets, choices):
    config = config_of(**{"epochs": 3, **choices})
    model, history = fitted(sets, config)
    torch.manual_seed(0)
    other = Linear(len(sets[0].classes))
    before = [p.detach().clone() for p in other.parameters()]
    losses = plain_loop(other, config, sets[0])
    assert history.loss == pytest.approx(losses, rel=1e-5)
    for ours, theirs, start in zip(model.parameters(), other.parameters(), before, strict=True):
        assert (ours - theirs).norm() < 1e-5 * (theirs - start).norm()


def test_every_group_has_the_rate_of_each_step(sets):
    """Without a decay of priors there are two groups; the schedule goes on from epoch to epoch."""
    config = config_of(model_options={"dim": 16, "depth": 1, "num_heads": 2}, prior="gmm", decay_masks=False)
    rates = []
    hook = register_optimizer_step_pre_hook(
        lambda optimizer, *_: rates.append([group["lr"] for group in optimizer.param_groups])
    )
    try:
        fit(build(config, sets[0]), config, *sets)
    finally:
        hook.remove()
    assert rates == [[learning_rate(step, 6, config)] * 2 for step in range(6)]


@pytest.mark.parametrize("decay_masks", [True, False])
def test_priors_may_have_a_rate_of_their_own(sets, decay_masks):
    """Their whole schedule is scaled; a first step of AdamW moves each number by the rate, whatever its gradient."""
    options = {"dim": 16, "depth": 1, "num_heads": 2}
    config = config_of(model_options=options, prior="gmm", decay_masks=decay_masks, lr=0.01, prior_lr=0.05)
    config = config.but(warmup=0.0, epochs=1, batch_size=len(sets[0]))
    steps = []
    hook = register_optimizer_step_pre_hook(
        lambda optimizer, *_: steps.append(
            [(g["lr"], g["weight_decay"], len(g["params"])) for g in optimizer.param_groups]
        )
    )
    model = build(config, sets[0])
    try:
        fit(model, config, *sets)
    finally:
        hook.remove()
    rate, priors = learning_rate(0, 1, config), 2
    others = len(list(model.parameters())) - priors
    decay = config.weight_decay
    assert steps == [[(rate, decay, others), (pytest.approx(5 * rate), decay if decay_masks else 0.0, priors)]]


def test_a_rate_that_is_not_given_is_not_written_down():
    """Receipts that are older than the option keep their digest."""
    config = config_of(prior="gmm")
    assert "prior_lr" not in config.model_dump(mode="json")
    given = config.but(prior_lr=0.05)
    assert given.model_dump(mode="json")["prior_lr"] == 0.05
    assert given.digest != config.digest
    assert TrainConfig(**given.model_dump(mode="json")) == given
    assert "prior_lr=0.05" in run_name(configure("cifar10", prior="gmm", prior_lr=0.05))
    with pytest.raises(ValueError, match="prior_lr is 0.0, but it must be greater than 0"):
        config.but(prior_lr=0.0)


def test_the_model_trains_in_training_mode_and_is_tested_in_evaluation_mode(sets):
    """Also after it was evaluated; the last evaluation is of the training images."""
    model, _ = fitted(sets, config_of())
    modes = [training for training, *_ in model.calls]
    assert modes == [True] * 3 + [False] + [True] * 3 + [False] * 2
    assert [grad for training, grad, *_ in model.calls] == modes, "no gradient where none is needed"
    assert not model.training


def test_what_is_left_out_by_chance_differs_from_step_to_step_and_epoch_to_epoch(sets):
    """Stochastic depth draws from the global generator, which has a seed of its own in each epoch."""
    draws = [[drawn for *_, drawn in fitted(sets, config_of(seed=seed))[0].noted(True)] for seed in (0, 0, 1)]
    assert len(set(draws[0])) == 6
    assert draws[0] == draws[1] and not set(draws[0]) & set(draws[2])


@pytest.mark.parametrize(("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_precision_is_that_of_activations_in_training_and_in_tests(sets, precision, dtype):
    model, _ = fitted(sets, config_of(precision=precision, epochs=1))
    assert {logits.dtype for _, logits, _ in model.noted(True)} == {dtype}
    assert {logits.dtype for _, logits, _ in model.noted(False)} == {dtype}
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_loss_is_formed_in_float32(sets, precision):
    """From whatever the model gives: in bfloat16 it would have three digits."""
    config = config_of(precision=precision, epochs=1, batch_size=96)
    model, history = fitted(sets, config)
    ((_, logits, _),) = model.noted(True)
    ((_, shares, _),) = batches(sets[0], config, 1, World())
    smooth = 0.9 * shares.double() + 0.1 / shares.shape[1]
    expected = -(smooth * logits.double().log_softmax(-1)).sum(-1).mean().item()
    assert history.loss == [pytest.approx(expected, rel=2e-6)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("training", [True, False])
def test_evaluation_leaves_the_mode_as_it_was(sets, training, precision):
    model = Linear(len(sets[1].classes)).train(training)
    share = evaluate(model, sets[1], batch_size=15, precision=precision)
    assert model.training == training
    assert [(call[0], call[1], len(call[2])) for call in model.calls] == [(False, False, n) for n in (15, 15, 10)]
    answers = torch.cat([logits for _, logits, _ in model.noted(False)]).argmax(-1)
    assert share == (answers == sets[1].labels).sum().item() / 40
    expected = model.linear(sets[1].normalize(sets[1].images).flatten(1))
    tolerance = 1e-5 if precision == "float32" else 0.05
    torch.testing.assert_close(
        torch.cat([logits for _, logits, _ in model.noted(False)]).float(), expected, rtol=0, atol=tolerance
    )


class Foreign(nn.Module):
    """A prior whose parameter is called as ours are not."""

    combine = "scale"

    def __init__(self, grid, heads):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(heads, math.prod(grid), math.prod(grid)))

    def forward(self):
        return self.weight


@pytest.mark.parametrize("prior", ["gmm", "elm", "temperature", Foreign])
@pytest.mark.parametrize("decay_masks", [True, False])
def test_parameters_of_any_prior_decay_or_not(sets, prior, decay_masks):
    """Without a gradient, decay alone moves parameters: by 1 - lr weight_decay."""
    model = create_model("vit", prior=prior, dim=16, depth=1, num_heads=2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = adamw(model, config_of(decay_masks=decay_masks, lr=0.1, weight_decay=0.5))
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for name, p in model.named_parameters():
        still = ".prior." in name and not decay_masks
        torch.testing.assert_close(p.detach(), before[name] * (1.0 if still else 0.95))
