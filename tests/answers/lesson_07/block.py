"""Answers to 07.block."""

from functools import reduce

from verdicts import right, wrong


@wrong("")
def position_not_added(x, pos, norm1, attend, norm2, feed):
    x = pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("")
def attention_not_added(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = attend(norm1(x))
    return x + feed(norm2(x))


@wrong("")
def feed_forward_not_added(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return feed(norm2(x))


@wrong("")
def nothing_added(x, pos, norm1, attend, norm2, feed):
    return feed(norm2(attend(norm1(pos(x)))))


@wrong("")
def no_norms(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(x)


@wrong("")
def first_norm_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(norm2(x))


@wrong("")
def second_norm_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(x)


@wrong("")
def norm_after_the_sum(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = norm1(x + attend(x))
    return norm2(x + feed(x))


@wrong("")
def norm_after_the_layer(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + norm1(attend(x))
    return x + norm2(feed(x))


@wrong("")
def norms_kept_on_the_line(x, pos, norm1, attend, norm2, feed):
    x = norm1(x + pos(x))
    x = x + attend(x)
    x = norm2(x)
    return x + feed(x)


@wrong("")
def first_norm_kept_on_the_line(x, pos, norm1, attend, norm2, feed):
    x = norm1(x + pos(x))
    x = x + attend(x)
    return x + feed(norm2(x))


@wrong("")
def side_by_side(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    return x + attend(norm1(x)) + feed(norm2(x))


@wrong("")
def all_three_side_by_side(x, pos, norm1, attend, norm2, feed):
    return x + pos(x) + attend(norm1(x)) + feed(norm2(x))


@wrong("")
def position_last(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    x = x + feed(norm2(x))
    return x + pos(x)


@wrong("")
def position_in_the_middle(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    x = x + pos(x)
    return x + feed(norm2(x))


@wrong("")
def position_for_attention_only(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x + pos(x)))
    return x + feed(norm2(x))


@wrong("")
def position_of_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(norm1(x))
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("")
def position_inside_the_norm(x, pos, norm1, attend, norm2, feed):
    normed = norm1(x)
    x = x + attend(normed + pos(normed))
    return x + feed(norm2(x))


@wrong("")
def position_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@wrong("")
def feed_forward_first(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + feed(norm2(x))
    return x + attend(norm1(x))


@wrong("")
def norms_swapped(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm2(x))
    return x + feed(norm1(x))


@wrong("")
def first_norm_twice(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm1(x))


@wrong("")
def adds_the_block_input(x, pos, norm1, attend, norm2, feed):
    y = x + pos(x)
    y = x + attend(norm1(y))
    return x + feed(norm2(y))


@wrong("")
def last_residual_from_the_input(x, pos, norm1, attend, norm2, feed):
    y = x + pos(x)
    y = y + attend(norm1(y))
    return x + feed(norm2(y))


@wrong("")
def last_residual_from_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    x = x + attend(norm1(x))
    y = norm2(x)
    return y + feed(y)


@wrong("")
def both_residuals_from_the_normalized(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    y = norm1(x)
    x = y + attend(y)
    y = norm2(x)
    return y + feed(y)


@wrong("")
def feed_forward_forgotten(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    return x + attend(norm1(x))


@wrong("")
def second_norm_of_attention_alone(x, pos, norm1, attend, norm2, feed):
    x = x + pos(x)
    y = attend(norm1(x))
    return x + y + feed(norm2(y))


@wrong("")
def one_norm_too_many(x, pos, norm1, attend, norm2, feed):
    x = x + pos(norm1(x))
    x = x + attend(norm1(x))
    return norm2(x + feed(norm2(x)))


@wrong("")
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
