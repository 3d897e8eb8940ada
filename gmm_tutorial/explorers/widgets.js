// What the explorers are built from: elements, sliders, choices, a sentence that is read aloud, the life of a view.

/** An element: properties, attributes (names with a dash, and `role`), children. */
export function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

// In JupyterLab, arrow keys are for what has the focus here, and not for the notebook. It asks the element itself.
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

/** A number as text, with a true minus, and none before a zero. */
export const decimals = (count) => (number) =>
  number
    .toFixed(count)
    .replace(/^-(?=[0.]+$)/, "")
    .replace("-", "−");

/** A labeled <input type="range">, its value beside it. change(value) at each step; .set(value) moves it. */
export function slider(label, { min, max, step, value, format = decimals(2) }, change) {
  const input = node("input", { type: "range", min, max, step, value, ...OWN_KEYS });
  // what is read aloud is aria-valuetext: the output would be a part of the name, and say it once more
  const shown = node("output", { "aria-hidden": "true" }, format(value));
  const said = (number) => {
    shown.value = format(number);
    input.setAttribute("aria-valuetext", format(number));
  };
  said(value);
  input.addEventListener("input", () => {
    said(input.valueAsNumber);
    change(input.valueAsNumber);
  });
  const made = node("label", { className: "explorer-slider" }, node("span", {}, label), input, shown);
  made.set = (number) => {
    input.value = number;
    said(number);
  };
  return made;
}

export function button(text, action) {
  const made = node("button", { type: "button", className: "explorer-button", ...OWN_KEYS }, text);
  made.addEventListener("click", action);
  return made;
}

/** A labeled checkbox. change(checked) when it is switched. */
export function toggle(label, checked, change) {
  const input = node("input", { type: "checkbox", checked, ...OWN_KEYS });
  input.addEventListener("change", () => change(input.checked));
  return node("label", { className: "explorer-toggle" }, input, label);
}

let groups = 0;

/** One of several by radio buttons: options {value: text or picture}. */
export function choice(legend, options, value, change) {
  const name = `explorer-${(groups += 1)}`;
  const buttons = Object.entries(options).map(([option, text]) => {
    const input = node("input", { type: "radio", name, value: option, checked: option === value, ...OWN_KEYS });
    input.addEventListener("change", () => change(option));
    return node("label", {}, input, node("span", {}, text));
  });
  return node("fieldset", { className: "explorer-choice" }, node("legend", {}, legend), ...buttons);
}

/** A sentence that is read aloud when it has changed and come to rest. */
export function spoken() {
  const made = node("p", { className: "explorer-spoken", role: "status", "aria-live": "polite" });
  let timer = 0;
  made.say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (made.textContent = text), made.textContent ? 120 : 0);
  };
  return made;
}

/** The life of a view. build(root, state, changed) fills root and returns what draws it.
 *
 * The state is the model's: `changed()` draws, and a little later saves it. A state that comes from elsewhere, such as
 * from Python, builds the view anew. Returns what ends the view.
 */
export function mount({ model, el }, build) {
  el.classList.add("explorer");
  const root = node("div", { className: "explorer-live" });
  el.append(root);
  const [src, width, alt] = ["still", "width", "alt"].map((name) => model.get(name));
  if (src) el.append(node("img", { src, width, alt })); // for print
  let state, draw;
  let [timer, frame] = [0, 0];
  const start = () => {
    state = structuredClone(model.get("state"));
    root.replaceChildren();
    draw = build(root, state, changed);
    draw();
  };
  const changed = () => {
    draw();
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.set("state", structuredClone(state));
      model.save_changes();
    }, 200);
  };
  const elsewhere = () => JSON.stringify(model.get("state")) === JSON.stringify(state) || start();
  const again = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => draw());
  };
  const sizes = new ResizeObserver(again);
  const theme = new MutationObserver(again);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  start();
  model.on("change:state", elsewhere);
  sizes.observe(root);
  for (const page of [document.documentElement, document.body]) theme.observe(page, { attributes: true });
  scheme.addEventListener("change", again);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    model.off?.("change:state", elsewhere);
    sizes.disconnect();
    theme.disconnect();
    scheme.removeEventListener("change", again);
  };
}
