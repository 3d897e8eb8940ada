// Files of weights: their bytes, their checksum, and the tensors in them.

/** The tensors of a safetensors file, whose layout is: the header's length, the header, the numbers.
 *
 * Throws unless the lengths that the header gives are those of the file.
 */
export function readTensors(buffer) {
  const length = buffer.byteLength < 8 ? Infinity : Number(new DataView(buffer).getBigUint64(0, true));
  if (8 + length > buffer.byteLength) throw damaged("it is shorter than its header says");
  const { __metadata__: about, ...entries } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const kinds = { I8: Int8Array, I16: Int16Array, F32: Float32Array };
  const tensors = {};
  let total = 8 + length;
  for (const [name, { dtype, shape, data_offsets: place }] of Object.entries(entries)) {
    const [begin, end] = place.map((offset) => 8 + length + offset);
    const data = new kinds[dtype](buffer.slice(begin, end));
    if (data.length !== shape.reduce((product, side) => product * side, 1))
      throw damaged(`${name} is not of its shape`);
    tensors[name] = { shape, data };
    total += data.byteLength;
  }
  if (total !== buffer.byteLength) throw damaged("its length is not the one that its header gives");
  return { about: JSON.parse(about.about), tensors };
}

const damaged = (how) => new Error(`the file is damaged (${how}): reload the page, or get the file again`);

/** Whether a page can compute checksums: browsers offer SubtleCrypto only over https and on this machine. */
export const canVerify = () => Boolean(globalThis.crypto?.subtle);

/** Throws unless the bytes have the checksum, where a page can tell. */
export async function verify(buffer, sha256) {
  if (!sha256 || !canVerify()) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw damaged("its checksum is wrong");
}

/** What is in a file, once it is verified. A file is its bytes, in JupyterLab, or its address, on a page. */
export async function open(file, sha256) {
  const buffer = typeof file === "string" ? await fetched(file) : bytesOf(file);
  await verify(buffer, sha256);
  return readTensors(buffer);
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the server says ${answer.status}`);
  return answer.arrayBuffer();
}

const bytesOf = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);

/** The bytes of a file that the kernel has, in JupyterLab, when they are asked for by their number. */
export function asked(model, number, seconds = 30) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      model.off("msg:custom", answered);
    };
    const answered = ({ file }, [bytes]) => {
      if (file !== number) return;
      done();
      resolve(bytes);
    };
    const timer = setTimeout(() => {
      done();
      reject(new Error("the kernel does not answer: run the cell again"));
    }, 1000 * seconds);
    model.on("msg:custom", answered);
    model.send({ file: number });
  });
}
