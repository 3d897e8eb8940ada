"""What is said about a prior without training it: right about ours, and about the mistakes that people make."""

import pytest
import torch
from torch import nn

from gmm_tutorial.analysis import equal_score_weights, inspect_prior, mean_distance
from gmm_tutorial.grid import distances, kernel_offsets
from gmm_tutorial.priors import (
    PRIORS,
    ALiBi2d,
    ElementwiseMask,
    GaussianMixtureMask,
    ManhattanDecay,
    Prior,
    Temperature,
)


class Decay(Prior):
    """A right prior, from which wrong ones derive."""

    combine = "bias"

    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.slope = nn.Parameter(torch.linspace(0.2, 1.0, heads))

    def log_kernel(self):
        return -self.slope[:, None, None] * kernel_offsets(self.grid).abs().sum(-1)

    def kernel(self):
        return self.log_kernel().exp()


class Transposed(Decay):
    def log_kernel(self):
        return super().log_kernel().mT


class NotANumber(Decay):
    def kernel(self):
        return super().kernel() / (self.slope[:, None, None] * 0)


class Negative(Decay):
    log_kernel = Prior.log_kernel

    def kernel(self):
        return 0.5 - kernel_offsets(self.grid).abs().sum(-1).float().expand(self.heads, -1, -1)


class LogOfZero(Decay):
    def log_kernel(self):
        return (super().log_kernel().exp() * (kernel_offsets(self.grid).abs().sum(-1) < 3)).log()


class NoGradient(Decay):
    def log_kernel(self):
        return super().log_kernel().detach() + 0 * self.other

    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.other = nn.Parameter(torch.ones(1, 1, 1))


class Unused(Decay):
    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.spare = nn.Parameter(torch.ones(3))


class InInit(Decay):
    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.made = (super().log_kernel(),)

    def log_kernel(self):
        return self.made[0]


class Loose(Decay):
    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.steps = kernel_offsets(grid).abs().sum(-1)


class Drawn(Decay):
    def log_kernel(self):
        return super().log_kernel() * torch.rand(1)


class TwoForms(Decay):
    def forward(self):
        return 2 * super().forward()


class WrongSign(Decay):
    def log(self):
        return -super().log()


class Raises(Decay):
    def kernel(self):
        raise KeyError("no such\nthing")


class Words(Decay):
    combine = "sum"


class Text(Decay):
    combine = "scale"

    def forward(self):
        return "a mask"


class Whole(Decay):
    combine = "scale"

    def forward(self):
        return torch.ones(self.heads, self.grid[0] * self.grid[1], self.grid[0] * self.grid[1], dtype=torch.long)


class GatedNegative(Negative):
    combine = "gate_normalized"


class LogAlone(Prior):
    combine = "bias"

    def log_kernel(self):
        return -kernel_offsets(self.grid).abs().sum(-1).float().expand(self.heads, -1, -1)


class Nothing(Prior):
    pass


class NoSuper(Decay):
    def __init__(self, grid, heads):
        self.width = 1


class NoSuperParameter(Decay):
    def __init__(self, grid, heads):
        self.width = nn.Parameter(torch.ones(heads))


class LogOfPairsAlone(Prior):
    combine = "bias"

    def log(self):
        return -distances(self.grid).expand(self.heads, -1, -1)


class Kernal(Prior):
    def kernal(self):
        return torch.ones(self.heads, 2 * self.grid[0] - 1, 2 * self.grid[1] - 1)


class NoParameter(Decay):
    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.height = torch.ones(heads, requires_grad=True)


class RootOfZero(Decay):
    def log_kernel(self):
        return -(kernel_offsets(self.grid).square().sum(-1) * self.slope[:, None, None]).sqrt()


@pytest.mark.parametrize("name", PRIORS)
def test_our_priors_have_no_problem(name):
    report = inspect_prior(PRIORS[name])
    assert report.ok and str(report).endswith("It can be trained."), report


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Transposed, "kernel is (2, 9, 5), but a grid of 3 x 5 needs (2, 5, 9)"),
        (NotANumber, "entries of forward() are"),
        (Negative, "prior has entries down to -13.5, but combine='bias' needs a positive prior"),
        (LogOfZero, "entries of log() are -inf"),
        (NoGradient, "No gradient reaches `slope`: is it used, without .item()"),
        (Unused, "No gradient reaches `spare`"),
        (InInit, "second backward pass fails: compute with parameters in kernel() or forward()"),
        (
            Loose,
            "`steps` is a plain tensor: make it an nn.Parameter if it is to be learned, else use self.register_buf",
        ),
        (NoParameter, "`height` is a plain tensor: make it an nn.Parameter if it is to be learned"),
        (NoSuperParameter, "Its __init__ must call super().__init__(grid, heads) first."),
        (LogOfPairsAlone, "Define forward() too, which returns self.log().exp()."),
        (Kernal, "It defines `kernal`: did you mean `kernel`?"),
        (Drawn, "Two calls give different values"),
        (TwoForms, "kernel() and forward() disagree"),
        (WrongSign, "The exponential of log() is not forward()"),
        (Raises, "raised KeyError: 'no such\\nthing'"),
        (Words, "combine is 'sum', but it must be one of scale, gate, gate_normalized, bias."),
        (Text, "forward() returns str, but it must be a tensor of floating-point numbers."),
        (Whole, "forward() returns torch.int64, but it must be a tensor of floating-point numbers."),
        (GatedNegative, "and combine='gate_normalized' needs positive ones."),
        (RootOfZero, "The gradient of `slope` is not finite: does a root meet a 0?"),
        (LogAlone, "Define kernel() too, which returns self.log_kernel().exp()."),
        (Nothing, "define kernel(), or forward() if it is not a function of the offset."),
        (NoSuper, "Its __init__ must call super().__init__(grid, heads) first."),
        (lambda grid, heads: nn.Linear(2, 2), "It is a Linear. Derive your class from `Prior`"),
        (lambda grid: Decay(grid, 1), "takes 1 positional argument but 2 were given"),
        (
            lambda grid, heads: GaussianMixtureMask((8, 8), heads),
            "on a grid of 3 x 5 with 2 heads, but it must be (2, 15",
        ),
        (lambda grid, heads: GaussianMixtureMask(grid, 4), "(4, 15, 15) on a grid of 3 x 5 with 2 heads"),
    ],
)
def test_a_mistake_is_one_problem_in_a_line_of_plain_words(wrong, said):
    report = inspect_prior(wrong)
    problems = [finding.text for finding in report.findings if finding.mark == "problem"]
    assert not report.ok and len(problems) == 1 and said in problems[0] and "\n" not in problems[0], problems
    assert str(report).endswith("Fix the problem first.")


def test_what_is_no_class_is_an_error():
    with pytest.raises(TypeError, match="must be a callable .* give the class GaussianMixtureMask"):
        inspect_prior(GaussianMixtureMask((8, 8), 4))
    with pytest.raises(ValueError, match="grid is"):
        inspect_prior(Decay, grid=(8, 0))


def test_a_parameter_that_the_softmax_cancels_cannot_learn():
    class Shifted(Decay):
        def __init__(self, grid, heads):
            super().__init__(grid, heads)
            self.shift = nn.Parameter(torch.ones(heads))

        def log_kernel(self):
            return self.shift[:, None, None] + super().log_kernel()

    said = inspect_prior(Shifted).about("gradients")
    assert said.startswith("note") and "The gradient of `shift` is 0 at the start: can it ever move?" in said


def test_a_small_gradient_is_a_gradient():
    class Flat(Decay):
        def log_kernel(self):
            return self.slope.pow(4)[:, None, None] * super().log_kernel() * 1e-3

    assert inspect_prior(Flat).about("gradients").endswith("They reach `slope`.")
    assert all(
        "They reach" in inspect_prior(each).about("gradients") for each in (GaussianMixtureMask, ElementwiseMask)
    )


def test_combine_that_is_misspelled_is_a_note():
    class Conbine(Decay):
        conbine = "gate"

    class Inherits(Prior):
        conbine = "bias"
        kernels = 5  # close to kernel, but a prior may have any name

        def kernel(self):
            return torch.ones(self.heads, 2 * self.grid[0] - 1, 2 * self.grid[1] - 1)

    assert inspect_prior(Conbine).about("combine") == "", "it has one from its base"
    report = inspect_prior(Inherits)
    assert report.ok
    said = " ".join(report.about("combine").split())
    assert "It defines `conbine`: did you mean `combine`? Now combine is 'scale'." in said


def test_structure_counts_only_if_training_keeps_it():
    """A fresh ELM is constant, and so symmetric; a trained one is not."""
    elm, mixture = inspect_prior(ElementwiseMask), inspect_prior(GaussianMixtureMask)
    assert (elm.symmetric, elm.offset_alone) == (False, False)
    assert (mixture.symmetric, mixture.offset_alone) == (True, True)
    assert "depends on where the query is" in elm.about("position")
    assert "the distance alone" in mixture.about("position")
    assert "and not of the distance alone" in inspect_prior(ManhattanDecay).about("position")
    assert "the same for all pairs" in inspect_prior(Temperature).about("position")


def test_a_prior_with_a_mask_alone_is_told_of_its_kernel():
    class Masked(Prior):
        def forward(self):
            return (-distances(self.grid)).exp()[None]

    assert "Define kernel() instead" in inspect_prior(Masked).about("position").replace("\n" + " " * 19, " ")


def test_reach_is_that_of_the_weights_at_equal_scores():
    report = inspect_prior(ManhattanDecay, grid=(3, 4), heads=2)
    weights = ManhattanDecay((3, 4), 2)()
    weights = weights / weights.sum(-1, keepdim=True)
    torch.testing.assert_close(report.distance, mean_distance(weights, (3, 4)))
    for radius, share in zip((1, 2), report.within, strict=True):
        expected = (weights * (distances((3, 4)) <= radius)).sum(-1).mean().item()
        assert share == pytest.approx(expected, abs=1e-6)


def test_a_multiplied_prior_turns_with_the_sign_of_the_scores():
    prior = GaussianMixtureMask((4, 4), 1, init="local")
    near, far = (mean_distance(equal_score_weights(prior, score), (4, 4)).item() for score in (1.0, -1.0))
    even = distances((4, 4)).mean().item()
    assert near < even < far
    added = ALiBi2d((4, 4), 1)
    torch.testing.assert_close(equal_score_weights(added, 1.0), equal_score_weights(added, -1.0))


def test_costs_are_counted():
    report = inspect_prior(GaussianMixtureMask, heads=4, kernels=3)
    assert report.parameters == 24 and report.macs == 4 * 3 * 15 * 15 and report.time > 0
    assert inspect_prior(Temperature).macs == 0


def test_looking_leaves_no_trace():
    before = torch.get_rng_state()
    inspect_prior(GaussianMixtureMask)
    assert torch.equal(torch.get_rng_state(), before)
    assert inspect_prior(Decay).about("reach") == inspect_prior(Decay).about("reach")
