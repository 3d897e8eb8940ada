// A small picture as bytes, (S, S, 3) row by row, as a model takes it: opened, drawn on, its patches rearranged.

export const SIDE = 32; // S: pictures of CIFAR

/** A picture of any size, cut to the square around its middle and scaled to S x S. */
export function pixelsOf(picture) {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const crop = Math.min(width, height);
  const context = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE }).getContext("2d");
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (width - crop) / 2, (height - crop) / 2, crop, crop, 0, 0, SIDE, SIDE);
  return context.getImageData(0, 0, SIDE, SIDE).data.filter((_, i) => i % 4 < 3);
}

/** The pixels of a picture at an address. */
export async function load(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  return pixelsOf(picture);
}

/** The pixels of a reader's file, which stays on the reader's machine. Throws if it is not a picture. */
export async function loadFile(file) {
  const address = URL.createObjectURL(file);
  try {
    return await load(address);
  } catch {
    throw new Error(`${file.name} is not a picture that this browser can read. Use a PNG, JPEG or WebP file.`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A canvas that shows the pixels, for `pen.photo`. */
export function canvasOf(pixels) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const data = new ImageData(SIDE, SIDE);
  data.data.fill(255);
  pixels.forEach((value, i) => (data.data[4 * Math.floor(i / 3) + (i % 3)] = value));
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}

/** The same picture with its patches in another order: patch i becomes what patch order[i] was. */
export function rearranged(pixels, order, [h, w]) {
  const [rows, columns] = [SIDE / h, SIDE / w];
  const corner = (i) => Math.floor(i / w) * rows * SIDE + (i % w) * columns;
  const made = pixels.slice();
  order.forEach((from, to) => {
    for (let y = 0; y < rows; y++) {
      const start = 3 * (corner(from) + y * SIDE);
      made.set(pixels.subarray(start, start + 3 * columns), 3 * (corner(to) + y * SIDE));
    }
  });
  return made;
}

const inOrder = (count) => Array.from({ length: count }, (_, i) => i);

/** The numbers 0 ... count - 1 in order, but for two that have changed places. */
export const exchanged = (count, a, b) => inOrder(count).map((i) => (i === a ? b : i === b ? a : i));

/** The numbers 0 ... count - 1 in random order. */
export function shuffled(count) {
  const order = inOrder(count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** The same picture with a line from one pixel to another. color: "#rrggbb"; width: of the square brush. */
export function painted(pixels, from, to, color, width) {
  const made = pixels.slice();
  const rgb = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
  for (let step = 0; step <= steps; step++) {
    const [top, left] = brushAt(
      [0, 1].map((axis) => Math.round(from[axis] + ((to[axis] - from[axis]) * step) / steps)),
      width,
    );
    for (let y = Math.max(top, 0); y < Math.min(top + width, SIDE); y++)
      for (let x = Math.max(left, 0); x < Math.min(left + width, SIDE); x++) made.set(rgb, 3 * (y * SIDE + x));
  }
  return made;
}

/** The first row and column under a brush whose middle is at a pixel. */
export const brushAt = (pixel, width) => pixel.map((at) => at - Math.floor((width - 1) / 2));
