"""What the names in a notebook stand for: `F.gelu` is torch.nn.functional.gelu after the usual import."""

import ast
from collections.abc import Container, Iterable, Iterator
from itertools import pairwise

from gmm_tutorial.course.grading.cells import called
from gmm_tutorial.course.grading.context import FUNCTIONS, root

PASSED_ON = ("vars", "getattr", "dir")  # what they give is a part of their first argument


class Names:
    """The names that stand for something imported, statement by statement."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {"__builtins__": "builtins"}

    def learn(self, statement: ast.stmt) -> None:
        """Take in a statement, with the imports in its functions."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]  # `import a.b` defines a
                    self.known[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module:
                self.known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.known.pop(node.id, None)
        if isinstance(statement, FUNCTIONS):
            self.known.pop(statement.name, None)
        if isinstance(statement, ast.Assign) and (path := self.path(statement.value, calls=False)):
            self.known |= {target.id: path for target in statement.targets if isinstance(target, ast.Name)}

    def path(self, node: ast.AST, calls: bool = True) -> str:
        """What an expression stands for, or belongs to, as "torch.nn.functional.gelu"; empty if nothing is imported.

        Brackets are passed over: `EXERCISES["03.unfold"].cases` is gmm_tutorial.learn.EXERCISES.cases.

        calls: whether the result of a call stands for what is called. If not, it is nothing imported.
        """
        parts: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript):
                of_modules = isinstance(node.value, ast.Attribute) and node.value.attr == "modules"
                if of_modules and isinstance(node.slice, ast.Constant):  # sys.modules["torch"]
                    return ".".join([str(node.slice.value), *reversed(parts)])
                node = node.value
            elif isinstance(node, ast.Call) and node.args and called(node) in PASSED_ON:
                node = node.args[0]
            elif isinstance(node, ast.Call) and calls:
                parts.clear()  # what follows is a part of the result
                node = node.func
            else:
                return ""
        start = self.known.get(node.id)
        return ".".join([start, *reversed(parts)]) if start else ""

    def paths(self, statement: ast.stmt, names: Container[str] | None = None) -> Iterator[str]:
        """All that a statement uses or imports, each whole: of `torch.nn.functional` not `torch` as well.

        names: if given, only what begins with one of them.
        """
        nodes = (node for node in ast.walk(statement) if names is None or root(node) in names)
        found = dict.fromkeys(map(self.path, nodes))
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found |= dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names)
        # one that goes on from a path is next to it: a dot is sorted before letters
        for path, other in pairwise([*sorted(filter(None, found)), ""]):
            if not other.startswith(f"{path}."):
                yield path


def within(path: str, outer: str | Iterable[str]) -> bool:
    """Whether a path is, or lies inside of, another or one of several: torch.nn within torch."""
    return any(path == each or path.startswith(f"{each}.") for each in ([outer] if isinstance(outer, str) else outer))
