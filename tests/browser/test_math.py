"""The mathematics of the explorers, run in the browser, against the reference module: to 1e-5."""

from typing import Any

import pytest
import torch

from gmm_tutorial.analysis.maps import mean_distance
from gmm_tutorial.attention import attention_weights
from gmm_tutorial.decay import alibi_slopes, half_distance, manhattan_gamma
from gmm_tutorial.explorers import FOLDER
from gmm_tutorial.grid import unfold_kernel
from gmm_tutorial.manhattan import decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.priors import ALiBi2d, GaussianMixtureMask, ManhattanDecay

from .conftest import served

GRIDS = [(8, 8), (5, 7), (7, 2), (1, 6)]
every_grid = pytest.mark.parametrize("grid", GRIDS, ids=str)


@pytest.fixture(scope="module")
def math(browser):
    """A function that calls another one, of math.js by name, and returns its numbers as a tensor."""
    page = browser.new_page()
    with served(FOLDER) as address:
        page.goto(f"{address}/explorers.css")  # any page: modules are imported from its folder

        def call(source: str, **values: Any) -> torch.Tensor:
            plain = {name: value.tolist() if torch.is_tensor(value) else value for name, value in values.items()}
            script = (
                f"async (v) => {{ const m = await import('/math.js'); const out = {source}; "
                "return typeof out === 'number' ? out : Array.from(out) }"
            )
            return torch.tensor(page.evaluate(script, plain), dtype=torch.float32)

        yield call
    page.close()


def assert_same(ours, reference):
    torch.testing.assert_close(ours, reference.detach().float().flatten(), rtol=0, atol=1e-5)


@every_grid
def test_mixture_kernel_window_and_mask(math, grid):
    prior = GaussianMixtureMask(grid, heads=1, kernels=3)
    prior.load_state_dict(
        {"alpha": torch.tensor([[0.6], [-0.8], [2.0]]), "sigma": torch.tensor([[2.0], [0.2], [-3.5]])}
    )
    values = {"alpha": prior.alpha.flatten(), "sigma": prior.sigma.flatten(), "grid": grid}
    kernel = "m.mixtureKernel(v.alpha, v.sigma, v.grid)"
    assert_same(math(kernel, **values), prior.kernel())
    assert_same(math(f"m.unfoldKernel({kernel}, v.grid)", **values), prior())
    query = (grid[0] - 1, grid[1] // 2)
    row = prior()[0, query[0] * grid[1] + query[1]]
    assert_same(math(f"m.windowAt({kernel}, v.query, v.grid)", **values, query=query), row)


def test_a_gaussian_without_width_is_the_identity(math):
    mask = math("m.unfoldKernel(m.mixtureKernel([1], [0], [3, 4]), [3, 4])")
    assert_same(mask, torch.eye(12))


def test_unfolding_keeps_every_number_in_its_place(math):
    kernel = torch.randn(1, 5, 9)
    assert_same(math("m.unfoldKernel(v.kernel, [3, 5])", kernel=kernel.flatten()), unfold_kernel(kernel, (3, 5)))


@pytest.mark.parametrize("heads", [1, 4, 5, 8])
def test_rates(math, heads):
    assert_same(math("m.manhattanGamma(v.heads)", heads=heads), manhattan_gamma(heads))
    assert_same(math("m.alibiGamma(v.heads)", heads=heads), (-alibi_slopes(heads)).exp())
    gamma = float(manhattan_gamma(heads)[-1])
    assert_same(math("[m.halfDistance(v.gamma)]", gamma=gamma), half_distance(torch.tensor(gamma)))


@every_grid
def test_decays(math, grid):
    manhattan, alibi = ManhattanDecay(grid, heads=3), ALiBi2d(grid, heads=3)
    for head in range(3):
        kernel = math("m.decayKernel(v.gamma, 'manhattan', v.grid)", gamma=float(manhattan.gamma[head]), grid=grid)
        assert_same(kernel, manhattan.kernel()[head])
        mask = "m.unfoldKernel(m.decayKernel(m.alibiGamma(3)[v.head], 'euclid', v.grid), v.grid)"
        assert_same(math(mask, head=head, grid=grid), alibi()[head])


@every_grid
def test_full_and_decomposed_manhattan_attention(math, grid):
    """For random scores, every row of both matrices: what the reference makes of the identity as values."""
    tokens = grid[0] * grid[1]
    q, k = torch.randn(2, 1, 1, tokens, 4)
    every, gamma = torch.eye(tokens)[None, None], torch.tensor([0.8])
    values = {"scores": (q @ k.mT / 2)[0, 0], "grid": grid, "tokens": tokens}
    rows = (
        "Array.from({{length: v.tokens}}, (_, i) => {} ((a, b) => v.scores[a][b], 0.8, {} "
        "[Math.floor(i / v.grid[1]), i % v.grid[1]], v.grid){}).map((row) => Array.from(row)).flat()"
    )
    full = math(rows.format("m.fullRow", "'manhattan',", ""), **values)
    assert_same(full, manhattan_attention(q, k, every, gamma, grid))
    split = math(rows.format("m.decomposedRow", "", ".row"), **values)
    assert_same(split, decomposed_manhattan_attention(q, k, every, gamma, grid))


def test_full_attention_as_the_crow_flies(math):
    prior, query = ALiBi2d((3, 4), heads=2), 5
    q, k = torch.randn(2, 1, 2, 12, 4)
    scores, gamma = (q @ k.mT / 2)[0, 1, query], float((-prior.slopes[1]).exp())
    row = "m.fullRow((a, b) => v.scores[b], v.gamma, 'euclid', [1, 1], [3, 4])"
    expected = attention_weights(q, k, k, prior(), "bias")[0, 1, query]
    assert_same(math(row, scores=scores, gamma=gamma), expected)


@pytest.mark.parametrize("combine", ["scale", "bias", None])
def test_attention_weights_and_how_far_they_look(math, combine):
    q, k = torch.randn(2, 1, 1, 12, 6)
    prior = None if combine is None else torch.rand(1, 12, 12) + 0.1
    expected = attention_weights(q, k, k, prior, combine or "scale")
    values = {"q": q.flatten(), "k": k.flatten(), "prior": None if prior is None else prior.flatten()}
    weights = "m.attentionWeights(v.q, v.k, 6, v.prior, v.combine)"
    assert_same(math(weights, **values, combine=combine), expected)
    far = math(f"[m.meanDistance({weights}, [3, 4])]", **values, combine=combine)
    assert_same(far, mean_distance(expected, (3, 4)))


def test_softmax_of_large_numbers(math):
    assert_same(math("m.softmax([1000, 999, -1000])"), torch.tensor([1000.0, 999.0, -1000.0]).softmax(0))
