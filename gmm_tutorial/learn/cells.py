"""How the cells of a lesson are named: by their content, so that a cell that somebody has changed can be told."""

import hashlib


def cell_name(kind: str, source: str) -> str:
    """The first part of the id of a cell, "code" or "markdown", in the notebook that is built from a master."""
    return hashlib.sha256(f"{kind}\n{source}".encode(errors="replace")).hexdigest()[:12]


def as_built(kind: str, source: str, cell_id: str) -> bool:
    """Whether a cell is as it was when the notebook was built: neither new nor changed."""
    return cell_id.startswith(cell_name(kind, source))
