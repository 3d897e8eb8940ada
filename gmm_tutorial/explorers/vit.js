// A vision transformer, run in the browser: what models.ViT computes of one image, with its prior at any strength.
// tests/browser/test_live_model.py holds it against the module.
import { attentionWeights, decayKernel, manhattanGamma, mixtureKernel, unfoldKernel } from "./math.js";

/** What `forward` needs of a file of weights: layers by name, their numbers in double precision. */
export function vit({ about, tensors }) {
  const numbers = (name) => tensors[name] && Float64Array.from(tensors[name].data);
  const layer = (name) => ({
    outputs: tensors[`${name}.weight`].shape[0],
    weight: numbers(`${name}.weight`),
    bias: numbers(`${name}.bias`),
  });
  const depth = Object.keys(tensors).filter((name) => /^blocks\.\d+\.norm1\.weight$/.test(name)).length;
  const blocks = Array.from({ length: depth }, (_, i) => ({
    ...Object.fromEntries(
      ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"].map((name) => [
        name.split(".").at(-1),
        layer(`blocks.${i}.${name}`),
      ]),
    ),
    kernels: kernelsOf(about, tensors, i),
  }));
  return {
    ...about,
    patches: layer("patch_embed.proj"),
    positions: numbers("pos_embed"),
    blocks,
    norm: layer("norm"),
    head: layer("head"),
  };
}

/** The prior's kernel for each head of a layer, or null without a prior. */
function kernelsOf({ prior, heads, grid }, tensors, i) {
  if (prior === "manhattan") return manhattanGamma(heads).map((gamma) => decayKernel(gamma, "manhattan", grid));
  if (prior !== "gmm") return null;
  const [alpha, sigma] = ["alpha", "sigma"].map((name) => tensors[`blocks.${i}.attn.prior.${name}`].data); // (K, H)
  const ofHead = (values, head) => values.filter((_, place) => place % heads === head);
  return Array.from({ length: heads }, (_, head) => mixtureKernel(ofHead(alpha, head), ofHead(sigma, head), grid));
}

/** How each prior acts on the logits S. */
export const COMBINE = { gmm: "scale", manhattan: "bias" };

/** The prior of a head, (N, N), or null. strength: 1 for the prior as trained, 0 for none.
 *
 * A mask multiplies S: 1 + strength (mask - 1). A decay is added to S as its logarithm: strength times that.
 */
export function priorMask({ prior, grid, blocks }, layer, head, strength) {
  const kernel = blocks[layer].kernels?.[head];
  if (!kernel) return null;
  const weaker = COMBINE[prior] === "scale" ? (m) => 1 + strength * (m - 1) : (decay) => decay ** strength;
  return unfoldKernel(kernel.map(weaker), grid);
}

/** The logits of an image, and the attention of every layer and head, each (N, N).
 *
 * pixels: (S, S, 3) bytes, row by row.
 */
export function forward(model, pixels, strength = 1) {
  const { heads, blocks, norm, head } = model;
  let x = embed(model, pixels);
  const dim = norm.weight.length;
  const attention = blocks.map((block, layer) => {
    const [q, k, v] = headsOf(linear(layerNorm(x, block.norm1), block.qkv), heads, dim);
    const weights = q.map((own, h) =>
      attentionWeights(own, k[h], dim / heads, priorMask(model, layer, h, strength), COMBINE[model.prior]),
    );
    x = added(x, linear(mixed(weights, v, dim), block.proj));
    x = added(x, linear(linear(layerNorm(x, block.norm2), block.fc1).map(gelu), block.fc2));
    return weights;
  });
  return { logits: linear(layerNorm(meanOf(x, dim), norm), head), attention };
}

/** Patches as tokens, (N, dim), with their positions. */
function embed({ grid: [h, w], mean, std, patches, positions }, pixels) {
  const side = Math.sqrt(pixels.length / 3);
  const patch = side / h;
  const cut = new Float64Array(pixels.length); // (N, p q C)
  for (let y = 0, to = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let p = 0; p < patch; p++)
        for (let from = 3 * ((y * patch + p) * side + x * patch), i = 0; i < 3 * patch; i++)
          cut[to++] = (pixels[from + i] / 255 - mean[i % 3]) / std[i % 3];
  return added(linear(cut, patches), positions);
}

/** torch.nn.Linear for rows of numbers: x (N, in), its weight (out, in) -> (N, out).
 *
 * Eight sums at a time, of four rows and two outputs: each number that is read serves several of them, and the
 * processor need not wait for one sum to be ready. Where fewer are left, the last row or output is computed again.
 */
function linear(x, { weight, bias, outputs }) {
  const inputs = weight.length / outputs;
  const rows = x.length / inputs;
  const made = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((step) => Math.min(row + step, rows - 1));
    const [fromA, fromB, fromC, fromD] = [a * inputs, b * inputs, c * inputs, d * inputs];
    for (let out = 0; out < outputs; out += 2) {
      const other = Math.min(out + 1, outputs - 1);
      const [from, fromOther] = [out * inputs, other * inputs];
      // plain variables: an array in this loop would take more time than the sums
      let a0 = bias ? bias[out] : 0;
      let a1 = bias ? bias[other] : 0;
      let [b0, c0, d0, b1, c1, d1] = [a0, a0, a0, a1, a1, a1];
      for (let i = 0; i < inputs; i++) {
        const w0 = weight[from + i];
        const w1 = weight[fromOther + i];
        const xa = x[fromA + i];
        const xb = x[fromB + i];
        const xc = x[fromC + i];
        const xd = x[fromD + i];
        a0 += w0 * xa;
        b0 += w0 * xb;
        c0 += w0 * xc;
        d0 += w0 * xd;
        a1 += w1 * xa;
        b1 += w1 * xb;
        c1 += w1 * xc;
        d1 += w1 * xd;
      }
      made[a * outputs + out] = a0;
      made[b * outputs + out] = b0;
      made[c * outputs + out] = c0;
      made[d * outputs + out] = d0;
      made[a * outputs + other] = a1;
      made[b * outputs + other] = b1;
      made[c * outputs + other] = c1;
      made[d * outputs + other] = d1;
    }
  }
  return made;
}

/** torch.nn.LayerNorm for rows of numbers: x (N, dim). */
function layerNorm(x, { weight, bias, outputs: dim }) {
  const made = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += dim) {
    let [mean, variance] = [0, 0];
    for (let i = 0; i < dim; i++) mean += x[start + i] / dim;
    for (let i = 0; i < dim; i++) variance += (x[start + i] - mean) ** 2 / dim;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let i = 0; i < dim; i++) made[start + i] = (x[start + i] - mean) * scale * weight[i] + bias[i];
  }
  return made;
}

/** torch.nn.GELU: x times the chance that a normal number is below x. */
const gelu = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));

/** The error function, to 1.5e-7: Abramowitz and Stegun, 7.1.26. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

/** q, k and v of every head, each (N, dim / heads), from rows of 3 dim numbers. */
function headsOf(rows, heads, dim) {
  const [tokens, channels] = [rows.length / (3 * dim), dim / heads];
  const cut = (from) => {
    const made = new Float64Array(tokens * channels);
    for (let token = 0; token < tokens; token++) {
      const start = token * 3 * dim + from;
      made.set(rows.subarray(start, start + channels), token * channels);
    }
    return made;
  };
  return [0, 1, 2].map((part) => Array.from({ length: heads }, (_, h) => cut(part * dim + h * channels)));
}

/** The values of all heads, mixed by their weights, head beside head: (N, dim). */
function mixed(weights, values, dim) {
  const channels = dim / weights.length;
  const tokens = values[0].length / channels;
  const made = new Float64Array(tokens * dim);
  weights.forEach((each, h) => {
    const own = values[h];
    for (let a = 0; a < tokens; a++)
      for (let b = 0, to = a * dim + h * channels; b < tokens; b++) {
        const weight = each[a * tokens + b];
        for (let c = 0; c < channels; c++) made[to + c] += weight * own[b * channels + c];
      }
  });
  return made;
}

const added = (x, y) => x.map((value, i) => value + y[i]);

/** The mean of all rows. */
function meanOf(x, dim) {
  const mean = new Float64Array(dim);
  x.forEach((value, i) => (mean[i % dim] += (value * dim) / x.length));
  return mean;
}
