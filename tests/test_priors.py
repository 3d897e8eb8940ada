"""The priors against the published numbers, naive formulas, and each other's limits."""

import math

import pytest
import torch
from torch import nn

from gmm_tutorial.course import golden
from gmm_tutorial.grid import distances, unfold_kernel
from gmm_tutorial.priors import (
    ALiBi2d,
    ElementwiseMask,
    FreeKernel,
    FrozenMixture,
    GaussianMixtureMask,
    ManhattanDecay,
    Temperature,
    prior_factory,
    prior_parameters,
)


def mixture_by_loop(alpha, sigma, grid):
    """The published formula, one pair, one head, one kernel at a time."""
    (kernels, heads), (h, w) = alpha.shape, grid
    rows = []
    for head in range(heads):
        for a in range(h * w):
            for b in range(h * w):
                squared = (b // w - a // w) ** 2 + (b % w - a % w) ** 2
                rows.append(
                    sum(
                        alpha[k, head] * torch.exp(-squared / (2 * (sigma[k, head] ** 2 + 1e-5)))
                        for k in range(kernels)
                    )
                )
    return torch.stack(rows).view(heads, h * w, h * w)


@pytest.mark.parametrize("grid", [(3, 3), (2, 4), (4, 1)])
def test_mixture_equals_the_loop_forward_and_backward(grid):
    prior = GaussianMixtureMask(grid, heads=2, kernels=3).double()
    cotangent = torch.randn(2, grid[0] * grid[1], grid[0] * grid[1], dtype=torch.float64)
    outcomes = []
    for mask in (prior(), mixture_by_loop(prior.alpha, prior.sigma, grid)):
        gradients = torch.autograd.grad((mask * cotangent).sum(), (prior.alpha, prior.sigma))
        outcomes.append((mask, *gradients))
    for ours, theirs in zip(*outcomes, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_mixture_equals_the_published_code():
    known = golden.load("gmm_8x8")
    kernels, heads = known["alpha"].shape
    prior = GaussianMixtureMask((8, 8), heads, kernels)
    prior.load_state_dict({"alpha": known["alpha"], "sigma": known["sigma"]})
    torch.testing.assert_close(prior().detach(), known["mask"], rtol=0, atol=1e-5)


def test_mixture_gradients_by_finite_differences():
    prior = GaussianMixtureMask((3, 2), heads=2, kernels=2).double()

    def mask(alpha, sigma):
        return torch.func.functional_call(prior, {"alpha": alpha, "sigma": sigma}, ())

    alpha, sigma = torch.randn(2, 2, 2, dtype=torch.float64).unbind()
    assert torch.autograd.gradcheck(mask, (alpha.requires_grad_(), sigma.requires_grad_()))


@pytest.mark.parametrize("grid", [(16, 16), (32, 32), (4, 40)])
def test_wide_gaussian_does_not_underflow(grid):
    """The published code takes exp(-d^2) first, which is 0 in float32 from d^2 = 104 on."""
    prior = GaussianMixtureMask(grid, heads=1, kernels=1)
    prior.load_state_dict({"alpha": torch.ones(1, 1), "sigma": torch.full((1, 1), 10.0)})
    expected = torch.exp(-(distances(grid).double() ** 2) / (2 * (100 + 1e-5)))
    torch.testing.assert_close(prior()[0].double(), expected, rtol=1e-5, atol=0)
    assert prior().min() > 0


def test_zero_width_is_the_identity_without_nan():
    prior = GaussianMixtureMask((3, 3), heads=1, kernels=1)
    prior.load_state_dict({"alpha": torch.ones(1, 1), "sigma": torch.zeros(1, 1)})
    mask = prior()
    assert torch.equal(mask[0], torch.eye(9))
    mask.sum().backward()
    assert prior.sigma.grad.item() == 0 and prior.alpha.grad.isfinite().all()


def test_sign_of_sigma_does_not_matter():
    prior = GaussianMixtureMask((4, 4), heads=2)
    before = prior().detach()
    prior.sigma.data.neg_()
    assert torch.equal(prior(), before)


def test_paper_start_is_as_published():
    prior = GaussianMixtureMask((8, 8), heads=1000, kernels=10)
    assert abs(prior.alpha.mean()) < 0.1 and abs(prior.alpha.std() - 2) < 0.1
    assert abs(prior.sigma.mean() - 10) < 0.5 and abs(prior.sigma.std() - 10) < 0.5


@pytest.mark.parametrize("grid", [(8, 8), (4, 12), (1, 5)])
@pytest.mark.parametrize("kernels", [1, 5])
def test_local_start_is_positive_and_falls_with_distance(grid, kernels):
    mask = GaussianMixtureMask(grid, heads=4, kernels=kernels, init="local")()
    torch.testing.assert_close(mask.diagonal(dim1=1, dim2=2), torch.ones(4, grid[0] * grid[1]))
    assert mask.min() > 0
    order = distances(grid)[0].argsort()
    assert (mask[:, 0, order].diff(dim=-1) <= 1e-6).all()
    # visibly local: the narrowest head's mask across the grid is a small part of what it is at home
    assert mask[:, 0, -1].min() < 0.3


@pytest.mark.parametrize(("grid", "widest"), [((4, 12), 6.0), ((12, 4), 6.0), ((2, 3), 1.5), ((1, 2), 1.0)])
def test_local_start_is_from_one_patch_to_half_the_longer_side(grid, widest):
    sigma = GaussianMixtureMask(grid, heads=2, kernels=3, init="local").sigma.detach().flatten().sort().values
    assert sigma[0] == pytest.approx(1) and sigma[-1] == pytest.approx(widest)
    torch.testing.assert_close(sigma[1:] / sigma[:-1], torch.full((5,), widest**0.2))


def test_elm_starts():
    zeros, ones = ElementwiseMask((2, 3)), ElementwiseMask((2, 3), heads=4, init=1.0)
    assert torch.equal(zeros(), torch.zeros(1, 6, 6)) and torch.equal(ones(), torch.ones(4, 6, 6))
    assert zeros.mask.requires_grad and zeros.combine == ones.combine == "scale"


def test_prior_factory():
    assert prior_factory(None) is None
    assert prior_factory("elm")((8, 8), 12)().shape == (1, 64, 64)
    assert prior_factory("gmm", kernels=3)((4, 8), 12).kernel().shape == (12, 7, 15)
    assert torch.equal(prior_factory("elm", init=1.0)((2, 2), 1)(), torch.ones(1, 4, 4))
    assert prior_factory(ElementwiseMask) is ElementwiseMask
    with pytest.raises(ValueError, match="prior is 'gaussian', but it must be None, 'elm', 'gmm', 'manhattan'"):
        prior_factory("gaussian")
    for unnamed in (None, ElementwiseMask):  # options would be lost
        with pytest.raises(ValueError, match="prior is .*, but options, init, need a prior by name"):
            prior_factory(unnamed, init=1.0)


def test_the_other_starts_take_heights_from_one_and_widths_from_the_other():
    torch.manual_seed(0)
    made = {init: GaussianMixtureMask((8, 8), 400, init=init) for init in ("paper", "local", "positive", "narrow")}
    assert torch.equal(made["positive"].alpha, made["local"].alpha) and (made["local"].alpha == 1 / 5).all()
    assert torch.equal(made["narrow"].sigma, made["local"].sigma)
    for alpha in (made["paper"].alpha, made["narrow"].alpha):
        assert alpha.mean().item() == pytest.approx(0, abs=0.2) and alpha.std().item() == pytest.approx(2, rel=0.1)
    for sigma in (made["paper"].sigma, made["positive"].sigma):
        assert sigma.mean().item() == pytest.approx(10, abs=1) and sigma.std().item() == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianMixtureMask((8, 8), 0), "heads is 0"),
        (lambda: GaussianMixtureMask((8, 8), 4, kernels=-1), "kernels is -1"),
        (lambda: GaussianMixtureMask((8, 8), 4, kernels=2.5), "kernels is 2.5"),
        (lambda: GaussianMixtureMask((8, 8), 4, init="random"), "init is 'random', but it must be one of 'paper'"),
        (lambda: ElementwiseMask((8, 8), heads=0), "heads is 0"),
        (lambda: ElementwiseMask((8, -8)), r"grid is \(8, -8\)"),
        (lambda: ManhattanDecay((8, 8), 4, start=0), "gamma is .*, but each must be above 0 and at most 1"),
    ],
)
def test_wrong_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_two_kernels_can_be_dark_at_home_and_bright_nearby():
    """The paper's illustration: profile at distances 0 to 4 (facts of the published figure)."""
    prior = GaussianMixtureMask((1, 5), heads=1, kernels=2)
    prior.load_state_dict({"alpha": torch.tensor([[0.6], [-0.8]]), "sigma": torch.tensor([[2.0], [0.2]])})
    assert [round(value, 2) for value in prior()[0, 0].tolist()] == [-0.2, 0.53, 0.36, 0.19, 0.08]
    assert math.isclose(prior()[0, 0, 0].item(), 0.6 - 0.8, abs_tol=1e-6)


@pytest.mark.parametrize("grid", [(3, 3), (2, 5), (4, 1)])
def test_manhattan_decay_equals_the_loop_its_axes_and_its_logarithm(grid):
    h, w = grid
    prior = ManhattanDecay(grid, heads=3)
    loop = torch.zeros(3, h * w, h * w)
    for head, gamma in enumerate((0.75, 1 - 2 ** (-2 - 4 / 3), 1 - 2 ** (-2 - 8 / 3))):
        for a in range(h * w):
            for b in range(h * w):
                loop[head, a, b] = gamma ** (abs(b // w - a // w) + abs(b % w - a % w))
    torch.testing.assert_close(prior(), loop)
    torch.testing.assert_close(torch.stack([torch.kron(a, b) for a, b in zip(*prior.axes(), strict=True)]), loop)
    torch.testing.assert_close(prior.log().exp(), loop)
    torch.testing.assert_close(unfold_kernel(prior.kernel(), grid), loop)


def test_manhattan_decay_equals_the_published_one():
    known = golden.load("masa_5x7")
    prior = ManhattanDecay(tuple(known["grid"].tolist()), heads=4)
    torch.testing.assert_close(prior.gamma, known["gamma"])
    torch.testing.assert_close(prior(), known["decay_2d"], rtol=0, atol=1e-6)


def test_alibi_is_a_slope_on_the_euclidean_distance():
    prior = ALiBi2d((2, 3), heads=8)
    torch.testing.assert_close(prior.slopes, 0.5 ** torch.arange(1.0, 9))
    torch.testing.assert_close(prior().log(), -prior.slopes[:, None, None] * distances((2, 3)))
    assert prior()[0, 0, 5] == pytest.approx(math.exp(-0.5 * math.sqrt(5)))


def test_temperature_is_one_number_a_head():
    prior = Temperature((2, 3), heads=2)
    assert torch.equal(prior(), torch.ones(2, 6, 6)) and sum(p.numel() for p in prior.parameters()) == 2


@pytest.mark.parametrize("grid", [(3, 3), (2, 5), (1, 4)])
def test_free_kernel_has_one_number_for_every_offset(grid):
    """Forward and backward against the loop: pairs of the same offset share a number, and its gradient is their sum."""
    h, w = grid
    prior = FreeKernel(grid, heads=2).double()
    assert torch.equal(prior(), torch.ones(2, h * w, h * w).double())
    torch.nn.init.normal_(prior.weight)
    weights = torch.randn(2, h * w, h * w, dtype=torch.float64)
    (prior() * weights).sum().backward()
    gradient = torch.zeros_like(prior.weight)
    for a in range(h * w):
        for b in range(h * w):
            dy, dx = h - 1 + b // w - a // w, w - 1 + b % w - a % w
            assert torch.equal(prior()[:, a, b], prior.weight[:, dy, dx])
            gradient[:, dy, dx] += weights[:, a, b]
    torch.testing.assert_close(prior.weight.grad, gradient)
    assert (FreeKernel(grid, 1, init=0.5)() == 0.5).all()


@pytest.mark.parametrize("grid", [(4, 4), (2, 5)])
def test_frozen_mixture_is_the_local_start_or_its_values_at_other_places(grid):
    local = GaussianMixtureMask(grid, 3, init="local")()
    assert torch.equal(FrozenMixture(grid, 3)(), local) and not list(FrozenMixture(grid, 3).parameters())
    prior, again = FrozenMixture(grid, 3, shuffled=True), FrozenMixture(grid, 3, shuffled=True)
    assert torch.equal(prior().flatten(1).sort().values, local.flatten(1).sort().values)
    assert not torch.equal(prior()[0].argsort(), prior()[1].argsort()), "each head has places of its own"
    assert not torch.equal(prior(), again())
    again.load_state_dict(prior.state_dict())
    assert torch.equal(prior(), again()), "the places are saved"
    near = distances(grid).flatten()
    for head in prior():
        assert abs(torch.corrcoef(torch.stack([head.flatten(), near]))[0, 1]) < 0.35, "near and far mean nothing"


@pytest.mark.parametrize(
    ("name", "kind", "combine"),
    [
        ("elm", ElementwiseMask, "scale"),
        ("gmm", GaussianMixtureMask, "scale"),
        ("manhattan", ManhattanDecay, "bias"),
        ("alibi", ALiBi2d, "bias"),
        ("temperature", Temperature, "scale"),
        ("free", FreeKernel, "scale"),
        ("frozen", FrozenMixture, "scale"),
    ],
)
def test_every_prior_by_name(name, kind, combine):
    prior = prior_factory(name)((3, 4), 2)
    assert type(prior) is kind and prior.combine == combine
    assert prior().shape[0] in (1, 2) and prior().shape[1:] == (12, 12)


def test_fixed_priors_have_nothing_to_learn_and_nothing_to_save():
    for name in ("manhattan", "alibi"):
        prior = prior_factory(name)((3, 3), 2)
        assert not list(prior.parameters()) and not prior.state_dict()


def test_manhattan_decay_takes_its_rates_from_start_and_span():
    gamma = torch.tensor([0.5, 0.75])  # 1 - 2^-1 and 1 - 2^(-1 - 2/2)
    torch.testing.assert_close(ManhattanDecay((1, 2), 2, start=1.0, span=2.0)()[:, 0, 1], gamma)
    torch.testing.assert_close(prior_factory("manhattan", start=1.0, span=2.0)((1, 2), 2)()[:, 0, 1], gamma)


def test_only_a_positive_prior_has_a_logarithm():
    torch.testing.assert_close(ElementwiseMask((1, 2), init=2.0).log(), torch.full((1, 2, 2), math.log(2)))
    with pytest.raises(ValueError, match="prior has entries down to 0, .*needs a positive prior"):
        ElementwiseMask((1, 2)).log()


def test_what_is_no_function_of_the_offset_has_no_kernel():
    with pytest.raises(NotImplementedError, match="ElementwiseMask is not a function of the offset alone"):
        ElementwiseMask((2, 2)).kernel()


def test_prior_parameters_are_those_of_any_module_with_combine():
    foreign = nn.Linear(2, 2)
    foreign.combine = "scale"
    ours = GaussianMixtureMask((2, 2), 1)
    found = prior_parameters(nn.ModuleList([nn.Linear(3, 3), foreign, ours]))
    assert {id(p) for p in found} == {id(p) for p in (*foreign.parameters(), *ours.parameters())}


def test_the_logarithm_of_a_decay_does_not_end_where_the_decay_is_too_small_to_be_a_number():
    decay = ManhattanDecay((1, 500), 1)
    assert decay()[0, 0, 499] == 0 and decay.log()[0, 0, 499].item() == pytest.approx(499 * math.log(0.75), rel=1e-6)
