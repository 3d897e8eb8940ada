"""What an answer needs of the cells above it: only the statements that define a name it uses, directly or not.

So an answer is judged without the trainings and pictures of its lesson, and whatever else goes on in the notebook.
"""

import ast
import symtable
from collections.abc import Container, Iterator

from gmm_tutorial.course.grading.cells import Cell, Place

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
STAR = "*"


def context(cells: list[Cell], target: Place) -> list[Place]:
    """The statements before `target` that define what it needs, in order."""
    every = [Place(cell, position) for cell in cells for position in range(len(cell.tree.body))]
    before = every[: every.index(target)]
    imported = {name for place in before for name in imports(place.statement)}
    bound = {place: set(bindings(place.statement, imported)) for place in before}
    needed, chosen = loads(target.statement) | {STAR}, set[Place]()
    # a function may use what is defined after it, so that one pass is not enough
    while more := {place for place in before if place not in chosen and bound[place] & needed}:
        chosen |= more
        needed = needed.union(*(loads(place.statement) for place in more))
    return [place for place in before if place in chosen]


def loads(statement: ast.stmt) -> set[str]:
    """The names of the notebook that a statement uses, in its functions too, but not the names of their own."""
    try:
        table = symtable.symtable(ast.unparse(statement), "<cell>", "exec")
    except (RecursionError, SyntaxError, ValueError):  # deeper than Python can go
        return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return set(used(table))


def used(table: symtable.SymbolTable) -> Iterator[str]:
    """The global names in a scope and those inside of it."""
    outside = table.get_type() == "module"
    for each in table.get_symbols():
        if each.is_referenced() and (outside or each.is_global()):
            yield each.get_name()
    for inner in table.get_children():
        yield from used(inner)


def bindings(statement: ast.stmt, imported: Container[str]) -> Iterator[str]:
    """The names that a statement defines or changes: of `x.y[0] = 1` and of `x.append(1)`, this is x.

    A call such as `figures.heads(...)` changes nothing in what is imported.
    """
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and root(call) not in imported:
        yield root(call)
    yield from imports(statement)
    for node in outside_of_functions(statement):
        if isinstance(node, FUNCTIONS):
            yield node.name
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield root(node)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def imports(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement imports."""
    for node in outside_of_functions(statement):
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


def outside_of_functions(statement: ast.AST) -> Iterator[ast.AST]:
    """A statement and what it holds, but for the bodies of functions and classes."""
    waiting = [statement]  # a list, and no recursion: a learner's expression may be deeper than Python can go
    while waiting:
        yield (node := waiting.pop())
        if not isinstance(node, FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(node))


def root(node: ast.AST) -> str:
    """The name that a chain of dots, brackets and calls begins with; empty if it begins with none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
