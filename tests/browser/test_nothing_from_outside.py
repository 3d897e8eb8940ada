"""Without a browser: no page of the book, no style and no script of it names a script, style or font elsewhere."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, SoupStrainer

SITE = Path(__file__).resolve().parents[2] / "build" / "book" / "_build" / "html"
LOADS = {tag: "src" for tag in ("script", "img", "iframe", "source", "video", "embed")} | {"object": "data"}
ELSEWHERE = re.compile(r"^(https?:)?//")
STYLE = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""")
SCRIPT = re.compile(r"""(?:import\s*\(?|from|importScripts\(|\.src\s*=|fetch\()\s*["'`]((?:https?:)?//[^"'`]+)""")


def outside(path: Path) -> list[str]:
    """The addresses elsewhere from which a file of the site would load something. Links to read do not count."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return STYLE.findall(text)
    if path.suffix in (".js", ".mjs"):
        return SCRIPT.findall(text)
    page = BeautifulSoup(text, "html.parser", parse_only=SoupStrainer([*LOADS, "link", "style"]))
    found = [each.get(attribute, "") for tag, attribute in LOADS.items() for each in page.find_all(tag)]
    found += [each.get("href", "") for each in page.find_all("link")]
    found += [address for each in page.find_all("style") for address in STYLE.findall(each.text)]
    found += [address for each in page.find_all("script") for address in SCRIPT.findall(each.text)]
    return [address for address in found if ELSEWHERE.match(address)]


def test_the_site_loads_nothing_from_elsewhere() -> None:
    files = [path for path in SITE.rglob("*") if path.suffix in (".html", ".css", ".js", ".mjs")]
    assert files, f"there is no book in {SITE}: make book"
    assert {path.relative_to(SITE).as_posix(): found for path in files if (found := outside(path))} == {}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.html", '<script src="https://cdn.example/x.js"></script>', ["https://cdn.example/x.js"]),
        ("a.html", '<link rel="stylesheet" href="//fonts.example/x">', ["//fonts.example/x"]),
        ("a.html", "<script>import('https://cdn.example/x.js')</script>", ["https://cdn.example/x.js"]),
        ("a.css", "@font-face { src: url('https://fonts.example/x.woff2') }", ["https://fonts.example/x.woff2"]),
        ("a.js", "import x from 'https://cdn.example/x.js'", ["https://cdn.example/x.js"]),
        ("a.html", '<a href="https://arxiv.org/abs/2309.05375">read</a><img src="x.png">', []),
    ],
)
def test_what_would_be_loaded_is_seen(tmp_path: Path, name: str, text: str, found: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert outside(tmp_path / name) == found
