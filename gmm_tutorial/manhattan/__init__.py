"""Manhattan attention (MaSA, RMT, arXiv 2309.11523): attention that fades by gamma per step, along rows and columns.

D2d = gamma^(|dy| + |dx|). The paper multiplies it onto the attention weights. The published code, which is followed
here, adds its logarithm to the logits. The result is the same, except that each row is then divided by its sum.

    full         every query meets every key                                              O(N^2 D)
    decomposed   every query meets its row, then every row's result its column            O(N (h + w) D)
    retention    no softmax, so that the sum over keys can be carried along the axes      O(N D^2)
"""

from gmm_tutorial.manhattan.function import decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.manhattan.layer import ManhattanAttention, channels_last
from gmm_tutorial.manhattan.scan import decay_scan, manhattan_retention

__all__ = [
    "ManhattanAttention",
    "channels_last",
    "decay_scan",
    "decomposed_manhattan_attention",
    "manhattan_attention",
    "manhattan_retention",
]
