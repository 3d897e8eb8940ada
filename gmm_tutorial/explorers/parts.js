// What the explorers are built from: elements, sliders, choices, heat maps, and the life of a view.

const MAGMA = ["000004", "1c1044", "4f127b", "812581", "b5367a", "e55064", "fb8761", "fec287", "fcfdbf"];
const AROUND_ZERO = {
  light: ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"],
  dark: ["bfe3ff", "7cc0f5", "3f94d8", "2a6ba6", "254766", "23272e", "5c3a33", "984a38", "d2664a", "f49a78", "ffd9c4"],
};
const QUERY = "#0072B2", KEY = "#D55E00";

const rgb = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** A colour map: 0 ... 1 -> "rgb(...)", linear between its stops. */
function ramp(stops) {
  const colours = stops.map(rgb);
  return (share) => {
    const place = Math.min(Math.max(share, 0), 1) * (colours.length - 1);
    const i = Math.min(Math.floor(place), colours.length - 2);
    return `rgb(${colours[i].map((low, c) => Math.round(low + (colours[i + 1][c] - low) * (place - i)))})`;
  };
}

/** The page's own letters, as red, green, blue; black for what is not on the page yet. */
const letters = (el) => (getComputedStyle(el).color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);

/** Whether the page is dark, whichever way it says so: its letters are light. */
export function isDark(el) {
  const [r, g, b] = letters(el);
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

/** The colour of the page's letters, or a share of it. */
export const ink = (el, share = 1) => `rgba(${letters(el)}, ${share})`;

/** Colours around zero, -limit ... limit. */
export function signedColours(limit, el) {
  const colour = ramp(AROUND_ZERO[isDark(el) ? "dark" : "light"]);
  return (value) => colour(0.5 + value / (2 * limit || 1));
}

/** Colours from zero up; of weights along the square root, or a few large ones would hide all others. */
export function positiveColours(limit, root = false) {
  const colour = ramp(MAGMA);
  return (value) => colour(root ? Math.sqrt(value / limit) : value / limit);
}

/** An element: properties, attributes (names with a dash, and `role`), children. */
export function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// In JupyterLab, arrow keys are for what has the focus here, and not for the notebook. It asks the element itself.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

/** A number as text, with a true minus. */
export const decimals = (count) => (number) => number.toFixed(count).replace("-", "−");

/** A labelled <input type="range">, its value beside it. change(value) at each step; .set(value) moves it. */
export function slider(label, { min, max, step, value, format = decimals(2) }, change) {
  const input = node("input", { type: "range", min, max, step, value, ...OWN_KEYS });
  const shown = node("output", {}, format(value));
  const said = (number) => {
    shown.value = format(number);
    input.setAttribute("aria-valuetext", format(number));
  };
  said(value);
  input.addEventListener("input", () => {
    said(input.valueAsNumber);
    change(input.valueAsNumber);
  });
  const made = node("label", { className: "explorer-slider" }, node("span", {}, label), input, shown);
  made.set = (number) => {
    input.value = number;
    said(number);
  };
  return made;
}

let groups = 0;

/** One of several by radio buttons: options {value: text}. */
export function choice(legend, options, value, change) {
  const name = `explorer-${(groups += 1)}`;
  const buttons = Object.entries(options).map(([option, text]) => {
    const input = node("input", { type: "radio", name, value: option, checked: option === value, ...OWN_KEYS });
    input.addEventListener("change", () => change(option));
    return node("label", {}, input, node("span", {}, text));
  });
  return node("fieldset", { className: "explorer-choice" }, node("legend", {}, legend), ...buttons);
}

/** A sentence that is read aloud when it has changed and come to rest. */
export function spoken() {
  const made = node("p", { className: "explorer-spoken", role: "status", "aria-live": "polite" });
  let timer = 0;
  made.say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (made.textContent = text), made.textContent ? 120 : 0);
  };
  return made;
}

/** A picture of cells with its title. move([y, x]), if given: pointer and arrow keys choose a cell. */
export function panel(title, description, move) {
  const canvas = node("canvas", { role: "img", "aria-label": description });
  const figure = node("figure", { className: "explorer-panel" }, canvas, node("figcaption", {}, title));
  let shape = [1, 1];
  let at = [0, 0];
  figure.canvas = canvas;
  /** values: (rows, cols); colour(value); square: are cells?; marks(pen): what is drawn over them. */
  figure.draw = (values, [rows, cols], colour, { place = at, square = true, marks = () => {} } = {}) => {
    [shape, at] = [[rows, cols], place];
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = square ? Math.round((width * rows) / cols) : Math.round(22 * ratio);
    if (!width) return;
    canvas.style.aspectRatio = `${width} / ${height}`;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const [x, y] = [(i) => Math.round((i * width) / cols), (i) => Math.round((i * height) / rows)]; // whole pixels
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < cols; j++) {
        context.fillStyle = colour(values[i * cols + j]);
        context.fillRect(x(j), y(i), x(j + 1) - x(j), y(i + 1) - y(i));
      }
    marks(pen(context, x, y, ratio));
  };
  figure.say = (text) => canvas.setAttribute("aria-label", text);
  if (move) interactive(canvas, () => [shape, at], move);
  return figure;
}

/** What can be drawn over cells: frames seen on any ground, lines from cell to cell, dots, shade. */
function pen(context, x, y, ratio) {
  const middle = ([i, j]) => [(x(j) + x(j + 1)) / 2, (y(i) + y(i + 1)) / 2];
  const box = ([i, j], [rows, cols], inset) =>
    [x(j) + inset, y(i) + inset, x(j + cols) - x(j) - 2 * inset, y(i + rows) - y(i) - 2 * inset];
  return {
    context,
    box,
    frame(place, size = [1, 1], colour = "white") {
      for (const [style, line] of [["black", 4], [colour, 2]]) {
        context.strokeStyle = style;
        context.lineWidth = line * ratio;
        context.strokeRect(...box(place, size, (4 * ratio) / 2));
      }
    },
    fill(place, size, colour) {
      context.fillStyle = colour;
      context.fillRect(...box(place, size, 0));
    },
    dot(place, colour) {
      context.beginPath();
      context.arc(...middle(place), 3.5 * ratio, 0, 2 * Math.PI);
      context.fillStyle = colour;
      context.fill();
    },
    /** A photo, its pixels to be seen as they are, with the lines of the grid over it. */
    photo(image, [h, w]) {
      context.imageSmoothingEnabled = false;
      context.drawImage(image, ...box([0, 0], [h, w], 0));
      context.fillStyle = "rgba(255, 255, 255, 0.45)";
      for (let i = 1; i < h; i++) context.fillRect(0, y(i), x(w), 1);
      for (let j = 1; j < w; j++) context.fillRect(x(j), 0, 1, y(h));
    },
    arrow(from, to, colour) {
      const [[fx, fy], [tx, ty]] = [middle(from), middle(to)];
      const [length, head] = [Math.hypot(tx - fx, ty - fy), 9 * ratio];
      if (!length) return;
      const [ux, uy] = [(tx - fx) / length, (ty - fy) / length];
      context.strokeStyle = context.fillStyle = colour;
      context.lineWidth = 2.5 * ratio;
      context.beginPath();
      context.moveTo(fx, fy);
      context.lineTo(tx - ux * head, ty - uy * head);
      context.stroke();
      context.beginPath();
      context.moveTo(tx, ty);
      context.lineTo(tx - ux * head - uy * head * 0.5, ty - uy * head + ux * head * 0.5);
      context.lineTo(tx - ux * head + uy * head * 0.5, ty - uy * head - ux * head * 0.5);
      context.fill();
    },
  };
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Let pointer and arrow keys choose a cell. now() returns the shape and where the chosen one is. */
function interactive(canvas, now, move) {
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "grid of patches");
  for (const [name, value] of Object.entries(OWN_KEYS)) canvas.setAttribute(name, value);
  canvas.tabIndex = 0;
  canvas.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault(); // the page is not to scroll
    const [shape, at] = now();
    move(at.map((n, axis) => Math.min(Math.max(n + ARROWS[event.key][axis], 0), shape[axis] - 1)), "key");
  });
  const point = (event) => {
    const [[rows, cols], at] = now();
    const [box, style] = [canvas.getBoundingClientRect(), getComputedStyle(canvas)];
    const [left, top] = [parseFloat(style.borderLeftWidth), parseFloat(style.borderTopWidth)];
    const cell = [
      Math.floor(((event.clientY - box.top - top) / canvas.clientHeight) * rows),
      Math.floor(((event.clientX - box.left - left) / canvas.clientWidth) * cols),
    ].map((n, axis) => Math.min(Math.max(n, 0), [rows, cols][axis] - 1));
    if (event.type === "pointerdown" || cell.some((n, axis) => n !== at[axis])) move(cell, event.type);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && point(event));
}

/** The colours of a scale with its two ends. */
export function colourBar() {
  const [bar, low, high] = [node("span", { className: "explorer-ramp" }), node("span"), node("span")];
  const made = node("p", { className: "explorer-bar" }, low, bar, high);
  made.draw = (colour, from, to, format = decimals(2)) => {
    const stops = Array.from({ length: 17 }, (_, i) => colour(from + ((to - from) * i) / 16));
    bar.style.background = `linear-gradient(to right, ${stops})`;
    [low.textContent, high.textContent] = [format(from), format(to)];
  };
  return made;
}

export const MARKS = { query: QUERY, key: KEY };

/** The life of a view. build(root, state, changed) fills root and returns what draws it.
 *
 * The state is the model's: `changed()` draws, and a little later saves it. A state that comes from elsewhere, such as
 * from Python, builds the view anew. Returns what ends the view.
 */
export function mount({ model, el }, build) {
  el.classList.add("explorer");
  const root = node("div", { className: "explorer-live" });
  el.append(root);
  if (model.get("still")) el.append(node("img", { src: model.get("still"), alt: model.get("alt") })); // for print
  let state, draw;
  let timer = 0;
  const start = () => {
    state = structuredClone(model.get("state"));
    root.replaceChildren();
    draw = build(root, state, changed);
    draw();
  };
  const changed = () => {
    draw();
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.set("state", structuredClone(state));
      model.save_changes();
    }, 200);
  };
  const elsewhere = () => JSON.stringify(model.get("state")) === JSON.stringify(state) || start();
  const again = () => requestAnimationFrame(() => draw());
  const sizes = new ResizeObserver(again);
  const theme = new MutationObserver(again);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  start();
  model.on("change:state", elsewhere);
  sizes.observe(root);
  for (const page of [document.documentElement, document.body]) theme.observe(page, { attributes: true });
  scheme.addEventListener("change", again);
  return () => {
    model.off?.("change:state", elsewhere);
    sizes.disconnect();
    theme.disconnect();
    scheme.removeEventListener("change", again);
  };
}
