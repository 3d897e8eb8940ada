"""The code of a notebook as syntax trees, and the answers in it. Nothing is run here."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nbformat import NotebookNode

NAME = re.compile(r"\d\d\.\w+")
# in a cell that is no Python, an answer can still be told
CALL = re.compile(r"""exercise\(\s*["'](\d\d\.\w+)["']""")


@dataclass(frozen=True)
class Cell:
    """A code cell.

    number: counted from 1 among the code cells, as Jupyter does in a notebook that is run from top to bottom. broken:
    why Python cannot read the cell; its tree is then empty.
    """

    number: int
    source: str
    id: str
    tags: tuple[str, ...] = ()
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    broken: str = ""

    @property
    def title(self) -> str:
        """What a traceback calls it."""
        return f"<cell {self.number}>"


class Place(NamedTuple):
    """A statement at the top level of a cell, by its position in it."""

    cell: Cell
    position: int

    @property
    def statement(self) -> ast.stmt:
        """The statement itself."""
        return self.cell.tree.body[self.position]


@dataclass(frozen=True)
class Attempt:
    """A statement that hands a function to `exercise`: under which name, and where. A broken cell has no place."""

    exercise: str
    cell: Cell
    place: Place | None
    function: str = ""


def parse(number: int, source: str, cell_id: str, tags: tuple[str, ...] = ()) -> Cell:
    """A code cell."""
    try:
        try:
            tree = parsed(source, number)
        except SyntaxError:  # a line of Python may begin with %, so this comes second
            tree = parsed(without_magics(source), number)
    except SyntaxError as error:
        where = f"\n  in the line: {error.text.strip()[:200]}" if error.text else ""
        return Cell(number, source, cell_id, tags, broken=f"{type(error).__name__}: {error.msg}{where}")
    except (ValueError, RecursionError, MemoryError) as error:  # a null byte; brackets in brackets without end
        return Cell(number, source, cell_id, tags, broken=f"{type(error).__name__}: {str(error)[:200]}")
    return Cell(number, source, cell_id, tags, tree)


def parsed(source: str, number: int) -> ast.Module:
    """The tree of a cell's code."""
    with warnings.catch_warnings(action="ignore"):  # of a backslash in a string, for example
        return ast.parse(source, f"<cell {number}>")


def without_magics(source: str) -> str:
    """The Python in a cell with magics, commands or help, as %time, !ls and torch?; nothing of another language."""
    first = re.match(r"\s*%%(\w+)", source)
    if first and first[1] not in ("time", "timeit", "capture", "prun"):
        return ""
    source = re.sub(r"^\s*\??[\w.]+\?+\s*$", "", source, flags=re.MULTILINE)
    return re.sub(r"^(\s*(?:[\w, ]+=\s*)?)[%!].*$", lambda line: f"{line[1]}None", source, flags=re.MULTILINE)


def cells_of(notebook: NotebookNode) -> list[Cell]:
    """All code cells of a notebook, in order."""
    found = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        parse(number, cell.source, cell.get("id", ""), tuple(cell.metadata.get("tags", ())))
        for number, cell in enumerate(found, start=1)
    ]


def attempts(cells: list[Cell]) -> Iterator[Attempt]:
    """Every answer to any exercise, in order, those of broken cells too."""
    for cell in cells:
        if cell.broken:
            yield from (Attempt(name, cell, None) for name in dict.fromkeys(CALL.findall(cell.source)))
        for position, statement in enumerate(cell.tree.body):
            names = dict.fromkeys(name for node in ast.walk(statement) if (name := judged(node)))
            for name in names:
                yield Attempt(name, cell, Place(cell, position), defined(statement))


def judged(node: ast.AST) -> str:
    """The exercise that a call asks for: "03.unfold" in `exercise("03.unfold")`; else empty."""
    if not isinstance(node, ast.Call) or called(node) != "exercise":
        return ""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    value = given[0].value if len(given) == 1 and isinstance(given[0], ast.Constant) else None
    return value if isinstance(value, str) and NAME.fullmatch(value) else ""


def called(node: ast.Call) -> str:
    """The last name in what a call calls: "exercise" in `learn.exercise(...)`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def defined(statement: ast.stmt) -> str:
    """The name that a statement gives to an answer: of a function, or what is assigned; else empty."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return statement.name
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
