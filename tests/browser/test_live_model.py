"""The live models: what the browser computes is what the module does, and a reader can do everything on the page."""

import base64
import io
import shutil

import pytest
import torch
from PIL import Image
from torch import nn

from gmm_tutorial import explorers
from gmm_tutorial.analysis.maps import attention_maps
from gmm_tutorial.explorers.explorer import script
from gmm_tutorial.explorers.live_models import NAMES, RECEIPT, live_model, normalized, weights_file
from gmm_tutorial.explorers.trained import pixels_of, recorded

from .conftest import served
from .test_site import findings

PHOTOS = recorded(explorers.FOLDER / RECEIPT)["photos"]
every_model = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A site with a page for the live models, in the style of the book's pages: light or dark."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(explorers.FOLDER, site / "static", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (site / "live.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Live models</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        "<style>html[data-theme=dark] { background: #14181e; color: #ddd }</style></head>"
        f'<body><main><h1>Live models</h1>{explorers.live().as_html()}</main><script type="module" '
        'src="static/site.js"></script></body></html>'
    )
    with served(site) as url:
        yield url


class Reader:
    """What somebody in front of the page does and sees."""

    def __init__(self, page, address):
        self.page = page
        page.goto(f"{address}/live.html")
        page.wait_for_function("() => document.querySelector('canvas')?.style.aspectRatio")
        self.canvas = page.locator("canvas").first
        self.sees("The patch in row 3, column 4 is chosen.")

    def sees(self, text, place=0):
        """Wait until a sentence that is read aloud has a text: the one on the picture, the classes or the attention."""
        script = "([text, i]) => document.querySelectorAll('.explorer-spoken')[i]?.textContent.includes(text)"
        self.page.wait_for_function(script, arg=[text, place], timeout=20_000)

    def press(self, name):
        self.page.get_by_role("button", name=name).click()

    def load(self):
        self.press("Load the three models")
        self.page.wait_for_selector("table")
        self.settled()
        return self

    def settled(self):
        """Wait until all models are done with what is on the page, and the sentence says so."""
        self.page.wait_for_timeout(400)
        self.sees("Manhattan-ViT", 1)

    def probabilities(self):
        """The table as the reader sees it: (classes, models)."""
        rows = self.page.locator("tbody tr").all()
        return torch.tensor([[float(cell) for cell in row.locator("td").all_text_contents()] for row in rows])

    def pixels(self):
        """The picture on the canvas, a color for each of its pixels: (32, 32, 3)."""
        self.page.get_by_text("draw", exact=True).click()  # without lines between the patches
        colors = self.canvas.evaluate(
            """(c) => Array.from({length: 32 * 32}, (_, i) => {
                const [y, x] = [Math.floor(i / 32) + 0.5, i % 32 + 0.5];
                const place = [x * c.width / 32, y * c.height / 32];
                return [...c.getContext('2d').getImageData(...place, 1, 1).data].slice(0, 3);
            })"""
        )
        return torch.tensor(colors, dtype=torch.uint8).view(32, 32, 3)

    def drag(self, start, end):
        """Drag over the picture, from one place to another, each a share of its height and width."""
        box = self.canvas.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for y, x in (start, end)]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        self.page.mouse.move(*places[1], steps=4)
        self.page.mouse.up()


@pytest.fixture
def reader(page, address):
    return Reader(page, address)


def photo(number):
    return pixels_of(PHOTOS[number]["address"])


class Weaker(nn.Module):
    """A prior at a part of its strength: a mask between 1 and itself, a decay to a power."""

    def __init__(self, prior, strength):
        super().__init__()
        self.prior, self.strength, self.combine = prior, strength, prior.combine

    def forward(self):
        return 1 + self.strength * (self.prior() - 1) if self.combine == "scale" else self.prior() ** self.strength


@torch.no_grad()
def expected(name, pixels, strength):
    """Logits and attention of the module, (10,) and (L, H, N, N)."""
    about, model = live_model(name)
    for block in model.blocks:
        prior = block.attn.prior
        block.attn.prior = None if prior is None or strength == 0 else Weaker(prior, strength)
    images = normalized(about, pixels)
    return model(images)[0], torch.cat(attention_maps(model, images))


COMPUTE = """async ([file, pixels, strength]) => {
    const {readTensors} = await import('/static/safetensors.js');
    const {forward, vit} = await import('/static/vit.js');
    const model = vit(readTensors(await (await fetch(`/static/${file}`)).arrayBuffer()));
    const {logits, attention} = forward(model, Uint8Array.from(pixels), strength);
    return [[...logits], attention.map((heads) => heads.map((weights) => [...weights]))];
}"""


@every_model
@pytest.mark.parametrize("strength", [1, 0.5, 0])
def test_logits_and_attention_are_the_modules(page, address, name, strength):
    """To 1e-4, for photos and for noise, in every layer and head."""
    page.goto(f"{address}/live.html")
    noise = torch.randint(0, 256, (32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for pixels in (photo(0), photo(4), noise):
        found = page.evaluate(COMPUTE, [weights_file(name), pixels.flatten().tolist(), strength])
        logits, attention = expected(name, pixels, strength)
        torch.testing.assert_close(torch.tensor(found[0]), logits, rtol=0, atol=1e-4)
        torch.testing.assert_close(torch.tensor(found[1]).view_as(attention), attention, rtol=0, atol=1e-4)


def test_the_prior_matters_and_the_vit_has_none():
    logits = {name: [expected(name, photo(0), strength)[0] for strength in (1, 0.5, 0)] for name in NAMES}
    assert torch.equal(logits["vit"][0], logits["vit"][2])
    for name in ("gmm", "manhattan"):
        assert min(float((a - b).abs().max()) for a, b in zip(logits[name], logits[name][1:], strict=False)) > 1e-3


def test_a_photo_is_decoded_to_the_very_bytes(page, address):
    page.goto(f"{address}/live.html")
    script = "async (address) => [...await (await import('/static/pixels.js')).load(address)]"
    for each in PHOTOS:
        found = torch.tensor(page.evaluate(script, each["address"]), dtype=torch.uint8)
        assert torch.equal(found.view(32, 32, 3), pixels_of(each["address"]))


def test_the_page_shows_what_the_modules_say(reader):
    reader.load()
    for number in (0, 3):
        reader.page.locator(".explorer-photos label").nth(number).click()
        for strength, keys in ((1, "End"), (0.5, "Home" + " ArrowRight" * 10)):
            for key in keys.split():
                reader.page.get_by_label("strength of the prior").press(key)
            reader.settled()
            shares = torch.stack([expected(name, photo(number), strength)[0].softmax(0) for name in NAMES], 1)
            torch.testing.assert_close(reader.probabilities(), shares, rtol=0, atol=0.006)
            about = live_model("vit")[0]
            for name, column in zip(NAMES, shares.T, strict=True):
                reader.sees(f"{NAMES[name]}: {about['classes'][int(column.argmax())]}", 1)


def test_the_switch_turns_the_prior_off_and_the_slider_with_it(reader):
    reader.load()
    reader.page.get_by_label("with the prior").uncheck()
    reader.settled()
    shares = torch.stack([expected(name, photo(0), 0)[0].softmax(0) for name in NAMES], 1)
    torch.testing.assert_close(reader.probabilities(), shares, rtol=0, atol=0.006)
    assert reader.page.get_by_label("strength of the prior").is_disabled()
    reader.page.get_by_label("with the prior").check()
    reader.settled()
    shares = torch.stack([expected(name, photo(0), 1)[0].softmax(0) for name in NAMES], 1)
    torch.testing.assert_close(reader.probabilities(), shares, rtol=0, atol=0.006)


def test_weights_come_only_when_they_are_asked_for_and_nothing_leaves_the_page(reader, tmp_path):
    asked = []
    reader.page.on("request", lambda request: asked.append((request.method, request.url.rpartition("/")[2])))
    reader.drag((0.1, 0.1), (0.6, 0.6))
    assert asked == []
    reader.load()
    assert asked == [("GET", weights_file(name)) for name in NAMES]
    own = tmp_path / "own.png"
    Image.new("RGB", (40, 40), "teal").save(own)
    reader.page.get_by_label("Open a picture").set_input_files(own)
    reader.press("Shuffle")
    reader.settled()
    assert [url for _, url in asked[3:] if len(url) < 30 and "." in url] == []


def test_attention_by_layer_head_and_patch(reader):
    reader.load()
    lit = reader.page.locator("canvas").nth(1)
    seen = {lit.evaluate("(c) => c.toDataURL()")}
    reader.page.get_by_label("attention in layer").press("ArrowLeft")
    reader.sees("In layer 2, mean of all heads", 2)
    seen.add(lit.evaluate("(c) => c.toDataURL()"))
    reader.page.locator(".explorer-choice label", has_text="1").last.click()
    reader.sees("In layer 2, head 1, patches look", 2)
    seen.add(lit.evaluate("(c) => c.toDataURL()"))
    reader.canvas.press("ArrowUp")
    reader.sees("The patch in row 2, column 4 is chosen.")
    seen.add(lit.evaluate("(c) => c.toDataURL()"))
    assert len(seen) == 4
    box = reader.canvas.bounding_box()
    reader.page.mouse.click(box["x"] + 0.95 * box["width"], box["y"] + 0.05 * box["height"])
    reader.sees("The patch in row 0, column 7 is chosen.")


def test_the_lit_patches_are_those_of_the_modules_attention(reader):
    """On a white picture a patch is as gray as its weight says."""
    reader.load()
    reader.page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 32});
            canvas.getContext('2d').fillStyle = 'white';
            canvas.getContext('2d').fillRect(0, 0, 32, 32);
            const blob = await new Promise((resolve) => canvas.toBlob(resolve));
            const files = new DataTransfer();
            files.items.add(new File([blob], 'white.png'));
            const drop = new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true});
            document.querySelector('.explorer-live').dispatchEvent(drop);
        }"""
    )
    reader.settled()
    white = torch.full((32, 32, 3), 255, dtype=torch.uint8)
    for column, name in enumerate(NAMES):
        row = expected(name, white, 1)[1][3].mean(0)[3 * 8 + 4]
        tones = 255 * (1 - 0.9 * (1 - (row / row.max()).sqrt()))
        script = """(c) => Array.from({length: 64}, (_, i) => c.getContext('2d').getImageData(
            (i % 8 + 0.5) * c.width / 8, (Math.floor(i / 8) + 0.5) * c.height / 8, 1, 1).data[0])"""
        shown = torch.tensor(reader.page.locator("canvas").nth(1 + 2 * column).evaluate(script)).float()
        torch.testing.assert_close(shown, tones, rtol=0, atol=2)


def test_drawing_by_pointer_and_by_keyboard_and_undone(reader):
    before = reader.pixels()
    reader.drag((0.26, 0.11), (0.26, 0.92))  # row 8, from column 3 to column 29
    after = reader.pixels()
    changed = (after != before).any(-1)
    assert changed[8:10, 3:30].all() and not changed[:8].any() and not changed[10:].any(), "no pixel is left out"
    assert (after[changed] == torch.tensor([0xD6, 0x27, 0x28], dtype=torch.uint8)).all()
    reader.canvas.focus()
    for key in ["ArrowDown"] * 5 + [" "]:
        reader.page.keyboard.press(key)
    reader.sees("The brush is at row 13, column 29 of 32.")
    assert (reader.pixels() != after).any(-1).sum() >= 3
    reader.press("Undo")
    assert torch.equal(reader.pixels()[:12], after[:12]) and torch.equal(reader.pixels()[16:], after[16:])
    reader.press("Undo")
    reader.press("Undo")
    reader.sees("There is nothing to undo.")


def swapped(pixels, a, b):
    made = pixels.clone()
    for to, (y, x) in zip((b, a), (a, b), strict=True):
        made[4 * to[0] : 4 * to[0] + 4, 4 * to[1] : 4 * to[1] + 4] = pixels[4 * y : 4 * y + 4, 4 * x : 4 * x + 4]
    return made


def alike(shown, pixels):
    """Whether two pictures are the same but for the frame of the brush, which is four pixels at most."""
    return int((shown != pixels).any(-1).sum()) <= 4


def test_patches_swapped_by_pointer_and_by_keyboard(reader):
    reader.page.get_by_text("swap patches").click()
    reader.drag((0.05, 0.05), (0.95, 0.7))  # row 0, column 0 and row 7, column 5
    once = swapped(photo(0), (0, 0), (7, 5))
    assert alike(reader.pixels(), once)
    reader.page.get_by_text("swap patches").click()
    reader.canvas.focus()
    for key in (" ", "ArrowUp", "ArrowLeft"):
        reader.page.keyboard.press(key)
    reader.sees("You hold the patch from row 7, column 5, over row 6, column 4.")
    reader.page.keyboard.press("Escape")
    reader.sees("The patch in row 6, column 4 is chosen.")
    for key in (" ", "ArrowRight", "Enter"):
        reader.page.keyboard.press(key)
    assert alike(reader.pixels(), swapped(once, (6, 4), (6, 5)))
    reader.press("Undo")
    assert alike(reader.pixels(), once)
    reader.press("Start over")
    assert alike(reader.pixels(), photo(0))


def test_shuffled_patches_are_the_same_patches(reader):
    def patches(pixels):
        cut = pixels.view(8, 4, 8, 4, 3).transpose(1, 2).reshape(64, -1)
        return sorted(map(tuple, cut.tolist()))

    found = reader.page.evaluate(
        """async (address) => {
            const {load, rearranged, shuffled} = await import('/static/pixels.js');
            return [...rearranged(await load(address), shuffled(64), [8, 8])];
        }""",
        PHOTOS[1]["address"],
    )
    shuffled = torch.tensor(found, dtype=torch.uint8).view(32, 32, 3)
    assert patches(shuffled) == patches(photo(1)) and not torch.equal(shuffled, photo(1))
    reader.press("Shuffle")
    assert not alike(reader.pixels(), photo(0))
    reader.press("Undo")
    assert alike(reader.pixels(), photo(0))


def test_a_picture_of_the_readers_is_cut_to_its_middle_and_scaled(reader, tmp_path):
    wide = Image.new("RGB", (640, 320), "red")
    wide.paste((0, 128, 0), (160, 0, 480, 160))  # the upper half of the middle
    wide.paste((0, 0, 255), (160, 160, 480, 320))
    wide.save(tmp_path / "wide.png")
    reader.page.get_by_label("Open a picture").set_input_files(tmp_path / "wide.png")
    reader.page.wait_for_function("() => !document.querySelector('.explorer-photos :checked')")
    shown = reader.pixels().int()
    green, blue = torch.tensor([0, 128, 0]), torch.tensor([0, 0, 255])
    assert (shown[:15] - green).abs().max() <= 2 and (shown[18:] - blue).abs().max() <= 2
    reader.page.locator(".explorer-photos label").nth(0).click()  # and the photo that was there comes back
    reader.page.wait_for_function("() => document.querySelector('.explorer-photos :checked')")
    reader.page.wait_for_timeout(200)
    assert alike(reader.pixels(), photo(0))


def test_a_file_that_is_not_a_picture_is_said(reader, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    reader.page.get_by_label("Open a picture").set_input_files(tmp_path / "notes.txt")
    reader.sees("notes.txt is not a picture that this browser can read. Use a PNG, JPEG or WebP file.")
    assert alike(reader.pixels(), photo(0))


def test_what_is_transparent_is_white(page, address):
    page.goto(f"{address}/live.html")
    packed = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(packed, "PNG")
    clear = f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"
    script = "async (address) => [...await (await import('/static/pixels.js')).load(address)]"
    assert set(page.evaluate(script, clear)) == {255}


def test_a_damaged_file_is_said_and_can_be_loaded_again(reader):
    content = (explorers.FOLDER / weights_file("gmm")).read_bytes()
    at = len(content) // 2
    flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    reader.page.route("**/live-gmm.safetensors", lambda route: route.fulfill(body=flipped))
    reader.press("Load the three models")
    reader.sees("The weights could not be read: the file is damaged (its checksum is wrong)", 1)
    assert reader.page.locator("table").count() == 0
    reader.page.unroute("**/live-gmm.safetensors")
    reader.load()


def test_without_https_the_page_says_what_was_not_checked(page, address):
    page.add_init_script("Object.defineProperty(globalThis, 'crypto', {value: {}})")
    Reader(page, address).load()
    note = page.get_by_text("browsers compute no checksums: only the lengths in the files were checked")
    assert note.is_visible()


def test_in_a_notebook_the_kernel_is_asked_for_the_weights(page, address):
    """The one script of the widget, with a kernel that answers as `Explorer.answer` does, or not at all."""
    page.goto(f"{address}/live.html")
    page.evaluate(
        """async ([text, state]) => {
            const widget = (await import(URL.createObjectURL(new Blob([text], {type: 'text/javascript'})))).default;
            const listeners = new Set();
            window.asked = [];
            const model = {
                get: (name) => ({state, files: []})[name],
                set() {}, save_changes() {},
                on: (event, call) => event === 'msg:custom' && listeners.add(call),
                off: (event, call) => listeners.delete(call),
                send: async (content) => {
                    window.asked.push(content.file);
                    const name = ['vit', 'gmm', 'manhattan'][content.file];
                    const bytes = new DataView(await (await fetch(`/static/live-${name}.safetensors`)).arrayBuffer());
                    for (const call of [...listeners]) call(content, [bytes]);
                },
            };
            const el = document.querySelector('.explorer');
            el.replaceChildren();
            widget.render({model, el});
        }""",
        [script("live.js"), explorers.live().state],
    )
    page.get_by_role("button", name="Load the three models").click()
    page.wait_for_selector("table")
    assert page.evaluate("window.asked") == [0, 1, 2]
    silent = """async () => {
        const {asked} = await import('/static/safetensors.js');
        return asked({on() {}, off() {}, send() {}}, 0, 0.1).catch((error) => error.message);
    }"""
    assert page.evaluate(silent) == "the kernel does not answer: run the cell again"


def test_everything_by_keyboard(page, address):
    """From the button to the table, which has the focus when the button is gone, and on through every control."""
    reader = Reader(page, address)
    page.get_by_role("button", name="Load the three models").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("table")
    assert page.evaluate("document.activeElement.tagName") == "TABLE"
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        name = """() => {
            const at = document.activeElement;
            return at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent;
        }"""
        reached.add(page.evaluate(name)[:14].strip())
    wanted = ("The picture. A", "choose a patch", "Shuffle all pa", "Undo", "Start over", "Open a picture")
    wanted += ("with the prior", "strength of th", "attention in l", "mean")
    assert {each[:14].strip() for each in wanted} <= reached
    assert reader.canvas.get_attribute("aria-label") == "The picture. Arrow keys choose a patch."


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_serious_for_axe_and_nothing_sticks_out(page, address, width):
    page.set_viewport_size({"width": width, "height": 900})
    reader = Reader(page, address)
    assert findings(page, "light") + findings(page, "dark") == []
    reader.load()
    page.get_by_text("draw", exact=True).click()
    assert findings(page, "light") + findings(page, "dark") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_pass_takes_a_part_of_a_second(page, address):
    """About 30 ms on an idle core; the bound is for busy ones."""
    page.goto(f"{address}/live.html")
    seconds = page.evaluate(
        """async () => {
            const {readTensors} = await import('/static/safetensors.js');
            const {forward, vit} = await import('/static/vit.js');
            const model = vit(readTensors(await (await fetch('/static/live-gmm.safetensors')).arrayBuffer()));
            const times = Array.from({length: 15}, () => {
                const start = performance.now();
                forward(model, new Uint8Array(3072));
                return (performance.now() - start) / 1000;
            });
            return Math.min(...times);
        }"""
    )
    print(f"a pass: {1000 * seconds:.0f} ms")
    assert seconds < 0.3
