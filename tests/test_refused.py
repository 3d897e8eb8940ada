"""Bad arguments that used to slip through, or to end in an error that named nothing."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from gmm_tutorial import decay, models, priors, rotary
from gmm_tutorial.analysis import (
    attention_maps,
    by_distance,
    by_offset,
    diagonal_score,
    fit_mixture,
    mean_distance,
    neighbor_means,
)
from gmm_tutorial.attention import Attention, attention, install_priors
from gmm_tutorial.manhattan import ManhattanAttention
from gmm_tutorial.models import create_model
from gmm_tutorial.models.blocks import Block, Mlp, PatchEmbed
from gmm_tutorial.priors import PRIORS, ElementwiseMask, GaussianMixtureMask, ManhattanDecay, Prior
from gmm_tutorial.retention import MultiScaleRetention, chunkwise, parallel, recurrent

B, H, N, D = 2, 3, 6, 4


def qkv(n=N, channels=D, values=D, dtype=torch.float64):
    shapes = (B, H, n, channels), (B, H, n, channels), (B, H, n, values)
    return [torch.randn(shape, dtype=dtype, requires_grad=dtype.is_floating_point) for shape in shapes]


GAMMA = torch.tensor([0.5, 0.9, 1.0], dtype=torch.float64)
IMAGES = torch.zeros(1, 3, 32, 32)


class NotPositive(Prior):
    """A prior whose author forgot to say how it is applied."""

    combine = "times"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda q, k, v: attention(q, k, torch.eye(N, D).long().expand(B, H, -1, -1)), "v is torch.int64, but it must"),
        (lambda q, k, v: attention(q.long(), k, v), "q is torch.int64, but it must be of a floating-point dtype"),
        (
            lambda q, k, v: attention(q, k.float(), v),
            "k is torch.float32, but q is torch.float64, and k must be the same",
        ),
        (lambda q, k, v: attention(q, k, v.to("meta")), "v is on meta, but q is on cpu, and v must be there too"),
        (lambda q, k, v: attention(q.detach().numpy(), k, v), "q is a ndarray, but it must be a tensor"),
        (
            lambda q, k, v: attention(q, k, v, bias=torch.zeros(4, 1, 1, 1)),
            r"bias is \(4, 1, 1, 1\), but it must broad",
        ),
        (lambda q, k, v: attention(q, k, v, bias=torch.zeros(1, B, H, N, N)), "bias is .*, but it must broadcast to"),
        (
            lambda q, k, v: attention(q, k, v, bias=torch.ones(N, N) > 0),
            "bias is torch.bool, but it must be of a floating",
        ),
        (
            lambda q, k, v: attention(q, k, v, torch.tensor(1.0)),
            r"prior is \(\), but 3 heads, 6 queries and 6 keys need",
        ),
        (lambda q, k, v: attention(q[..., :0], k[..., :0], v), r"q is \(2, 3, 6, 0\), but it must be \(B, H, N, D\)"),
        (lambda q, k, v: parallel(q, k, v.long(), GAMMA), "v is torch.int64, but it must be of a floating-point dtype"),
        (
            lambda q, k, v: recurrent(q, k, v.long(), GAMMA),
            "v is torch.int64, but it must be of a floating-point dtype",
        ),
        (
            lambda q, k, v: chunkwise(q, k, v.long(), GAMMA, 2),
            "v is torch.int64, but it must be of a floating-point dtype",
        ),
        (lambda q, k, v: parallel(q, k, v, [0.5, 0.9, 1.0]), "gamma is a list, but it must be a tensor"),
        (
            lambda q, k, v: rotary.rotate(q.long(), torch.arange(N)),
            "x is torch.int64, but it must be of a floating-point",
        ),
        (lambda q, k, v: rotary.rotate(q, torch.arange(N - 1)), r"positions is \(5,\), but x needs \(6,\)"),
        (lambda q, k, v: rotary.rotate(q, N), "positions is a int, but it must be a tensor"),
        (lambda q, k, v: decay.half_distance(torch.tensor([0.5, -0.5])), r"gamma is \[0.5, -0.5\], but each must be"),
        (lambda q, k, v: decay.causal_decay(torch.tensor([1.5]), 3), r"gamma is \[1.5\], but each must be above 0"),
        (
            lambda q, k, v: decay.manhattan_gamma(4, -3.0),
            r"start is -3.0 and span is 4.0, so gamma is \[-7.0.*, but each",
        ),
        (lambda q, k, v: decay.manhattan_gamma(4, float("nan")), "start is nan, but it must be a number"),
        (lambda q, k, v: ElementwiseMask((2, 3), init=float("nan")), "init is nan, but it must be a number"),
        (lambda q, k, v: ElementwiseMask((2, 3), init=float("inf")), "init is inf, but it must be a finite number"),
        (lambda q, k, v: diagonal_score(torch.full((2, 6, 6), 0.1)), "mask has equal or NaN entries everywhere"),
        (
            lambda q, k, v: by_offset(torch.ones(6, 6) > 0, (2, 3)),
            "mask is torch.bool, but it must be of a floating-point",
        ),
        (
            lambda q, k, v: by_distance(torch.ones(6, 6).cfloat(), (2, 3)),
            "mask is torch.complex64, but it must be of a",
        ),
        (
            lambda q, k, v: mean_distance(torch.eye(6).long(), (2, 3)),
            "weights is torch.int64, but it must be of a floa",
        ),
        (lambda q, k, v: by_distance([[1.0]], (1, 1)), "mask is a list, but it must be a tensor"),
        (lambda q, k, v: fit_mixture(torch.eye(6).cfloat(), (2, 3), 1), "mask is torch.complex64, but it must be of a"),
        (lambda q, k, v: attention_maps(None, IMAGES), "model is a NoneType, but it must be a module"),
        (
            lambda q, k, v: neighbor_means(torch.rand(6, 6), (1, 6)),
            r"grid is \(1, 6\), but it must have at least 2 rows",
        ),
        (lambda q, k, v: Attention(12, 3, head_dim=0), "head_dim is 0, but it must be an integer of at least 1"),
        (lambda q, k, v: Attention(12, 3, num_prefix_tokens=-1), "num_prefix_tokens is -1, but it must be an integer"),
        (lambda q, k, v: Attention(12, 3, prior="gmm"), "prior is a str, but it must be a module or None"),
        (
            lambda q, k, v: Attention(12, 3, prior=nn.Linear(1, 1)),
            "prior.combine is None, but it must be one of 'scale'",
        ),
        (lambda q, k, v: install_priors(Attention(12, 3, grid=(2, 3)), NotPositive), "prior.combine is 'times'"),
        (
            lambda q, k, v: install_priors(OrderedDict(), ManhattanDecay),
            "model is a OrderedDict, but it must be a module",
        ),
        (
            lambda q, k, v: Attention(12, 3)(torch.zeros(B, N, 11)),
            r"x is \(2, 6, 11\), but this layer needs \(B, N, 12\)",
        ),
        (lambda q, k, v: Attention(12, 3)(torch.zeros(N, 12)), r"x is \(6, 12\), but this layer needs \(B, N, 12\)"),
        (
            lambda q, k, v: Attention(12, 3)(torch.zeros(B, N, 12).double()),
            "x is torch.float64, but the layer's weight is",
        ),
        (lambda q, k, v: MultiScaleRetention(12, 3)(torch.zeros(B, N, 12).long()), "x is torch.int64, but it must be"),
        (lambda q, k, v: ManhattanAttention(12, 3)(torch.zeros(B, N, 12)), r"this layer needs \(B, h, w, 12\)"),
        (lambda q, k, v: ManhattanAttention(12, 3)(torch.zeros(B, 0, 3, 12)), r"x is \(2, 0, 3, 12\), but this layer"),
        (lambda q, k, v: ManhattanAttention(12, 3).weights(torch.zeros(B, N, 12)), r"this layer needs \(B, h, w, 12\)"),
        (
            lambda q, k, v: create_model("vit")(IMAGES.byte()),
            "images is torch.uint8, but it must be of a floating-point",
        ),
        (lambda q, k, v: create_model("vit", dim=0), "dim is 0, but it must be an integer of at least 1"),
        (lambda q, k, v: create_model("vit", depth=-1), "depth is -1, but it must be an integer of at least 1"),
        (lambda q, k, v: create_model("vit", mlp_ratio=1e400), "mlp_ratio is inf, but it must be a finite number"),
        (lambda q, k, v: create_model("vit", drop_path=1.5), "drop_path is 1.5, but it must be a number from 0 to 1"),
        (lambda q, k, v: create_model("vit", prior=3), "prior is a int, but it must be a callable"),
        (
            lambda q, k, v: create_model("vit", prior=ManhattanDecay((8, 8), 12)),
            "prior is a ManhattanDecay, but it must be",
        ),
        (lambda q, k, v: create_model(["vit"]), r"name is \['vit'\], but it must be one of 'vit'"),
        (
            lambda q, k, v: create_model("rmt-cifar", dims=96),
            "dims is 96, but it must be a tuple with one entry per stage",
        ),
        (lambda q, k, v: create_model("rmt-cifar", layer_scale=1e-6), "layer_scale is 1e-06, but it must be a tuple"),
        (lambda q, k, v: PatchEmbed(32, 0, 8), "patch_size is 0, but it must be an integer of at least 1"),
        (lambda q, k, v: Mlp(8, 0), "hidden is 0, but it must be an integer of at least 1"),
        (
            lambda q, k, v: Block(8, nn.Identity(), layer_scale=float("nan")),
            "layer_scale is nan, but it must be a number",
        ),
        (
            lambda q, k, v: models.load_published(create_model("vit", depth=1), None),
            "state_dict is a NoneType, but it must",
        ),
        (lambda q, k, v: priors.prior_defaults("elm "), "prior is 'elm ', but it must be one of 'elm', 'gmm'"),
    ],
)
def test_named(build, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}" if not message.startswith("this") else message):
        build(*qkv())


def test_a_prior_for_another_grid_is_named_whatever_its_place():
    for kind in (GaussianMixtureMask, ManhattanDecay):
        with pytest.raises(ValueError, match=r"prior is \(3, 4, 4\), but 3 heads, 6 queries and 6 keys need"):
            Attention(12, 3, prior=kind((2, 2), 3))(torch.zeros(1, 6, 12))
    with pytest.raises(ValueError, match=r"x is \(1, 4, 3, 12\), but this layer was made for the grid \(3, 4\)"):
        ManhattanAttention(12, 3, prior=ManhattanDecay((3, 4), 3))(torch.zeros(1, 4, 3, 12))


def test_values_are_not_looked_at_where_there_are_none():
    """On the meta device, and in a function that is compiled whole."""
    q, k, v = (x.to("meta") for x in qkv())
    assert attention(q, k, v, torch.zeros(1, N, N, device="meta"), "bias").is_meta
    assert parallel(q, k, v, GAMMA.to("meta")).is_meta and decay.half_distance(GAMMA.to("meta")).is_meta
    with torch.device("meta"):
        model = create_model("rmt-cifar", prior="manhattan").eval()
        assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    torch.compiler.reset()
    compiled = torch.compile(parallel, backend="eager", fullgraph=True)
    values = [x.detach() for x in qkv()]
    torch.testing.assert_close(compiled(*values, GAMMA), parallel(*values, GAMMA))


@pytest.mark.parametrize("prior", PRIORS)
def test_a_layer_looks_at_no_values(prior, monkeypatch):
    """For every look a GPU would have to wait."""
    layers = [
        Attention(12, 3, prior=priors.prior_factory(prior)((2, 3), 3)),
        ManhattanAttention(12, 3),
        ManhattanAttention(12, 3, prior=priors.prior_factory(prior)((2, 3), 3)),
        MultiScaleRetention(12, 3),
        MultiScaleRetention(12, 3, grid=(2, 3)),
    ]
    looks = []
    for name in ("__bool__", "item", "tolist"):
        monkeypatch.setattr(torch.Tensor, name, lambda x, name=name: looks.append(name) or True)
    for layer in layers:
        layer(torch.zeros(1, 2, 3, 12) if isinstance(layer, ManhattanAttention) else torch.zeros(1, 6, 12))
    assert not looks
