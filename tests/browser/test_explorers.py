"""Explorers on a page without a kernel, as a reader meets them: pointer, keyboard, print, phone, dark mode."""

import base64
import shutil

import pytest
import torch

from gmm_tutorial import explorers
from gmm_tutorial.explorers.explorer import script
from gmm_tutorial.explorers.trained import layer_weights, numbers, read

from .conftest import served

NAMES = ("mixture", "decay", "photo", "live")
# a sentence, and not that a file is being read
SPOKEN = "() => /^(?!Reading).*[.]/.test(document.querySelector('.explorer-spoken')?.textContent ?? '')"
every_explorer = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A site with a page for each explorer."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(explorers.FOLDER, site / "static", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in NAMES:
        (site / f"{name}.html").write_text(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title>'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>'
            f'<body><main>{getattr(explorers, name)().as_html()}</main><script type="module" src="static/site.js">'
            "</script></body></html>"
        )
    with served(site) as url:
        yield url


def visit(page, address, name):
    """Open the page of an explorer and wait until it has drawn and spoken."""
    page.goto(f"{address}/{name}.html")
    page.wait_for_function(SPOKEN)
    # before it is drawn, a canvas is 300 pixels wide and has no shape of its own
    page.wait_for_function("() => [...document.querySelectorAll('canvas')].every((each) => each.style.aspectRatio)")
    return page.locator(".explorer-live")


def says(page, text):
    page.wait_for_function("(text) => document.querySelector('.explorer-spoken')?.textContent.includes(text)", arg=text)


def pixel(page, canvas, x, y):
    """The color of a canvas at a share of its width and height."""
    read_one = "(c, [x, y]) => [...c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data]"
    return canvas.evaluate(read_one, [x, y])


def cells(canvas, rows, columns):
    """The colors in the middle of the cells of a picture, in raster order."""
    return canvas.evaluate(
        """(c, [rows, columns]) => Array.from({length: rows * columns}, (_, i) => {
            const [y, x] = [Math.floor(i / columns) + 0.5, i % columns + 0.5];
            return [...c.getContext('2d').getImageData(x * c.width / columns, y * c.height / rows, 1, 1).data];
        })""",
        [rows, columns],
    )


@every_explorer
def test_live_on_a_page_and_a_picture_in_print(page, address, name):
    live = visit(page, address, name)
    still = page.locator(".explorer > img")
    assert live.is_visible() and not still.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible() and not live.is_visible()
    assert still.evaluate("(img) => img.naturalWidth") > 500


@every_explorer
def test_every_control_has_a_name_and_every_picture_a_description(page, address, name):
    live = visit(page, address, name)
    for control in live.locator("input").all():
        label = "({labels: [label]}) => label.textContent.trim() || label.querySelector('img').alt"
        assert len(control.evaluate(label)) > 2
    for slider in live.locator("input[type=range]:visible").all():
        assert slider.get_attribute("aria-valuetext")
    for canvas in live.locator("canvas").all():
        assert len(canvas.get_attribute("aria-label")) > 10


@every_explorer
def test_fits_a_phone(page, address, name):
    page.set_viewport_size({"width": 400, "height": 800})
    visit(page, address, name)
    assert page.evaluate("() => document.documentElement.scrollWidth <= 400")


@every_explorer
def test_the_one_script_of_the_widget_draws_the_same(page, address, name):
    """In JupyterLab a widget's module is one text, and its data files come as bytes."""
    live = visit(page, address, name)
    on_page = live.locator("canvas").last.evaluate("(canvas) => canvas.toDataURL()")
    explorer = getattr(explorers, name)()
    files = [base64.b64encode(file).decode() for file in explorer.files]
    page.evaluate(
        """async ([text, state, files]) => {
            const widget = (await import(URL.createObjectURL(new Blob([text], {type: 'text/javascript'})))).default;
            const bytes = files.map((file) => new DataView(Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer));
            const values = {state, files: bytes};
            const el = document.querySelector('.explorer');
            el.replaceChildren();
            widget.render({model: {get: (name) => values[name], set() {}, on() {}, save_changes() {}}, el});
        }""",
        [script(f"{name}.js"), explorer.state, files],
    )
    page.wait_for_function(SPOKEN)
    page.wait_for_timeout(300)
    assert live.locator("canvas").last.evaluate("(canvas) => canvas.toDataURL()") == on_page


@every_explorer
def test_arrow_keys_move_the_cell_and_not_the_page(page, address, name):
    page.set_viewport_size({"width": 900, "height": 300})
    live = visit(page, address, name)
    canvas = live.locator("canvas").first
    canvas.focus()
    before, top = canvas.evaluate("(c) => c.toDataURL()"), page.evaluate("() => scrollY")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert canvas.evaluate("(c) => c.toDataURL()") != before
    assert page.evaluate("() => scrollY") == top
    for _ in range(20):  # and it stays on the grid
        page.keyboard.press("ArrowLeft")
    says(page, "column 0" if name != "decay" else "along the row")


def test_mixture_by_keyboard_and_pointer(page, address):
    live = visit(page, address, "mixture")
    says(page, "Query in row 4, column 2: weight −0.20 for itself, 0.53 one column away, 0.00 in the far corner.")
    live.get_by_label("height α₂").focus()
    page.keyboard.press("ArrowRight")  # from -0.8 to -0.7
    says(page, "weight −0.10 for itself")
    live.get_by_label("Gaussians K").focus()
    page.keyboard.press("ArrowLeft")
    says(page, "weight 0.60 for itself, 0.53 one")
    assert live.locator("input[type=range]:visible").count() == 3
    box = live.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.55 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.99 * box["width"], box["y"] + 0.01 * box["height"], steps=4)
    page.mouse.up()
    says(page, "Query in row 0, column 7")


def test_the_window_of_a_query_in_a_corner_lies_in_the_opposite_corner_of_the_kernel(page, address):
    live = visit(page, address, "mixture")
    query, kernel = live.locator("canvas").nth(0), live.locator("canvas").nth(1)
    for key in ["ArrowUp"] * 4 + ["ArrowRight"] * 5:
        query.press(key)
    says(page, "Query in row 0, column 7")
    edges = kernel.evaluate(
        """(c) => {
            const ink = (x, y) => [...c.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3).join();
            const [left, right, top, bottom] = [0, 8, 7, 15].map((edge) => Math.round(edge * c.width / 15));
            const [x, y] = [(left + right) >> 1, (top + bottom) >> 1];
            return [ink(left, y), ink(right - 1, y), ink(x, top), ink(x, bottom - 1), ink(c.width - 1, y), ink(x, 0)];
        }"""
    )
    assert edges[:4] == ["0,0,0"] * 4, "rows 7 to 14, columns 0 to 7 are framed"
    assert "0,0,0" not in edges[4:]


def test_decay_shows_the_way_round_the_corner(page, address):
    live = visit(page, address, "decay")
    state = explorers.decay().state
    assert (state["query"], state["key"]) == ([1, 1], [6, 6])
    says(page, "Half is gone after 2.4 steps.")
    for _ in range(12):  # a score of 0 instead of 6: then decomposed is full
        live.get_by_label("score of the query with the key").press("ArrowLeft")
    says(
        page,
        "The key weighs 0.0032 in full attention; decomposed, 0.0563 along the row × 0.0563 down the column = 0.0032.",
    )
    live.get_by_text("ALiBi").click()
    says(page, "no product of rows and columns")
    live.get_by_label("head").press("ArrowRight")
    says(page, "Half is gone after 11.1 steps.")  # ln 2 / 2^-4


def test_photo_by_model_layer_and_head(page, address):
    live = visit(page, address, "photo")
    for model, title in (("ELM", "its mask"), ("GMM", "its mixture"), ("Manhattan", "its decay"), ("ViT", "no prior")):
        live.get_by_text(model, exact=True).click()
        assert title in live.locator("figcaption").last.text_content()
    before = live.locator("canvas").nth(2).evaluate("(canvas) => canvas.toDataURL()")
    live.get_by_label("layer").press("ArrowLeft")
    assert live.locator("canvas").nth(2).evaluate("(canvas) => canvas.toDataURL()") != before
    live.get_by_text("ship", exact=True).click()
    says(page, "patches far")


@pytest.mark.parametrize("model", ["vit", "elm", "gmm", "manhattan"])
def test_photo_weights_are_the_references(page, address, model):
    """Every layer and head, to 1e-5."""
    page.goto(f"{address}/photo.html")
    about, tensors = read(explorers.FOLDER / "photo-1.safetensors")
    heads = page.evaluate(
        """async (model) => {
            const photo = await import('/static/photo.js');
            const {readTensors} = await import('/static/safetensors.js');
            const file = readTensors(await (await fetch('/static/photo-1.safetensors')).arrayBuffer());
            const {layers, heads} = file.about;
            return Array.from({length: layers * heads}, (_, i) =>
                Array.from(photo.headWeights(file, model, Math.floor(i / heads), i % heads)));
        }""",
        model,
    )
    expected = torch.stack([layer_weights(about, tensors, model, layer) for layer in range(about["layers"])])
    torch.testing.assert_close(torch.tensor(heads).view_as(expected), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 3])
def test_the_panel_of_the_prior_shows_the_row_of_the_query(page, address, layer):
    live = visit(page, address, "photo")
    live.get_by_text("ELM", exact=True).click()
    for _ in range(3 - layer):
        live.get_by_label("layer").press("ArrowLeft")
    _, tensors = read(explorers.FOLDER / "photo-0.safetensors")
    mask, query = numbers(tensors, "elm.mask")[layer].view(64, 64), 3 * 8 + 4

    def colors(values):
        """In which the panel would show them."""
        return page.evaluate(
            """async (values) => {
                const {signedColors} = await import('/static/colors.js');
                const limit = Math.max(...values.map(Math.abs));
                const color = signedColors(limit, document.querySelector('.explorer-live'));
                const context = document.createElement('canvas').getContext('2d');
                return values.map((value) => {
                    context.fillStyle = color(value);
                    context.fillRect(0, 0, 1, 1);
                    return [...context.getImageData(0, 0, 1, 1).data];
                });
            }""",
            values.tolist(),
        )

    shown = cells(live.locator("canvas").nth(3), 8, 8)
    assert shown == colors(mask[query]) and shown != colors(mask[:, query])


def damaged(content, way):
    at = len(content) // 2
    flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    return {"flipped": flipped, "cut short": content[:at], "longer": content + b"0000", "empty": b""}[way]


@pytest.mark.parametrize("way", ["flipped", "cut short", "empty"])
def test_a_damaged_file_is_said_and_not_drawn(page, address, way):
    content = (explorers.FOLDER / "photo-0.safetensors").read_bytes()
    page.route("**/photo-0.safetensors", lambda route: route.fulfill(body=damaged(content, way)))
    page.goto(f"{address}/photo.html")
    says(page, "The weights could not be read: the file is damaged (its checksum is wrong): reload the page")


def test_without_checksums_lengths_are_verified(page, address):
    """SubtleCrypto is there only on safe pages."""
    page.goto(f"{address}/photo.html")
    content = (explorers.FOLDER / "photo-0.safetensors").read_bytes()
    said = page.evaluate(
        """async (files) => {
            const {readTensors, verify} = await import('/static/safetensors.js');
            Object.defineProperty(globalThis, 'crypto', {value: {}});
            const said = [];
            for (const file of files) {
                const buffer = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer;
                try {
                    await verify(buffer, 'another');
                    said.push(Object.keys(readTensors(buffer).tensors).length);
                } catch (error) { said.push(error.message); }
            }
            return said;
        }""",
        [
            base64.b64encode(each).decode()
            for each in (content, *(damaged(content, w) for w in ("cut short", "longer", "empty")))
        ],
    )
    assert said[0] > 10 and all("the file is damaged" in one for one in said[1:])


def test_colors_follow_the_page(page, address):
    live = visit(page, address, "mixture")
    corner = live.locator("canvas").nth(1)
    light = pixel(page, corner, 0.01, 0.01)
    page.evaluate("() => document.body.setAttribute('style', 'background: #111; color: #ddd')")
    page.wait_for_timeout(200)
    dark = pixel(page, corner, 0.01, 0.01)
    assert sum(light[:3]) > 600 and sum(dark[:3]) < 200


def test_a_file_that_cannot_be_had_is_said(browser, address):
    opened = browser.new_page()
    opened.route("**/photo-0.safetensors", lambda route: route.abort())
    opened.goto(f"{address}/photo.html")
    says(opened, "The weights could not be read")
    opened.close()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [('data-explorer="decay"', 'data-explorer="nobody"'), ("&quot;grid&quot;:[8,8]", "&quot;grid&quot;:null")],
    ids=["no such explorer", "a state that cannot be drawn"],
)
def test_what_cannot_be_made_live_stays_a_picture(browser, address, right, wrong):
    box = explorers.decay().as_html()
    assert right in box
    body = f'<!doctype html>{box.replace(right, wrong)}<script type="module" src="/static/site.js"></script>'
    opened = browser.new_page()
    opened.route("**/decay.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    opened.goto(f"{address}/decay.html")
    opened.wait_for_timeout(500)
    assert opened.locator(".explorer > img").is_visible()
    opened.close()
