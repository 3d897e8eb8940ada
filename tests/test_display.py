"""What is shown of a training: its name, a line for each epoch in a file, a table of the last ones on a terminal."""

import io

import pytest
from rich.console import Console

from gmm_tutorial.runs import Store, display, run_shown
from gmm_tutorial.runs.display import Display
from gmm_tutorial.train import History, configure
from gmm_tutorial.train.parallel import World


def history(epochs, accuracy):
    """Of epochs that take 2 s of training, and 1 s of everything else; the last one took twice as long."""
    seconds = [2.0] * (epochs - 1) + [4.0]
    return History(accuracy, [1.5] * epochs, epoch_seconds=seconds, seconds=sum(seconds) + epochs)


def test_a_line_says_what_the_last_epoch_was_and_what_is_left(capsys):
    shown = Display(configure("shapes", recipe="lesson", profile="ci", epochs=8), Console(file=io.StringIO()))
    shown.add(history(3, [(3, 0.25)]))
    # 8 s of training and 3 of the rest for three epochs: for five more, 11 / 3 * 5
    assert capsys.readouterr().out == "epoch 3/8, loss 1.500, test accuracy 25.00%, images/s 80, left 18 s\n"
    shown.add(history(4, [(3, 0.25)]))
    assert "test accuracy" not in capsys.readouterr().out, "that of an older epoch"
    shown.add(history(5, []))
    assert capsys.readouterr().out.startswith("epoch 5/8, loss 1.500, images/s 80, left ")


def test_a_terminal_keeps_the_last_epochs(capsys):
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    shown = Display(configure("shapes", recipe="lesson", profile="ci", epochs=10), console)
    with shown(0, 10):
        for epoch in range(1, 11):
            shown.add(history(epoch, []))
    table = console.file.getvalue()
    last = table[table.rindex("time left") :]  # what stays, once the live one is gone
    assert [f"{epoch}/10" in last for epoch in range(1, 11)] == [False] * 2 + [True] * 8
    assert "epoch 1/10" not in capsys.readouterr().out


@pytest.mark.parametrize("rank", [0, 1])
def test_of_several_processes_the_first_one_shows(monkeypatch, rank, tmp_path):
    monkeypatch.setattr(display.parallel, "join", lambda: World(rank, 2))
    monkeypatch.setattr(display, "run_once", lambda config, store, **options: options)
    options = run_shown(configure("shapes", profile="ci"), Store(tmp_path), compiled=True)
    assert (options["show"] is not None) == (rank == 0) and options["compiled"]
    options["on_epoch"](history(1, []))


def test_the_name_that_is_shown_is_that_of_the_file(tmp_path, capsys):
    """At full scale too, where a configuration says of no image that it is left out."""
    sizes = {"dim": 8, "depth": 1, "num_heads": 1, "patch_size": 16}
    config = configure("shapes", recipe="lesson", profile="full", epochs=1, batch_size=2_500, model_options=sizes)
    run = run_shown(config, Store(tmp_path))
    name = capsys.readouterr().out.splitlines()[0]
    assert name.startswith("shapes-vit-") and "-lesson-full-seed0-" in name and run.receipt.config == config
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.receipt.json"]
