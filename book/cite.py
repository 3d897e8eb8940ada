"""How to cite: CITATION.cff as references that people read, and as BibTeX."""

from typing import Any

import yaml


def references(text: str) -> str:
    """The works in a CITATION.cff as a Markdown list, in its order, each with what it is to this tutorial."""
    return "\n".join(f"- {entry(work)}" for work in yaml.safe_load(text)["references"]) + "\n"


def entry(work: dict[str, Any]) -> str:
    """One work: authors, title, where and when, a link, and a note."""
    names = [f"{author['given-names']} {author['family-names']}" for author in work["authors"]]
    who = ", ".join(names) + "." if len(names) < 5 else f"{names[0]} et al."
    where = work.get("journal") or work.get("conference", {}).get("name") or work.get("institution", {}).get("name", "")
    place = ", ".join(str(part) for part in (where, work["year"]) if part and str(work["year"]) not in where) or where
    link = f" [doi:{work['doi']}](https://doi.org/{work['doi']})." if "doi" in work else ""
    return f"{who} *{work['title']}*. {place}.{link} ({work['notes']})"
