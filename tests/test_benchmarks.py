"""The benchmarks at a tiny size, what they compare, and the receipts that they have written."""

import copy
import math
import platform
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from benchmarks import attention, backbones, bench, layers, manhattan, masks, released, retention
from gmm_tutorial._files import unsealed
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import GaussianMixtureMask

ROOT = Path(__file__).resolve().parent.parent
TINY = {
    attention: ([2, 4],),
    backbones: (["ViT"], 1, 32),
    layers: ([8, 10],),
    manhattan: ([2, 4],),
    masks: ([4, 16],),
    retention: ([4, 8],),
}
NAMES = {module: module.__name__.rpartition(".")[2] for module in TINY}


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """A folder for the receipts, next to no time for each cell, and the threads as they were."""
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "LEAST", 1e-4)
    monkeypatch.setattr(bench, "keep_memory", bool)  # it would last for all tests that follow
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("module", TINY, ids=NAMES.values())
def test_a_benchmark_writes_a_receipt_that_reads_back(module, tmp_path, capsys):
    module.main(*TINY[module])
    (path,) = tmp_path.iterdir()
    receipt = unsealed(path)
    assert path.name == f"{NAMES[module]}.json"
    assert receipt["question"] in capsys.readouterr().out
    assert receipt["answers"] and receipt["versions"]["torch"] == torch.__version__
    cells = {(cell["row"], cell["column"]) for cell in receipt["measured"]}
    assert len(cells) == len(receipt["measured"]) > 0
    assert all(cell["seconds"] > 0 <= cell["spread"] for cell in receipt["measured"])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_memory_that_was_freed_is_kept():
    """After the first few of several large tensors, most take no new pages from the system."""
    code = """
        import resource, statistics, sys, torch
        from benchmarks.bench import keep_memory
        assert sys.argv[1] == "default" or keep_memory()
        pages = []
        for step in range(13):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            torch.zeros(16_000_000)
            pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        print(statistics.median(pages[4:]))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    default, kept = (
        float(subprocess.check_output([*command, how], cwd=ROOT, text=True)) for how in ("default", "kept")
    )
    assert kept < 100 < default


def test_make_bench_runs_them_all():
    (names,) = re.findall(r"^BENCHMARKS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(names.split()) == set(NAMES.values())


def test_committed_receipts_are_whole_and_of_a_benchmark():
    for path in (ROOT / "results" / "bench").glob("*"):
        assert path.stem in NAMES.values() and path.suffix == ".json"
        assert unsealed(path)["measured"]


def test_a_changed_receipt_is_noticed(tmp_path):
    bench.report("made_up", "How fast?", [bench.Measured("a", "b", 1.0, 0.1)], ["fast"])
    path = tmp_path / "made_up.json"
    path.write_text(path.read_text().replace('"seconds": 1.0', '"seconds": 0.5'))
    with pytest.raises(ValueError, match="its checksum is wrong"):
        unsealed(path)


def test_a_call_that_takes_long_is_made_a_few_times_only(monkeypatch):
    monkeypatch.setattr(bench, "LEAST", 0.0)
    calls = []
    found = bench.measure("a", "b", lambda: calls.append(0))
    assert len(calls) == 4 and found.seconds > 0


def test_powers_are_those_of_the_costs():
    cells = [bench.Measured("full, both", bench.tokens(n), n**2 / 1e9, 0.0, 3 * n) for n in (64, 256, 1024)]
    said = bench.growth(cells, "full, both", [1024, 64, 256])
    assert said == ("full, both: time grows as N^2.00 (N^2.00 at the end), memory grows as N^1.00 (N^1.00 at the end)")


def test_every_way_builds_the_same_mask_with_the_same_gradients():
    prior = GaussianMixtureMask((5, 7), heads=3, kernels=2, init="local").double()
    upstream = torch.randn(3, 35, 35, dtype=torch.double)
    made = {name: build() for name, build in masks.ways(prior).items()}
    assert len(made) == 4
    gradients = {name: torch.autograd.grad(mask, list(prior.parameters()), upstream) for name, mask in made.items()}
    for name, mask in made.items():
        torch.testing.assert_close(mask, made["reference"], atol=1e-6, rtol=0)
        torch.testing.assert_close(gradients[name], gradients["reference"], atol=1e-5, rtol=1e-5)


def test_the_released_way_is_the_same_function():
    ours = create_model("rmt-t", image_size=64, num_classes=5).eval()
    theirs = released.as_released(copy.deepcopy(ours))
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(theirs(images), ours(images), atol=1e-5, rtol=1e-4)


def test_backbones_of_the_same_size_have_as_many_parameters():
    pairs = backbones.contestants([*backbones.OTHERWISE], 1, 32)
    counted = {name: sum(p.numel() for p in model.parameters()) for name, (model, _) in pairs.items()}
    assert counted["ViT, ours"] == counted["ViT, timm"]
    swin = pairs["Swin, ours"][0]
    assert counted["Swin, ours"] == counted["Swin, timm"] + swin.pos_embed.numel()
    assert math.isclose(counted["PiT, ours"], counted["PiT, timm"], rel_tol=0.03)


def test_a_layer_whose_library_is_missing_is_left_out_in_words(monkeypatch, capsys):
    def missing(side):
        raise ImportError("No module named 'vit_pytorch'")

    monkeypatch.setitem(layers.THEIRS, "vit-pytorch", missing)
    assert "vit-pytorch" not in layers.installed()
    assert "vit-pytorch is left out: No module named 'vit_pytorch'" in capsys.readouterr().out
