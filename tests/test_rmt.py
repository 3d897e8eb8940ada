"""RMT: published parameter counts, shapes, what each switch takes away, gradients everywhere, clear errors."""

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange

from gmm_tutorial import analysis
from gmm_tutorial.analysis.cost import peak_bytes
from gmm_tutorial.manhattan import ManhattanAttention
from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.priors import GaussianMixtureMask

TINY = {"dims": (16, 32), "depths": (2, 1), "num_heads": (2, 4)}


@pytest.mark.parametrize(
    ("name", "released", "paper"),
    [
        ("rmt-t", 14_334_216, 13_192_200),
        ("rmt-s", 26_967_240, 25_701_064),
        ("rmt-b", 54_154_896, 52_689_680),
        ("rmt-l", 95_464_864, 93_844_512),
    ],
)
def test_parameter_counts_are_the_published_ones(name, released, paper):
    assert count_parameters(create_model(name, 1000, 224)) == released
    assert count_parameters(create_model(name, 1000, 224, version="paper")) == paper


@pytest.mark.parametrize(
    ("name", "heads", "spans", "ratios", "by_axes", "scaled"),
    [
        ("rmt-t", (4, 4, 8, 16), (4, 4, 6, 6), (3, 3, 3, 3), (True, True, False, False), (False,) * 4),
        ("rmt-s", (4, 4, 8, 16), (4, 4, 6, 6), (4, 4, 3, 3), (True, True, True, False), (False,) * 4),
        ("rmt-b", (5, 5, 10, 16), (5, 5, 6, 6), (4, 4, 3, 3), (True, True, True, False), (False, False, True, True)),
        ("rmt-l", (7, 7, 14, 20), (6, 6, 6, 6), (4, 4, 3, 3), (True, True, True, False), (False, False, True, True)),
        ("rmt-cifar", (4, 8), (4, 6), (3, 3), (True, False), (False, False)),
    ],
)
def test_stages_are_the_published_ones(name, heads, spans, ratios, by_axes, scaled):
    """Whatever the number of parameters does not show: heads, rates, the way of attention, where layer scale is."""
    model = create_model(name, depths=(1,) * len(heads))
    for i, stage in enumerate(model.stages):
        block = stage[0]
        layer, dim = block.attn, block.attn.q_proj.in_features
        gamma = [1 - 2 ** (-2 - spans[i] * h / heads[i]) for h in range(heads[i])]
        assert layer.num_heads == heads[i] and layer.log_gamma.exp().tolist() == pytest.approx(gamma, rel=1e-5)
        assert layer.decomposed == by_axes[i] and block.mlp.fc1.out_features == ratios[i] * dim
        scale = [] if block.scale1 is None else [value.item() for value in (*block.scale1, *block.scale2)]
        assert scale == pytest.approx([1e-6] * 2 * dim if scaled[i] else [])


@pytest.mark.parametrize("version", ["released", "paper"])
def test_the_released_code_rotates_and_the_paper_does_not(version):
    layer = create_model("rmt-cifar", version=version, **TINY).stages[0][0].attn
    x = torch.randn(1, 16, 16, 16)
    q, k, _ = layer.project(x)
    plain = [rearrange(proj(x), "B h w (H D) -> B H (h w) D", H=2) for proj in (layer.q_proj, layer.k_proj)]
    assert torch.equal(q, plain[0]) == torch.equal(k, plain[1]) == (version == "paper")


def test_linear_layers_start_from_a_truncated_normal():
    for module in create_model("rmt-cifar", depths=(1, 1)).modules():
        if isinstance(module, torch.nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.05) and module.bias.abs().max() == 0


def test_norms_divide_by_the_variance_and_1e_6():
    x = 1e-3 * torch.randn(5, 16, dtype=torch.float64)
    expected = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-6).sqrt()
    block = create_model("rmt-cifar", **TINY).double().stages[0][0]
    for norm in (block.norm1, block.norm2):
        torch.testing.assert_close(norm(x), expected)


@pytest.mark.parametrize(
    ("image_size", "stem_stride", "sides"),
    [(36, 4, (9, 5, 3)), (30, 4, (8, 4, 2)), (33, 4, (9, 5, 3)), (18, 2, (9, 5, 3)), (15, 2, (8, 4, 2))],
)
def test_odd_grids_are_rounded_up(image_size, stem_stride, sides):
    three = {"dims": (8, 8, 8), "depths": (1, 1, 1), "num_heads": (2, 2, 2), "spans": (4, 4, 4)}
    options = three | {"mlp_ratios": (2, 2, 2), "decomposed": (True, False, True), "stem_stride": stem_stride}
    model = create_model("rmt-cifar", 7, image_size, **options).eval()
    images = torch.randn(1, 3, image_size, image_size)
    maps = model.pyramid(images)
    assert [tuple(x.shape) for x in maps] == [(1, side, side, 8) for side in sides]
    assert [stage[0].attn.grid for stage in model.stages] == [(side, side) for side in sides]
    assert torch.equal(model.features(images), maps[-1].flatten(1, 2)) and model(images).shape == (1, 7)


def by_hand(model, images, released=True):
    """The network from its weights and functions alone; only the attention layer, tested on its own, is taken over."""
    w = model.state_dict()

    def conv(x, name, **options):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], **options)

    def batch_norm(x, name):
        stats = (w[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *stats, training=False)

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def layer_norm(x, name):
        centered = x - x.mean(-1, keepdim=True)
        variance = centered.square().mean(-1, keepdim=True)
        return centered / (variance + 1e-6).sqrt() * w[f"{name}.weight"] + w[f"{name}.bias"]

    def depthwise(x, name):
        x = x.movedim(-1, 1)
        return conv(x, name, padding=1, groups=x.shape[1]).movedim(1, -1)

    x = images
    for i, stride in ((0, 2), (3, 1), (6, 1), (9, 1)):  # stem_stride 2
        x = batch_norm(conv(x, f"stem.{i}", stride=stride, padding=1), f"stem.{i + 1}")
        x = F.gelu(x) if i < 9 else x
    x = x.movedim(1, -1)
    for i, stage in enumerate(model.stages):
        for j, block in enumerate(stage):
            name = f"stages.{i}.{j}"
            x = x + depthwise(x, f"{name}.pos")
            x = x + block.attn(layer_norm(x, f"{name}.norm1"))
            y = F.gelu(linear(layer_norm(x, f"{name}.norm2"), f"{name}.mlp.fc1"))
            y = y + depthwise(y, f"{name}.mlp.conv") if released else y
            x = x + linear(y, f"{name}.mlp.fc2")
        if i + 1 < len(model.stages):
            x = conv(x.movedim(-1, 1), f"downsamples.{i}.0", stride=2, padding=1)
            x = batch_norm(x, f"downsamples.{i}.1").movedim(1, -1)
    x = linear(x, "proj") if released else x
    x = batch_norm(x.movedim(-1, 1), "norm")
    return linear((F.silu(x) if released else x).mean(dim=(2, 3)), "head")


@pytest.mark.parametrize("version", ["released", "paper"])
def test_network_equals_its_parts_one_after_the_other(version):
    model = create_model("rmt-cifar", 7, version=version, **TINY)
    for name, value in model.state_dict().items():  # nothing at 0 or 1, where a part that is left out would not be seen
        if value.is_floating_point():
            value.copy_(0.3 * torch.randn(value.shape) + (1.0 if "var" in name else 0.0)).abs_()
    model.eval().double()
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    expected = by_hand(model, images, released=version == "released")
    torch.testing.assert_close(model(images), expected, rtol=1e-10, atol=1e-10)


def test_at_224_the_stages_have_the_published_grids():
    maps = create_model("rmt-t", 10, 224).eval().pyramid(torch.randn(1, 3, 224, 224))
    assert [tuple(x.shape) for x in maps] == [(1, n, n, c) for n, c in ((56, 64), (28, 128), (14, 256), (7, 512))]


def test_rmt_cifar_is_the_size_it_should_be():
    model = create_model("rmt-cifar")
    assert 3e6 < count_parameters(model) < 5e6
    maps = model.pyramid(torch.randn(2, 3, 32, 32))
    assert [tuple(x.shape[1:3]) for x in maps] == [(16, 16), (8, 8)]
    layers = [layer for layer in model.modules() if isinstance(layer, ManhattanAttention)]
    assert [layer.decomposed for layer in layers] == [True] * 3 + [False] * 8


@pytest.mark.parametrize("version", ["released", "paper"])
@pytest.mark.parametrize("prior", [None, "gmm", "alibi", "temperature"])
def test_forward_and_every_parameter_gets_a_gradient(version, prior):
    model = create_model("rmt-cifar", 7, prior=prior, version=version, **TINY)
    out = model(torch.randn(4, 3, 32, 32))
    assert out.shape == (4, 7)
    out.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        # a bias of k shifts all logits of a row alike; one before a batch norm is taken away again
        still = name.endswith("k_proj.bias") or (name.startswith(("stem", "downsamples")) and name.endswith("bias"))
        assert still or parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("prior", ["elm", "gmm"])
def test_a_prior_gets_the_grid_of_its_stage(prior):
    made = []

    def factory(grid, heads):
        made.append((grid, heads))
        return GaussianMixtureMask(grid, heads)

    create_model("rmt-cifar", prior=factory, **TINY)
    assert made == [((16, 16), 2), ((16, 16), 2), ((8, 8), 4)]
    plain, masked = create_model("rmt-cifar", **TINY), create_model("rmt-cifar", prior=prior, **TINY)
    added = {"elm": 2 * 256**2 + 64**2, "gmm": 2 * 5 * (2 + 2 + 4)}[prior]
    assert count_parameters(masked) - count_parameters(plain) == added


def test_variants_share_first_weights_and_lack_what_they_say():
    models = {}
    for option in (None, "decay", "lepe", "pos_conv"):
        torch.manual_seed(3)
        models[option] = create_model("rmt-cifar", **TINY, **({option: False} if option else {}))
    whole = models.pop(None).eval().double()
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    for option, model in models.items():
        state = model.eval().double().state_dict()
        assert all(torch.equal(whole.state_dict()[name], value) for name, value in state.items()), option
        missing = whole.state_dict().keys() - state.keys()
        part = {"decay": "nothing", "lepe": ".lepe.", "pos_conv": ".pos."}[option]
        assert all(part in name for name in missing) and bool(missing) == (option != "decay"), option
        assert (model(x) - whole(x)).abs().max() > 1e-7, option
        rates = torch.cat([layer.log_gamma for layer in model.modules() if isinstance(layer, ManhattanAttention)])
        assert (rates == 0).all() if option == "decay" else (rates < 0).all(), "not slow, but none"


def test_attention_maps_of_every_layer():
    model = create_model("rmt-cifar", **TINY).eval()
    maps = analysis.attention_maps(model, torch.randn(2, 3, 32, 32))
    assert [tuple(each.shape) for each in maps] == [(2, 2, 256, 256)] * 2 + [(2, 4, 64, 64)]
    for each in maps:
        torch.testing.assert_close(each.sum(-1), torch.ones(each.shape[:-1]))


def test_the_decomposed_stage_forms_no_matrix_of_all_pairs():
    images, peak = torch.randn(1, 3, 32, 32), {}
    for decomposed in (True, False):
        options = TINY | {"decomposed": (decomposed, True)}
        model = create_model("rmt-cifar", **options).eval().requires_grad_(False)
        peak[decomposed] = peak_bytes(lambda model=model: model(images))
    pairs = 4 * 2 * 256**2  # bytes of one matrix of the first stage, 2 heads; full attention holds several
    assert peak[True] < 1.1 * pairs and peak[False] > 2 * pairs


def test_drop_path_grows_along_the_depth_and_layer_scale_is_where_published():
    model = create_model("rmt-b", 10, 32, drop_path=0.4)
    blocks = [block for stage in model.stages for block in stage]
    assert blocks[0].drop_path.p == 0 and abs(blocks[-1].drop_path.p - 0.4) < 1e-6
    assert [stage[0].scale1 is not None for stage in model.stages] == [False, False, True, True]
    assert (model.stages[2][0].scale1 == 1e-6).all()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="version is 'old', but it must be 'released' or 'paper'"):
        create_model("rmt-cifar", version="old")
    with pytest.raises(ValueError, match="stem_stride is 3, but it must be 2 or 4"):
        create_model("rmt-cifar", stem_stride=3)
    with pytest.raises(ValueError, match="depths has 3 entries, but dims has 2: one per stage"):
        create_model("rmt-cifar", depths=(1, 1, 1))
    with pytest.raises(ValueError, match=r"images is \(2, 3, 28, 28\), but this model needs \(B, 3, 32, 32\)"):
        create_model("rmt-cifar", **TINY)(torch.zeros(2, 3, 28, 28))
