"""Make what a notebook printed fit to be committed: nothing that only one run could print, and small pictures."""

import base64
import io
import re

import nbformat
import numpy as np
from nbformat import NotebookNode
from PIL import Image

from gmm_tutorial.course.locate import LessonError
from gmm_tutorial.course.run import about, texts

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    # without versions: they would differ from machine to machine
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
LOST, SEEN = 16, 0.005  # by how many of 256 steps a color may change, and in which share of pixels more
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")  # a progress bar's earlier states: all that a carriage return takes back


def tidy(notebook: NotebookNode, title: str) -> None:
    """Make the outputs fit to be committed: nothing in them that only this run could print.

    Raises LessonError when a cell warns, or shows the address of an object: these are fixed in the lesson.
    """
    metadata = notebook.metadata.get("gmm_tutorial", {})
    notebook.metadata = nbformat.from_dict({**METADATA, "gmm_tutorial": metadata})
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise LessonError(about(title, cells, cell, f"writes to stderr: {output.text.strip()}"))
            if output.output_type == "stream":
                output.text = OVERWRITTEN.sub("", output.text)
            shown = output.get("data", {})
            shown.pop("application/vnd.jupyter.widget-view+json", None)  # its state is not kept
            if "image/png" in shown:
                shown["image/png"] = smaller(shown["image/png"])
        cell.outputs = [output for output in cell.outputs if output.get("text") != ""]  # nothing is left of a bar
        if match := ADDRESS.search("\n".join(texts(cell))):
            raise LessonError(
                about(title, cells, cell, f"shows the address of an object,{match[0]}: assign the value, or print it")
            )


def smaller(png: str) -> str:
    """The same picture in fewer bytes: without an alpha channel that says nothing, in 256 colors if nobody can tell.

    A plot has few colors; what a photo would lose can be seen, so it keeps its own.
    """
    picture: Image.Image = Image.open(io.BytesIO(base64.b64decode(png)))
    packed = io.BytesIO()
    dpi = picture.info.get("dpi")
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if picture.mode == "RGB":
        few = picture.quantize(256, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)
        off = np.abs(np.asarray(few.convert("RGB"), dtype=int) - np.asarray(picture, dtype=int)).max(axis=-1)
        picture = few if (off > LOST).mean() < SEEN else picture
    picture.save(packed, "PNG", optimize=True, dpi=dpi)
    return base64.b64encode(packed.getvalue()).decode()
