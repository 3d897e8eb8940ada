"""A copy of the lessons for a learner who has the package without its repository, made and brought up to date.

`gmm-tutorial lab` copies notebooks, solutions and the pages that they link to. It never overwrites work: a notebook in
which somebody has changed a source stays as it is, and the new text is laid beside it. Outputs are not work: a notebook
that was only opened or run is replaced when its lesson has a new text, and left alone when it has not.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode

from gmm_tutorial import __version__
from gmm_tutorial._files import sealed, sha256, unsealed, write_whole
from gmm_tutorial._shipped import shipped
from gmm_tutorial.course import locate
from gmm_tutorial.course.locate import COPY, RECORD, LessonError
from gmm_tutorial.course.run import read

COPIED = ("notebooks/*.ipynb", "solutions/*.ipynb", "book/pages/*.md")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def folder(say: Callable[[str], object]) -> Path:
    """The folder that JupyterLab opens: the repository, else the learner's copy, which is made or updated first.

    say: takes each line about what was copied. Raises LessonError when a copy cannot be made here, and OSError when the
    system refuses to write it; what was copied by then is whole, and the next call goes on from there.
    """
    try:
        return locate.repository()
    except LessonError:
        if not any(sources()):
            raise
    copy = locate.copy() or begin(Path.cwd() / COPY)
    for line in update(copy):
        say(line)
    return copy


def sources() -> Iterator[tuple[str, Path]]:
    """What is copied, from the package: the name that it has in the copy, and where it is."""
    root = shipped()
    for pattern in COPIED:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix(), path


def begin(copy: Path) -> Path:
    """Make the folder for a copy. Raises LessonError when something else has its place."""
    # a hidden file may be the system's own, or what is left of a copy that was interrupted at once
    taken = "a folder of something else" if copy.is_dir() and any(copy.glob("[!.]*")) else ""
    if os.path.lexists(copy) and not copy.is_dir():
        taken = "a file" if copy.exists() else "a link that leads nowhere"
    if taken:
        raise LessonError(
            f"{copy} is {taken}, but the lessons are copied into a folder of that name: "
            "rename it, or run the same command in another folder"
        )
    write_whole(copy / RECORD, sealed({"offered": {}}))  # first, so that an interrupted copy is known as one
    return copy


def update(copy: Path) -> Iterator[str]:
    """Bring a copy up to date with the package, and yield what has to be said about it, a line each."""
    offered, written = recorded(copy), 0
    for name, source in sources():
        path, missing = place(source, mine := copy / name, offered.get(name))
        if missing:
            write_whole(Path(os.path.realpath(path)), source.read_bytes())  # a link stays one
            written += path == mine
            if path != mine:
                yield f"{name} stays as you changed it. {path.name} is its new version: {changes(source, mine)}"
        if offered.get(name) != (text := sha256(source)):
            write_whole(copy / RECORD, sealed({"offered": offered | {name: text}}))
            offered[name] = text
    if written:
        files = "1 file was" if written == 1 else f"{written} files were"
        yield f"{files} copied to {copy}, version {__version__}"


def recorded(copy: Path) -> dict[str, str]:
    """The checksum of what was last offered to the learner for each file, by name; nothing when the record is lost."""
    try:
        offered: dict[str, str] = unsealed(copy / RECORD)["offered"]
    except (FileNotFoundError, ValueError, KeyError):  # each file is then judged by what is in it
        return {}
    return offered


def place(source: Path, path: Path, offered: str | None) -> tuple[Path, bool]:
    """Where a text belongs, in its own place or beside work on another one, and whether it has to be written there."""
    fate, candidate, number = judge(source, path, offered), path, 0
    while fate == "beside":
        number += 1
        version = __version__ if number == 1 else f"{__version__}-{number}"
        candidate = path.with_name(f"{path.stem}.new-{version}{path.suffix}")
        fate = judge(source, candidate, None)
    return candidate, fate == "write"


def judge(source: Path, path: Path, offered: str | None) -> Literal["write", "keep", "beside"]:
    """What becomes of a file in the copy when the package has `source` for its place.

    offered: the checksum of what was offered for this place before.
    """
    from gmm_tutorial.course.build import digest  # it starts pandoc, for which nobody waits while nothing is new

    if not path.exists():
        return "write"
    if offered == (text := sha256(source)) or text == (now := sha256(path)):
        return "keep"  # whatever was made of it
    if now == offered:
        return "write"
    if path.suffix != ".ipynb":
        return "beside"
    theirs = digest(read(source))
    try:
        notebook = read(path)
    except LessonError:
        return "beside"  # whatever it is, it is not ours
    begun = notebook.metadata.get("gmm_tutorial", {}).get("digest")
    if theirs in (begun, digest(notebook)):
        return "keep"
    return "write" if begun == digest(notebook) else "beside"


def changes(source: Path, path: Path) -> str:
    """What a new version of a notebook changes, in a few words.

    A cell keeps the name that its first text gave it, whatever a learner writes into it: so a cell whose name is not in
    their notebook is new.
    """
    if source.suffix != ".ipynb":
        return "its text has changed"
    try:
        known = {cell.get("id") for cell in read(path).cells}
    except LessonError:
        return "the old file is not a notebook"
    new = list(sections(read(source), known))
    if not new:
        return "some cells are gone"
    places = list(dict.fromkeys(new))
    named = ", ".join(f'"{heading}"' for heading in places[:3]) + (" and others" if len(places) > 3 else "")
    return f"{len(new)} cell{'s' if len(new) > 1 else ''} changed, in {named}"


def sections(notebook: NotebookNode, known: set[str]) -> Iterator[str]:
    """For each cell of a notebook that is not among the known ones: the heading above it."""
    heading = "the title"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := HEADING.findall(cell.source)):
            heading = found[-1]
        if cell.id not in known:
            yield heading
