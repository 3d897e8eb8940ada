"""The making of the book, without Jupyter Book: pages of lessons, tables from receipts, docstrings, what is fetched."""

import json
import re
from pathlib import Path

import nbformat
import pytest
import yaml

from book import build, cite, intervals, layers, lessons, links, mathjax, pictures, reference, site, speed
from gmm_tutorial import _files, results, runs
from gmm_tutorial.learn import EXERCISES
from gmm_tutorial.runs.display import duration

ROOT = Path(__file__).resolve().parent.parent
STEMS = [path.stem for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))]


def notebooks(stem):
    return [nbformat.read(ROOT / kind / f"{stem}.ipynb", as_version=4) for kind in ("solutions", "notebooks")]


@pytest.fixture(scope="module")
def gathered(tmp_path_factory):
    """All that Jupyter Book would read, without MathJax."""
    folder = tmp_path_factory.mktemp("book") / "source"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mathjax, "copy", lambda folder: None)
        build.gather(folder)
    return folder


@pytest.mark.parametrize("stem", STEMS)
def test_the_page_of_a_lesson_folds_every_answer_and_keeps_every_output(stem):
    solution, blank = notebooks(stem)
    page = lessons.page(stem, solution, blank, "2 min")
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    names = [each.name for each in lessons.exercises(solution)]
    assert names and text.count('<details class="solution">') == len(names)
    assert text.count('<details class="hint">') == sum(len(EXERCISES[name].hints) for name in names)
    solved = [cell for cell in solution.cells if "exercise" in cell.metadata.get("tags", [])]
    for cell in solved:
        before, _, folded = text.partition(cell.source)
        assert folded, "the answer is on the page"
        assert before.rstrip("`python\n").endswith("<summary>A solution</summary>"), "and it is folded"
    shown = [cell.outputs for cell in page.cells if cell.cell_type == "code"]
    assert shown == [cell.outputs for cell in solution.cells if cell.cell_type == "code" and cell not in solved]


def test_notebooks_of_different_masters_are_refused():
    solution, blank = notebooks(STEMS[0])
    del blank.cells[-1]
    with pytest.raises(ValueError, match="different cells; make lessons LESSON=00"):
        lessons.page(STEMS[0], solution, blank, "2 min")


def test_a_lesson_links_to_what_it_imports():
    lines = "\n".join(lessons.references(notebooks("03_gmm")[0]))
    assert "{py:mod}`gmm_tutorial.grid`" in lines
    assert "{py:obj}`~gmm_tutorial.priors.GaussianMixtureMask`" in lines


def test_every_receipt_is_behind_a_link(gathered):
    made = "\n".join(path.read_text() for path in (gathered / "generated").glob("*.md"))
    linked = set(re.findall(r"<receipts/([^>]+)>", made))
    kinds = ("*/*.receipt.json", "bench/*.json")
    there = {p.relative_to(ROOT / "results").as_posix() for kind in kinds for p in (ROOT / "results").glob(kind)}
    assert linked == there
    for path in linked:
        assert (gathered / "receipts" / path).read_text() == (ROOT / "results" / path).read_text()


def test_tables_are_those_of_the_receipts(gathered):
    text = (gathered / "generated" / "study_lessons.md").read_text()
    (line,) = [line for line in runs.read_study("lessons").lines if line.row.label == "ViT, mean pooling"]
    assert f"| {' | '.join(line.cells())} |" in text and len(line.receipts) >= 1
    assert all(f"seed {receipt.config.seed} <receipts/" in text for receipt in line.receipts)


def test_the_status_page_has_every_lesson_with_its_measured_times(gathered):
    text = (gathered / "generated" / "lessons.md").read_text()
    for stem, seconds in results.lesson_times().items():
        row = next(line for line in text.splitlines() if f"`lessons/{stem}`" in line)
        assert row.endswith(f"| {duration(seconds['learn'])} | {duration(seconds['ci'])} |")


def test_every_exercise_is_in_the_table_of_difficulties(gathered):
    text = (gathered / "generated" / "difficulty.md").read_text()
    listed = re.findall(r"`([\w.]+)` \((\d+)\)", text)
    assert sorted(name for name, _ in listed) == sorted(EXERCISES)
    levels = [line.split("|")[1].strip() for line in text.splitlines()[2:]]
    assert levels == ["5", "4", "3", "2", "1"] and "`10.recompute` (30)" in text.splitlines()[2]
    assert sum(int(line.split("|")[2]) for line in text.splitlines()[2:]) == len(EXERCISES)


def test_evidence_that_a_page_names_is_there():
    text = (ROOT / "book" / "pages" / "disagreements.md").read_text()
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", text)
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"


def test_a_heading_of_a_lesson_that_a_page_links_to_is_there():
    pages = "\n".join(path.read_text() for path in (ROOT / "book" / "pages").glob("*.md"))
    linked = re.findall(r"\((?:lessons|\.\./\.\./notebooks)/(\w+)\.ipynb#([\w-]+)\)", pages)
    assert linked
    for stem, anchor in linked:
        headings = re.findall(r"^#+ (.+)$", (ROOT / "solutions" / f"{stem}.md").read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, anchor


def test_links_between_lessons_and_the_glossary_lead_to_pages_of_the_site(gathered):
    lesson = "see [a prior](../book/pages/glossary.md#prior) and [lesson 03](03_gmm.ipynb)"
    assert links.of_lesson(lesson) == "see [a prior](../glossary.md#prior) and [lesson 03](03_gmm.ipynb)"
    page = '<a id="mask"></a>\n\n### Mask\n\n[Lesson 02](../../notebooks/02_elm.ipynb)\n'
    assert links.of_page(page) == "### Mask\n\n[Lesson 02](lessons/02_elm.ipynb)\n"
    glossary = (gathered / "glossary.md").read_text()
    assert "<a id" not in glossary and "notebooks/" not in glossary
    for stem in re.findall(r"\(lessons/(\w+)\.ipynb\)", glossary):
        assert (gathered / "lessons" / f"{stem}.ipynb").exists()
    for path in (gathered / "lessons").glob("*.ipynb"):
        assert "book/pages" not in path.read_text(), path.stem


def test_each_table_is_below_its_picture_for_both_schemes(gathered):
    for name in runs.TABLES:
        text = (gathered / "generated" / f"study_{name}.md").read_text()
        shown = re.findall(r"\{image\} (generated/[\w-]+\.png)\n:class: only-(light|dark)", text)
        tables = [each for each in runs.tables(name, results.read(ROOT / "results").values()) if len(each.lines) > 1]
        compared = [each for each in tables if runs.contrasts.contrasts(each)]
        assert len(shown) == 2 * (len(tables) + len(compared))
        assert sum("differences" in path for path, _ in shown) == 2 * len(compared)
        for path, scheme in shown:
            assert path.endswith(f"-{scheme}.png") and (gathered / path).stat().st_size > 1_500
        for part in text.split("**\n\n")[1:]:
            assert "{image}" not in part or part.startswith("```{image}"), "first the picture, then the table"
            if "differences-dark" in part:
                assert part.index("| test accuracy") < part.index("differences-dark") < part.index("\n- "), (
                    "then sentences"
                )
    page = (ROOT / "book" / "pages" / "results.md").read_text()
    assert set(re.findall(r"generated/study_(\w+)\.md", page)) == set(runs.TABLES)


def test_every_module_of_the_reference_has_a_page_and_a_line(gathered):
    index = (gathered / "reference.md").read_text()
    for path in (gathered / "reference").glob("*.md"):
        assert re.search(rf"\{{doc\}}`reference/{re.escape(path.stem)}`: \w", index), path.stem
        assert f".. automodule:: gmm_tutorial.{path.stem}\n" in path.read_text()
    names = {n for names in reference.GROUPS.values() for n in names}
    assert {p.stem for p in (gathered / "reference").glob("*.md")} == names
    assert names <= set(layers.modules(ROOT / "gmm_tutorial"))
    # all of the reference, but for its helpers
    of_reference = {unit for row in layers.LAYERS["reference"] for unit in row if not unit.startswith("_")}
    assert of_reference <= names


def test_docstrings_are_shown_as_they_are_written():
    lines = ["S = q*k, `scale` and |x|_", "", "    a  b", "    c  d", "after", ""]
    assert site.restructured(lines) == [
        "S = q\\*k, ``scale`` and \\|x\\|\\_",
        "",
        *("", "::", "", "    a  b", "    c  d", ""),
        "after",
        "",
    ]


def test_docstrings_with_sections_are_left_to_napoleon():
    sections = ["Do it.", "", "Args:", "    x: A *number*."]
    for lines, same in ((sections, True), (sections[:2] + sections[3:], False)):
        shown = list(lines)
        site.on_docstring(None, "function", "gmm_tutorial.f", None, None, shown)
        assert (shown == lines) == same


def test_works_are_cited_from_the_citation_file():
    text = (ROOT / "CITATION.cff").read_text()
    cited = cite.references(text)
    for work in yaml.safe_load(text)["references"]:
        assert work["title"] in cited and str(work["year"]) in cited
        assert work["authors"][0]["family-names"] in cited


def test_the_family_is_drawn_at_twice_its_size(tmp_path):
    pictures.write_family(tmp_path)
    index = (ROOT / "book" / "pages" / "index.md").read_text()
    drawn = {path.stem for path in tmp_path.glob("*.png")}
    assert drawn == set(re.findall(r"static/family/(\w+)\.png", index))
    assert all(path.stat().st_size < 20_000 for path in tmp_path.glob("*.png"))


class Carried:
    """A file of the package that carries MathJax."""

    def __init__(self, folder, name):
        self.name, self.path = name, folder / name

    def as_posix(self):
        return self.name

    def locate(self):
        return self.path


def test_of_mathjax_only_what_a_page_loads_is_taken(tmp_path, monkeypatch):
    names = ("tex-chtml.js", "tex-svg.js", "output/chtml/fonts/woff-v2/MathJax_Main.woff", "sre/mathmaps/en.json")
    carried = [Carried(tmp_path / "package", f"{mathjax.INSIDE}{name}") for name in names]
    for file in carried:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_text(file.name)
    monkeypatch.setattr(mathjax, "files", lambda name: carried)
    mathjax.copy(tmp_path / "site")
    taken = {
        path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()
    }
    assert taken == {names[0], names[2]}


def test_without_mathjax_the_text_says_what_to_do(tmp_path, monkeypatch):
    def missing(name):
        raise mathjax.PackageNotFoundError(name)

    monkeypatch.setattr(mathjax, "files", missing)
    with pytest.raises(ImportError, match=r"MathJax is not installed here, .* pip install -c constraints.txt"):
        mathjax.copy(tmp_path)


def test_of_explorers_all_but_python_is_taken_along(gathered):
    taken = {path.name for path in (gathered / "static" / "explorers").iterdir()}
    files = {path.name for path in (ROOT / "gmm_tutorial" / "explorers").iterdir() if path.is_file()}
    assert taken == {name for name in files if not name.endswith(".py")} and "site.js" in taken


def test_only_pages_with_an_explorer_load_them():
    loaded = []

    class App:
        def add_js_file(self, name, **options):
            loaded.append((name, options))

    sidebar = "<details><summary><i></i></summary></details>"
    for body in ("<p>none</p>", '<div class="explorer" data-explorer="decay"></div>'):
        context = {"body": body, "generate_toctree_html": lambda *args: sidebar}
        site.on_page(App(), "page", "page.html", context, None)
        assert '<summary aria-label="' in context["generate_toctree_html"]("sidebar")
    assert loaded == [("explorers/site.js", {"type": "module"})]


def test_settings_execute_nothing_and_name_no_other_host():
    settings = yaml.safe_load((ROOT / "book" / "pages" / "_config.yml").read_text())
    assert settings["execute"]["execute_notebooks"] == "off"
    assert "://" not in json.dumps(settings)


def test_the_page_of_benchmarks_has_a_part_for_each():
    page = (ROOT / "book" / "pages" / "fast.md").read_text()
    assert re.findall(r"generated/bench_(\w+)\.md", page) == [*speed.NAMES]
    (names,) = re.findall(r"^BENCHMARKS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {path.stem for path in (ROOT / "results" / "bench").glob("*.json")} <= set(speed.NAMES) == set(names.split())


def cells(rows, columns, memory):
    return [
        {"row": row, "column": column, "seconds": 2.0**number, "spread": 0.1, "bytes": memory}
        for row in rows
        for number, column in enumerate(columns)
    ]


@pytest.mark.parametrize(
    ("measured", "line", "panels"),
    [
        (
            cells(("a, forward", "a, both", "b, forward"), ("N = 64", "N = 1,024"), 3_000_000),
            "| a, both | 1000.00 ± 50.00 ms, 3.0 MB | 2000.00 ± 50.00 ms, 3.0 MB |",
            ["forward", "forward and backward", "", ""],
        ),
        (cells(("a, ours", "a, timm"), ("step",), None), "| a, timm | 1000.00 ± 50.00 ms |", ["step"]),
    ],
    ids=["over tokens", "bars"],
)
def test_a_benchmark_is_a_picture_answers_and_a_table(tmp_path, measured, line, panels):
    values = {"question": "Is it?", "notes": "One", "answers": ["It is"], "device": "cpu", "versions": {"torch": "2"}}
    (tmp_path / "masks.json").write_text(_files.sealed({**values, "measured": measured}))
    made = speed.fragments(tmp_path, tmp_path)
    assert made["bench_layers"] == "Not measured yet.\n"
    assert line in made["bench_masks"] and "- It is.\n" in made["bench_masks"]
    assert "<receipts/bench/masks.json>" in made["bench_masks"] and "with torch 2" in made["bench_masks"]
    for scheme in intervals.SCHEMES:
        assert f"generated/bench_masks-{scheme}.png" in made["bench_masks"]
        assert (tmp_path / f"bench_masks-{scheme}.png").stat().st_size > 1_500
    figure = (speed.benchmark_curves if len(panels) > 1 else speed.benchmark_bars)(measured)
    assert [ax.get_title() for ax in figure.axes] == panels
    assert all(ax.get_ylabel() for ax in figure.axes[::2]) or len(panels) == 1


def test_a_damaged_receipt_of_a_benchmark_stops_the_book(tmp_path):
    (tmp_path / "masks.json").write_text("{}")
    with pytest.raises(ValueError, match=r"masks.json is damaged: it has no checksum"):
        speed.fragments(tmp_path, tmp_path)
