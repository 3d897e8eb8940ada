// The bench: choose two models, train them with the same seeds, read what came out. Python trains and draws.
import { OWN_KEYS, node, spoken } from "./widgets.js";

const BUTTON = { ready: "Train", training: "Stop", stopping: "Stopping", stopped: "Go on", done: "Train", error: "Train" };
let views = 0;

/** An input with its label above it. */
const field = (label, input) => node("label", { className: "explorer-field" }, node("span", {}, label), input);

/** One of several: options {value: text}. */
function select(label, options, value, change) {
  const choices = Object.entries(options).map(([name, text]) => node("option", { value: name }, text));
  const input = node("select", OWN_KEYS, ...choices);
  input.value = value;
  input.addEventListener("change", () => change(input.value));
  return Object.assign(field(label, input), { input });
}

/** A whole number from 1 to `max`; what is none goes back to what was there. */
function number(label, max, value, change) {
  const input = node("input", { type: "number", min: 1, max, step: 1, value, ...OWN_KEYS });
  input.addEventListener("change", () => {
    const typed = Math.round(input.valueAsNumber);
    if (Number.isNaN(typed)) input.value = value;
    else change((input.value = value = Math.min(Math.max(typed, 1), max)));
  });
  return field(label, input);
}

/** The model, prior and positions of one side. What a model cannot have is switched off, and said. */
function side(legend, offers, chosen, changed) {
  const set = (name) => (value) => {
    chosen[name] = value;
    follow();
    changed();
  };
  const model = select("model", offers.models, chosen.model, set("model"));
  const prior = select("prior", offers.priors, chosen.prior, set("prior"));
  const check = node("input", { type: "checkbox", checked: chosen.positions, ...OWN_KEYS });
  check.addEventListener("change", () => set("positions")(check.checked));
  const follow = () => {
    prior.input.disabled = !offers.takes_prior[chosen.model];
    check.disabled = !offers.takes_positions[chosen.model];
    if (prior.input.disabled) prior.input.value = chosen.prior = "none";
    if (check.disabled) check.checked = chosen.positions = true;
  };
  follow();
  const positions = node("label", { className: "explorer-check" }, check, node("span", {}, "position embeddings"));
  return node("fieldset", { className: "explorer-side" }, node("legend", {}, legend), model, prior, positions);
}

/** What the trainings gave: the verdict and the pictures. */
function results(model) {
  const verdict = node("p", { className: "explorer-verdict", "aria-live": "polite" });
  const [images, about] = [node("div"), node("p", { className: "explorer-note" })];
  const box = node("div", { className: "explorer-results" }, verdict, images, about);
  const draw = () => {
    verdict.textContent = model.get("verdict");
    about.textContent = model.get("about");
    images.replaceChildren(...model.get("pictures").map(({ src, width, alt }) => node("img", { src, width, alt })));
  };
  return { box, draw };
}

/** The code of a cell that does the same, shown and copied when the button is pressed. */
function code(model, say) {
  const area = node("textarea", { readOnly: true, spellcheck: false, rows: 6, ...OWN_KEYS });
  const box = node("div", { className: "explorer-code", hidden: true }, field("code of a cell that does the same", area));
  const button = node("button", { type: "button", ...OWN_KEYS }, "Copy as code");
  const draw = () => {
    area.value = model.get("code");
    area.rows = area.value.split("\n").length;
  };
  button.addEventListener("click", async () => {
    draw();
    if (!area.value) return; // the choices do not fit, which the line above says
    box.hidden = false;
    try {
      await navigator.clipboard.writeText(area.value);
      say("The code is copied. Paste it into a new cell.");
    } catch {
      area.select();
      say("The code is selected. Copy it, and paste it into a new cell.");
    }
  });
  return { box, button, draw };
}

function render({ model, el }) {
  el.classList.add("explorer");
  const offers = model.get("offers");
  const state = structuredClone(model.get("state"));
  const changed = () => {
    model.set("state", structuredClone(state));
    model.save_changes();
  };
  const own = (name) => (value) => {
    state[name] = value;
    changed();
  };
  const shared = node(
    "div",
    { className: "explorer-controls" },
    select("data", offers.datasets, state.dataset, own("dataset")),
    number("passes over the images", offers.most.epochs, state.epochs, own("epochs")),
    number("seeds", offers.most.seeds, state.seeds, own("seeds")),
  );
  const sides = node(
    "div",
    { className: "explorer-controls" },
    side("first model (baseline)", offers, state.first, changed),
    side("second model", offers, state.second, changed),
  );
  const choices = node("fieldset", { className: "explorer-choices" }, node("legend", {}, "What to compare"), shared, sides);
  const status = spoken();
  const train = node("button", { type: "button", className: "explorer-main", ...OWN_KEYS });
  train.addEventListener("click", () => model.send(model.get("phase") === "training" ? "stop" : "train"));
  const id = `explorer-bench-${(views += 1)}`;
  const bar = node("progress", { "aria-labelledby": id });
  const left = node("span", { id });
  const meter = node("div", { className: "explorer-meter" }, bar, left);
  const [shown, copy] = [results(model), code(model, status.say)];
  const root = node(
    "div",
    { className: "explorer-live explorer-bench" },
    choices,
    node("div", { className: "explorer-buttons" }, train, copy.button),
    meter,
    status,
    copy.box,
    shown.box,
  );
  el.append(root);

  const draws = {
    phase: () => {
      const phase = model.get("phase");
      const busy = phase === "training" || phase === "stopping";
      train.textContent = BUTTON[phase];
      train.setAttribute("aria-disabled", phase === "stopping");
      choices.disabled = busy;
      meter.hidden = !busy && phase !== "stopped";
      status.classList.toggle("explorer-error", phase === "error");
    },
    progress: () => {
      const { done, steps, text } = model.get("progress");
      [bar.max, bar.value] = [steps || 1, done || 0];
      left.textContent = text ?? "";
    },
    said: () => status.say(model.get("said")),
    verdict: shown.draw,
    about: shown.draw,
    pictures: shown.draw,
    code: copy.draw,
  };
  for (const [name, draw] of Object.entries(draws)) {
    model.on(`change:${name}`, draw);
    draw();
  }
  return () => {
    for (const [name, draw] of Object.entries(draws)) model.off?.(`change:${name}`, draw);
  };
}

export default { render };
