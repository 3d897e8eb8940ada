// Class probabilities of several models, a column each: a table, with a bar beside each number.
import { decimals, node } from "./widgets.js";

/** A table of classes by models. draw(probabilities) takes, for each model, a number for each class, or nothing yet. */
export function probabilityTable(classes, names) {
  // in an element of its own: the book hides the head of a table whose cells hold no element
  const heads = names.map((name) => node("th", { scope: "col" }, node("span", {}, name)));
  const cells = classes.map(() => names.map(() => node("td")));
  const rows = classes.map((name, row) => node("tr", {}, node("th", { scope: "row" }, name), ...cells[row]));
  const made = node(
    "table",
    { className: "explorer-table", tabIndex: -1 },
    node("caption", {}, "Class probabilities"),
    node("thead", {}, node("tr", {}, node("td"), ...heads)),
    node("tbody", {}, ...rows),
  );
  made.draw = (probabilities) =>
    probabilities.forEach((shares, column) => {
      if (!shares) return;
      const best = shares.indexOf(Math.max(...shares));
      shares.forEach((share, row) => {
        const bar = node("span", { className: "explorer-share" });
        bar.style.width = `${100 * share}%`;
        const number = node(row === best ? "strong" : "span", {}, decimals(2)(share));
        cells[row][column].replaceChildren(node("div", {}, number, node("span", { className: "explorer-track" }, bar)));
      });
    });
  return made;
}
