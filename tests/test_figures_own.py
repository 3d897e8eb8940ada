"""The picture of how far priors look: the weights of the framed query, and all weights over distance."""

import numpy as np
import torch

from gmm_tutorial import figures
from gmm_tutorial.analysis import by_distance


def test_a_row_shows_one_query_of_each_head_and_all_weights_over_distance():
    named = {name: torch.randn(2, 12, 12).softmax(-1) for name in ("mine", "ours")}
    axes = np.array(figures.prior_reach(named, (3, 4), query=(1, 2)).axes).reshape(2, 3)
    for row, (name, weights) in zip(axes, named.items(), strict=True):
        assert row[0].get_ylabel() == name
        for head in range(2):
            drawn = row[head].images[0]
            np.testing.assert_array_equal(drawn.get_array(), weights[head, 6].view(3, 4))
            assert drawn.get_clim() == (0, weights[:, 6].max().item()), "one scale for all heads"
            frame = row[head].patches[-1]
            assert (frame.get_x(), frame.get_y()) == (1.5, 0.5)
            radii, means = by_distance(weights[head], (3, 4))
            line = row[2].lines[head]
            np.testing.assert_allclose(line.get_xdata(), radii)
            np.testing.assert_allclose(line.get_ydata(), means)
        assert row[2].lines[2].get_ydata() == [1 / 12, 1 / 12], "the weight without a prior"
