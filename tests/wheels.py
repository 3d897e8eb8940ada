"""Wheels of this repository, built and installed without a network, for the tests that need one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(target, into, source=ROOT):
    """Build a "wheel" or an "sdist" of a source tree: the path of the file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = into.iterdir()
    return built


def install(wheel, into):
    """Install a wheel alone: what it needs comes from the environment that runs the tests."""
    alone = ("--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "install", *alone, "--target", str(into), str(wheel)], check=True)
    return into


def environment(installed, folder):
    """That of somebody who has installed the package there, and has no data: the repository is not on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    folders = {name: str(folder / name) for name in ("GMM_TUTORIAL_DATA", "GMM_TUTORIAL_CACHE")}
    return kept | folders | {"PYTHONPATH": str(installed), "GMM_TUTORIAL_PROFILE": "ci"}
