// A picture that the reader can change: drawn on, its patches exchanged or shuffled, each step undone.
import { panel } from "./panels.js";
import { SIDE, brushAt, canvasOf, exchanged, loadFile, painted, rearranged, shuffled } from "./pixels.js";
import { button, choice, node, OWN_KEYS, slider, spoken } from "./widgets.js";

const MODES = { look: "choose a patch", draw: "draw", swap: "swap patches" };
const HELP = {
  look: "Arrow keys choose a patch.",
  draw: "Arrow keys move the brush, Space draws.",
  swap: "Arrow keys move; Space picks a patch up and swaps it with the one that you put it on.",
};
const STEPS = 100; // that can be undone

/** What is edited, apart from the view of it: the pixels, where they began, and those of the steps before. */
export const newPicture = () => ({ pixels: null, original: null, past: [] });

/** Begin with other pixels. */
export function restart(picture, pixels) {
  Object.assign(picture, { pixels, original: pixels, past: [] });
}

/** The view of a picture. state: grid, query, mode, color, brush; chosen(): the query or the mode has changed;
 * edited(): the pixels have; opened(): they are those of a file.
 */
export function editor(picture, state, { chosen, edited, opened }) {
  const [h, w] = state.grid;
  const places = { draw: [SIDE / 2, SIDE / 2], swap: state.query }; // of the brush and of the patch, for the keyboard
  let held = null; // the patch that is to be swapped
  const status = spoken();
  const figure = panel("", "", (place, kind) => moves[state.mode](place, kind));
  const canvas = figure.querySelector("canvas");

  const change = (pixels) => {
    picture.pixels = pixels;
    edited();
  };
  const remember = () => {
    picture.past = [...picture.past, picture.pixels].slice(-STEPS);
  };
  const edit = (made) => {
    if (!picture.pixels) return; // it is still being read
    remember();
    change(made(picture.pixels));
  };
  const stroke = (from, to) => (pixels) => painted(pixels, from, to, state.color, state.brush);
  const swap = (a, b) => {
    held = null;
    const [i, j] = [a, b].map(([y, x]) => y * w + x);
    if (i === j) return chosen();
    edit((pixels) => rearranged(pixels, exchanged(h * w, i, j), [h, w]));
  };
  const moves = {
    look(place) {
      state.query = place;
      chosen();
    },
    draw(place, kind) {
      const before = places.draw;
      places.draw = place;
      if (kind === "key" || !picture.pixels) chosen();
      else if (kind === "pointerdown") edit(stroke(place, place));
      else change(stroke(before, place)(picture.pixels)); // the whole stroke is one step
    },
    swap(place, kind) {
      places.swap = place;
      if (kind === "pointerdown") held = place;
      chosen();
    },
  };
  canvas.addEventListener("pointerup", () => state.mode === "swap" && held && swap(held, places.swap));
  canvas.addEventListener("pointercancel", () => {
    held = null;
    chosen();
  });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && held) held = null;
    else if (event.key !== " " && event.key !== "Enter") return;
    else if (state.mode === "draw") edit(stroke(places.draw, places.draw));
    else if (state.mode === "swap" && held) swap(held, places.swap);
    else if (state.mode === "swap") held = places.swap;
    else return;
    event.preventDefault(); // the page is not to scroll
    chosen();
  });

  const open = (file) =>
    loadFile(file).then(
      (pixels) => {
        restart(picture, pixels);
        opened();
      },
      (error) => status.say(error.message),
    );
  const undo = () => {
    if (!picture.past.length) return status.say("There is nothing to undo.");
    change(picture.past.pop());
  };
  const color = node("input", { type: "color", value: state.color, ...OWN_KEYS });
  color.addEventListener("input", () => {
    state.color = color.value;
    chosen();
  });
  const width = slider(
    "brush",
    { min: 1, max: 8, step: 1, value: state.brush, format: (size) => `${size} px` },
    (size) => {
      state.brush = size;
      chosen();
    },
  );
  const brush = node("div", { className: "explorer-brush" }, node("label", {}, color, "color"), width);
  const mode = choice("drag on the picture to", MODES, state.mode, (value) => {
    state.mode = value;
    held = null;
    chosen();
  });
  const shuffle = () => edit((pixels) => rearranged(pixels, shuffled(h * w), [h, w]));
  const buttons = [
    button("Shuffle all patches", shuffle),
    button("Undo", undo),
    button("Start over", () => edit(() => picture.original)),
    opener(open),
  ];
  const tools = node("div", { className: "explorer-tools" }, mode, brush, node("div", {}, ...buttons));

  const said = () => {
    const [y, x] = state.mode === "look" ? state.query : places[state.mode];
    const where = `row ${y}, column ${x}`;
    if (state.mode === "draw") return `The brush is at ${where} of ${SIDE}.`;
    if (held) return `You hold the patch from row ${held[0]}, column ${held[1]}, over ${where}.`;
    return `The patch in ${where} is chosen.`;
  };
  const draw = () => {
    brush.hidden = state.mode !== "draw";
    canvas.setAttribute("aria-label", `The picture. ${HELP[state.mode]}`);
    figure.querySelector("figcaption").textContent = HELP[state.mode];
    const shape = state.mode === "draw" ? [SIDE, SIDE] : [h, w];
    const place = state.mode === "look" ? state.query : places[state.mode];
    const shown = picture.pixels && canvasOf(picture.pixels);
    figure.draw(new Float64Array(shape[0] * shape[1]), shape, () => "transparent", {
      place,
      marks: (pen) => {
        if (shown && state.mode === "draw") pen.picture(shown, shape);
        else if (shown) pen.photo(shown, shape);
        if (held) pen.frame(held, [1, 1], "#e69f00");
        if (state.mode === "draw") pen.frame(brushAt(place, state.brush), [state.brush, state.brush]);
        else pen.frame(place);
      },
    });
    status.say(said());
  };
  return { parts: [figure, status, tools], draw, open };
}

/** A button that opens a file of the reader's. */
function opener(open) {
  const input = node("input", { type: "file", accept: "image/*", ...OWN_KEYS });
  input.addEventListener("change", () => {
    if (input.files.length) open(input.files[0]);
    input.value = ""; // the same file can be opened again
  });
  return node("label", { className: "explorer-button" }, "Open a picture, or drop one", input);
}

/** Let files be dropped on an element. */
export function droppable(el, open) {
  el.addEventListener("dragover", (event) => {
    event.preventDefault();
    el.classList.add("explorer-over");
  });
  el.addEventListener("dragleave", () => el.classList.remove("explorer-over"));
  el.addEventListener("drop", (event) => {
    event.preventDefault(); // the browser is not to open it
    el.classList.remove("explorer-over");
    if (event.dataTransfer.files.length) open(event.dataTransfer.files[0]);
  });
}
