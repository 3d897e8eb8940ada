// What a prior says to one query, as a map in its colors.
import { positiveColors, signedColors } from "./colors.js";

/** Draw a prior's weights for the query, or an empty map where there is none. Returns the largest size of a weight.
 *
 * combine: "bias" for a decay, which is positive; anything else can have both signs.
 */
export function drawPrior(map, root, weights, grid, combine, query) {
  const values = weights ?? new Float64Array(grid[0] * grid[1]);
  const limit = Math.max(...values.map(Math.abs)) || 1;
  const color = combine === "bias" ? positiveColors(1) : signedColors(limit, root);
  map.draw(values, grid, weights ? color : () => "transparent", { marks: (pen) => weights && pen.frame(query) });
  return limit;
}
