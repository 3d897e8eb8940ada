// Decay: how a weight falls with distance, by three rules, and the way round the corner that the decomposed form takes.
import { MARKS, ink, positiveColors } from "./colors.js";
import { alibiGamma, decayKernel, decomposedRow, fullRow, halfDistance, manhattanGamma, windowAt } from "./math.js";
import { colorBar, panel } from "./panels.js";
import { choice, decimals, mount, node, slider, spoken } from "./widgets.js";

const KINDS = {
  manhattan: { text: "Manhattan", metric: "manhattan", rates: manhattanGamma },
  euclid: { text: "Euclid", metric: "euclid", rates: manhattanGamma },
  alibi: { text: "ALiBi", metric: "euclid", rates: alibiGamma },
};

function build(root, state, changed) {
  const [h, w] = state.grid;
  const kinds = Object.fromEntries(Object.entries(KINDS).map(([name, { text }]) => [name, text]));
  const kind = choice("decay", kinds, state.kind, (value) => {
    state.kind = value;
    byHead();
  });
  const heads = { min: 0, max: state.heads - 1, step: 1, value: state.head, format: String };
  const head = slider("head", heads, (value) => {
    state.head = value;
    byHead();
  });
  const rates = { min: 0.3, max: 0.999, step: 0.001, value: state.gamma, format: decimals(3) };
  const gamma = slider("rate γ a step", rates, (value) => {
    state.gamma = value;
    changed();
  });
  const [lowest, highest] = [Math.min(0, state.score), Math.max(8, state.score)];
  const scores = { min: lowest, max: highest, step: 0.5, value: state.score, format: decimals(1) };
  const score = slider("score of the query with the key", scores, (value) => {
    state.score = value;
    changed();
  });
  const mover = choice("move", { query: "the query", key: "the key" }, "key", (value) => {
    moving = value;
    changed();
  });
  const byHead = () => {
    state.gamma = KINDS[state.kind].rates(state.heads)[state.head];
    gamma.set(state.gamma);
    changed();
  };
  let moving = "key";
  const move = (place, by) => {
    // dragging the query or the key moves it
    if (by === "pointerdown") for (const name of ["query", "key"]) if (same(place, state[name])) moving = name;
    for (const input of mover.querySelectorAll("input")) input.checked = input.value === moving;
    state[moving] = place;
    changed();
  };
  const path = panel("drag the query (blue) or the key (orange)", "The grid. Arrow keys move what is chosen.", move);
  const left = panel("what the decay leaves, 0 to 1", "What the decay leaves of each key");
  const full = panel("full attention", "Weights of full attention");
  const split = panel("decomposed", "Weights of decomposed attention");
  const [bar, text] = [colorBar(), spoken()];
  root.append(
    node("div", { className: "explorer-controls" }, kind, head, gamma, score, mover),
    node("div", { className: "explorer-panels" }, path, left, full, split),
    bar,
    text,
  );

  return () => {
    const { metric } = KINDS[state.kind];
    const [query, key, grid] = [state.query, state.key, state.grid];
    const [at, to] = [query[0] * w + query[1], key[0] * w + key[1]];
    const planted = (a, b) => (a === at && b === to ? state.score : 0);
    const decay = windowAt(decayKernel(state.gamma, metric, grid), query, grid);
    const weights = fullRow(planted, state.gamma, metric, query, grid);
    const lines = metric === "manhattan" ? decomposedRow(planted, state.gamma, query, grid) : null;
    const top = Math.max(...weights, ...(lines ? lines.row : []));
    const color = positiveColors(top, true);
    const both = {
      marks: (pen) => [query, key].forEach((place, i) => pen.frame(place, [1, 1], i ? "#ffb37a" : "#7cc8ff")),
    };
    drawPath(path, root, query, key, grid, moving);
    left.draw(decay, grid, positiveColors(1), both);
    full.draw(weights, grid, color, both);
    split.draw(lines ? lines.row : new Float64Array(h * w), grid, lines ? color : () => "transparent", both);
    split.querySelector("figcaption").textContent = lines ? "decomposed" : "decomposed: only Manhattan decay splits";
    bar.draw(color, 0, top, decimals(3));
    text.say(sentence(state, weights[to], lines, key, w));
  };
}

const same = (a, b) => a[0] === b[0] && a[1] === b[1];

function drawPath(path, root, query, key, grid, moving) {
  const [h, w] = grid;
  const corner = [key[0], query[1]];
  const line = ink(root, 0.2);
  const cells = Float64Array.from({ length: h * w }, (_, i) => Math.floor(i / w) === key[0] || i % w === query[1]);
  path.draw(cells, grid, (on) => (on ? line : "transparent"), {
    place: moving === "key" ? key : query,
    marks: (pen) => {
      pen.context.strokeStyle = line;
      pen.context.lineWidth = 1;
      for (let i = 0; i < h * w; i++) pen.context.strokeRect(...pen.box([Math.floor(i / w), i % w], [1, 1], 0));
      pen.fill(corner, [1, 1], "#808080");
      pen.fill(query, [1, 1], MARKS.query);
      pen.fill(key, [1, 1], MARKS.key);
      pen.arrow(key, corner, ink(root));
      pen.arrow(corner, query, ink(root));
    },
  });
}

function sentence(state, weight, lines, key, w) {
  const steps = `Half is gone after ${halfDistance(state.gamma).toFixed(1)} steps. The key weighs ${weight.toFixed(4)} in full attention`;
  if (!lines) return `${steps}. As the crow flies, the decay is no product of rows and columns.`;
  const [along, down] = [lines.along[key[0] * w + key[1]], lines.down[key[0]]];
  const product = `${along.toFixed(4)} along the row × ${down.toFixed(4)} down the column = ${(along * down).toFixed(4)}`;
  return `${steps}; decomposed, ${product}.`;
}

export default { render: (view) => mount(view, build) };
