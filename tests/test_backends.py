"""Every backend of attention equals the readable one, forward and backward, and refuses what it does not take."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention.flex_attention import flex_attention

from gmm_tutorial.analysis.cost import peak_bytes
from gmm_tutorial.attention import COMBINE, attention, attention_weights, backends, flex
from gmm_tutorial.attention.backends import BACKENDS, choose
from gmm_tutorial.grid import unfold_kernel
from gmm_tutorial.priors import ALiBi2d, ElementwiseMask, GaussianMixtureMask, ManhattanDecay, Prior, Temperature

HEADS = 3
GRIDS = [(3, 3), (2, 5), (7, 2), (1, 6), (5, 1), (1, 1)]


class Learned(Prior):
    """A positive prior with a kernel of free numbers, which is not symmetric."""

    combine = "bias"

    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.logs = nn.Parameter(torch.randn(heads, 2 * grid[0] - 1, 2 * grid[1] - 1))

    def kernel(self):
        return self.logs.exp()


class Shared(Learned):
    """The same for all heads."""

    def __init__(self, grid, heads):
        super().__init__(grid, 1)


class OwnLogs(Learned):
    """One that computes the whole table of its logarithms, which are not those of its kernel."""

    def log(self):
        return unfold_kernel(self.logs, self.grid) - 1.0 * torch.eye(self.grid[0] * self.grid[1], dtype=self.logs.dtype)


class Foreign(nn.Module):
    """No `Prior`, but it can stand where one can."""

    combine = "gate"

    def __init__(self, grid, heads):
        super().__init__()
        self.table = nn.Parameter(torch.rand(1, grid[0] * grid[1], grid[0] * grid[1]) + 0.1)

    def forward(self):
        return self.table


MAKERS = {
    "none": lambda grid, heads: None,
    "gmm": lambda grid, heads: GaussianMixtureMask(grid, heads, init="narrow"),
    "elm": lambda grid, heads: ElementwiseMask(grid, heads, init=0.7),
    "temperature": Temperature,
    "manhattan": ManhattanDecay,
    "alibi": ALiBi2d,
    "learned": Learned,
    "shared": Shared,
    "own logs": OwnLogs,
    "foreign": Foreign,
    "tensor": lambda grid, heads: torch.rand(heads, grid[0] * grid[1], grid[0] * grid[1], dtype=torch.float64) + 0.1,
}
POSITIVE = ("manhattan", "alibi", "learned", "shared", "own logs", "foreign", "tensor")


def tokens(count, channels=4, heads=HEADS, dtype=torch.float64):
    torch.manual_seed(count)
    return [torch.randn(2, heads, count, channels, dtype=dtype, requires_grad=True) for _ in range(3)]


def parameters(prior):
    return list(prior.parameters()) if isinstance(prior, nn.Module) else []


def made(name, grid):
    torch.manual_seed(1)
    prior = MAKERS[name](grid, HEADS)
    return prior.double() if isinstance(prior, nn.Module) else prior


def agree(ours, theirs, inputs, tolerance=1e-11):
    cotangent = torch.randn_like(theirs)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    options = {"allow_unused": True, "retain_graph": True}
    grads = [torch.autograd.grad(out, inputs, cotangent, **options) for out in (ours, theirs)]
    for a, b in zip(*grads, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b, rtol=0, atol=tolerance)


@pytest.mark.parametrize("prefix", [0, 2])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", MAKERS)
def test_blocked_and_sdpa_equal_dense(name, grid, prefix):
    prior = made(name, grid)
    q, k, v = tokens(grid[0] * grid[1] + prefix)
    inputs = [q, k, v, *parameters(prior)]
    for combine in COMBINE if name in POSITIVE else ("scale", "gate"):
        options = {"combine": combine, "num_prefix_tokens": prefix if prior is not None else 0}
        expected = attention(q, k, v, prior, **options, backend="dense")
        agree(attention(q, k, v, prior, **options, backend="blocked"), expected, inputs)
        if prior is None or combine in ("bias", "gate_normalized"):
            # gate_normalized divides where bias exponentiates: equal, if no logarithm was made by hand
            if name == "own logs" and combine == "gate_normalized":
                continue
            agree(attention(q, k, v, prior, **options, backend="sdpa"), expected, inputs)


def test_a_prior_says_itself_where_it_acts():
    """Unless the caller does; a tensor scales."""
    grid = (2, 3)
    q, k, v = tokens(6)
    for name, combine in (("gmm", "scale"), ("manhattan", "bias"), ("foreign", "gate"), ("tensor", "scale")):
        prior = made(name, grid)
        for backend in ("dense", "blocked", "auto"):
            said = attention(q, k, v, prior, combine, backend=backend)
            assert torch.equal(attention(q, k, v, prior, backend=backend), said)
        assert torch.equal(attention_weights(q, k, v, prior), attention_weights(q, k, v, prior, combine))
    gated = attention(q, k, v, made("manhattan", grid), "gate")
    assert not torch.allclose(gated, attention(q, k, v, made("manhattan", grid)))


def test_the_weights_are_those_of_a_prior_beside_prefix_tokens():
    prior, (q, k, v) = made("gmm", (2, 3)), tokens(8)
    weights = attention_weights(q, k, v, prior, num_prefix_tokens=2)
    torch.testing.assert_close(weights @ v, attention(q, k, v, prior, num_prefix_tokens=2, backend="blocked"))
    by_hand = torch.nn.functional.pad(prior(), (2, 0, 2, 0), value=1.0)
    torch.testing.assert_close(weights, attention_weights(q, k, v, by_hand))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.sampled_from(["gmm", "learned"]))
@settings(max_examples=30, deadline=None)
def test_blocks_on_any_grid(h, w, prefix, name):
    prior, (q, k, v) = made(name, (h, w)), tokens(h * w + prefix)
    options = {"num_prefix_tokens": prefix}
    expected = attention(q, k, v, prior, **options, backend="dense")
    agree(attention(q, k, v, prior, **options, backend="blocked"), expected, [q, k, v, *parameters(prior)])


def test_more_queries_than_a_block_and_another_number_of_keys():
    q = torch.randn(2, 3, 150, 4, dtype=torch.float64, requires_grad=True)
    k, v = (torch.randn(2, 3, 70, n, dtype=torch.float64, requires_grad=True) for n in (4, 5))
    table = torch.rand(3, 150, 70, dtype=torch.float64, requires_grad=True)
    for prior in (None, table):
        inputs = [q, k, v] if prior is None else [q, k, v, table]
        for backend in ("blocked", "auto"):
            agree(attention(q, k, v, prior, backend=backend), attention(q, k, v, prior, backend="dense"), inputs)


def test_only_what_needs_a_gradient_gets_one():
    prior, (q, k, v) = made("gmm", (4, 4)), tokens(16)
    out = attention(q.detach(), k, v.detach(), prior, backend="blocked")
    expected = attention(q.detach(), k, v.detach(), prior, backend="dense")
    agree(out, expected, [k, *prior.parameters()])
    prior.requires_grad_(False)
    q, k, v = (x.detach() for x in (q, k, v))
    assert not attention(q, k, v, prior, backend="blocked").requires_grad


def test_second_derivatives_through_blocks_are_refused():
    """The backward pass of blocks is written for first derivatives; a second one through it would miss terms."""
    prior, (q, k, v) = made("gmm", (3, 3)), tokens(9)
    (first,) = torch.autograd.grad(attention(q, k, v, prior, backend="blocked").square().sum(), q, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.square().sum().backward()


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("name", ["gmm", "manhattan"])
def test_blocked_in_lower_precision(dtype, bound, name):
    """The gradients of k, v and the prior are summed over blocks in float32."""
    torch.manual_seed(0)
    prior = MAKERS[name]((12, 12), HEADS)
    q, k, v = tokens(144, dtype=dtype)
    out = attention(q, k, v, prior, backend="blocked")
    assert out.dtype == dtype
    torch.testing.assert_close(out, attention(q, k, v, prior, backend="dense"), rtol=0, atol=bound)
    grads = [
        torch.autograd.grad(attention(q, k, v, prior, backend=b).float().sum(), [k, v]) for b in ("blocked", "dense")
    ]
    for a, b in zip(*grads, strict=True):
        assert a.dtype == dtype
        torch.testing.assert_close(a, b, rtol=0, atol=10 * bound)


def test_autocast_reaches_the_backward_pass_of_blocks():
    """Under autocast both backends multiply in bfloat16, so they differ by its rounding alone."""
    prior, (q, k, v) = MAKERS["gmm"]((8, 8), HEADS), tokens(64, dtype=torch.float32)
    grads = {}
    for backend in ("dense", "blocked"):
        with torch.autocast("cpu", torch.bfloat16):
            out = attention(q, k, v, prior, backend=backend)
        assert out.dtype == torch.bfloat16
        grads[backend] = torch.autograd.grad(out.float().square().sum(), [q, k, v])
    for a, b in zip(*grads.values(), strict=True):
        assert a.dtype == torch.float32
        torch.testing.assert_close(a, b, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("grid", [(32, 32), (16, 64), (64, 16), (1, 1024)])
def test_blocked_has_no_table_of_all_pairs(grid):
    """Neither in the forward nor in the backward pass; the largest tensor grows with a block, not with N."""
    q, k, v = tokens(1024, channels=8, heads=2, dtype=torch.float32)
    prior = GaussianMixtureMask(grid, 2)
    peaks = {}
    for backend in ("dense", "blocked"):
        peaks[backend] = peak_bytes(lambda b=backend: attention(q, k, v, prior, backend=b).sum().backward())
    pairs = 2 * 2 * 1024**2 * 4  # bytes of one number per pair, head and image
    assert peaks["dense"] > 2 * pairs
    assert peaks["blocked"] < pairs / 3


# FlexAttention has no gradients on a CPU, so its function of a logit is called on the logits of all pairs at once


@pytest.mark.parametrize("prefix", [0, 2])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", ["gmm", "manhattan", "alibi", "learned", "shared"])
def test_the_function_of_flex_changes_logits_as_dense_does(name, grid, prefix):
    prior = made(name, grid)
    q, k, v = tokens(n := grid[0] * grid[1] + prefix)
    batch, head = torch.arange(2).view(2, 1, 1, 1), torch.arange(HEADS).view(1, HEADS, 1, 1)
    query, key = torch.arange(n).view(1, 1, n, 1), torch.arange(n).view(1, 1, 1, n)
    for combine in ("scale", *(("bias", "gate_normalized") if name != "gmm" else ())):
        kernel = flex.kernel_of(prior, combine, q, k, prefix)
        change = flex.score_function(kernel, grid, combine, prefix)
        logits = change(q @ k.mT * q.shape[-1] ** -0.5, batch, head, query, key)
        expected = attention(q, k, v, prior, combine, num_prefix_tokens=prefix, backend="dense")
        agree(logits.softmax(-1) @ v, expected, [q, k, v, *parameters(prior)])


@pytest.mark.parametrize("name", ["none", "gmm", "manhattan", "shared"])
@pytest.mark.parametrize(("grid", "prefix"), [((4, 4), 0), ((2, 8), 3)])
def test_flex_without_the_compiler(monkeypatch, name, grid, prefix):
    monkeypatch.setattr(flex, "fused", lambda: flex_attention)
    prior, (q, k, v) = made(name, grid), tokens(grid[0] * grid[1] + prefix)
    options = {"num_prefix_tokens": 0 if prior is None else prefix}
    with torch.no_grad():
        ours = attention(q, k, v, prior, **options, backend="flex")
        torch.testing.assert_close(ours, attention(q, k, v, prior, **options, backend="dense"), rtol=0, atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="FlexAttention has gradients on CUDA only")
@pytest.mark.parametrize("name", ["gmm", "manhattan", "learned"])
@pytest.mark.parametrize(("grid", "prefix"), [((16, 16), 0), ((8, 32), 1)])
def test_flex_on_cuda(name, grid, prefix):
    torch.manual_seed(0)
    prior = MAKERS[name](grid, HEADS).cuda()
    q, k, v = (
        torch.randn(2, HEADS, grid[0] * grid[1] + prefix, 32, device="cuda", requires_grad=True) for _ in range(3)
    )
    results = [attention(q, k, v, prior, num_prefix_tokens=prefix, backend=b) for b in ("flex", "dense")]
    agree(*results, [q, k, v, *parameters(prior)], tolerance=1e-2)


def test_flex_compiled_on_a_cpu():
    prior = GaussianMixtureMask((16, 16), HEADS)
    q, k, v = tokens(256, channels=16, dtype=torch.float32)
    flex.fused.cache_clear()
    with torch.no_grad():
        try:
            ours = attention(q, k, v, prior, backend="flex")
        except Exception as error:  # the compiler needs a C++ compiler, and PyTorch supports some processors only
            pytest.skip(f"FlexAttention cannot be compiled here: {type(error).__name__}")
        torch.testing.assert_close(ours, attention(q, k, v, prior, backend="dense"), rtol=0, atol=1e-5)


REFUSED = [
    ("sdpa", "gmm", None, False, r"backend is 'sdpa', which can only add to the logits, but combine is 'scale'"),
    ("sdpa", "tensor", "gate", False, r"combine is 'gate': use 'blocked' or 'dense'"),
    ("blocked", "gmm", None, True, r"backend is 'blocked', which takes no bias: use 'dense'"),
    ("blocked", "none", None, True, r"backend is 'blocked', which takes no bias"),
    ("flex", "gmm", None, True, r"backend is 'flex', which takes no bias"),
    ("flex", "gmm", "gate", False, r"backend is 'flex', which can change logits only, but combine is 'gate'"),
    ("flex", "elm", None, False, r"which reads the kernel of a prior, but prior is ElementwiseMask, which has none"),
    ("flex", "tensor", None, False, r"but prior is a tensor, which has none: use 'blocked' or 'dense'"),
    ("flex", "own logs", None, False, r"but prior is OwnLogs, which has none"),
    ("flash", "none", None, False, r"backend is 'flash', but it must be one of 'auto', 'dense', 'sdpa', 'blocked'"),
]


@pytest.mark.parametrize(("backend", "name", "combine", "biased", "message"), REFUSED)
def test_what_a_backend_does_not_take_is_refused_by_name(backend, name, combine, biased, message):
    q, k, v = tokens(6)
    bias = torch.zeros(HEADS, 6, 6, dtype=torch.float64) if biased else None
    with torch.no_grad(), pytest.raises(ValueError, match=message):
        attention(q, k, v, made(name, (2, 3)), combine, bias, backend=backend)


@pytest.mark.skipif(torch.cuda.is_available(), reason="on CUDA it has gradients")
def test_flex_says_that_it_has_no_gradients_on_a_cpu():
    with pytest.raises(
        ValueError, match=r"which has gradients on CUDA only: use 'blocked' or 'dense', or torch.no_grad"
    ):
        attention(*tokens(6), made("gmm", (2, 3)), backend="flex")


@pytest.mark.parametrize("backend", ["dense", "blocked", "flex"])
def test_a_prior_for_another_grid_is_refused(backend):
    q, k, v = tokens(6)
    for prior in (made("gmm", (2, 4)), GaussianMixtureMask((2, 3), 2).double()):
        with torch.no_grad(), pytest.raises(ValueError, match=r"prior|prefix tokens need 8 tokens"):
            attention(q, k, v, prior, backend=backend)
    with torch.no_grad(), pytest.raises(ValueError, match=r"prior|prefix tokens need 7 tokens"):
        attention(q, k, v, made("gmm", (2, 3)), num_prefix_tokens=1, backend=backend)


@pytest.mark.parametrize("combine", ["bias", "gate_normalized"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_prior_that_is_not_positive_is_refused_by_every_backend(backend, combine):
    prior = ElementwiseMask((2, 3), HEADS, init=-1.0) if backend != "flex" else GaussianMixtureMask((2, 3), HEADS)
    if backend == "flex":
        nn.init.constant_(prior.alpha, -1.0)
    with torch.no_grad(), pytest.raises(ValueError, match="needs a positive prior"):
        attention(*tokens(6), prior.double(), combine, backend=backend)


def test_wrong_arguments_are_named():
    q, k, v = tokens(6)
    with pytest.raises(TypeError, match="prior is a list, but it must be a tensor, a module or None"):
        attention(q, k, v, [1.0])
    with pytest.raises(ValueError, match="num_prefix_tokens is -1"):
        attention(q, k, v, num_prefix_tokens=-1)
    with pytest.raises(ValueError, match="combine is 'mul'"):
        attention(q, k, v, combine="mul")


def test_the_backend_that_is_chosen(monkeypatch):
    """By the number of pairs, by what the backends take, and by the device."""
    few, many = torch.zeros(1, 2, 64, 8), torch.zeros(1, 2, 1024, 8)
    gmm, manhattan = GaussianMixtureMask((32, 32), 2), ManhattanDecay((32, 32), 2)
    bias = torch.zeros(2, 1024, 1024)
    assert choose(few, few) == "dense"
    assert choose(torch.zeros(1, 2, 512, 8), torch.zeros(1, 2, 512, 8)) == "dense"
    assert choose(torch.zeros(1, 2, 513, 8), torch.zeros(1, 2, 512, 8)) == "sdpa"
    assert choose(many, many) == "sdpa"
    assert choose(many, many, gmm) == choose(many, many, manhattan, "bias") == choose(many, many, bias) == "blocked"
    assert choose(many, many, gmm, "scale", bias) == choose(many, many, None, "scale", bias) == "dense"
    assert choose(many.to("meta"), many.to("meta"), gmm) == "dense"
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert choose(many, many, gmm) == "dense"


@pytest.mark.parametrize("combine", ["scale", "bias", "gate"])
def test_the_backend_that_is_chosen_on_cuda(monkeypatch, combine):
    class OnCuda:
        is_cuda, is_meta, shape = True, False, (1, 2, 1024, 8)

    assert choose(OnCuda, OnCuda, ManhattanDecay((32, 32), 2), combine) == ("blocked" if combine == "gate" else "flex")
    assert choose(OnCuda, OnCuda, ElementwiseMask((32, 32), 2), combine) == "blocked"
    assert choose(OnCuda, OnCuda) == "sdpa"


def test_auto_gives_what_it_chose(monkeypatch):
    called = []
    for name, function in BACKENDS.items():
        monkeypatch.setitem(
            BACKENDS, name, lambda *a, name=name, function=function: called.append(name) or function(*a)
        )
    q, k, v = (x.detach() for x in tokens(1024, heads=1))
    for prior in (None, GaussianMixtureMask((32, 32), 1).double()):
        torch.testing.assert_close(attention(q, k, v, prior), attention(q, k, v, prior, backend="dense"))
    assert called == ["sdpa", "dense", "blocked", "dense"]
    assert backends.FEW == 512**2


def test_models_on_large_grids_are_equal_whichever_backend_they_take(monkeypatch):
    from gmm_tutorial.models import create_model

    torch.manual_seed(0)
    images = torch.randn(1, 3, 96, 96)
    for prior, pool in itertools.product(("gmm", "manhattan", None), ("mean", "cls")):
        model = create_model("vit", prior=prior, pool=pool, image_size=96, patch_size=4, dim=16, depth=1, num_heads=2)
        grads = []
        for few in (0, 10**9):
            monkeypatch.setattr(backends, "FEW", few)
            model.zero_grad()
            model(images).square().sum().backward()
            grads.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        for a, b in zip(*grads, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
