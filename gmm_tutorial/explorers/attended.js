// What the live models look at: for the chosen patch, layer and head, a lit picture and the prior of each model.
import { meanDistance } from "./math.js";
import { panel } from "./panels.js";
import { canvasOf } from "./pixels.js";
import { drawPrior } from "./prior.js";
import { COMBINE, priorMask } from "./vit.js";
import { choice, node, slider, spoken } from "./widgets.js";

/** The view: its element, draw(runs, pixels, strength) and say(runs). A run is a model with its output. */
export function attendedView(root, state, changed) {
  const set = (name) => (value) => {
    state[name] = value;
    changed();
  };
  const maps = state.models.map(({ name }) => ({
    lit: panel(name, `The picture, each patch as bright as its weight in ${name}`),
    prior: panel("", `The prior of ${name} for the chosen patch`),
  }));
  const heads = ["mean", ...Array.from({ length: state.heads }, (_, head) => String(head))];
  const layers = { min: 0, max: state.layers - 1, step: 1, value: state.layer, format: String };
  const text = spoken();
  const element = node(
    "div",
    {},
    node(
      "div",
      { className: "explorer-controls" },
      slider("attention in layer", layers, set("layer")),
      choice("head", Object.fromEntries(heads.map((head) => [head, head])), state.head, set("head")),
    ),
    node("div", { className: "explorer-panels explorer-three" }, ...maps.flatMap(({ lit, prior }) => [lit, prior])),
    text,
  );
  const draw = (runs, pixels, strength) => {
    const photo = canvasOf(pixels);
    runs.forEach((run, i) => run.output && drawMaps(maps[i], root, run, photo, state, strength));
  };
  return { element, draw, say: (runs) => text.say(distances(state, runs)) };
}

/** Of a matrix for each head: that of the chosen one, or the mean. */
function ofHead(matrices, head) {
  if (head !== "mean") return matrices[Number(head)];
  return matrices[0].map((_, i) => matrices.reduce((sum, matrix) => sum + matrix[i], 0) / matrices.length);
}

function drawMaps({ lit, prior }, root, { model, output }, photo, { grid, query, layer, head }, strength) {
  const [h, w] = grid;
  const at = (query[0] * w + query[1]) * h * w;
  const rowOf = (matrices) => ofHead(matrices, head).slice(at, at + h * w);
  const weights = rowOf(output.attention[layer]);
  lit.draw(new Float64Array(h * w), grid, () => "transparent", {
    marks: (pen) => [pen.photo(photo, grid), pen.shade(weights, w), pen.frame(query)],
  });
  const on = model.prior && strength > 0;
  const masks = on ? output.attention[layer].map((_, each) => priorMask(model, layer, each, strength)) : null;
  const limit = drawPrior(prior, root, masks && rowOf(masks), grid, COMBINE[model.prior], query);
  prior.querySelector("figcaption").textContent =
    (on && { gmm: `its mask, ±${limit.toFixed(2)}`, manhattan: "its decay" }[model.prior]) || "no prior";
}

/** How far the models look, in words. */
function distances({ grid, layer, head, models }, runs) {
  const far = (matrix) => meanDistance(matrix, grid).toFixed(2);
  const tokens = grid[0] * grid[1];
  const each = runs.map(({ output }, i) => `${models[i].name} ${far(ofHead(output.attention[layer], head))}`);
  return (
    `In layer ${layer}, ${head === "mean" ? "mean of all heads" : `head ${head}`}, patches look this far on average, ` +
    `counted in patches: ${each.join(", ")}. Uniform attention would look ` +
    `${far(new Float64Array(tokens * tokens).fill(1 / tokens))}.`
  );
}
