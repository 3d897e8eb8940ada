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
        "A matrix from A to B channels has A B weights and B biases. A LayerNorm has a weight and a bias per channel.",
        "A depthwise n x n convolution has n n weights and one bias per channel.",
        "Attention has four matrices from C to C and one convolution of C channels; the feed-forward layer has one "
        "matrix each way, and its convolution works on E channels.",
    ),
)


@exercise.mistake
def no_biases(dim: int, hidden: int) -> int:
    """You count weights only. Each matrix, convolution and norm has biases too."""
    return 9 * dim + 25 * dim + 9 * hidden + 2 * dim + 4 * dim * dim + 2 * dim * hidden


@exercise.mistake
def convolutions_without_biases(dim: int, hidden: int) -> int:
    """You are 2 C + E short: that is one bias per channel of each of the three convolutions."""
    return block_parameters(dim, hidden) - 2 * dim - hidden


@exercise.mistake
def matrices_without_biases(dim: int, hidden: int) -> int:
    """You are 5 C + E short: that is the biases of all six matrices, one per channel that comes out."""
    return block_parameters(dim, hidden) - 5 * dim - hidden


@exercise.mistake
def queries_without_biases(dim: int, hidden: int) -> int:
    """You are 3 C short: that is the biases of q, k and v."""
    return block_parameters(dim, hidden) - 3 * dim


@exercise.mistake
def no_norms(dim: int, hidden: int) -> int:
    """You are 4 C short: that is either the two norms, or the biases of the four attention matrices."""
    return block_parameters(dim, hidden) - 4 * dim


@exercise.mistake
def half_of_the_norms(dim: int, hidden: int) -> int:
    """You are 2 C short. Are there two norms in your count, each with a weight and a bias per channel?"""
    return block_parameters(dim, hidden) - 2 * dim


@exercise.mistake
def dense_convolutions(dim: int, hidden: int) -> int:
    """Your convolutions mix channels. In a depthwise convolution, each channel has a single kernel of n n weights."""
    extra = (9 + 25) * (dim * dim - dim) + 9 * (hidden * hidden - hidden)
    return block_parameters(dim, hidden) + extra


@exercise.mistake
def three_matrices(dim: int, hidden: int) -> int:
    """One matrix of attention is missing: there are four, for q, k, v and the output."""
    return block_parameters(dim, hidden) - dim * dim - dim


@exercise.mistake
def narrow_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer works on the hidden channels. There are E of them, not C."""
    return block_parameters(dim, hidden) - 10 * (hidden - dim)


@exercise.mistake
def no_position(dim: int, hidden: int) -> int:
    """The position convolution is missing: 3 x 3 weights and one bias per channel."""
    return block_parameters(dim, hidden) - 10 * dim


@exercise.mistake
def no_hidden_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer is missing: 3 x 3 weights and one bias for each of the E channels."""
    return block_parameters(dim, hidden) - 10 * hidden


@exercise.mistake
def no_enhancement(dim: int, hidden: int) -> int:
    """The local enhancement is missing: 5 x 5 weights and one bias per channel."""
    return block_parameters(dim, hidden) - 26 * dim


@exercise.mistake
def small_enhancement(dim: int, hidden: int) -> int:
    """Your local enhancement is 3 x 3. It is 5 x 5."""
    return block_parameters(dim, hidden) - 16 * dim


@exercise.mistake
def norms_alone_have_biases(dim: int, hidden: int) -> int:
    """You are 7 C + 2 E short: that is the biases of all matrices and of all convolutions."""
    return block_parameters(dim, hidden) - 7 * dim - 2 * hidden


@exercise.mistake
def feed_forward_without_biases(dim: int, hidden: int) -> int:
    """You are C + E short: that is the biases of the two feed-forward matrices."""
    return block_parameters(dim, hidden) - dim - hidden


@exercise.mistake
def one_matrix(dim: int, hidden: int) -> int:
    """Attention has four matrices from C to C, for q, k, v and the output. You count one."""
    return block_parameters(dim, hidden) - 3 * (dim * dim + dim)


@exercise.mistake
def one_way(dim: int, hidden: int) -> int:
    """One of the two feed-forward matrices is missing. One goes from C to E, the other back from E to C."""
    return block_parameters(dim, hidden) - hidden * dim - dim


@exercise.mistake
def dense_position(dim: int, hidden: int) -> int:
    """Your position convolution mixes channels. It is depthwise: 9 weights per channel."""
    return block_parameters(dim, hidden) + 9 * (dim * dim - dim)


@exercise.mistake
def dense_enhancement(dim: int, hidden: int) -> int:
    """Your local enhancement mixes channels. It is depthwise: 25 weights per channel."""
    return block_parameters(dim, hidden) + 25 * (dim * dim - dim)


@exercise.mistake
def dense_hidden(dim: int, hidden: int) -> int:
    """Your convolution of the feed-forward layer mixes channels. It is depthwise: 9 weights per channel."""
    return block_parameters(dim, hidden) + 9 * (hidden * hidden - hidden)


@exercise.mistake
def shared_kernels(dim: int, hidden: int) -> int:
    """You count one kernel for all channels. Each channel has its own kernel."""
    return block_parameters(dim, hidden) - 34 * dim - 9 * hidden + 43


@exercise.mistake
def lines(dim: int, hidden: int) -> int:
    """You count n weights per kernel. An n x n kernel has n n weights."""
    return block_parameters(dim, hidden) - 26 * dim - 6 * hidden


@exercise.mistake
def large_kernels(dim: int, hidden: int) -> int:
    """All your convolutions are 5 x 5. Only the local enhancement is; the other two are 3 x 3."""
    return block_parameters(dim, hidden) + 16 * dim + 16 * hidden


@exercise.mistake
def large_position(dim: int, hidden: int) -> int:
    """Your position convolution is 5 x 5. It is 3 x 3."""
    return block_parameters(dim, hidden) + 16 * dim


@exercise.mistake
def three_enhancements(dim: int, hidden: int) -> int:
    """You count a local enhancement for q, k and v. Only the values have one."""
    return block_parameters(dim, hidden) + 52 * dim


@exercise.mistake
def wide_norm(dim: int, hidden: int) -> int:
    """One of your norms has E channels. Both norms come before their layer, where there are C channels."""
    return block_parameters(dim, hidden) - 2 * dim + 2 * hidden


@exercise.mistake
def with_layer_scale(dim: int, hidden: int) -> int:
    """You are 2 C over: that is LayerScale, which these blocks do not have."""
    return block_parameters(dim, hidden) + 2 * dim


@exercise.mistake
def matrices_alone(dim: int, hidden: int) -> int:
    """You count the matrices alone. Three convolutions and two norms are missing."""
    return block_parameters(dim, hidden) - 40 * dim - 10 * hidden


@exercise.mistake
def ratio(dim: int, hidden: int) -> int:
    """You use C times `hidden` as the number of hidden channels. `hidden` is that number already."""
    return block_parameters(dim, hidden * dim)


@exercise.mistake
def four_times(dim: int, hidden: int) -> int:
    """You use 4 C as the number of hidden channels. It is `hidden`."""
    return block_parameters(dim, 4 * dim)
