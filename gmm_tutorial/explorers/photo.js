// Attention on a photo: what one patch looks at, in small models that were trained, by model, layer and head.
import { positiveColors } from "./colors.js";
import { attentionWeights, decayKernel, meanDistance, mixtureKernel, unfoldKernel } from "./math.js";
import { colorBar, panel } from "./panels.js";
import { drawPrior } from "./prior.js";
import { open } from "./safetensors.js";
import { choice, decimals, mount, node, slider, spoken } from "./widgets.js";

const NAMES = { vit: "ViT", elm: "ELM", gmm: "GMM", manhattan: "Manhattan" };

/** Numbers kept as integers, with a scale for each column of a matrix, or for all of it: the matrix `index`. */
function matrix(tensors, name, index) {
  const [{ data, shape }, scale] = [tensors[name], tensors[`${name}.scale`]];
  const size = shape.at(-2) * shape.at(-1);
  const columns = scale.shape.at(-1);
  const values = data.subarray(index * size, (index + 1) * size);
  return Float64Array.from(values, (value, i) => value * scale.data[index * columns + (i % columns)]);
}

/** The prior of a head, (N, N), or null, and how it is applied. */
export function priorOf(tensors, model, layer, head, grid) {
  if (model === "elm") return [matrix(tensors, "elm.mask", layer), "scale"];
  if (model === "manhattan")
    return [unfoldKernel(decayKernel(tensors["manhattan.gamma"].data[head], "manhattan", grid), grid), "bias"];
  if (model !== "gmm") return [null, "scale"];
  const [kernels, heads] = tensors["gmm.alpha"].shape.slice(1);
  const [alpha, sigma] = ["gmm.alpha", "gmm.sigma"].map((name) =>
    Array.from({ length: kernels }, (_, k) => tensors[name].data[(layer * kernels + k) * heads + head]),
  );
  return [unfoldKernel(mixtureKernel(alpha, sigma, grid), grid), "scale"];
}

/** The attention matrix of a head, (N, N). */
export function headWeights({ about, tensors }, model, layer, head) {
  const index = layer * about.heads + head;
  const [q, k] = ["q", "k"].map((name) => matrix(tensors, `${model}.${name}`, index));
  return attentionWeights(q, k, about.channels, ...priorOf(tensors, model, layer, head, about.grid));
}

/** The picture of a file, ready to be drawn. */
async function pictureOf({ about }) {
  const photo = new Image();
  photo.src = about.picture;
  await photo.decode();
  return photo;
}

function build(files) {
  const opened = new Map(); // a file is read when it is first asked for
  return (root, state, changed) => {
    const told = new Map(); // what is said of a photo that is not there yet; drawing again does not read it again
    const set = (name) => (value) => {
      state[name] = value;
      changed();
    };
    const count = (max, value) => ({ min: 0, max: max - 1, step: 1, value, format: String });
    const labels = Object.fromEntries(state.photos.map((label, i) => [i, label]));
    const picture = panel("drag the query", "The photo. Arrow keys move the query.", set("query"));
    const lit = panel("what it looks at", "The photo, each patch as bright as its weight");
    const map = panel("its weights", "The weights of all patches for the query");
    const prior = panel("the prior", "The prior of the query");
    const [bar, text, about] = [colorBar(), spoken(), node("p", { className: "explorer-note" })];
    root.append(
      node(
        "div",
        { className: "explorer-controls" },
        choice("model", NAMES, state.model, set("model")),
        choice("photo", labels, String(state.photo), (value) => set("photo")(Number(value))),
        slider("layer", count(state.layers, state.layer), set("layer")),
        slider("head", count(state.heads, state.head), set("head")),
      ),
      node("div", { className: "explorer-panels" }, picture, lit, map, prior),
      bar,
      text,
      about,
    );

    const show = (data, photo) => {
      const [h, w] = data.about.grid;
      const [y, x] = state.query;
      const [tokens, at] = [h * w, y * w + x];
      const weights = headWeights(data, state.model, state.layer, state.head);
      const row = weights.slice(at * tokens, (at + 1) * tokens);
      const top = Math.max(...row);
      const color = positiveColors(top, true);
      const plain = [new Float64Array(tokens), [h, w], () => "transparent"];
      picture.draw(...plain, { place: state.query, marks: (pen) => [pen.photo(photo, [h, w]), pen.frame([y, x])] });
      lit.draw(...plain, {
        marks: (pen) => [pen.photo(photo, [h, w]), pen.shade(row, w), pen.frame([y, x])],
      });
      map.draw(row, [h, w], color, { marks: (pen) => pen.frame([y, x]) });
      showPrior(prior, root, data, state, at);
      bar.draw(color, 0, top, decimals(2));
      const best = row.indexOf(top);
      const far = meanDistance(weights, [h, w]).toFixed(2);
      const uniform = meanDistance(new Float64Array(tokens * tokens).fill(1 / tokens), [h, w]).toFixed(2);
      text.say(
        `The patch in row ${y}, column ${x} gives most, ${top.toFixed(2)}, to row ${Math.floor(best / w)}, column ${best % w}. ` +
          `Over all patches this head looks ${far} patches far; uniform attention would look ${uniform}.`,
      );
      about.textContent = data.about.models[state.model];
    };

    return () => {
      const wanted = state.photo;
      const data = opened.get(wanted);
      if (data) return show(...data);
      if (told.has(wanted)) return text.say(told.get(wanted));
      const tell = (words) => {
        told.set(wanted, words);
        if (state.photo === wanted) text.say(words);
      };
      tell("Reading the weights ...");
      open(files[wanted], state.sha256?.[wanted])
        .then(async (read) => {
          opened.set(wanted, [read, await pictureOf(read)]);
          if (state.photo === wanted) show(...opened.get(wanted));
        })
        .catch((error) => tell(`The weights could not be read: ${error.message}.`));
    };
  };
}

function showPrior(prior, root, { about, tensors }, state, at) {
  const tokens = about.grid[0] * about.grid[1];
  const [mask, combine] = priorOf(tensors, state.model, state.layer, state.head, about.grid);
  const weights = mask && mask.slice(at * tokens, (at + 1) * tokens);
  const limit = drawPrior(prior, root, weights, about.grid, combine, state.query);
  const title = { elm: "its mask", gmm: "its mixture", manhattan: "its decay", vit: "no prior" }[state.model];
  prior.querySelector("figcaption").textContent =
    mask && combine === "scale" ? `${title}, ±${limit.toFixed(2)}` : title;
}

export default { render: (view) => mount(view, build(view.model.get("files"))) };
