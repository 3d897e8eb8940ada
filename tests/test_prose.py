"""The prose of lessons, pages, docstrings and messages, as far as a machine can judge it: spelling, idiom, links."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gmm_tutorial.course import build, locate

ROOT = Path(__file__).resolve().parent.parent
MASTERS = locate.masters(ROOT)
GLOSSARY = ROOT / "book" / "pages" / "glossary.md"
WIDTH = 84  # characters of code that a page of the book and a laptop can show


def sources() -> dict[str, list[Path]]:
    """The texts of the repository, by what they belong to: each lesson, the figures, and all others."""
    tops = ("gmm_tutorial", "book", "tests", "benchmarks", "solutions")
    kinds = (".py", ".md", ".js", ".css", ".toml")
    found = [path for top in tops for path in (ROOT / top).rglob("*") if path.suffix in kinds]
    parts: dict[str, list[Path]] = {name: [] for name in (*MASTERS, "figures", "others")}
    for path in [*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        lesson = re.search(r"/(?:solutions/|lesson_)(\d\d)", path.as_posix())
        drawn = "/figures/" in path.as_posix() or path.name.startswith("test_figures")
        parts[lesson[1] if lesson else "figures" if drawn else "others"].append(path)
    parts["others"].remove(Path(__file__).resolve())  # it has to name what it looks for
    return parts


SOURCES = sources()


@cache
def cells(master: Path) -> list[tuple[str, str]]:
    """The cells of a master: the kind of each, and its source."""
    return [(cell.cell_type, cell.source) for cell in build.generate(master, solution=True).cells]


def found_in(paths: list[Path], find: Callable[[str], list[str]]) -> list[str]:
    """What `find` finds in files, each with its file."""
    return [f"{path.relative_to(ROOT)}: {each}" for path in paths for each in find(path.read_text(encoding="utf-8"))]


# ---- code


def too_wide(code: str) -> list[str]:
    """The lines of code that would need a scroll bar."""
    return [line for line in code.splitlines() if len(line) > WIDTH]


@pytest.mark.parametrize("name", MASTERS)
def test_code_fits_on_the_page(name):
    assert [line for kind, source in cells(MASTERS[name]) if kind == "code" for line in too_wide(source)] == []


# ---- American spelling, in identifiers too

BRITISH = re.compile(
    r"neighbour|colour|behaviour|favour|honour|flavour|rigour|licence|artefact|catalogue|judgement|whilst|amongst|learnt"
    r"|(?<![a-z])(?:centr(?:e|es|ed|ing)|grey\w*|metres?|maths|fulfil|skilful)(?![a-z])|(?:label|model|travel|signal)l(?:ed|ing)\b"
    r"|(?:normal|initial|vector|summar|regular|standard|visual|general|minim|maxim|real|special|organ|recogn|factor|discret"
    r"|parametr|parallel|memor|token|random|util|penal|quant|local|custom|serial|emphas|optim|symbol|equal|categor)"
    r"is(?:e|es|ed|er|ers|ing|ation)(?![a-z])|analys(?:e|ed|ing)(?![a-z])",
    re.IGNORECASE,
)
# one of Matplotlib's color maps; then names that figures and lesson 02 still have
NAMES = re.compile(r'"Greys"|\bCOLOURS\b|\bpatch_colours\b|\bneighbour_means\b')


def british(text: str) -> list[str]:
    """Words that Americans spell otherwise; between underscores and humps, too."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", NAMES.sub("", text))
    return [match[0] for match in BRITISH.finditer(words)]


@pytest.mark.parametrize("name", SOURCES)
def test_spelling_is_american(name):
    assert found_in(SOURCES[name], british) == []


def test_british_spelling_would_be_found():
    text = "right_neighbours, test_normalised_rows, the centre; patchColour = grey; Initialisation was modelled"
    found = ["neighbour", "normalised", "centre", "Colour", "grey", "Initialisation", "modelled"]
    assert british(text) == found
    assert british("central colorful realistic organism analysis optimism normal modeled, cmap='Greys'") == ["Greys"]
    assert british('cmap="Greys"') == []


# ---- "two numbers per Gaussian", not "two numbers a Gaussian"

NO_NOUN = (
    r"(?!(?:of|in|for|as|with|without|within|to|from|or|and|than|that|per|by|on|at|like|into|under|unless|along|beside"
    r"|before|such|but|has|is|does|over|onto|between|against|after|through|around|inside|across|not|needs|form|gives)\b)"
)
ONE = rf"(?:[Aa]n?|[Oo]ne|[Hh]alf an?) (?:{NO_NOUN}[\w-]+ )?{NO_NOUN}(?:[\w-]*[^s\W]|[\w-]*(?:ss|as|axis))"
NUMBER = r"(?:[2-9]|\d{2,}|\d{1,3}(?:,\d{3})+|(?i:two|three|four|five|six|seven|eight|nine|ten|a few))"
MANY = rf"{NUMBER} (?:{NO_NOUN}[\w-]+ )?{NO_NOUN}[\w-]+s"
UNIT = (
    r"(?:head|Gaussian|query|key|token|layer|image|batch|seed|cell|row|column|offset|distance|step|class|model|lesson"
    r"|exercise|axis|stage|block|window|pixel|channel|prior|kernel|training|epoch|run|process|patch|pair|module|table"
    r"|mask|picture|side)"
)
A_FOR_PER = re.compile(rf"(?<![\w.,])(?:{ONE}|{MANY}) an? {UNIT}\b(?! \w+s\b)")


def per_is_missing(text: str) -> list[str]:
    """Where `a` stands for `per`: a number, what is counted, `a`, and a unit."""
    text = re.sub(r"^[ \t]*(?:#|//|\*) ", "", text, flags=re.MULTILINE)  # comments go on in the next line
    found = [match[0] for match in A_FOR_PER.finditer(re.sub(r"\s+", " ", text))]
    return [each for each in found if not re.search(r"(\w+) an? \1$", each)]  # what makes a lesson a lesson


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_counted_is_counted_per_unit(name):
    assert found_in(SOURCES[name], per_is_missing) == []


def test_a_for_per_would_be_found():
    for wrong in (
        "two numbers a Gaussian",
        "one mask a head",
        "One seed a row",
        "4,096 knobs a layer",
        "a bias a channel",
    ):
        assert per_is_missing(f"It has {wrong}, and more.") == [wrong]
    right = (
        "two numbers per Gaussian; it gives a mask to a head; a query reaches a key; one model has a mask; "
        "a softmax over a token; two needs a row; "
        "a page without a kernel; 0 silences a key; lesson 03 calls such a table; what makes a lesson a lesson"
    )
    assert per_is_missing(right) == []


# ---- links to the glossary

LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./book/pages/glossary\.md)?#([\w-]+)\)")
# entries whose name is also an everyday word, or stands in nearly every paragraph: linked where it helps
EVERYDAY = {
    *re.findall(
        r"[\w-]+", "baseline bias-gate-and-scale causal chunk control decay decomposed depth elm entropy epoch"
    ),
    *re.findall(
        r"[\w-]+", "exact-data full-profile gmm grid head kernel learning-rate locality logit mask offset patch"
    ),
    *re.findall(r"[\w-]+", "plus-or-minus power prior profile query-key-and-value retention rmt score seed shapes"),
    *re.findall(r"[\w-]+", "softmax stage standard-deviation state temperature token unfolding vit window"),
}


def slug(heading: str) -> str:
    """The anchor of a heading, as code hosts and the site make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def entries() -> dict[str, str]:
    """The terms of the glossary by their anchors."""
    return {slug(term): term for term in re.findall(r"^### (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)}


def prose(master: Path) -> str:
    """What a reader of a lesson reads as sentences: no headings, tables, code or formulas."""
    text = "\n\n".join(source for kind, source in cells(master) if kind == "markdown")
    return re.sub(r"^[#|].*$|```[\s\S]*?```|`[^`\n]*`|\$\$[\s\S]*?\$\$|\$[^$\n]*\$|</?\w+>", "", text, flags=re.M)


def not_linked(text: str) -> list[str]:
    """The technical terms that a text uses without a link at the first use, each with the words around it."""
    links = [(match.start(), match.end(), match[2]) for match in LINK.finditer(text)]
    missing = []
    for anchor, term in entries().items():
        words = r"[\s-]".join(re.escape(word) for word in re.split(r"[ -]", term))
        plain = term if term.isupper() else f"(?i:{words}(?:s|es)?)"
        first = re.search(rf"(?<![\w/-]){plain}(?![\w-])", text)
        linked = first and any(start <= first.start() < end for start, end, _ in links)
        if anchor not in EVERYDAY and first and not linked:
            missing.append(f"{anchor}: {text[max(0, first.start() - 30) : first.end() + 20]!r}")
    return missing


@pytest.mark.parametrize("name", MASTERS)
def test_a_technical_term_is_linked_at_its_first_use(name):
    assert not_linked(prose(MASTERS[name])) == []


@pytest.mark.parametrize("name", MASTERS)
def test_a_link_to_the_glossary_finds_its_entry(name):
    text = "\n".join(source for kind, source in cells(MASTERS[name]) if kind == "markdown")
    known = {*entries(), "one-alphabet", "terms"}
    assert [link for link in re.findall(r"glossary\.md#?([\w-]*)", text) if link not in known] == []


def test_each_entry_of_the_glossary_can_be_linked_to():
    text = GLOSSARY.read_text(encoding="utf-8")
    anchors = re.findall(r'^<a id="([\w-]+)"></a>\n\n### (.+)$', text, re.MULTILINE)
    assert [anchor for anchor, _ in anchors] == list(entries()), "an anchor before each heading"
    assert [anchor for anchor, term in anchors if anchor != slug(term)] == []
    assert [term.lower() for _, term in anchors] == sorted(term.lower() for _, term in anchors)
    assert {link for _, link in LINK.findall(text)} <= set(entries())
    assert set(entries()) >= EVERYDAY


def test_a_missing_link_would_be_found():
    link = "[class tokens](../book/pages/glossary.md#class-token)"
    assert not_linked(f"Models with {link} have a class token.") == []
    (found,) = not_linked(f"A Class-token belongs to no patch; see {link}.")
    assert found.startswith("class-token: 'A Class-token belongs")
    (found,) = not_linked("Two backbones.")
    assert found.startswith("backbone: ")


# ---- quizzes


def unfolded(master: str) -> list[str]:
    """The questions of a quiz without an answer that folds by itself."""
    quiz = re.split(r"^#+ .*\bquiz\b.*$", master, flags=re.MULTILINE | re.IGNORECASE)[-1]
    questions = re.split(r"^(?=(?:\*\*)?\d+\. )", re.sub(r"(?s)<details>.*?</details>", "<details>", quiz), flags=re.M)[
        1:
    ]
    return [question.strip() for question in questions if question.count("<details>") != 1]


@pytest.mark.parametrize("name", MASTERS)
def test_each_answer_of_a_quiz_folds_by_itself(name):
    master = "\n\n".join(source for kind, source in cells(MASTERS[name]) if kind == "markdown")
    assert "quiz" in master.lower() and unfolded(master) == []
