"""Links between files of the repository, as the site needs them, where lessons and pages lie in other folders."""

import re

# JupyterLab finds a heading of another file by such an anchor only; on the site, headings have anchors of their own
ANCHOR = re.compile(r'^<a id="[\w-]+"></a>\n\n', re.MULTILINE)


def of_lesson(text: str) -> str:
    """A Markdown cell of a lesson, with its links to pages of the book, as the glossary."""
    return text.replace("](../book/pages/", "](../")


def of_page(text: str) -> str:
    """A page of the book, without anchors in HTML and with its links to lessons."""
    return ANCHOR.sub("", text).replace("](../../notebooks/", "](lessons/")
