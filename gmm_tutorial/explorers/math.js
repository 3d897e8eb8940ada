// The mathematics of the explorers: what gmm_tutorial computes with tensors, on plain arrays.
// Tokens, offsets and matrices are in raster order. A grid is [h, w], a place [y, x], N = h w.
// tests/browser/test_math.py holds these functions against the reference module.

/** grid.kernel_offsets: fill a (2h-1, 2w-1) kernel with a function of the offset key - query. */
export function kernelOf([h, w], weight) {
  const kernel = new Float64Array((2 * h - 1) * (2 * w - 1));
  for (let dy = 1 - h, i = 0; dy < h; dy++) for (let dx = 1 - w; dx < w; dx++) kernel[i++] = weight(dy, dx);
  return kernel;
}

/** priors.GaussianMixtureMask.kernel, one head: sum_k alpha_k exp(-d^2 / (2 (sigma_k^2 + 1e-5))). */
export function mixtureKernel(alpha, sigma, grid) {
  const precision = Array.from(sigma, (width) => 1 / (2 * (width * width + 1e-5)));
  return kernelOf(grid, (dy, dx) => {
    let sum = 0;
    for (let k = 0; k < precision.length; k++) sum += alpha[k] * Math.exp(-precision[k] * (dy * dy + dx * dx));
    return sum;
  });
}

/** The steps between two tokens: along rows and columns, or as the crow flies. */
export const METRICS = {
  manhattan: (dy, dx) => Math.abs(dy) + Math.abs(dx),
  euclid: (dy, dx) => Math.hypot(dy, dx),
};

/** priors.ManhattanDecay.kernel and ALiBi2d's, one head: gamma^distance. */
export function decayKernel(gamma, metric, grid) {
  return kernelOf(grid, (dy, dx) => gamma ** METRICS[metric](dy, dx));
}

/** decay.manhattan_gamma: RMT's rates, 1 - 2^(-2 - 4 h/H). */
export function manhattanGamma(heads) {
  return Array.from({ length: heads }, (_, head) => 1 - 2 ** (-2 - (4 * head) / heads));
}

/** decay.alibi_slopes as rates: exp(-m), m = 2^(-8 (h+1)/H). */
export function alibiGamma(heads) {
  return Array.from({ length: heads }, (_, head) => Math.exp(-(2 ** ((-8 * (head + 1)) / heads))));
}

/** decay.half_distance: after how many steps half is gone. */
export function halfDistance(gamma) {
  return Math.LN2 / Math.abs(Math.log(gamma));
}

/** The window of one query: the (h, w) part of a kernel that lies under the grid, N numbers. */
export function windowAt(kernel, [y, x], [h, w]) {
  const row = new Float64Array(h * w);
  for (let i = 0; i < h; i++)
    for (let j = 0; j < w; j++) row[i * w + j] = kernel[(i - y + h - 1) * (2 * w - 1) + (j - x + w - 1)];
  return row;
}

/** grid.unfold_kernel, one head: the window of every query, a row of the N x N mask each. */
export function unfoldKernel(kernel, [h, w]) {
  const tokens = h * w;
  const mask = new Float64Array(tokens * tokens);
  for (let a = 0; a < tokens; a++) mask.set(windowAt(kernel, [Math.floor(a / w), a % w], [h, w]), a * tokens);
  return mask;
}

export function softmax(logits) {
  let [top, sum] = [-Infinity, 0];
  for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]);
  const shares = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) sum += shares[i] = Math.exp(logits[i] - top);
  for (let i = 0; i < logits.length; i++) shares[i] /= sum;
  return shares;
}

/** One row of softmax(S + log decay). score(a, b) is S; decay: the metric's, gamma a step. */
export function fullRow(score, gamma, metric, [y, x], [h, w]) {
  const steps = windowAt(kernelOf([h, w], METRICS[metric]), [y, x], [h, w]);
  return softmax(steps.map((d, key) => score(y * w + x, key) + d * Math.log(gamma)));
}

/** One row of decomposed Manhattan attention, and the two weights that it is made of.
 *
 * down: (h,), A_H[x; y, y'], the query's column; along: (h, w), A_W[y'; x, x'], each corner's row.
 * row: (N,), their product: the weight of each key by way of the corner (y', x).
 */
export function decomposedRow(score, gamma, [y, x], [h, w]) {
  const log = Math.log(gamma);
  const lines = { down: new Float64Array(h), along: new Float64Array(h * w), row: new Float64Array(h * w) };
  lines.down = softmax(lines.down.map((_, u) => score(y * w + x, u * w + x) + Math.abs(y - u) * log));
  for (let u = 0; u < h; u++) {
    const logits = Float64Array.from({ length: w }, (_, z) => score(u * w + x, u * w + z) + Math.abs(x - z) * log);
    lines.along.set(softmax(logits), u * w);
  }
  lines.row = lines.along.map((weight, key) => lines.down[Math.floor(key / w)] * weight);
  return lines;
}

/** attention.attention_weights of one head: q, k (N, D); prior (N, N) or null; combine "scale" or "bias". */
export function attentionWeights(q, k, channels, prior, combine) {
  const tokens = q.length / channels;
  const weights = new Float64Array(tokens * tokens);
  for (let a = 0; a < tokens; a++) {
    const logits = new Float64Array(tokens);
    for (let b = 0; b < tokens; b++) {
      let dot = 0;
      for (let c = 0; c < channels; c++) dot += q[a * channels + c] * k[b * channels + c];
      logits[b] = dot / Math.sqrt(channels);
      if (prior && combine === "scale") logits[b] *= prior[a * tokens + b];
      if (prior && combine === "bias") logits[b] += Math.log(prior[a * tokens + b]);
    }
    weights.set(softmax(logits), a * tokens);
  }
  return weights;
}

/** probe.mean_distance: how far a token looks on average, in patches. weights: (N, N), rows sum to 1. */
export function meanDistance(weights, [h, w]) {
  const apart = unfoldKernel(kernelOf([h, w], METRICS.euclid), [h, w]);
  return weights.reduce((sum, weight, i) => sum + weight * apart[i], 0) / (h * w);
}
