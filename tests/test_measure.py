"""Costs: bytes that can be counted by hand, exponents that are known, and a clock that counts calls."""

import time

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gmm_tutorial.analysis import cost
from gmm_tutorial.analysis.cost import exponent, macs, peak_bytes, seconds
from gmm_tutorial.models import create_model

X = torch.zeros(1000)


def let_go_early():
    a = X + 1
    b = a * 2
    del a
    return b * 3


def backward():
    w = X.clone().requires_grad_()
    (w * 2).exp().sum().backward()


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: X + 1, 4000),
        (lambda: X.view(10, 100).T, 0),  # a view is no new memory
        (lambda: X.double(), 8000),
        (let_go_early, 8000),
        (lambda: (X + 1, X + 2, X + 3), 12000),
    ],
)
def test_bytes_alive_at_the_same_time(compute, expected):
    assert peak_bytes(compute) == expected


def test_what_is_kept_for_the_backward_pass_counts():
    assert peak_bytes(backward) >= 3 * 4000  # w, its exponential, and the gradient


def test_accounts_are_settled_before_the_next():
    assert peak_bytes(let_go_early) == peak_bytes(let_go_early)


def test_exponents():
    sizes = [8, 16, 32]
    assert exponent(sizes, [3 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert exponent(sizes, [7, 7, 7]) == pytest.approx(0)


@pytest.mark.parametrize(("sizes", "costs"), [([1, 2], [1]), ([1], [1]), ([1, 2], [0, 1]), ([-1, 2], [1, 1])])
def test_an_exponent_needs_two_numbers_above_zero(sizes, costs):
    with pytest.raises(ValueError, match=r"(sizes|costs) is \[.*\], but it must be two or more numbers above 0"):
        exponent(sizes, costs)


def test_operations_are_seen_wherever_they_run():
    """What TorchDispatchMode, whose module is named as a private one, is relied on for."""
    seen = []

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    w = torch.ones(3, requires_grad=True)
    with Recorder():
        torch.stack([w, w]).exp().sum().backward()
    assert [name for name in seen if name in ("stack", "exp", "sum", "mul")] == ["stack", "exp", "sum", "mul"]
    assert seen.index("mul") > seen.index("sum"), "the backward pass multiplies by what exp gave"


class Clock:
    """A clock that a computation can move: each call takes the next of some times."""

    def __init__(self, *times):
        self.now, self.times, self.calls, self.threads = 0.0, iter(times), 0, set()

    def compute(self):
        self.calls += 1
        self.threads.add(torch.get_num_threads())
        self.now += next(self.times)


def test_the_fastest_call_counts_and_the_first_does_not(monkeypatch):
    fake = Clock(0.5, 3.0, 2.0, 7.0)
    monkeypatch.setattr(cost, "clock", lambda: fake.now)
    assert seconds(fake.compute, repeats=3) == 2.0 and fake.calls == 4


@pytest.mark.parametrize("fails", [False, True])
def test_time_is_taken_on_one_thread_and_the_others_come_back(fails):
    before, fake = torch.get_num_threads(), Clock(0, 0)
    torch.set_num_threads(3)
    try:
        if fails:
            with pytest.raises(StopIteration):
                seconds(fake.compute, repeats=2)
        else:
            seconds(fake.compute, repeats=1)
        assert torch.get_num_threads() == 3 and fake.threads == {1}
    finally:
        torch.set_num_threads(before)


def test_work_on_an_accelerator_is_waited_for(monkeypatch):
    order = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda: order.append("wait"))
    assert seconds(lambda: order.append("compute"), repeats=2) >= 0
    assert order == ["compute", *["wait", "compute", "wait"] * 2]


def test_time_is_seconds():
    assert 0.02 <= seconds(lambda: time.sleep(0.02), repeats=2) < 0.2


@pytest.mark.parametrize("repeats", [0, -1, 1.5])
def test_time_needs_a_call(repeats):
    with pytest.raises(ValueError, match=f"repeats is {repeats}, but it must be an integer of at least 1"):
        seconds(lambda: None, repeats)


@pytest.mark.parametrize(("pool", "tokens", "millions"), [("cls", 65, 187.7), ("mean", 64, 184.6)])
@pytest.mark.parametrize("prior", [None, "gmm"])
def test_macs_count_attention_but_no_mask(pool, tokens, millions, prior):
    """The published ViT by hand: 9 blocks of width 192, MLP ratio 2, patches of 48 numbers."""
    block = tokens * (4 * 192 * 192 + 2 * 192 * 384) + 2 * tokens * tokens * 192
    model = create_model("vit", pool=pool, prior=prior).train()
    assert macs(model, 32) == 64 * 48 * 192 + 9 * block + 192 * 10 == pytest.approx(1e6 * millions, abs=5e4)
    assert model.training


@pytest.mark.parametrize(
    ("name", "millions", "attention"),
    [
        ("vit", 184.6, 9 * 2 * 64**2 * 192),
        ("swin", 241.0, 2 * 16 * (2 * 256 * 96 + 6 * 64 * 192 + 4 * 16 * 384)),  # 16 keys per query
        # the patches' layers and the class token's two, each with two products and two mixes of 4 heads
        ("cait", 358.5, (24 * 64 + 2) * 64 * (2 * 256 + 2 * 4 * 4)),
        ("pit", 274.4, 2 * (2 * 257**2 * 96 + 6 * 65**2 * 192 + 4 * 17**2 * 384)),
        ("t2t", 450.1, 2 * (256**2 * 64 + 12 * 64**2 * 256)),
    ],
)
def test_macs_of_the_published_backbones(name, millions, attention):
    model = create_model(name)
    assert macs(model, 32) == pytest.approx(1e6 * millions, abs=6e4)
    assert macs(model, 32, of="attention") == attention


@pytest.mark.parametrize("prior", ["gmm", "manhattan"])
def test_a_prior_adds_nothing_to_the_products_of_attention(prior):
    plain, under = (create_model("swin", prior=each) for each in (None, prior))
    assert macs(plain, 32) == macs(under, 32) and macs(under, 32, of="attention") == macs(plain, 32, of="attention")
    with pytest.raises(ValueError, match="of is 'layers', but it must be 'all' or 'attention'"):
        macs(plain, 32, of="layers")


def part_in_evaluation_mode():
    """A dropout inside switched off, as one does by hand; the rest is in training mode."""
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Dropout(0.5), torch.nn.Flatten()).train()
    model[1].eval()
    return model


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fails", [False, True])
def test_macs_give_every_module_its_mode_back(training, fails):
    model = part_in_evaluation_mode() if training else part_in_evaluation_mode().eval()
    modes, seen = [module.training for module in model.modules()], []
    model.register_forward_hook(lambda *_: seen.append([module.training for module in model.modules()]))
    if fails:
        with pytest.raises(RuntimeError):
            macs(model, 2)  # smaller than the kernel
    else:
        macs(model, 5)
        assert seen == [[False] * 4] * 2, "evaluation mode, for one image and for two"
    assert [module.training for module in model.modules()] == modes


def test_macs_of_any_model():
    assert macs(create_model("vit", dim=8, depth=1, num_heads=1).double(), 32) > 0
    assert macs(torch.nn.Identity(), 4) == 0
    with pytest.raises(ValueError, match="image_size is 0"):
        macs(torch.nn.Identity(), 0)


def test_macs_of_convolutions():
    """3 x 3 on 32 x 32, then depthwise, each output once a weight."""
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
    )
    assert macs(model, 32) == 32 * 32 * 8 * 27 + 16 * 16 * 8 * 9
