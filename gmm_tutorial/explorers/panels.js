// Panels: cells in colors, with frames and arrows over them, and one of them chosen by pointer or keyboard.
import { OWN_KEYS, decimals, node } from "./widgets.js";

/** A picture of cells with its title. move([y, x]), if given: pointer and arrow keys choose a cell. */
export function panel(title, description, move) {
  const canvas = node("canvas", { role: "img", "aria-label": description });
  const figure = node("figure", { className: "explorer-panel" }, canvas, node("figcaption", {}, title));
  let shape = [1, 1];
  let at = [0, 0];
  /** values: (rows, cols); color(value); square: are cells?; marks(pen): what is drawn over them. */
  figure.draw = (values, [rows, cols], color, { place = at, square = true, marks = () => {} } = {}) => {
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
        context.fillStyle = color(values[i * cols + j]);
        context.fillRect(x(j), y(i), x(j + 1) - x(j), y(i + 1) - y(i));
      }
    marks(pen(context, x, y, ratio));
  };
  if (move) interactive(canvas, () => [shape, at], move);
  return figure;
}

/** What can be drawn over cells: frames seen on any ground, lines from cell to cell, dots, shade. */
function pen(context, x, y, ratio) {
  const middle = ([i, j]) => [(x(j) + x(j + 1)) / 2, (y(i) + y(i + 1)) / 2];
  const box = ([i, j], [rows, cols], inset) => [
    x(j) + inset,
    y(i) + inset,
    x(j + cols) - x(j) - 2 * inset,
    y(i + rows) - y(i) - 2 * inset,
  ];
  return {
    context,
    box,
    frame(place, size = [1, 1], color = "white") {
      for (const [style, line] of [
        ["black", 4],
        [color, 2],
      ]) {
        context.strokeStyle = style;
        context.lineWidth = line * ratio;
        context.strokeRect(...box(place, size, (4 * ratio) / 2));
      }
    },
    fill(place, size, color) {
      context.fillStyle = color;
      context.fillRect(...box(place, size, 0));
    },
    dot(place) {
      context.beginPath();
      context.arc(...middle(place), 3 * ratio, 0, 2 * Math.PI);
      context.fillStyle = "black";
      context.fill();
      context.strokeStyle = "white";
      context.lineWidth = 1.5 * ratio;
      context.stroke();
    },
    /** A picture over all cells, its pixels to be seen as they are. */
    picture(image, shape) {
      context.imageSmoothingEnabled = false;
      context.drawImage(image, ...box([0, 0], shape, 0));
    },
    /** A picture with the lines of the grid over it. */
    photo(image, [h, w]) {
      this.picture(image, [h, w]);
      context.fillStyle = "rgba(255, 255, 255, 0.45)";
      for (let i = 1; i < h; i++) context.fillRect(0, y(i), x(w), 1);
      for (let j = 1; j < w; j++) context.fillRect(x(j), 0, 1, y(h));
    },
    /** Each cell as dark as its weight is small, w cells to a row. */
    shade(weights, w) {
      const top = Math.max(...weights);
      weights.forEach((weight, i) =>
        this.fill([Math.floor(i / w), i % w], [1, 1], `rgba(0, 0, 0, ${0.9 * (1 - Math.sqrt(weight / top))})`),
      );
    },
    arrow(from, to, color) {
      const [[fx, fy], [tx, ty]] = [middle(from), middle(to)];
      const [length, head] = [Math.hypot(tx - fx, ty - fy), 9 * ratio];
      if (!length) return;
      const [ux, uy] = [(tx - fx) / length, (ty - fy) / length];
      context.strokeStyle = context.fillStyle = color;
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
    // with Alt, Ctrl or Command, an arrow is the browser's: back, or to the end
    if (!ARROWS[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // the page is not to scroll
    const [shape, at] = now();
    move(
      at.map((n, axis) => Math.min(Math.max(n + ARROWS[event.key][axis], 0), shape[axis] - 1)),
      "key",
    );
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
    if (event.button) return; // only the first button chooses, the others open menus
    canvas.setPointerCapture(event.pointerId);
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && point(event));
}

/** The colors of a scale with its two ends. */
export function colorBar() {
  const [bar, low, high] = [node("span", { className: "explorer-ramp" }), node("span"), node("span")];
  const made = node("p", { className: "explorer-bar" }, low, bar, high);
  made.draw = (color, from, to, format = decimals(2)) => {
    const stops = Array.from({ length: 17 }, (_, i) => color(from + ((to - from) * i) / 16));
    bar.style.background = `linear-gradient(to right, ${stops})`;
    [low.textContent, high.textContent] = [format(from), format(to)];
  };
  return made;
}
