"""What a teacher wants to know of the code besides its verdicts: cells that change the checks, or look into them.

Nothing depends on what is found here. A verdict is right because the values are, and those are compared in a process
that no code of the notebook has run in. A cell is named so that somebody can look at it.
"""

import ast
from collections.abc import Iterable, Iterator

from gmm_tutorial.course.grading.cells import Cell, Place, called
from gmm_tutorial.course.grading.context import FUNCTIONS, loads, root
from gmm_tutorial.course.grading.names import Names, within

PACKAGE, LEARN = "gmm_tutorial", "gmm_tutorial.learn"
OPEN = (f"{LEARN}.exercise", f"{LEARN}.hint")  # what is meant for notebooks
HIDDEN = (LEARN, f"{PACKAGE}.course.grading")
CHECKED_WITH = (PACKAGE, "torch", "numpy", "einops", "builtins", "sys.modules", "inspect", "linecache")
SETTINGS = ("torch.backends",)  # meant to be assigned to
UNUSUAL = {
    "runs code that is in no cell": (
        "exec",
        "eval",
        "compile",
        "__import__",
        "importlib",
        "runpy",
        "marshal",
        "types.FunctionType",
    ),
    "reads the source of code": ("inspect.getsource", "inspect.getsourcelines", "linecache"),
    "looks into other code": ("gc", "sys._getframe", "sys.setprofile", "sys.settrace", "ctypes"),
    "changes what is imported": ("sys.modules",),
    "starts processes": ("subprocess", "multiprocessing", "os.system", "os.popen", "os.fork", "pty"),
    "ends processes": ("os.kill", "os._exit", "os.abort"),
}


def findings(cells: Iterable[Cell]) -> dict[int, list[str]]:
    """What cells do that no lesson asks for, by their numbers, in words that go on after "cell [3]"."""
    names, found = Names(), dict[int, list[str]]()
    for cell in cells:
        for statement in cell.tree.body:
            names.learn(statement)
            for text in (*changes(statement, names), *looks(statement, names)):
                if text not in found.setdefault(cell.number, []):
                    found[cell.number].append(text)
    return {number: texts for number, texts in found.items() if texts}


def changes(statement: ast.stmt, names: Names) -> Iterator[str]:
    """What a statement assigns to that is not the notebook's own."""
    for node in ast.walk(statement):
        changed = ""
        if isinstance(node, FUNCTIONS) and f"{LEARN}.{node.name}" in OPEN:
            yield f"replaces {node.name}()"
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and f"{LEARN}.{node.id}" in OPEN:
            yield f"replaces {node.id}()"
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = names.path(node, calls=False)
        elif isinstance(node, ast.Call) and node.args and called(node) in ("setattr", "delattr", "patch", "object"):
            first = node.args[0]  # a name in a string, for unittest.mock.patch
            changed = str(first.value) if isinstance(first, ast.Constant) else names.path(first, calls=False)
        if within(changed, CHECKED_WITH) and not within(changed, SETTINGS):
            yield f"changes {changed}"


def looks(statement: ast.stmt, names: Names) -> Iterator[str]:
    """Where a statement looks that no lesson does: into the checks, or into other code."""
    for path in names.paths(statement):
        if within(path, HIDDEN) and path not in (*OPEN, *HIDDEN):
            yield f"looks into the checks: {path}"
    for node in ast.walk(statement):
        if isinstance(node, ast.Constant) and any(name in str(node.value) for name in HIDDEN):
            yield f"names {LEARN} in a string"
        elif isinstance(node, ast.Call):
            path = names.path(node.func) or root(node.func)
            yield from (f"{what}: {path}" for what, known in UNUSUAL.items() if within(path, known))


def of_package(places: Iterable[Place], cells: Iterable[Cell]) -> set[str]:
    """What some statements use of the package, as "attention.attention_weights"."""
    names, wanted, used = Names(), set(places), set[str]()
    for cell in cells:
        for position, statement in enumerate(cell.tree.body):
            names.learn(statement)
            if Place(cell, position) in wanted and not isinstance(statement, ast.Import | ast.ImportFrom):
                used |= {path for path in names.paths(statement, loads(statement)) if within(path, PACKAGE)}
    return {path.removeprefix(f"{PACKAGE}.") for path in used}
