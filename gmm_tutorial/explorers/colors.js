// Colors: maps for numbers, and what the page itself writes in.

const MAGMA = ["000004", "1c1044", "4f127b", "812581", "b5367a", "e55064", "fb8761", "fec287", "fcfdbf"];
const AROUND_ZERO = {
  light: ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"],
  dark: ["bfe3ff", "7cc0f5", "3f94d8", "2a6ba6", "254766", "23272e", "5c3a33", "984a38", "d2664a", "f49a78", "ffd9c4"],
};

const rgb = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** A color map: 0 ... 1 -> "rgb(...)", linear between its stops. */
function ramp(stops) {
  const colors = stops.map(rgb);
  return (share) => {
    const place = Math.min(Math.max(share, 0), 1) * (colors.length - 1);
    const i = Math.min(Math.floor(place), colors.length - 2);
    return `rgb(${colors[i].map((low, c) => Math.round(low + (colors[i + 1][c] - low) * (place - i)))})`;
  };
}

/** The page's own letters, as red, green, blue; black for what is not on the page yet. */
const letters = (el) => (getComputedStyle(el).color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);

/** Whether the page is dark, whichever way it says so: its letters are light. */
export function isDark(el) {
  const [r, g, b] = letters(el);
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

/** The color of the page's letters, or a share of it. */
export const ink = (el, share = 1) => `rgba(${letters(el)}, ${share})`;

/** Colors around zero, -limit ... limit. */
export function signedColors(limit, el) {
  const color = ramp(AROUND_ZERO[isDark(el) ? "dark" : "light"]);
  return (value) => color(0.5 + value / (2 * limit || 1));
}

/** Colors from zero up; of weights along the square root, or a few large ones would hide all others. */
export function positiveColors(limit, root = false) {
  const color = ramp(MAGMA);
  return (value) => color(root ? Math.sqrt(value / limit) : value / limit);
}

/** Of the query and of the key, told apart by all eyes. */
export const MARKS = { query: "#0072B2", key: "#D55E00" };
