"""The book as its readers have it: every page in a real browser, with nothing from outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SITE = Path(__file__).resolve().parents[2] / "build" / "book" / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
LESSONS = [page for page in PAGES if page.startswith("lessons/")]
OWN = r"/_images/|/_static/(explorers|family|book)"  # what is beyond the theme and MathJax
HEAVY = 600_000  # bytes
LAPTOP, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 800}


@dataclass
class Visitor:
    """Opens pages of the site, and writes down what goes wrong in them."""

    context: "BrowserContext"
    address: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # the browser was started with no way to any other host, so what a page asks of one is among the failed requests
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("console", lambda m: self.wrong.append(f"console: {m.text}") if m.type == "error" else None)
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("response", lambda r: self.wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)

    def open(self, path: str) -> "Page":
        """Open a page of the site, and wait until its formulas are set."""
        self.wrong.clear()
        self.page.set_viewport_size(LAPTOP)
        self.page.goto(f"{self.address}/{path}", wait_until="load")
        self.page.evaluate("window.MathJax ? MathJax.startup.promise.then(() => null) : null")
        return self.page

    def read_to_the_end(self) -> None:
        """Scroll through the page, so that the pictures that load only when they are seen are loaded too."""
        self.page.evaluate(
            """async () => {
                const seen = each => each.checkVisibility()
                for (const each of [...document.images].filter(seen)) {
                    each.scrollIntoView()
                    await each.decode()
                }
            }"""
        )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not PAGES:
        pytest.fail(f"there is no book in {SITE}: make book")
    with served(SITE) as found:
        yield found


@pytest.fixture(scope="module")
def visitor(browser: "Browser", address: str) -> Iterator[Visitor]:
    context = browser.new_context(color_scheme="light", reduced_motion="reduce")
    yield Visitor(context, address)
    context.close()


def findings(page: "Page", scheme: str, rules: list[str] | None = None) -> list[str]:
    """What axe finds serious or critical on a page in a color scheme, in words."""
    page.evaluate("scheme => document.documentElement.dataset.theme = scheme", scheme)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    # code has thousands of colored words, in the same few colors everywhere: they are looked at in one lesson
    part = None if page.url.endswith(tuple(LESSONS[-1:])) else {"exclude": [["pre"]]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    run = "([part, options]) => axe.run(part ?? document, options).then(found => found.violations)"
    violations = page.evaluate(run, [part, options])
    return [
        f"{scheme}, {found['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
        for found in violations
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES or ["none"])
def test_page(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    # what is folded must be legible too
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visitor.read_to_the_end()
    assert visitor.wrong == []
    assert page.evaluate("[...document.images].filter(each => !each.alt.trim()).map(each => each.src)") == []
    own = f"performance.getEntriesByType('resource').filter(each => new RegExp('{OWN}').test(each.name))"
    assert page.evaluate(f"{own}.reduce((sum, each) => sum + each.decodedBodySize, 0)") <= HEAVY
    assert findings(page, "light") + findings(page, "dark", ["color-contrast"]) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "something sticks out of a phone"


def test_the_readers_color_scheme_is_taken(browser: "Browser", address: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport=PHONE, color_scheme=scheme)
        page = Visitor(context, address).open("index.html")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        context.close()


def test_search_finds_what_is_said_in_a_lesson(visitor: Visitor) -> None:
    page = visitor.open("search.html?q=underflow")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a[href*='lessons/03_gmm']").count()
    page = visitor.open("search.html?q=extroversion")
    page.wait_for_selector("#search-results li a[href*='glossary']")
    assert visitor.wrong == []


def test_next_leads_through_the_book_and_previous_back(visitor: Visitor) -> None:
    page = visitor.open("index.html")
    page.click("a.right-next")
    assert page.url.endswith("/setup.html")
    page.click("a.left-prev")
    assert page.url.endswith("/index.html")
    seen = [page.url]
    while (link := re.search(r'class="right-next"\s+href="([^"]+)"', page.request.get(seen[-1]).text())) is not None:
        seen.append(urljoin(seen[-1], link[1]))
    told = {url.removeprefix(f"{visitor.address}/") for url in seen}
    aside = {"genindex.html", "py-modindex.html", "search.html"}
    assert told == {page for page in PAGES if not page.startswith("_modules/")} - aside
    assert len(seen) == len(told)


@pytest.mark.parametrize("path", LESSONS)
def test_a_lesson_gives_its_notebooks_away_and_links_to_the_reference(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    links = page.locator(".lesson-about a.download").evaluate_all("found => found.map(each => each.href)")
    root, name = SITE.parents[3], f"{Path(path).stem}.ipynb"
    given = [page.request.get(link).body() for link in links]
    assert given == [(root / kind / name).read_bytes() for kind in ("notebooks", "solutions")]
    assert page.locator("#in-the-reference-module a[href*='../reference/']").count() > 1
    assert page.locator(".exercise details.hint").count() >= page.locator(".exercise").count() > 0
    assert page.locator("details.solution[open]").count() == 0


@pytest.mark.parametrize("path", LESSONS)
def test_code_needs_no_scroll_bar_on_a_laptop(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    # a line of 84 characters at the end of every code block; wider ones are not this test's matter
    script = """() => [...document.querySelectorAll('.cell_input pre, .exercise pre')].filter(pre => {
        pre.textContent = 'x'.repeat(84);
        return pre.scrollWidth > pre.clientWidth;
    }).length"""
    assert page.locator(".cell_input pre").count() > 5
    assert page.evaluate(script) == 0


def test_a_link_to_the_glossary_leads_to_its_entry(visitor: Visitor) -> None:
    linking = [path for path in (*LESSONS, "next.html") if "glossary.html#" in (SITE / path).read_text()]
    page = visitor.open(linking[0])
    link = page.locator("article a[href*='glossary.html#']").first
    anchor = str(link.get_attribute("href")).partition("#")[2]
    link.click()
    page.wait_for_url("**/glossary.html#*")
    entry = page.locator(f"section[id='{anchor}'] > h3")
    box = entry.bounding_box()
    assert box is not None and 0 <= box["y"] < LAPTOP["height"], "the entry is on the screen"


def test_on_paper_all_is_unfolded_and_nothing_is_around_it(visitor: Visitor) -> None:
    page = visitor.open("lessons/03_gmm.html")
    page.emulate_media(media="print")
    try:
        assert not page.locator("#pst-primary-sidebar").is_visible()
        assert not page.locator(".prev-next-footer").is_visible()
        assert page.locator("details.solution pre").first.evaluate("each => each.checkVisibility()")
        assert len(page.pdf(format="A4")) > 100_000
    finally:
        page.emulate_media(media="screen")
