"""pyproject.toml, environment.yml and constraints.txt name the same packages, and every import is among them."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMPORTED_AS = {"pillow": "PIL"}  # packages whose module has another name
ON_CONDA = {"torch": "pytorch"}  # packages that conda-forge calls otherwise


def requirements(lines):
    """Requirements by name, without the project's own extras."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r.specifier for r in parsed if r.name != PROJECT["name"]}


NEEDED = requirements(PROJECT["dependencies"])
EXTRAS = {name: requirements(lines) for name, lines in PROJECT["optional-dependencies"].items()}
EXTRA = {name: specifier for extra in EXTRAS.values() for name, specifier in extra.items()}
TESTED = NEEDED | EXTRAS["timm"] | EXTRAS["test"]
ON_CONDA_TOO = TESTED | EXTRAS["dev"]  # not the book
PINNED = requirements(
    line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")
)


def test_conda_has_the_same_packages_in_the_same_ranges():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = requirements(line for line in environment["dependencies"] if isinstance(line, str))
    assert str(conda.pop("python")) == PROJECT["requires-python"]
    conda.pop("pip")
    assert conda == {ON_CONDA.get(name, name): specifier for name, specifier in ON_CONDA_TOO.items()}


@pytest.mark.parametrize("name", sorted(NEEDED | EXTRA))
def test_each_dependency_is_pinned_within_its_range(name):
    (pin,) = PINNED[name]
    assert pin.operator == "=="
    assert Version(pin.version) in (NEEDED | EXTRA)[name]


@pytest.mark.parametrize("name", sorted(TESTED))
def test_each_dependency_has_one_lower_bound_and_no_upper(name):
    """`make test-oldest` turns it into the exact version that it tests."""
    (bound,) = TESTED[name]
    assert bound.operator == ">="


def test_constraints_are_exact_versions_without_paths():
    for name, specifier in PINNED.items():
        assert re.fullmatch(r"==[\w.]+", str(specifier)), name  # no local version either: 2.15.0, not 2.15.0+cu130


def test_every_import_of_the_package_is_declared():
    imported = set()
    for path in (ROOT / "gmm_tutorial").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    others = {canonicalize_name(name) for name in imported - sys.stdlib_module_names - {"gmm_tutorial"}}
    assert others <= {canonicalize_name(IMPORTED_AS.get(name, name)) for name in NEEDED | EXTRAS["timm"]}


def test_binder_takes_the_environment_as_it_is():
    """repo2docker reads environment.yml in the root unless one of these is there, which it prefers."""
    preferred = ("binder", ".binder", "Dockerfile", "Project.toml", "JuliaProject.toml", "REQUIRE", "default.nix")
    assert not [name for name in (*preferred, "DESCRIPTION", "install.R", "runtime.txt") if (ROOT / name).exists()]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    assert pip == ["-e .[dev]"], "by its path, for which repo2docker copies the whole repository first"
    assert "jupyterlab" in requirements(line for line in environment["dependencies"] if isinstance(line, str))


def test_the_container_for_development_is_set_up_as_the_readme_says():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    readme = (ROOT / "README.md").read_text()
    commands = container["postCreateCommand"].split(" && ")
    assert len(commands) == 2
    for command in (*commands, container["postAttachCommand"].removesuffix(" --no-browser")):
        assert command in readme, command
    assert Version(container["image"].partition(":")[2]) in SpecifierSet(PROJECT["requires-python"])
