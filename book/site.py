"""A small Sphinx extension: docstrings read as they are written, and explorers load where a page has one."""

import re
from typing import Any

SECTION = re.compile("Args:|Attributes:|Example:|Raises:|Returns:|Source:")
BACKTICKS = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def restructured(lines: list[str]) -> list[str]:
    """A docstring of this project in reStructuredText: indented blocks are kept as they are, the rest is plain text.

    Between single backticks stands code, as in Markdown; no other character means anything.
    """
    made: list[str] = []
    inside = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not inside:
            made += ["", "::", ""]
        elif inside and line and not indented:
            made.append("")
        if line:
            inside = indented
        made.append(line if inside else plain(line))
    return made


def plain(line: str) -> str:
    """One line of text, with what reStructuredText would take for markup escaped."""
    parts = BACKTICKS.split(line)
    # every second part stood between backticks
    return "".join(f"``{part}``" if i % 2 else re.sub(r"([\\*|_])", r"\\\1", part) for i, part in enumerate(parts))


def on_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """autodoc-process-docstring, before napoleon: docstrings with sections are reStructuredText already."""
    if name.startswith("gmm_tutorial") and not any(SECTION.fullmatch(line) for line in lines):
        lines[:] = restructured(lines)


def on_page(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """html-page-context, after the theme: explorers are loaded where a page has some, lists and arrows mended."""
    if "data-explorer=" in context.get("body", ""):
        app.add_js_file("explorers/site.js", type="module")
    if page == "_modules/index":  # a list inside of a list, without an item around it, is none to a screen reader
        before, _, rest = context["body"].partition("<ul>")
        context["body"] = f"{before}<ul>{re.sub('</?ul>', '', rest)}</ul>"
    # the theme's arrows that unfold a part of the sidebar have no name
    sidebar = context["generate_toctree_html"]
    name = '<summary aria-label="pages of this part">'
    context["generate_toctree_html"] = lambda *args, **given: str(sidebar(*args, **given)).replace("<summary>", name)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", on_docstring, priority=400)
    app.connect("html-page-context", on_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
