// Mixture: K Gaussians make a kernel, a window slides over it, and what is in the window is a row of the mask.
import { ink, isDark, signedColors } from "./colors.js";
import { mixtureKernel, unfoldKernel, windowAt } from "./math.js";
import { colorBar, panel } from "./panels.js";
import { decimals, mount, node, slider, spoken } from "./widgets.js";

function build(root, state, changed) {
  const [h, w] = state.grid;
  const photo = new Image();
  const move = (place) => {
    state.query = place;
    changed();
  };
  const size = `${2 * h - 1} × ${2 * w - 1}`;
  const query = panel("drag the query", "The picture. Arrow keys move the query.", move);
  const kernel = panel(`the kernel, ${size}, and its window`, "The kernel with the window of the query");
  const view = panel("the window: weights of the patches", "The weights of all patches as the query sees them");
  const mask = panel(`the mask, ${h * w} × ${h * w}, and its row`, "The mask with the row of the query");
  const row = panel(`the row: the window, flattened to ${h * w} numbers`, "The window as one row");
  const [bar, text] = [colorBar(), spoken()];
  row.classList.add("explorer-wide");

  // a number from Python may be beyond what the sliders have otherwise
  const heights = { min: Math.min(-2, ...state.alpha), max: Math.max(2, ...state.alpha), step: 0.1 };
  const widths = { min: Math.min(0, ...state.sigma), max: Math.max(10, ...state.sigma), step: 0.1 };
  const gaussians = state.alpha.map((_, k) =>
    node(
      "div",
      { className: "explorer-gaussian", role: "group", "aria-label": `Gaussian ${k + 1}` },
      slider(`height α${subscript(k)}`, { ...heights, value: state.alpha[k] }, (value) => {
        state.alpha[k] = value;
        changed();
      }),
      slider(`width σ${subscript(k)}`, { ...widths, value: state.sigma[k] }, (value) => {
        state.sigma[k] = value;
        changed();
      }),
    ),
  );
  const whole = { min: 1, max: state.alpha.length, step: 1, value: state.kernels, format: String };
  const count = slider("Gaussians K", whole, (value) => {
    state.kernels = value;
    changed();
  });
  root.append(
    node("div", { className: "explorer-controls" }, count, ...gaussians),
    node("div", { className: "explorer-panels" }, query, kernel, view, mask),
    row,
    bar,
    text,
  );

  const draw = () => {
    gaussians.forEach((each, k) => (each.hidden = k >= state.kernels));
    const values = mixtureKernel(state.alpha.slice(0, state.kernels), state.sigma.slice(0, state.kernels), [h, w]);
    const limit = Math.max(...values.map(Math.abs)) || 1;
    const color = signedColors(limit, root);
    const [y, x] = state.query;
    const place = [y, x];
    const under = windowAt(values, [y, x], [h, w]);
    query.draw(new Float64Array(h * w), [h, w], () => "transparent", {
      place,
      marks: (pen) => {
        if (photo.naturalWidth) pen.photo(photo, [h, w]);
        pen.frame(place);
      },
    });
    kernel.draw(values, [2 * h - 1, 2 * w - 1], color, {
      marks: (pen) => {
        pen.frame([h - 1 - y, w - 1 - x], [h, w]);
        pen.dot([h - 1, w - 1]);
      },
    });
    view.draw(under, [h, w], color, { marks: (pen) => pen.frame(place) });
    mask.draw(unfoldKernel(values, [h, w]), [h * w, h * w], color, {
      marks: (pen) => lit(pen, y * w + x, h * w, root),
    });
    row.draw(under, [1, h * w], color, { square: false, marks: (pen) => pen.frame([0, y * w + x]) });
    bar.draw(color, -limit, limit);
    const middle = (h - 1) * (2 * w - 1) + w - 1;
    const [home, beside, far] = [values[middle], values[middle + Math.min(1, w - 1)], values[0]].map(decimals(2));
    text.say(
      `Query in row ${y}, column ${x}: weight ${home} for itself, ${beside} one column away, ${far} in the far corner.`,
    );
  };
  photo.onload = draw;
  photo.src = state.photo;
  return draw;
}

const subscript = (k) => "₁₂₃₄₅₆₇₈₉"[k];

/** Let all rows of a mask fade but one. */
function lit(pen, row, rows, root) {
  const fade = isDark(root) ? "rgba(20, 24, 30, 0.5)" : "rgba(255, 255, 255, 0.5)";
  pen.fill([0, 0], [row, rows], fade);
  pen.fill([row + 1, 0], [rows - row - 1, rows], fade);
  pen.context.fillStyle = ink(root);
  for (const edge of [row, row + 1]) {
    const [left, top, width] = pen.box([edge, 0], [1, rows], 0);
    pen.context.fillRect(left, top, width, 1);
  }
}

export default { render: (view) => mount(view, build) };
