// On a page without a kernel: make each <div data-explorer="name" data-state="{...}"> live. What is in it, a still
// picture with its alt text, stays for print, and for readers without JavaScript.

/** What an explorer needs of a model, over a plain object. */
function modelOf(values) {
  const listeners = [];
  return {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      for (const [event, call] of listeners) if (event === `change:${name}`) call();
    },
    on: (event, call) => listeners.push([event, call]),
    save_changes: () => {},
  };
}

async function enliven(el) {
  const { default: explorer } = await import(`./${el.dataset.explorer}.js`);
  const { files = [], ...state } = JSON.parse(el.dataset.state);
  const addresses = files.map((file) => new URL(file, import.meta.url).href);
  explorer.render({ model: modelOf({ state, files: addresses }), el });
}

const found = document.querySelectorAll("[data-explorer]");
if (found.length) {
  document.head.append(
    Object.assign(document.createElement("link"), {
      rel: "stylesheet",
      href: new URL("./explorers.css", import.meta.url).href,
    }),
  );
}
// One that fails leaves its picture where it is: a box that stayed behind would hide it.
for (const el of found) {
  enliven(el).catch((error) => {
    el.querySelector(".explorer-live")?.remove();
    console.error(`explorer ${el.dataset.explorer}:`, error);
  });
}
