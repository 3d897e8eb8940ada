"""Answers to 01.train_step."""

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def _features(tokens):
    weights = (tokens @ tokens.mT / tokens.shape[-1] ** 0.5).softmax(-1)
    return (weights @ tokens).mean(1)


def _forward(weight, tokens, labels):
    """Features, probabilities, one-hot labels and the loss."""
    features = _features(tokens)
    p = (features @ weight).softmax(-1)
    return features, p, torch.eye(weight.shape[1])[labels], -p[torch.arange(len(labels)), labels].log().mean()


@wrong("Your gradient is B times too large")
def sum_over_images(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot)
    return loss, weight - lr * velocity, velocity


@wrong("Your loss and its gradient are sums over the images")
def sums_instead_of_means(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot)
    return -(p * one_hot).sum(1).log().sum(), weight - lr * velocity, velocity


@wrong("You divide the gradient by the number of classes as well")
def mean_over_all_entries(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / p.numel()
    return loss, weight - lr * velocity, velocity


@wrong("Your gradient has the wrong sign")
def one_hot_minus_softmax(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (one_hot - p) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("this is what comes out when `velocity` has the opposite sign")
def two_wrong_signs(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (one_hot - p) / len(labels)
    return loss, weight + lr * velocity, velocity


@wrong("Your velocity is momentum * velocity - lr * gradient")
def velocity_points_downhill(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity - lr * features.T @ (p - one_hot) / len(labels)
    return loss, weight + velocity, velocity


@wrong("You add the velocity to the weight, so the loss goes up")
def adds_the_step(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss, weight + lr * velocity, velocity


@wrong("You do not use the old velocity")
def plain_gradient_descent(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    gradient = features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * gradient, gradient


@wrong("You move the weight along the gradient alone")
def velocity_kept_but_not_used(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    gradient = features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * gradient, momentum * velocity + gradient


@wrong("You add the whole old velocity")
def velocity_not_damped(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = velocity + features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You multiply the gradient by 1 - momentum")
def running_mean(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + (1 - momentum) * features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("The second result has the right shape, but all values differ, first at [0,")
def momentum_on_the_gradient(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = velocity + momentum * features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You multiply the gradient by the momentum too")
def damps_everything(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * (velocity + features.T @ (p - one_hot) / len(labels))
    return loss, weight - lr * velocity, velocity


@wrong("You move the weight along the old velocity")
def old_velocity(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    weight = weight - lr * velocity
    return loss, weight, momentum * velocity + features.T @ (p - one_hot) / len(labels)


@wrong("You add the momentum a second time, as Nesterov's method does")
def nesterov(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    gradient = features.T @ (p - one_hot) / len(labels)
    velocity = momentum * velocity + gradient
    return loss, weight - lr * (gradient + momentum * velocity), velocity


@wrong("You subtract the whole velocity")
def forgets_the_learning_rate(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss, weight - velocity, velocity


@wrong("Your gradient uses the probabilities alone")
def forgets_the_labels(weight, velocity, tokens, labels, lr, momentum):
    features, p, _, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ p / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You subtract the labels from the logits")
def logits_minus_one_hot(weight, velocity, tokens, labels, lr, momentum):
    features, _, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (features @ weight - one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You multiply by the slope p (1 - p) of softmax")
def through_the_softmax_twice(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ ((p - one_hot) * p * (1 - p)) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("Your gradient is 0 for the wrong classes")
def only_the_right_class(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ ((p - 1) * one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You average the tokens themselves")
def no_attention(weight, velocity, tokens, labels, lr, momentum):
    features = tokens.mean(1)
    logits = features @ weight
    error = logits.softmax(-1) - torch.eye(weight.shape[1])[labels]
    velocity = momentum * velocity + features.T @ error / len(labels)
    return F.cross_entropy(logits, labels), weight - lr * velocity, velocity


@wrong("Your attention does not divide its scores by sqrt(C)")
def attention_without_scaling(weight, velocity, tokens, labels, lr, momentum):
    features = ((tokens @ tokens.mT).softmax(-1) @ tokens).mean(1)
    logits = features @ weight
    error = logits.softmax(-1) - torch.eye(weight.shape[1])[labels]
    velocity = momentum * velocity + features.T @ error / len(labels)
    return F.cross_entropy(logits, labels), weight - lr * velocity, velocity


@wrong("You add the tokens up. The features are the mean over the tokens")
def sum_over_tokens(weight, velocity, tokens, labels, lr, momentum):
    features = _features(tokens) * tokens.shape[1]
    logits = features @ weight
    error = logits.softmax(-1) - torch.eye(weight.shape[1])[labels]
    velocity = momentum * velocity + features.T @ error / len(labels)
    return F.cross_entropy(logits, labels), weight - lr * velocity, velocity


@wrong("Your softmax runs over the images")
def softmax_over_the_batch(weight, velocity, tokens, labels, lr, momentum):
    features = _features(tokens)
    p = (features @ weight).softmax(0)
    velocity = momentum * velocity + features.T @ (p - torch.eye(weight.shape[1])[labels]) / len(labels)
    return -p[torch.arange(len(labels)), labels].log().mean(), weight - lr * velocity, velocity


@wrong("The loss is the one after the step")
def loss_of_the_new_weight(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    weight = weight - lr * velocity
    return F.cross_entropy(features @ weight, labels), weight, velocity


@wrong("Your loss is a sum over the images")
def sum_of_the_losses(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss * len(labels), weight - lr * velocity, velocity


@wrong("Your loss has the wrong sign: it is minus the mean logarithm of the")
def forgets_the_minus_of_the_loss(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return -loss, weight - lr * velocity, velocity


@wrong("Your loss has no logarithm. It is minus the mean logarithm of the")
def forgets_the_logarithm(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return 1 - p[torch.arange(len(labels)), labels].mean(), weight - lr * velocity, velocity


@wrong("Your loss is the logarithm of a mean")
def log_of_the_mean(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return -p[torch.arange(len(labels)), labels].mean().log(), weight - lr * velocity, velocity


@wrong("Your loss takes a softmax twice:")
def logits_for_probabilities(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return F.cross_entropy(p, labels), weight - lr * velocity, velocity


@wrong("raised RuntimeError")
def transposed_gradient(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + (p - one_hot).T @ features / len(labels)
    return loss, weight - lr * velocity, velocity


@wrong("You return the velocity before the weight")
def returns_velocity_first(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss, velocity, weight - lr * velocity


@wrong("It returns a tuple of 2 values (a float32 tensor and a float32 tensor),")
def returns_two(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, _ = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return weight - lr * velocity, velocity


@wrong("You change weight in place, and the caller still needs it:")
def in_place(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity.mul_(momentum).add_(features.T @ (p - one_hot) / len(labels))
    weight.sub_(lr * velocity)
    return loss, weight, velocity


@wrong("The second result has the right shape, but all values differ, first at [0,")
def decays_the_weight(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss, (1 - lr) * weight - lr * velocity, velocity


@right
def by_hand(weight, velocity, tokens, labels, lr, momentum):
    features, p, one_hot, loss = _forward(weight, tokens, labels)
    velocity = momentum * velocity + features.T @ (p - one_hot) / len(labels)
    return loss, weight - lr * velocity, velocity


@right
def image_by_image(weight, velocity, tokens, labels, lr, momentum):
    gradient, loss = torch.zeros_like(weight), 0.0
    for one, label in zip(_features(tokens), labels.tolist(), strict=True):
        p = (one @ weight).exp() / (one @ weight).exp().sum()
        loss = loss - p[label].log() / len(labels)
        for c in range(weight.shape[1]):
            gradient[:, c] += one * (p[c] - int(c == label)) / len(labels)
    velocity = momentum * velocity + gradient
    return [loss, weight - lr * velocity, velocity]


@right
def by_autograd(weight, velocity, tokens, labels, lr, momentum):
    weight = weight.detach().requires_grad_()
    loss = F.cross_entropy(_features(tokens.detach()) @ weight, labels)
    (gradient,) = torch.autograd.grad(loss, weight)
    velocity = momentum * velocity.detach() + gradient
    return loss, (weight - lr * velocity).detach(), velocity


@right
def by_torch_optim(weight, velocity, tokens, labels, lr, momentum):
    weight = torch.nn.Parameter(weight.detach().clone())
    optimizer = torch.optim.SGD([weight], lr=lr, momentum=momentum)
    optimizer.state[weight]["momentum_buffer"] = velocity.detach().clone()
    loss = F.cross_entropy(_features(tokens.detach()) @ weight, labels)
    loss.backward()
    optimizer.step()
    return loss.item(), weight.detach(), optimizer.state[weight]["momentum_buffer"]


@right
def in_float64(weight, velocity, tokens, labels, lr, momentum):
    features, p, _, loss = _forward(weight.double(), tokens.double(), labels)
    p = p - F.one_hot(labels, p.shape[1])
    velocity = velocity.double() * momentum + torch.einsum("bi,bc->ic", features, p).div(len(labels))
    return loss, weight.double() - lr * velocity, velocity
