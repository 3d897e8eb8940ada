"""From the repository to a static site: gather the pages, generate what they include, and run Jupyter Book."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from book import cite, lessons, links, mathjax, measured, pictures, reference
from gmm_tutorial import explorers, results

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "book"
SITE = BUILD / "_build" / "html"
PACKAGE = ROOT / "gmm_tutorial"


class BuildError(RuntimeError):
    """The book could not be built; the text says why."""


def build() -> Path:
    """Build the site from nothing, and return its folder. Raises BuildError when Jupyter Book warns or fails."""
    shutil.rmtree(BUILD, ignore_errors=True)
    source = BUILD / "source"
    gather(source)
    program = shutil.which("jupyter-book", path=sysconfig.get_path("scripts"))
    if program is None:
        raise BuildError("jupyter-book is not installed here: pip install -c constraints.txt -e '.[book]'")
    # autodoc imports the package of this checkout, and Sphinx the extension in book/
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    arguments = ["build", "--all", "-W", "--keep-going", "--path-output", str(BUILD), str(source)]
    if subprocess.run([program, *arguments], env=environment).returncode:
        raise BuildError("The book was not built: see Jupyter Book's messages above. Warnings count as errors.")
    return SITE


def gather(source: Path) -> None:
    """Put together all that Jupyter Book reads. Raises BuildError when MathJax is not installed."""
    shutil.copytree(ROOT / "book" / "pages", source)
    for page in source.glob("*.md"):
        page.write_text(links.of_page(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name in ("README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, source / name)
    times = results.lesson_times(ROOT / "results")
    running = {stem: measured.duration(seconds["learn"]) for stem, seconds in times.items()}
    stems = lessons.write_pages(ROOT, source / "lessons", running)
    for kind in ("notebooks", "solutions"):
        (source / "downloads" / kind).mkdir(parents=True)
        for stem in stems:
            shutil.copy(ROOT / kind / f"{stem}.ipynb", source / "downloads" / kind)
    shutil.copytree(ROOT / "results", source / "receipts", ignore=shutil.ignore_patterns("*.safetensors"))
    measured.write_fragments(ROOT, source / "generated", stems)
    (source / "generated" / "references.md").write_text(cite.references((ROOT / "CITATION.cff").read_text()))
    (source / "generated" / "live.md").write_text(f"{explorers.live().as_html()}\n")
    reference.write_pages(PACKAGE, source / "reference")
    static = source / "static"
    pictures.write_family(static / "family")
    not_for_the_web = shutil.ignore_patterns("*.py", "__pycache__")
    shutil.copytree(PACKAGE / "explorers", static / "explorers", ignore=not_for_the_web)
    try:
        mathjax.copy(static / "mathjax")
    except ImportError as error:
        raise BuildError(f"{error}") from None
