"""What two processes that train one model share, and what each has for itself. Started as torchrun starts them."""

import os
import subprocess
import sys

import pytest

EACH = """
import sys
import torch
from gmm_tutorial import data
from gmm_tutorial.train import TrainConfig, build, fit, parallel

world = parallel.join()
images = data.load("shapes", "train").subset(64)
config = TrainConfig(dataset="shapes", train_images=64, test_images=64, epochs=1, batch_size=32, model="convnet",
                     model_options={"dim": 8})
model, draws = build(config, images), []
model.head.register_forward_hook(lambda *_: draws.append(torch.rand(()).item()))
fit(model, config, images, images)
for name, values in (("weights", model.parameters()), ("buffers", model.buffers())):
    total = sum(value.double().sum().item() for value in values)
    sys.stdout.write(f"{name} {total:.10f}\\n")  # one write for the whole line: the processes share stdout
sys.stdout.write(f"draws {draws[0]}\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="torchrun with gloo is at home on Linux")
def test_processes_share_weights_and_statistics_but_not_what_is_left_out_by_chance(tmp_path):
    """Batch norm sees another part of each batch in each process, so its statistics differ until they are shared."""
    script = tmp_path / "each.py"
    script.write_text(EACH)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    different = {
        name: len({line for line in lines if line.startswith(name)}) for name in ("weights", "buffers", "draws")
    }
    assert different == {"weights": 1, "buffers": 1, "draws": 2}
