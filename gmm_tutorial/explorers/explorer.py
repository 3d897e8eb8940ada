"""One explorer in three places: a widget, a piece of a page, and a still picture of both."""

import base64
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from PIL import Image

from gmm_tutorial.figures.base import Picture

FOLDER = Path(__file__).resolve().parent
IMPORTED = re.compile(r'^import [^;]* from "\./(\w+\.js)";\n', re.MULTILINE)


def script(name: str) -> str:
    """The module of an explorer with the parts that it imports joined to it: a widget is one text.

    name: its file, such as "mixture.js". A part stands there once, after all that it imports.
    """
    joined: dict[str, str] = {}

    def join(part: str) -> None:
        text = (FOLDER / part).read_text(encoding="utf-8")
        for other in IMPORTED.findall(text):
            if other not in joined:
                join(other)
        joined[part] = IMPORTED.sub("", text)

    join(name)
    return "\n".join(joined.values())


class Explorer(anywidget.AnyWidget):
    """A widget with a still picture, which is shown wherever no widget can be.

    name: of its module; state: what it starts with, and in a live notebook what its sliders say now; picture: of that
    start; alt: what is to be seen in it; files: names of data files in FOLDER that its module reads; on_request:
    whether a live notebook sends each of them only when the module asks for it.
    As HTML it is `<div class="explorer" data-explorer="name" data-state="{json}">` around the still picture, which
    site.js makes live on a page.
    """

    _css = (FOLDER / "explorers.css").read_text(encoding="utf-8")
    state = traitlets.Dict().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)  # a data: address
    width = traitlets.Int().tag(sync=True)  # at which the still picture is shown: it has more pixels
    alt = traitlets.Unicode().tag(sync=True)
    files = traitlets.List(traitlets.Bytes()).tag(sync=True)

    def __init__(
        self,
        name: str,
        state: dict[str, Any],
        picture: Picture,
        alt: str,
        files: tuple[str, ...] = (),
        *,
        on_request: bool = False,
    ) -> None:
        self._esm = script(f"{name}.js")
        png, size = picture.as_png()
        super().__init__(state=state, still=data_address(packed(png)), width=size["width"], alt=alt)
        self.name, self.start = name, {**state, **({"files": files} if files else {})}
        if on_request:
            self.on_msg(self.answer)
        else:
            self.files = [(FOLDER / file).read_bytes() for file in files]

    def answer(self, _: Any, message: dict[str, Any], __: list[Any]) -> None:
        """Send the file that the module asks for by its number, as `asked` in safetensors.js does."""
        names = self.start["files"]
        if message.get("file") in range(len(names)):
            self.send(message, [(FOLDER / names[message["file"]]).read_bytes()])

    def __repr__(self) -> str:
        return f"Explorer({self.name!r}): {self.alt}"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/html": self.as_html()}, metadata

    def as_html(self) -> str:
        """The still picture, and what a page needs to make it live."""
        state = html.escape(json.dumps(self.start, separators=(",", ":")))
        image = f'<img alt="{html.escape(self.alt)}" width="{self.width}" src="{self.still}">'
        return f'<div class="explorer" data-explorer="{self.name}" data-state="{state}">{image}</div>'


def packed(png: bytes) -> bytes:
    """A picture in fewer bytes: 128 colors are enough for what is drawn here."""
    small = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(128).save(small, "PNG", optimize=True)
    return small.getvalue()


def data_address(png: bytes) -> str:
    """The bytes of a PNG as an address that holds them."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
