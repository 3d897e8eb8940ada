"""ViT: published parameter counts, equivalences, gradients everywhere, clear errors."""

import pytest
import torch

from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.models.blocks import PatchEmbed
from gmm_tutorial.priors import GaussianMixtureMask

SMALL = {"dim": 24, "depth": 2, "num_heads": 3}


@pytest.mark.parametrize(
    ("options", "at_32", "at_64"),
    [
        ({"pool": "cls"}, 2_692_426, 2_756_744),  # the published ViT
        ({"prior": "gmm"}, 2_693_122, 2_757_440),  # the published GMM-ViT
        ({"prior": "elm"}, 2_692_042 + 36_864, 2_793_224),
        ({}, 2_692_042, 2_756_744 - 384),
        ({"prior": "gmm", "kernels": 1}, 2_692_042 + 216, None),
        ({"prior": "gmm", "pool": "cls"}, 2_692_426 + 1_080, None),
    ],
)
def test_parameter_counts(options, at_32, at_64):
    assert count_parameters(create_model("vit", **options)) == at_32
    if at_64:
        assert count_parameters(create_model("vit", num_classes=200, image_size=64, **options)) == at_64


@pytest.mark.parametrize("pool", ["mean", "cls"])
@pytest.mark.parametrize("prior", [None, "elm", "gmm"])
@pytest.mark.parametrize("pos_embed", [True, False])
def test_forward_and_every_parameter_gets_a_gradient(pool, prior, pos_embed):
    model = create_model("vit", 7, 32, prior, pool=pool, pos_embed=pos_embed, **SMALL)
    out = model(torch.randn(2, 3, 32, 32))
    assert out.shape == (2, 7)
    out.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        # at step 0 an ELM from zero gives q and k no gradient, which lesson 02 shows; and of the last layer a class
        # token reads only its own row, which the prior leaves alone; all else must move
        still = "qkv" in name or (pool == "cls" and name.startswith("blocks.1.attn.prior"))
        assert still or parameter.grad.abs().max() > 0, name


def test_without_positions_and_prior_the_model_does_not_know_where_patches_are():
    images = torch.randn(2, 3, 32, 32)
    order = torch.randperm(64)
    patches = images.unfold(2, 4, 4).unfold(3, 4, 4).reshape(2, 3, 64, 4, 4)[:, :, order]
    shuffled = patches.view(2, 3, 8, 8, 4, 4).permute(0, 1, 2, 4, 3, 5).reshape(2, 3, 32, 32)
    for prior, pos_embed, blind in [(None, False, True), (None, True, False), ("gmm", False, False)]:
        model = create_model("vit", prior=prior, pos_embed=pos_embed, **SMALL).eval()
        same = torch.allclose(model(images), model(shuffled), atol=1e-4)
        assert same == blind, (prior, pos_embed)


@pytest.mark.parametrize("mixer", ["retention", "retention2d"])
def test_retention_in_the_place_of_attention(mixer):
    model = create_model("vit", 7, mixer=mixer, **SMALL | {"num_heads": 2})
    model(torch.randn(2, 3, 32, 32)).square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in model.parameters())
    tokens = model.features(torch.randn(1, 3, 32, 32).requires_grad_())
    (from_the_last,) = torch.autograd.grad(tokens[0, 0].sum(), model.pos_embed)
    assert (from_the_last[0, -1].abs().max() == 0) == (mixer == "retention")
    with pytest.raises(ValueError, match="which needs pool='mean', but pool is 'cls'"):
        create_model("vit", mixer=mixer, pool="cls")
    with pytest.raises(ValueError, match="this ViT has no attention on a grid: it must be None"):
        create_model("vit", mixer=mixer, prior="gmm")


def test_prior_of_ones_changes_nothing():
    def ones(grid, heads):
        prior = GaussianMixtureMask(grid, heads, kernels=1)
        prior.load_state_dict({"alpha": torch.ones(1, heads), "sigma": torch.full((1, heads), 1e6)})
        return prior

    torch.manual_seed(1)
    plain = create_model("vit", **SMALL)
    masked = create_model("vit", prior=ones, **SMALL)
    masked.load_state_dict(plain.state_dict(), strict=False)
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(masked(images), plain(images), rtol=0, atol=1e-4)


@pytest.mark.parametrize("pool", ["mean", "cls"])
def test_pool_says_which_tokens_the_head_reads(pool):
    """The class token is the first; the mean is over all, and taken before the norm."""
    model = create_model("vit", 7, pool=pool, **SMALL).eval()
    images = torch.randn(2, 3, 32, 32)
    tokens = model.features(images)
    assert tokens.shape == (2, 64 + (pool == "cls"), 24)
    pooled = tokens[:, 0] if pool == "cls" else tokens.sum(1) / 64
    torch.testing.assert_close(model(images), model.head(model.norm(pooled)))
    if pool == "cls":  # what comes first knows nothing of the image before the blocks
        model.blocks = torch.nn.Identity()
        first = model.features(images)[:, 0]
        torch.testing.assert_close(first, (model.cls_token + model.pos_embed[:, :1])[:, 0].expand(2, -1))


def test_drop_path_lets_images_skip_layers_in_training_alone():
    """A chance of 1 leaves out every block: what is left is patches, positions, and the head."""
    model = create_model("vit", drop_path=1.0, **SMALL)
    images = torch.randn(2, 3, 32, 32)
    embedded = model.patch_embed(images) + model.pos_embed
    torch.testing.assert_close(model.train()(images), model.head(model.norm(embedded.mean(1))))
    assert (model.eval()(images) - model.train()(images)).abs().max() > 1e-3
    plain = create_model("vit", **SMALL)
    assert torch.equal(plain.train()(images), plain.eval()(images)), "without a chance, nothing is left out"


@pytest.mark.parametrize("image_size", [16, 32, 64])
def test_the_grid_is_8_by_8_unless_patches_are_given(image_size):
    assert create_model("vit", image_size=image_size, **SMALL).grid == (8, 8)
    assert create_model("vit", image_size=image_size, patch_size=2, **SMALL).grid == (image_size // 2,) * 2


def test_norms_divide_by_the_variance_and_1e_5():
    model = create_model("vit", **SMALL).double()
    x = 3e-3 * torch.randn(5, 24, dtype=torch.float64)
    expected = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    norms = [module for module in model.modules() if isinstance(module, torch.nn.LayerNorm)]
    assert len(norms) == 5
    for norm in norms:
        torch.testing.assert_close(norm(x), expected)


def test_patches_are_in_raster_order():
    embed = PatchEmbed(32, 4, 3)
    embed.proj.weight.data, embed.proj.bias.data = torch.eye(3, 48), torch.zeros(3)  # the top left pixel of a patch
    images = torch.randn(1, 3, 32, 32)
    assert torch.equal(embed(images)[0, 8 * 2 + 5], images[0, :, 4 * 2, 4 * 5])


def test_start_is_as_published():
    model = create_model("vit")
    assert abs(model.pos_embed.std() - 1) < 0.05
    assert abs(model.patch_embed.proj.weight.std() - (2 / (48 + 192)) ** 0.5) < 2e-3
    qkv = model.blocks[0].attn.qkv.weight
    assert abs(qkv.std() - (2 / (192 + 576)) ** 0.5) < 1e-3
    assert abs(create_model("vit", pool="cls").cls_token.std() - 1) < 0.2
    assert [block.attn.num_heads for block in model.blocks] == [12] * 9
    assert all(p.abs().max() == 0 for name, p in model.named_parameters() if name.endswith("proj.bias"))


def test_positions_can_start_smaller_and_all_else_the_same():
    torch.manual_seed(0)
    usual = create_model("vit", **SMALL).state_dict()
    torch.manual_seed(0)
    small = create_model("vit", pos_std=0.02, **SMALL).state_dict()
    torch.testing.assert_close(small.pop("pos_embed"), 0.02 * usual.pop("pos_embed"))
    assert all(torch.equal(value, small[name]) for name, value in usual.items())
    assert create_model("vit", pos_std=0.5, pos_embed=False, **SMALL).pos_embed is None


def test_wrong_arguments_are_named():
    for wrong in (-1, float("nan"), 11, True):
        with pytest.raises(ValueError, match="pos_std is .*, but it must be a number from 0 to 10"):
            create_model("vit", pos_std=wrong)
    with pytest.raises(ValueError, match="name is 'resnet', but it must be one of 'vit'"):
        create_model("resnet")
    with pytest.raises(ValueError, match="pool is 'max', but it must be 'mean' or 'cls'"):
        create_model("vit", pool="max")
    with pytest.raises(ValueError, match="mixer is 'conv', but it must be 'attention', 'retention' or 'retention2d'"):
        create_model("vit", mixer="conv")
    with pytest.raises(ValueError, match="patch_size is 5, but it must divide image_size, 32"):
        create_model("vit", patch_size=5)
    with pytest.raises(ValueError, match=r"images is \(2, 3, 28, 28\), but this model needs \(B, 3, 32, 32\)"):
        create_model("vit", **SMALL)(torch.zeros(2, 3, 28, 28))
    with pytest.raises(TypeError, match="widht"):
        create_model("vit", widht=3)
