"""`gmm-tutorial progress`: where a learner stands."""

import typer

from gmm_tutorial.cli.errors import plainly


def progress() -> None:
    """Show which exercises you have solved in each lesson, and how many hints you took.

    A notebook notes this when you run an answer of your own. It stays on this machine.
    """
    with plainly(ImportError):
        from rich.console import Console
        from rich.table import Table

        from gmm_tutorial.learn import EXERCISES
        from gmm_tutorial.learn import progress as kept

    records = kept.read()
    found = {name: records.get(name, kept.Record()) for name in EXERCISES}
    table = Table("lesson")
    for column in ("exercises", "right", "tried", "blank", "hints used"):
        table.add_column(column, justify="right")

    def add(title: str, some: list[kept.Record]) -> None:
        right, tried = sum(each.right for each in some), sum(each.tried and not each.right for each in some)
        counts = (len(some), right, tried, len(some) - right - tried, sum(each.hints for each in some))
        table.add_row(title, *map(str, counts))

    for lesson in dict.fromkeys(name[:2] for name in found):
        add(lesson, [each for name, each in found.items() if name.startswith(f"{lesson}.")])
    table.add_section()
    add("all", list(found.values()))
    Console().print(table)
    if tried := [name for name, each in found.items() if each.tried and not each.right]:
        typer.echo(f"Tried, and not right yet: {', '.join(tried)}")
    typer.echo(f"This is kept in {kept.folder()}. To begin again, delete that folder.")
