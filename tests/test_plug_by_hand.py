"""What a plugged layer computes, against the same by hand: pair by pair, from positions on the map."""

import pytest
import torch
from foreign_models import MODELS, Compass, combined, foreign, plugged

from gmm_tutorial.attention import COMBINE
from gmm_tutorial.plug import plug_in
from gmm_tutorial.plug.layer import PluggedLayer


def qkv(layer, x):
    """q, k and v, each (B, N, H, D), from the layer's own projection."""
    mha = hasattr(layer, "in_proj_weight")
    weight, bias = (layer.in_proj_weight, layer.in_proj_bias) if mha else (layer.qkv.weight, layer.qkv.bias)
    if hasattr(layer, "logit_scale"):
        bias = bias.view(3, -1) * torch.tensor([[1.0], [0.0], [1.0]], dtype=bias.dtype)
    y = (x @ weight.T + (0 if bias is None else bias.flatten())).view(*x.shape[:2], 3, layer.num_heads, -1)
    q, k, v = y.unbind(2)
    if hasattr(layer, "q_norm"):
        q, k = layer.q_norm(q), layer.k_norm(k)
    if hasattr(layer, "logit_scale"):
        q, k = (each / each.norm(dim=-1, keepdim=True) for each in (q, k))
        return q * layer.logit_scale.view(-1, 1).exp(), k, v
    return q / q.shape[-1] ** 0.5, k, v


def prior_of_pair(layer, a, b):
    """The prior of each head from the offset of two places, (H,)."""
    (h, w), kernel = layer.grid, layer.prior.kernel()
    return kernel[:, b[0] - a[0] + h - 1, b[1] - a[1] + w - 1]


def rows(layer, x, places, bias):
    """Attention pair by pair. places: where each token is, None for a prefix; bias(i, j) -> (H,) or None if unseen."""
    q, k, v = qkv(layer, x)
    tokens, heads = x.shape[1], layer.num_heads
    logits = torch.full((x.shape[0], heads, tokens, tokens), -torch.inf, dtype=x.dtype)
    prior = torch.ones(heads, tokens, tokens, dtype=x.dtype)
    for i, a in enumerate(places):
        for j, b in enumerate(places):
            added = bias(i, j)
            if added is None:
                continue
            if a is not None and b is not None:
                prior[:, i, j] = prior_of_pair(layer, a, b)
            pair = (q[:, i] * k[:, j]).sum(-1)
            if layer.prior.combine == "scale":
                pair = pair * prior[:, i, j]
            if layer.prior.combine == "bias":
                pair = pair + prior[:, i, j].log()
            logits[:, :, i, j] = pair + added
    if hasattr(layer, "proj_l"):
        logits = torch.einsum("gh,bhij->bgij", layer.proj_l.weight, logits) + layer.proj_l.bias.view(-1, 1, 1)
    weights = logits.exp() / logits.exp().sum(-1, keepdim=True)
    if layer.prior.combine.startswith("gate"):
        weights = weights * prior
    if layer.prior.combine == "gate_normalized":
        weights = weights / weights.sum(-1, keepdim=True)
    if hasattr(layer, "proj_w"):
        weights = torch.einsum("gh,bhij->bgij", layer.proj_w.weight, weights) + layer.proj_w.bias.view(-1, 1, 1)
    return torch.einsum("bhij,bjhd->bihd", weights, v).flatten(2)


def project(layer, x):
    x = layer.norm(x) if hasattr(layer, "norm") else x
    return layer.out_proj(x) if hasattr(layer, "out_proj") else layer.proj(x)


PREFIX = {"vit": 1, "vit without class token": 0, "vit with registers and norms": 4, "deit": 2, "cait": 0, "pit": 2}
PREFIX["torchvision vit"] = 1


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("name", PREFIX)
@torch.no_grad()  # where PyTorch's own layer would take its fast path
def test_layers_on_one_grid(name, combine):
    model, images = foreign(name)
    plug_in(model, combined(Compass, combine))
    calls = []
    for layer in plugged(model):
        layer.register_forward_hook(lambda layer, args, out: calls.append((layer, args[0], out)))
    model(images)
    assert [layer.grid for layer, *_ in calls] == MODELS[name][2]
    layer, x, out = calls[-1]
    h, w = MODELS[name][2][-1]
    places = [None] * PREFIX[name] + [(y, x) for y in range(h) for x in range(w)]
    expected = project(layer, rows(layer, x, places, lambda i, j: 0.0))
    torch.testing.assert_close(out[0] if isinstance(out, tuple) else out, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("combine", "shifted"), [("scale", False), *((combine, True) for combine in COMBINE)])
@pytest.mark.parametrize("name", ["swin", "torchvision swin", "torchvision swin v2"])
@torch.no_grad()
def test_layers_within_windows(name, combine, shifted):
    """A token sees its neighbors on the map that are in its window, and not those that the shift carried there."""
    model, _ = foreign(name)
    plug_in(model, combined(Compass, combine))
    block = [module for module in model.modules() if isinstance(getattr(module, "attn", None), PluggedLayer)][shifted]
    layer, attend = block.attn, getattr(block, "_attn", block.attn)  # timm's blocks shift, torchvision's layers do
    (h, w), (p, q) = (4, 8), (2, 4)
    down, right = (1, 2) if shifted else (0, 0)
    x = torch.randn(1, h, w, layer.qkv.in_features, dtype=torch.float64)
    places = [(y, x) for y in range(h) for x in range(w)]
    relative = (layer._get_rel_pos_bias if name == "swin" else layer.get_relative_position_bias)()[0]

    def window(place):
        return (place[0] - down) % h // p, (place[1] - right) % w // q, place[0] < down, place[1] < right

    def bias(i, j):
        if window(places[i]) != window(places[j]):
            return None
        a, b = (((y - down) % h % p) * q + (x - right) % w % q for y, x in (places[i], places[j]))
        return relative[:, a, b]

    expected = project(layer, rows(layer, x.flatten(1, 2), places, bias)).view_as(x)
    torch.testing.assert_close(attend(x), expected, rtol=1e-9, atol=1e-9)
