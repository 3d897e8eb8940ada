"""CaiT for small images (arXiv 2103.17239, as configured by the code beside arXiv 2309.05375)."""

from typing import Any

import torch
from einops import einsum, rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count
from gmm_tutorial.attention import AttentionInputs, AttentionLayer
from gmm_tutorial.attention.dense import gated, score, under_prior
from gmm_tutorial.grid import Grid
from gmm_tutorial.models.backbone import Backbone, init_xavier_normal
from gmm_tutorial.models.blocks import Block, Mlp, PatchEmbed

__all__ = ["CONFIGURATIONS", "SIZES", "CaiT", "TalkingHeads"]

CONFIGURATIONS: dict[str, dict[str, Any]] = {"cait": {"dim": 108}, "cait-large": {"dim": 192}}

# as in `vit`, all options but drop_path at each scale that trainings have
_WHOLE: dict[str, Any] = {"patch_size": None}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dim": 32, "depth": 2, "class_depth": 1, "num_heads": 2, "head_dim": 16, "mlp_dim": 64, **_WHOLE},
    "learn": {"dim": 64, "depth": 6, "class_depth": 2, "num_heads": 4, "head_dim": 16, "mlp_dim": 192, **_WHOLE},
    "full": {"dim": 108, "depth": 24, "class_depth": 2, "num_heads": 4, "head_dim": 64, "mlp_dim": 384, **_WHOLE},
}


class CaiT(Backbone):
    """Vision transformer whose class token only reads, at the end: (B, 3, S, S) -> (B, num_classes).

    Args:
        image_size: Side of the images S, in pixels.
        num_classes: Number of classes.
        patch_size: Side of a patch in pixels. If None, S / 8, which gives an 8 x 8 grid.
        dim: Number of channels.
        depth: Number of blocks in which patches meet.
        class_depth: Number of blocks in which the class token reads the patches.
        num_heads: Number of heads.
        head_dim: Channels of a head.
        mlp_dim: Hidden channels of the feed-forward layers.
        drop_path: The chance that an image skips a layer, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range.

    Source:
        CaiT, arXiv 2103.17239, in the configuration of the code beside GMM, arXiv 2309.05375.

    Example:
        >>> model = CaiT(dim=16, depth=2)
        >>> model(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        image_size: int = 32,
        num_classes: int = 10,
        patch_size: int | None = None,
        dim: int = 108,
        depth: int = 24,
        class_depth: int = 2,
        num_heads: int = 4,
        head_dim: int = 64,
        mlp_dim: int = 384,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_count("depth", depth)
        check_count("class_depth", class_depth)
        patch_size = check_count("image_size", image_size) // 8 if patch_size is None else patch_size
        self.patch_embed = PatchEmbed(image_size, patch_size, dim)
        self.grid = self.patch_embed.grid

        def parts(block: int, grid: Grid | None) -> dict[str, Any]:
            """What a block is made of."""
            attn = TalkingHeads(dim, num_heads, head_dim=head_dim, grid=grid)
            return {"attn": attn, "mlp": Mlp(dim, mlp_dim), "drop_path": drop_path, "layer_scale": first_scale(block)}

        self.blocks = nn.Sequential(*(Block(dim, **parts(i, self.grid)) for i in range(depth)))
        self.class_blocks = nn.ModuleList(Block(dim, **parts(i, None)) for i in range(class_depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, check_count("num_classes", num_classes))
        self.apply(init_xavier_normal)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, self.grid[0] * self.grid[1], dim))

    def embed(self, images: Tensor) -> Tensor:
        """Return the patches as tokens, shape (B, N, dim), with their positions."""
        return self.patch_embed(images) + self.pos_embed

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the class token after it has read the tokens, normed, shape (B, dim)."""
        x = self.cls_token.expand(len(tokens), -1, -1)
        for block in self.class_blocks:
            x = block(x, tokens)
        return self.norm(x[:, 0])


class TalkingHeads(AttentionLayer):
    """Attention whose heads are mixed, before the softmax and after it: (B, N, C) -> (B, N, C).

    Args:
        dim: Number of channels C.
        num_heads: Number of heads H.
        head_dim: Channels of a head D.
        grid: Rows and columns of the token grid, (h, w), for which `install_priors` makes a prior.

    Raises:
        ValueError: If an argument is not a positive integer.

    Attributes:
        mix_before: How much of each head's logits, the prior included, goes into each head, shape (H, H).
        mix_after: The same for the weights, the softmax of the mixed logits.

    Source:
        Talking heads, arXiv 2003.02436, as used by CaiT, arXiv 2103.17239.
    """

    def __init__(self, dim: int, num_heads: int, *, head_dim: int, grid: Grid | None = None) -> None:
        super().__init__()
        inner = check_count("num_heads", num_heads) * check_count("head_dim", head_dim)
        self.num_heads, self.grid, self.prior = num_heads, grid, None
        self.q = nn.Linear(check_count("dim", dim), inner, bias=False)
        self.kv = nn.Linear(dim, 2 * inner, bias=False)
        self.mix_before = nn.Parameter(torch.randn(num_heads, num_heads))
        self.mix_after = nn.Parameter(torch.randn(num_heads, num_heads))
        self.proj = nn.Linear(inner, dim)

    def inputs(self, x: Tensor, context: Tensor | None = None) -> AttentionInputs:
        """Return queries of x (B, N, C), keys and values of the context (B, M, C), x if None, and the prior."""
        q = rearrange(self.q(x), "B N (H D) -> B H N D", H=self.num_heads)
        kv = self.kv(x if context is None else context)
        k, v = rearrange(kv, "B M (two H D) -> two B H M D", two=2, H=self.num_heads)
        return under_prior(AttentionInputs(q, k, v), self.prior)

    def weights(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return the matrix that multiplies v, shape (B, H, N, M), for tokens x and what they read."""
        return self.mixed(self.inputs(x, context))

    def mixed(self, inputs: AttentionInputs) -> Tensor:
        """Compute the matrix that multiplies v, with both mixes."""
        mix = "B H N M, H G -> B G N M"
        weights = einsum(score(inputs), self.mix_before, mix).softmax(dim=-1)
        return einsum(gated(weights, inputs), self.mix_after, mix)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Let the tokens x (B, N, C) read the context (B, M, C), or each other."""
        inputs = self.inputs(x, context)
        return self.proj(rearrange(self.mixed(inputs).to(inputs.v.dtype) @ inputs.v, "B H N D -> B N (H D)"))


def first_scale(block: int) -> float:
    """Where the layer scale of a block, counted from 0, starts: the deeper, the smaller."""
    return 0.1 if block < 18 else 1e-5 if block < 24 else 1e-6
