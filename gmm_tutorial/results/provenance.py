"""Where a result comes from: device, versions, commit."""

import platform
import subprocess
from pathlib import Path
from typing import Any

import torch
import torchvision

from gmm_tutorial import __version__
from gmm_tutorial._shipped import bundled


def machine(device: torch.device) -> dict[str, Any]:
    """The part of a receipt that says where and with what it was made.

    Args:
        device: Where the training ran.

    Returns:
        The fields `device`, `versions` and `commit` of a receipt.

    Example:
        >>> sorted(machine(torch.device("cpu")))
        ['commit', 'device', 'versions']
    """
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return {
        "device": f"{device.type} ({name}{threads})",
        "versions": {
            "gmm_tutorial": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit of this checkout.

    Returns:
        Its hash, with "+" behind it when the package differs from it; None outside of git.
    """
    if bundled():  # in an environment inside somebody's repository, whose commits say nothing about this package
        return None
    package = Path(__file__).resolve().parents[1]
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=package, capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "status", "--porcelain", "."], cwd=package, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+" if changes.stdout else "")
