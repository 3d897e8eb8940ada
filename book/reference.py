"""The pages of the reference module: one for each of its modules, in groups, written by autodoc."""

import ast
from pathlib import Path

# the package's own groups; the command line and the tools that build notebooks are documented elsewhere
GROUPS = {
    "The reference": (
        "windows",
        "grid",
        "decay",
        "rotary",
        "priors",
        "attention",
        "retention",
        "manhattan",
        "models",
        "plug",
    ),
    "Looking": ("analysis", "figures", "explorers"),
    "Measuring": ("data", "train", "train.augmentation", "train.profiles", "results", "runs"),
    "The course": ("learn", "course.golden"),
}


def write_pages(package: Path, folder: Path) -> None:
    """Write a page for each module of the groups, and beside the folder the list of all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    index = [INTRODUCTION]
    for group, names in GROUPS.items():
        index.append(f"\n## {group}\n")
        for name in names:
            (folder / f"{name}.md").write_text(module_page(package, name), encoding="utf-8")
            index.append(f"- {{doc}}`reference/{name}`: {summary(package, name)}")
    folder.with_suffix(".md").write_text("\n".join(index) + "\n", encoding="utf-8")


def summary(package: Path, name: str) -> str:
    """The first line of a module's docstring."""
    path = package.joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def module_page(package: Path, name: str) -> str:
    """The page of one module; of a package also its submodules, unless it says itself, in __all__, what it gives."""
    modules = [f"gmm_tutorial.{name}"]
    initial = package.joinpath(*name.split("."), "__init__.py")
    if initial.exists() and "__all__" not in initial.read_text():
        modules += [f"gmm_tutorial.{name}.{path.stem}" for path in sorted(initial.parent.glob("[a-z]*.py"))]
    blocks = "\n".join(f".. automodule:: {module}\n" for module in modules)
    return f"# {name}\n\n```{{eval-rst}}\n{blocks}```\n"


INTRODUCTION = """\
# The reference module

The small package that the lessons build up to, and that they check your answers against: `import gmm_tutorial`. Every
function states the shapes of its arguments and of its result in
[one alphabet](glossary.md#one-alphabet), and each page links to the source. In the lessons, names in code cells link to
these pages.
"""
