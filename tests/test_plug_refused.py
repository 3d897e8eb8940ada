"""What plug_in refuses, and what plugged layers take beside tokens."""

import re
import sys
from inspect import signature
from pathlib import Path

import pytest
import torch
from foreign_models import VIT, Ones, combined, foreign
from timm.layers import Attention
from timm.models.swin_transformer_v2 import SwinTransformerV2
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from gmm_tutorial.models import create_model
from gmm_tutorial.plug import plug_in, unplug


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Linear(2, 2),
        lambda: nn.TransformerEncoderLayer(8, 2),  # no grid is known
        lambda: create_model("vit", depth=1),  # ours takes priors by itself
        lambda: SwinTransformerV2(img_size=32, window_size=4, embed_dim=12, depths=(1,), num_heads=(2,)),
        lambda: VisionTransformer(**(VIT | {"depth": 0})),
    ],
)
def test_unknown_models(make):
    model = make()
    with pytest.raises(TypeError) as caught:
        plug_in(model)
    assert str(caught.value).startswith(f"model is a {type(model).__name__}, but its attention layers must be")
    for known in (
        "Attention in timm.models.vision_transformer.VisionTransformer",
        "WindowAttention in timm.models.swin_transformer.SwinTransformer",
        "TalkingHeadAttn in timm.models.cait.Cait",
        "Attention in timm.models.pit.PoolingVisionTransformer",
        "MultiheadAttention in torchvision.models.vision_transformer.VisionTransformer",
        "ShiftedWindowAttentionV2 in torchvision.models.swin_transformer.SwinTransformer",
    ):
        assert known in str(caught.value)


class Nameless(nn.Module):
    """A module that does not say how it is applied."""

    def __init__(self, grid, heads):
        super().__init__()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"prior": "gmn"}, ValueError, "prior is 'gmn', but it must be None, 'elm', "),
        ({"prior": None}, TypeError, "prior is None, but it must be a name or a callable"),
        ({"prior": Ones((2, 4), 2)}, TypeError, "prior is a Ones, but it must be a callable (grid, heads) -> module"),
        ({"prior": lambda grid, heads: None}, TypeError, "what prior returns is a NoneType, but it must be a module"),
        ({"prior": Nameless}, ValueError, "prior.combine is None, but it must be one of 'scale', "),
        ({"prior": "elm", "kernels": 3}, ValueError, "kernels is 3, but only the prior 'gmm' has kernels"),
        ({"kernels": 0}, ValueError, "kernels is 0, but it must be an integer of at least 1"),
    ],
)
def test_wrong_priors(options, error, message):
    model, images = foreign("vit")
    before = model(images)
    with pytest.raises(error, match=re.escape(message)):
        plug_in(model, **options)
    assert torch.equal(plug_in(model, Ones)(images).round(decimals=6), before.round(decimals=6))


def test_a_prior_that_fails_in_the_last_layer_leaves_the_model_alone():
    model, images = foreign("pit")
    before, kinds = model(images), [type(module) for module in model.modules()]

    def fails(grid, heads):
        if grid == (2, 3):
            raise RuntimeError("not this one")
        return Ones(grid, heads)

    with pytest.raises(RuntimeError, match="not this one"):
        plug_in(model, fails)
    assert [type(module) for module in model.modules()] == kinds
    assert torch.equal(model(images), before)


def test_twice_in_and_twice_out():
    model, _ = foreign("vit")
    with pytest.raises(ValueError, match="model is a VisionTransformer without a prior, but it must be one that"):
        unplug(model)
    plug_in(model)
    for prior in ("gmm", "alibi"):
        with pytest.raises(ValueError, match=re.escape("that has a prior, but it must have none: unplug(model) first")):
            plug_in(model, prior)
    plug_in(unplug(model), "alibi")
    for function in (plug_in, unplug):
        with pytest.raises(TypeError, match="model is a str, but it must be a module"):
            function("vit_tiny")


def test_kernels():
    model, _ = foreign("vit")
    assert plug_in(model, kernels=3).blocks[1].attn.prior.alpha.shape == (3, 2)


@pytest.mark.parametrize(("size", "grid"), [((32, 16), "4 x 2"), ((32, 32), "4 x 4"), ((8, 64), "1 x 8")])
def test_another_grid_in_a_dynamic_vit(size, grid):
    """Two of these have as many patches as the grid of the priors."""
    model, images = foreign("vit without class token")
    plug_in(model)
    message = f"the tokens are on a grid of {grid}, but the priors need one of 2 x 4"
    with pytest.raises(ValueError, match=message):
        model(images.new_zeros(1, 3, *size))
    model.set_input_size(size)
    with pytest.raises(ValueError, match=message):
        model(images.new_zeros(1, 3, *size))


def test_other_windows_and_fewer_tokens():
    swin, images = foreign("swin")
    plug_in(swin).layers[0].blocks[0].attn.window_size = (4, 2)  # as its set_window_size does
    with pytest.raises(ValueError, match="the tokens are on a grid of 4 x 2, but the priors need one of 2 x 4"):
        swin(images)
    swin, images = foreign("torchvision swin")
    plug_in(swin).features[1][0].attn.window_size = [4, 2]
    with pytest.raises(ValueError, match="the tokens are on a grid of 4 x 2, but the priors need one of 2 x 4"):
        swin(images)
    vit = plug_in(VisionTransformer(**VIT, patch_drop_rate=0.5))
    vit.eval()(torch.zeros(1, 3, 16, 32))
    with pytest.raises(ValueError, match="x has 5 tokens, but under its prior this layer needs 1 and those of a grid"):
        vit.train()(torch.zeros(1, 3, 16, 32))


def test_maps_of_any_size_in_windows():
    """Swin's windows do not depend on the size of the images."""
    model, images = foreign("torchvision swin")
    small, large = torch.zeros_like(images[..., :10, :20]), torch.zeros(1, 3, 64, 64, dtype=images.dtype)
    for each in (small, large):
        before = model(each)
        torch.testing.assert_close(plug_in(model, Ones)(each), before)
        unplug(model)


@pytest.mark.parametrize("fused", [False, True])
def test_masks_of_a_vit(fused):
    model, images = foreign("vit")
    layer, x = model.blocks[0].attn, torch.randn(2, 9, 24, dtype=images.dtype)
    keep = torch.rand(9, 9) < 0.7
    added = torch.randn(9, 9, dtype=x.dtype)
    before = [layer(x, attn_mask=mask) for mask in (keep, added)]  # fused: older versions take booleans only there
    layer.fused_attn = fused
    plug_in(model, combined(Ones, "bias"))
    for mask, expected in zip((keep, added), before, strict=True):
        torch.testing.assert_close(layer(x, attn_mask=mask), expected)
    with pytest.raises(ValueError, match="is_causal is True, but it must be False"):
        layer(x, is_causal=True)


@pytest.mark.skipif("gated" not in signature(Attention).parameters, reason="only newer versions of timm have gates")
def test_gates_of_a_vit():
    model, images = foreign("vit", torch.float32)
    model.blocks[0].attn = Attention(24, num_heads=2, gated=True).eval()
    before = model(images)
    torch.testing.assert_close(plug_in(model, Ones)(images), before)


def test_weights_of_the_layer_of_pytorch():
    model, _ = foreign("torchvision vit")
    layer, x = model.encoder.layers[0].self_attention, torch.randn(2, 17, 24, dtype=torch.float64)
    before = layer(x, x, x)
    plug_in(model, Ones)
    for out, expected in zip(layer(x, x, x), before, strict=True):
        torch.testing.assert_close(out, expected)
    assert layer(x, x, x, need_weights=False)[1] is None
    for key, value in ((x + 1, x), (x, x + 1)):
        with pytest.raises(ValueError, match="query, key and value are different tensors"):
            layer(x, key, value)
    with pytest.raises(TypeError, match="attn_mask"):
        layer(x, x, x, attn_mask=torch.zeros(17, 17))


def test_timm_is_needed_only_for_its_own_models(monkeypatch):
    vit, images = foreign("torchvision vit")
    monkeypatch.setitem(sys.modules, "timm", None)  # now nothing can import it
    assert plug_in(vit)(images).shape == (2, 5)
    with pytest.raises(TypeError) as caught:
        plug_in(nn.Linear(2, 2))
    assert "timm" not in str(caught.value)


def test_importing_the_package_imports_no_timm():
    """Seen in the sources: only timm_layers imports it at its top, and none imports timm_layers at its top."""
    package = Path(sys.modules["gmm_tutorial.plug"].__file__).parent
    at_the_top = re.compile(r"^(from|import) (timm|.*timm_layers)", re.MULTILINE)
    assert [path.name for path in package.glob("*.py") if at_the_top.search(path.read_text())] == ["timm_layers.py"]


def test_a_subclass_of_a_known_layer_is_left_alone():
    """It may compute something else."""
    model, _ = foreign("vit")
    own = type("Own", (Attention,), {})
    model.blocks[0].attn.__class__ = own
    assert type(plug_in(model).blocks[0].attn) is own
