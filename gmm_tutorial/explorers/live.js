// Live models: three small vision transformers that run in the browser, on a picture that the reader can change.
import { attendedView } from "./attended.js";
import { droppable, editor, newPicture, restart } from "./editor.js";
import { softmax } from "./math.js";
import { load } from "./pixels.js";
import { probabilityTable } from "./probabilities.js";
import { asked, canVerify, open } from "./safetensors.js";
import { forward, vit } from "./vit.js";
import { button, choice, decimals, mount, node, slider, spoken, toggle } from "./widgets.js";

const HERE = "The models run in this page, and your picture stays in it: nothing is sent anywhere.";
const UNVERIFIED =
  "This page came without https, where browsers compute no checksums: only the lengths in the files were checked.";

function build(model) {
  const picture = newPicture(); // a picture of the reader's is no part of the state, which a notebook keeps
  const runs = []; // each model, with its output, and the number of the edit that the output is of
  const file = (number) => model.get("files")?.[number] ?? asked(model, number);

  return (root, state, changed) => {
    let edits = 1; // how often something changed that the outputs depend on
    let frame = 0;
    let views = null; // of the outputs, once there are models
    const strength = () => (state.prior ? state.strength : 0);
    const edited = () => {
      edits += 1;
      changed();
    };

    const begin = (photo) =>
      load(state.photos[photo].address).then((pixels) => {
        if (photo !== state.photo) return; // another one was chosen since
        restart(picture, pixels);
        edited();
      });
    const photos = choice("photo", thumbnails(state.photos), String(state.photo), (value) => {
      state.photo = Number(value);
      begin(state.photo);
    });
    photos.classList.add("explorer-photos");
    const opened = () => {
      for (const input of photos.querySelectorAll("input")) input.checked = false;
      edited();
    };
    const editing = editor(picture, state, { chosen: changed, edited, opened });
    droppable(root, editing.open);

    const [results, attended] = [node("div", { className: "explorer-results" }), node("div")];
    const [reading, classes] = [spoken(), spoken()];
    let busy = false;
    const offer = button(`Load the three models (${state.megabytes} MB)`, async () => {
      if (busy) return;
      busy = true;
      try {
        for (const [i, { name, sha256 }] of state.models.entries()) {
          reading.say(`Reading ${name}, ${i + 1} of ${state.models.length} ...`);
          runs[i] ??= { model: vit(await open(await file(i), sha256)), edit: 0 };
        }
        show();
        changed();
      } catch (error) {
        reading.say(`The weights could not be read: ${error.message}.`);
      } finally {
        busy = false;
      }
    });
    results.append(offer, reading);
    reading.say(HERE);
    root.append(
      photos,
      node("div", { className: "explorer-edit" }, node("div", {}, ...editing.parts), results),
      attended,
      node("ul", { className: "explorer-note" }, ...state.models.map(({ said }) => node("li", {}, said))),
      node("p", { className: "explorer-note" }, state.note),
    );

    /** Put the views of the outputs in the place of the button. */
    const show = () => {
      const focused = document.activeElement === offer;
      const table = probabilityTable(
        runs[0].model.classes,
        state.models.map(({ name }) => name),
      );
      const percent = (value) => `${Math.round(100 * value)}%`;
      const scale = { min: 0, max: 1, step: 0.05, value: state.strength, format: percent };
      const amount = slider("strength of the prior", scale, (value) => {
        state.strength = value;
        edited();
      });
      const onOff = toggle("with the prior", state.prior, (on) => {
        state.prior = on;
        edited();
      });
      results.replaceChildren(table, classes, node("div", { className: "explorer-controls" }, onOff, amount));
      if (!canVerify()) results.append(node("p", { className: "explorer-note" }, UNVERIFIED));
      views = { table, amount, maps: attendedView(root, state, changed) };
      attended.replaceChildren(views.maps.element);
      if (focused) table.focus();
      for (const run of runs) run.edit = 0;
    };

    const drawOutputs = () => {
      views.amount.querySelector("input").disabled = !state.prior;
      views.table.draw(runs.map(({ output }) => output && Array.from(softmax(output.logits))));
      views.maps.draw(runs, picture.pixels, strength());
      if (!runs.every(({ edit }) => edit === edits)) return;
      classes.say(`${runs.map((run, i) => `${state.models[i].name}: ${guess(run)}`).join("; ")}.`);
      views.maps.say(runs);
    };
    // One model in each frame, the one that is behind the longest, so that drawing on the picture stays smooth.
    const keepUp = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const behind = runs.reduce((a, b) => (b.edit < a.edit ? b : a));
        if (behind.edit === edits) return;
        behind.output = forward(behind.model, picture.pixels, strength());
        behind.edit = edits;
        drawOutputs();
        keepUp();
      });
    };

    if (runs.length === state.models.length) show();
    if (!picture.pixels) begin(state.photo);
    return () => {
      editing.draw();
      if (!views || !picture.pixels) return;
      drawOutputs();
      keepUp();
    };
  };
}

const thumbnails = (photos) =>
  Object.fromEntries(photos.map(({ label, address }, i) => [i, node("img", { src: address, alt: label })]));

/** The class that a model thinks most likely, with its probability. */
function guess({ model, output }) {
  const shares = softmax(output.logits);
  const best = shares.indexOf(Math.max(...shares));
  return `${model.classes[best]} ${decimals(2)(shares[best])}`;
}

export default { render: (view) => mount(view, build(view.model)) };
