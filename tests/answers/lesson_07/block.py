"""Answers to 07.block."""

from functools import reduce

from verdicts import right, wrong


@wrong("Your position convolution replaces x")
def position_not_added(x, pos, norm1, attend, norm2, feed):
    x = pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("Your attention replaces x")
def attention_not_added(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = attend(norm1(x))
    return x + feed(norm2(x))


@wrong("Your feed-forward layer replaces x")
def feed_forward_not_added(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return feed(norm2(x))


@wrong("You pass x from layer to layer without adding anything")
def nothing_added(x, pos, norm1, attend, norm2, feed):
    return feed(norm2(attend(norm1(pos(x)))))


@wrong("Both norms are missing")
def no_norms(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(x)


@wrong("Attention gets x itself")
def first_norm_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(norm2(x))


@wrong("The feed-forward layer gets x itself")
def second_norm_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(x)


@wrong("You normalize after adding (post-norm), as the first transformers did")
def norm_after_the_sum(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = norm1(x + attend(x))
    return norm2(x + feed(x))


@wrong("You normalize the output of each layer")
def norm_after_the_layer(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + norm1(attend(x))
    return x + norm2(feed(x))


@wrong("You add to the normalized x, twice")
def norms_kept_on_the_line(x, pos, norm1, attend, norm2, feed):
    x = norm1(x + pos(x))
    x = x + attend(x)
    x = norm2(x)
    return x + feed(x)


@wrong("You add attention to the normalized x")
def first_norm_kept_on_the_line(x, pos, norm1, attend, norm2, feed):
    x = norm1(x + pos(x))
    x = x + attend(x)
    return x + feed(norm2(x))


@wrong("Your feed-forward layer does not see what attention has added")
def side_by_side(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    return x + attend(norm1(x)) + feed(norm2(x))


@wrong("All three layers of yours start from the x that came in")
def all_three_side_by_side(x, pos, norm1, attend, norm2, feed):
    return x + pos(x) + attend(norm1(x)) + feed(norm2(x))


@wrong("Your position convolution comes last")
def position_last(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    x = x + feed(norm2(x))
    return x + pos(x)


@wrong("Your position convolution comes after attention")
def position_in_the_middle(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    x = x + pos(x)
    return x + feed(norm2(x))


@wrong("Only the input of attention contains your position convolution")
def position_for_attention_only(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x + pos(x)))
    return x + feed(norm2(x))


@wrong("values differ")
def position_of_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(norm1(x))
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("values differ")
def position_inside_the_norm(x, pos, norm1, attend, norm2, feed):
    normed = norm1(x)
    x = x + attend(normed + pos(normed))
    return x + feed(norm2(x))


@wrong("The position convolution is missing")
def position_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("Your feed-forward layer comes before attention")
def feed_forward_first(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + feed(norm2(x))
    return x + attend(norm1(x))


@wrong("This is what comes out when `norm1` and `norm2` change places")
def norms_swapped(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm2(x))
    return x + feed(norm1(x))


@wrong("This is what comes out when `norm1` is used in place of `norm2`")
def first_norm_twice(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm1(x))


@wrong("You add each layer to the x that came in, so what the earlier steps have added is lost")
def adds_the_block_input(x, pos, norm1, attend, norm2, feed):
    y = x + pos(x)
    y = x + attend(norm1(y))
    return x + feed(norm2(y))


@wrong("You add the feed-forward layer to the x that came in, so what the first two steps have added is lost")
def last_residual_from_the_input(x, pos, norm1, attend, norm2, feed):
    y = x + pos(x)
    y = y + attend(norm1(y))
    return x + feed(norm2(y))


@wrong("You add the feed-forward layer to the normalized x")
def last_residual_from_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    y = norm2(x)
    return y + feed(y)


@wrong("You add to the normalized x, twice")
def both_residuals_from_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    y = norm1(x)
    x = y + attend(y)
    y = norm2(x)
    return y + feed(y)


@wrong("The feed-forward layer is missing")
def feed_forward_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    return x + attend(norm1(x))


@wrong("Your second norm gets the output of attention alone")
def second_norm_of_attention_alone(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    y = attend(norm1(x))
    return x + y + feed(norm2(y))


@wrong("values differ")
def one_norm_too_many(x, pos, norm1, attend, norm2, feed):
    x = x + pos(norm1(x))
    x = x + attend(norm1(x))
    return norm2(x + feed(norm2(x)))


@wrong("You change x in place, and the caller still needs it")
def in_place(x, pos, norm1, attend, norm2, feed):
    x += pos(x)
    x += attend(norm1(x))
    x += feed(norm2(x))
    return x


@right
def in_one_expression(x, pos, norm1, attend, norm2, feed):
    return (z := (y := x + pos(x)) + attend(norm1(y))) + feed(norm2(z))


@right
def by_a_fold(x, pos, norm1, attend, norm2, feed):
    branches = (pos, lambda y: attend(norm1(y)), lambda y: feed(norm2(y)))
    return reduce(lambda y, branch: y + branch(y), branches, x)


@right
def on_a_copy(x, pos, norm1, attend, norm2, feed):
    out = x.clone()
    for branch in (pos, lambda y: attend(norm1(y)), lambda y: feed(norm2(y))):
        out = out + branch(out)
    return out


@right
def in_float64(x, pos, norm1, attend, norm2, feed):
    return by_a_fold(x, pos, norm1, attend, norm2, feed).double()
