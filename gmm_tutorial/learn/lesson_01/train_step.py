"""Exercise 01.train_step: a training step by hand, for a small classifier that reads the output of attention.

A usual mistake takes the arguments of the exercise as `*case` and changes one part of the step.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_01.training import Step, drawn, mixed, one_hot, pooled, step


def train_step(weight: Tensor, velocity: Tensor, tokens: Tensor, labels: Tensor, lr: float, momentum: float) -> Step:
    """(C, classes) twice, (B, N, C), (B,) -> the loss before the step, the new weight and the new velocity."""
    return step(weight, velocity, tokens, labels, lr, momentum)


def cases() -> list[dict[str, Any]]:
    """Two images of equal tokens, which attention leaves as they are; then larger cases, all sizes different."""
    tiny = {
        "weight": torch.zeros(1, 2),
        "velocity": torch.tensor([[2.0, 0]]),
        "tokens": torch.tensor([[[2.0], [2]], [[6.0], [6]]]),
        "labels": torch.tensor([0, 1]),
        "lr": 1.0,
        "momentum": 0.5,
    }
    return [tiny, drawn(2, 3, 4, 3, lr=0.5, momentum=0.25), drawn(4, 6, 5, 3, lr=0.2, momentum=0.75)]


exercise = Exercise(
    "01.train_step",
    train_step,
    cases,
    hints=(
        "Go forward first and look at the shapes: features (B, C), logits (B, classes), probabilities (B, classes). "
        "The loss needs only one probability per image.",
        "The gradient of one image's loss with respect to its logits is the probabilities minus the one-hot label. "
        "For all images together its shape is (B, classes). The loss is a mean over images: where does B enter?",
        "A logit is a sum over channels of feature times weight, so its derivative with respect to a weight is a "
        "feature. Sum over the images: which product of (B, C) and (B, classes) has the shape (C, classes)?",
        "The new velocity is the momentum times the old one, plus the gradient. The weight then moves against the "
        "new velocity, by the learning rate.",
    ),
    differentiates=True,
)


@exercise.mistake
def summed_over_images(*case: Any) -> Step:
    """Your gradient is B times too large. The loss is a mean over the images, so the gradient is a mean as well."""
    return step(*case, scale=len(case[3]))


@exercise.mistake
def mean_over_classes(*case: Any) -> Step:
    """You divide the gradient by the number of classes as well. The loss is a mean over the B images only."""
    return step(*case, scale=1 / case[0].shape[1])


@exercise.mistake
def label_minus_softmax(*case: Any) -> Step:
    """Your gradient has the wrong sign. It must be probabilities minus one-hot labels, not the other way around."""
    return step(*case, scale=-1)


@exercise.mistake
def labels_unused(*case: Any) -> Step:
    """Your gradient uses the probabilities alone. Subtract 1 from the probability of the right class first."""
    return step(*case, error=lambda logits, labels: logits.softmax(-1))


@exercise.mistake
def without_softmax(*case: Any) -> Step:
    """You subtract the labels from the logits. Subtract them from the probabilities, after the softmax."""
    return step(*case, error=lambda logits, labels: logits - one_hot(logits, labels))


@exercise.mistake
def softmax_over_images(*case: Any) -> Step:
    """Your softmax runs over the images. It must run over the classes of each image, axis -1."""
    loss = F.nll_loss((pooled(case[2]) @ case[0]).softmax(0).log(), case[3])
    _, weight, velocity = step(*case, error=lambda logits, labels: logits.softmax(0) - one_hot(logits, labels))
    return loss, weight, velocity


@exercise.mistake
def without_attention(*case: Any) -> Step:
    """You average the tokens themselves. Let them attend to each other first."""
    return step(*case, pool=lambda tokens: tokens.mean(dim=1))


@exercise.mistake
def summed_tokens(*case: Any) -> Step:
    """You add the tokens up. The features are the mean over the tokens."""
    return step(*case, pool=lambda tokens: mixed(tokens).sum(dim=1))


@exercise.mistake
def uphill(*case: Any) -> Step:
    """You add the velocity to the weight, so the loss goes up. Subtract it."""
    weight, velocity, tokens, labels, lr, momentum = case
    return step(weight, velocity, tokens, labels, -lr, momentum)


@exercise.mistake
def without_momentum(*case: Any) -> Step:
    """You do not use the old velocity. The new one is the momentum times the old one, plus the gradient."""
    weight, velocity, tokens, labels, lr, _ = case
    return step(weight, velocity, tokens, labels, lr, 0.0)


@exercise.mistake
def full_momentum(*case: Any) -> Step:
    """You add the whole old velocity. Multiply it by the momentum first."""
    weight, velocity, tokens, labels, lr, _ = case
    return step(weight, velocity, tokens, labels, lr, 1.0)


@exercise.mistake
def dampened(*case: Any) -> Step:
    """You multiply the gradient by 1 - momentum. Add the whole gradient to the velocity."""
    return step(*case, scale=1 - case[5])


@exercise.mistake
def along_the_old_velocity(*case: Any) -> Step:
    """You move the weight along the old velocity. Compute the new velocity first, and use that."""
    loss, _, velocity = step(*case)
    return loss, case[0] - case[4] * case[1], velocity


@exercise.mistake
def along_the_gradient(*case: Any) -> Step:
    """You move the weight along the gradient alone. Move it along the new velocity."""
    loss, _, velocity = step(*case)
    return loss, case[0] - case[4] * (velocity - case[5] * case[1]), velocity


@exercise.mistake
def without_learning_rate(*case: Any) -> Step:
    """You subtract the whole velocity. Multiply it by the learning rate first."""
    loss, _, velocity = step(*case)
    return loss, case[0] - velocity, velocity


@exercise.mistake
def learning_rate_in_the_velocity(*case: Any) -> Step:
    """You multiply the gradient by the learning rate inside the velocity. Use it only when the weight moves."""
    loss, _, velocity = step(*case, scale=case[4])
    return loss, case[0] - velocity, velocity


@exercise.mistake
def loss_after_the_step(*case: Any) -> Step:
    """The loss is the one after the step. Return the loss that you computed before the weight moved."""
    _, weight, velocity = step(*case)
    return F.cross_entropy(pooled(case[2]) @ weight, case[3]), weight, velocity


@exercise.mistake
def summed_loss(*case: Any) -> Step:
    """Your loss is a sum over the images. Take the mean."""
    loss, weight, velocity = step(*case)
    return loss * len(case[3]), weight, velocity


@exercise.mistake
def everything_summed(*case: Any) -> Step:
    """Your loss and its gradient are sums over the images. Take the mean of both: divide by B."""
    loss, weight, velocity = step(*case, scale=len(case[3]))
    return loss * len(case[3]), weight, velocity


@exercise.mistake
def log_likelihood(*case: Any) -> Step:
    """Your loss has the wrong sign: it is minus the mean logarithm of the probability of the right class."""
    loss, weight, velocity = step(*case)
    return -loss, weight, velocity


@exercise.mistake
def learning_rate_inside_and_reversed(*case: Any) -> Step:
    """Your velocity is momentum * velocity - lr * gradient. Here it is momentum * velocity + gradient."""
    velocity = case[5] * case[1] - case[4] * (step(*case)[2] - case[5] * case[1])
    return step(*case)[0], case[0] + velocity, velocity


@exercise.mistake
def nesterov(*case: Any) -> Step:
    """You add the momentum a second time, as Nesterov's method does. Move the weight along the new velocity."""
    loss, _, velocity = step(*case)
    gradient = velocity - case[5] * case[1]
    return loss, case[0] - case[4] * (gradient + case[5] * velocity), velocity


@exercise.mistake
def only_the_right_class(*case: Any) -> Step:
    """Your gradient is 0 for the wrong classes. Their logits get the probability itself as gradient."""
    return step(*case, error=lambda logits, labels: (logits.softmax(-1) - 1) * one_hot(logits, labels))


@exercise.mistake
def softmax_slope_twice(*case: Any) -> Step:
    """You multiply by the slope p (1 - p) of softmax. Probabilities minus labels already includes it."""

    def error(logits: Tensor, labels: Tensor) -> Tensor:
        p = logits.softmax(-1)
        return (p - one_hot(logits, labels)) * p * (1 - p)

    return step(*case, error=error)


@exercise.mistake
def attention_not_scaled(*case: Any) -> Step:
    """Your attention does not divide its scores by sqrt(C). Use your functions scores and softmax."""
    return step(*case, pool=lambda tokens: mixed(tokens, scale=1.0).mean(dim=1))


@exercise.mistake
def without_logarithm(*case: Any) -> Step:
    """Your loss has no logarithm. It is minus the mean logarithm of the probability of the right class."""
    _, weight, velocity = step(*case)
    return 1 - (pooled(case[2]) @ case[0]).softmax(-1)[range(len(case[3])), case[3]].mean(), weight, velocity


@exercise.mistake
def logarithm_of_the_mean(*case: Any) -> Step:
    """Your loss is the logarithm of a mean. Take the logarithm of each probability first, then the mean."""
    _, weight, velocity = step(*case)
    return -(pooled(case[2]) @ case[0]).softmax(-1)[range(len(case[3])), case[3]].mean().log(), weight, velocity


@exercise.mistake
def softmax_twice(*case: Any) -> Step:
    """Your loss takes a softmax twice: F.cross_entropy expects logits, not probabilities."""
    _, weight, velocity = step(*case)
    return F.cross_entropy((pooled(case[2]) @ case[0]).softmax(-1), case[3]), weight, velocity


@exercise.mistake
def weight_and_velocity_swapped(*case: Any) -> Step:
    """You return the velocity before the weight. The order is loss, weight, velocity."""
    loss, weight, velocity = step(*case)
    return loss, velocity, weight


@exercise.mistake
def everything_damped(*case: Any) -> Step:
    """You multiply the gradient by the momentum too. Only the old velocity is multiplied by it."""
    return step(*case, scale=case[5])
