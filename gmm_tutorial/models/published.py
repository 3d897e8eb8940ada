"""Weights of the authors' own code, under the names that they have there, brought into our models."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_type
from gmm_tutorial.models.cait import CaiT
from gmm_tutorial.models.pit import PiT
from gmm_tutorial.models.rmt import RMT
from gmm_tutorial.models.swin import Swin
from gmm_tutorial.models.t2t import T2T
from gmm_tutorial.models.vit import ViT

__all__ = ["load_published"]


class Names(NamedTuple):
    """How one backbone's authors name its weights.

    renamed: a pattern of their names -> our name, the first that fits counts; ignored: a pattern of entries that hold
    nothing learned, because the model computes them itself or never reads them.
    """

    renamed: Mapping[str, str]
    ignored: str = r"(?!)"  # fits nothing


STAGE = r"layers\.(\d+)\.blocks\.(\d+)\."


def transformer(theirs: str, ours: str) -> dict[str, str]:
    """Names of the blocks that ViT and PiT have in common, under the prefixes that they have there and here."""
    return {
        theirs + r"0\.norm\.(.+)": ours + r".norm1.\2",
        theirs + r"0\.fn\.to_qkv\.(.+)": ours + r".attn.qkv.\2",
        theirs + r"0\.fn\.to_out\.0\.(.+)": ours + r".attn.proj.\2",
        theirs + r"0\.fn\.mask\.(.+)": ours + r".attn.prior.\2",
        theirs + r"1\.norm\.(.+)": ours + r".norm2.\2",
        theirs + r"1\.fn\.net\.0\.(.+)": ours + r".mlp.fc1.\2",
        theirs + r"1\.fn\.net\.3\.(.+)": ours + r".mlp.fc2.\2",
    }


def talking_heads(theirs: str, ours: str) -> dict[str, str]:
    """Names of the blocks of CaiT, where each layer has a scale, under the prefixes that they have there and here."""
    return {
        theirs + r"0\.scale": ours + r".scale1",
        theirs + r"0\.fn\.norm\.(.+)": ours + r".norm1.\2",
        theirs + r"0\.fn\.fn\.mix_heads_pre_attn": ours + r".attn.mix_before",
        theirs + r"0\.fn\.fn\.mix_heads_post_attn": ours + r".attn.mix_after",
        theirs + r"0\.fn\.fn\.to_(q|kv)\.weight": ours + r".attn.\2.weight",
        theirs + r"0\.fn\.fn\.to_out\.0\.(.+)": ours + r".attn.proj.\2",
        theirs + r"0\.fn\.fn\.mask\.(.+)": ours + r".attn.prior.\2",
        theirs + r"1\.scale": ours + r".scale2",
        theirs + r"1\.fn\.norm\.(.+)": ours + r".norm2.\2",
        theirs + r"1\.fn\.fn\.net\.0\.(.+)": ours + r".mlp.fc1.\2",
        theirs + r"1\.fn\.fn\.net\.3\.(.+)": ours + r".mlp.fc2.\2",
    }


VIT = {
    r"pos_embedding": r"pos_embed",
    r"cls_token": r"cls_token",
    r"to_patch_embedding\.[01]\.(.+)": r"patch_embed.proj.\1",  # 1 after the layer that cuts, 0 for a convolution
    r"mlp_head\.0\.(.+)": r"norm.\1",
    r"mlp_head\.1\.(.+)": r"head.\1",
}
NAMES: dict[type[nn.Module], Names] = {
    # the code beside arXiv 2309.05375
    ViT: Names({**VIT, **transformer(r"transformer\.layers\.(\d+)\.", r"blocks.\1")}),
    CaiT: Names(
        {
            **VIT,
            **talking_heads(r"patch_transformer\.layers\.(\d+)\.", r"blocks.\1"),
            **talking_heads(r"cls_transformer\.layers\.(\d+)\.", r"class_blocks.\1"),
        }
    ),
    PiT: Names(
        {
            **VIT,
            # stages and what pools between them are counted together there: 0, 2, 4 and 1, 3
            **{
                theirs: ours
                for i in range(3)
                for theirs, ours in transformer(rf"layers\.{2 * i}\.layers\.(\d+)\.", rf"stages.{i}.\1").items()
            },
            **{rf"layers\.{2 * i + 1}\.downsample\.net\.0\.(.+)": rf"downsamples.{i}.depthwise.\1" for i in range(2)},
            **{rf"layers\.{2 * i + 1}\.downsample\.net\.1\.(.+)": rf"downsamples.{i}.pointwise.\1" for i in range(2)},
            **{rf"layers\.{2 * i + 1}\.cls_ff\.(.+)": rf"downsamples.{i}.cls.\1" for i in range(2)},
        }
    ),
    Swin: Names(
        {
            r"absolute_pos_embed": r"pos_embed",
            r"patch_embed\.norm\.(.+)": r"patch_norm.\1",
            STAGE + r"attn\.relative_position_bias_table": r"stages.\1.\2.attn.relative_position_bias_table",
            STAGE + r"attn\.mask\.(.+)": r"stages.\1.\2.attn.attn.prior.\3",
            STAGE + r"attn\.(.+)": r"stages.\1.\2.attn.attn.\3",
            STAGE + r"(.+)": r"stages.\1.\2.\3",
            r"layers\.(\d+)\.downsample\.(.+)": r"downsamples.\1.\2",
        },
        ignored=r".+\.(relative_position_index|attn_mask)",  # tables, which our layers compute
    ),
    T2T: Names(
        {
            r"tokens_to_token\.project\.(.+)": r"project.\1",
            r"tokens_to_token\.attention1\.attn\.mask\.(.+)": r"token_blocks.0.attn.prior.\1",
            r"tokens_to_token\.attention1\.(.+)": r"token_blocks.0.\1",
            r"tokens_to_token\.attention2\.attn\.mask\.(.+)": r"token_blocks.1.attn.prior.\1",
            r"tokens_to_token\.attention2\.(.+)": r"token_blocks.1.\1",
            r"blocks\.(\d+)\.attn\.mask\.(.+)": r"blocks.\1.attn.prior.\2",
        },
        ignored=r"cls_token|tokens_to_token\.norm\..+|pos_embed",  # two never used, and a table that ours computes
    ),
    # the released code and checkpoints of arXiv 2309.11523
    RMT: Names(
        {
            r"patch_embed\.proj\.(.+)": r"stem.\1",
            STAGE + r"gamma_([12])": r"stages.\1.\2.scale\3",
            STAGE + r"retention_layer_norm\.(.+)": r"stages.\1.\2.norm1.\3",
            STAGE + r"retention\.lepe\.conv\.(.+)": r"stages.\1.\2.attn.lepe.\3",
            STAGE + r"retention\.(.+)": r"stages.\1.\2.attn.\3",
            STAGE + r"final_layer_norm\.(.+)": r"stages.\1.\2.norm2.\3",
            STAGE + r"ffn\.dwconv\.conv\.(.+)": r"stages.\1.\2.mlp.conv.\3",
            STAGE + r"ffn\.(.+)": r"stages.\1.\2.mlp.\3",
            STAGE + r"pos\.conv\.(.+)": r"stages.\1.\2.pos.\3",
            r"layers\.(\d+)\.downsample\.reduction\.(.+)": r"downsamples.\1.0.\2",
            r"layers\.(\d+)\.downsample\.norm\.(.+)": r"downsamples.\1.1.\2",
            r"(proj|norm|head)\.(.+)": r"\1.\2",
        },
        ignored=r"layers\.\d+\.Relpos\.(angle|decay)",  # tables of rotation and decay, which our layers compute
    ),
}


def load_published(model: nn.Module, state_dict: Mapping[str, Any]) -> None:
    """Load weights that the published code has trained, or drawn, under its own names.

    Nothing is changed when an entry does not fit. Sizes may differ by axes of length 1 alone: the authors' `sigma` is
    (K, H, 1, 1), ours (K, H).

    Args:
        model: A model of `create_model`: one of the published backbones with no prior, GMM or ELM, or an RMT.
        state_dict: The authors' names -> tensors or arrays. Counters of batch norms may be missing.

    Raises:
        TypeError: If no names are known for this kind of model.
        ValueError: If weights are missing, left over, or of another size; each is listed.

    Example:
        >>> from gmm_tutorial.models import create_model
        >>> model = create_model("vit", dim=8, depth=1, num_heads=1, pool="cls")
        >>> load_published(model, {"mlp_head.1.bias": torch.zeros(10)})
        Traceback (most recent call last):
        ValueError: state_dict does not fit this ViT; missing: cls_token, pos_embed, ...
    """
    check_type("state_dict", state_dict, Mapping, "a mapping of names to tensors")
    own, given = check_type("model", model, nn.Module, "a module").state_dict(), {}
    left_over, sizes = [], []
    for theirs, value in state_dict.items():
        if (name := our_name(model, theirs)) is None:
            continue
        tensor = torch.as_tensor(value)
        if name not in own:
            left_over.append(theirs)
        elif _longer(tensor) != _longer(own[name]):
            sizes.append(f"{theirs} {tuple(tensor.shape)} for {name} {tuple(own[name].shape)}")
        else:
            given[name] = tensor.reshape(own[name].shape)
    missing = [name for name in own if name not in given and not name.endswith("num_batches_tracked")]
    problems = {"missing": missing, "left over": left_over, "of another size": sizes}
    if found := [f"{what}: {', '.join(names)}" for what, names in problems.items() if names]:
        raise ValueError(f"state_dict does not fit this {type(model).__name__}; {'; '.join(found)}")
    model.load_state_dict({**own, **given})


def our_name(model: nn.Module, theirs: str) -> str | None:
    """Return what a weight of the published code is called in our model; None for what holds nothing learned.

    A name that is not known stays as it is. Raises TypeError if no names are known for this kind of model.
    """
    if type(model) not in NAMES:
        known = ", ".join(kind.__name__ for kind in NAMES)
        raise TypeError(f"model is a {type(model).__name__}, but published names are known for {known} only")
    names = NAMES[type(model)]
    if re.fullmatch(names.ignored, theirs):
        return None
    for pattern, ours in names.renamed.items():
        if found := re.fullmatch(pattern, theirs):
            return found.expand(ours)
    return theirs


def _longer(tensor: Tensor) -> list[int]:
    """The lengths of a tensor's axes, without those of 1."""
    return [length for length in tensor.shape if length != 1]
