"""Exercise 07.block_parameters: by formula."""

from gmm_tutorial.learn.exercise import Exercise


def block_parameters(dim: int, hidden: int) -> int:
    """How many numbers a released block trains, without LayerScale."""
    convolutions = (9 + 1) * dim + (25 + 1) * dim + (9 + 1) * hidden
    matrices = 4 * (dim * dim + dim) + (dim * hidden + hidden) + (hidden * dim + dim)
    return convolutions + 2 * 2 * dim + matrices


exercise = Exercise(
    "07.block_parameters",
    block_parameters,
    lambda: [{"dim": dim, "hidden": hidden} for dim, hidden in ((1, 1), (1, 2), (2, 3), (64, 192), (512, 1536))],
    unit="blocks",
    hints=(
        "A matrix from A to B channels has A B weights and B biases. A LayerNorm has a weight and a bias a channel.",
        "A depthwise n x n convolution has n n weights and one bias a channel, however many channels there are.",
        "Attention has four matrices from C to C and one convolution of C channels; the feed-forward layer has one "
        "matrix each way, and its convolution works on E channels.",
    ),
)


@exercise.mistake
def no_biases(dim: int, hidden: int) -> int:
    """You have counted weights only: each matrix, convolution and norm has biases too."""
    return 9 * dim + 25 * dim + 9 * hidden + 2 * dim + 4 * dim * dim + 2 * dim * hidden


@exercise.mistake
def convolutions_without_biases(dim: int, hidden: int) -> int:
    """The biases of your convolutions are missing: one a channel."""
    return block_parameters(dim, hidden) - 2 * dim - hidden


@exercise.mistake
def matrices_without_biases(dim: int, hidden: int) -> int:
    """The biases of your matrices are missing: one for each channel that comes out."""
    return block_parameters(dim, hidden) - 5 * dim - hidden


@exercise.mistake
def queries_without_biases(dim: int, hidden: int) -> int:
    """Your q, k and v have no biases; RMT's have."""
    return block_parameters(dim, hidden) - 3 * dim


@exercise.mistake
def no_norms(dim: int, hidden: int) -> int:
    """You are 4 C short: two norms are missing, with a weight and a bias per channel, or the biases of q, k, v, o."""
    return block_parameters(dim, hidden) - 4 * dim


@exercise.mistake
def half_of_the_norms(dim: int, hidden: int) -> int:
    """Your norms have half of what they should: there are two, each with a weight and a bias a channel."""
    return block_parameters(dim, hidden) - 2 * dim


@exercise.mistake
def dense_convolutions(dim: int, hidden: int) -> int:
    """You have counted convolutions that mix channels. Depthwise, each channel has one kernel of n n weights."""
    extra = (9 + 25) * (dim * dim - dim) + 9 * (hidden * hidden - hidden)
    return block_parameters(dim, hidden) + extra


@exercise.mistake
def three_matrices(dim: int, hidden: int) -> int:
    """One matrix of attention is missing: q, k, v, and the output."""
    return block_parameters(dim, hidden) - dim * dim - dim


@exercise.mistake
def narrow_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer works among its hidden channels: E of them, not C."""
    return block_parameters(dim, hidden) - 10 * (hidden - dim)


@exercise.mistake
def no_position(dim: int, hidden: int) -> int:
    """The position convolution is missing: 3 x 3 weights and a bias a channel."""
    return block_parameters(dim, hidden) - 10 * dim


@exercise.mistake
def no_hidden_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer is missing: 3 x 3 weights and a bias for each of E channels."""
    return block_parameters(dim, hidden) - 10 * hidden


@exercise.mistake
def no_enhancement(dim: int, hidden: int) -> int:
    """The local enhancement is missing: 5 x 5 weights and a bias a channel."""
    return block_parameters(dim, hidden) - 26 * dim


@exercise.mistake
def small_enhancement(dim: int, hidden: int) -> int:
    """Your local enhancement is 3 x 3. It is 5 x 5."""
    return block_parameters(dim, hidden) - 16 * dim
