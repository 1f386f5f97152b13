"use strict";
// Tables in pages, so that ten thousand rows are no more to a browser than fifty.

const GRANT_COLUMNS = [
  ["account", "Consumer", (one) => one.account],
  ["type", "Type", (one) => one.type],
  ["target", "Target", (one) => one.label],
  ["state", "State", (one) => GRAVITY.indexOf(one.state)],
  ["since", "In force since (UTC)", (one) => one.since],
  ["until", "Until (UTC)", (one) => one.until || "~"],
];
const TARGET_COLUMNS = [
  ["target", "Target", (one) => one.label],
  ["kind", "Kind", (one) => one.kind],
  ["state", "State", (one) => one.state],
  ["grants", "Grants", (one) => one.held.length],
  ["fullness", "Fullest policy", (one) => (one.fullest && one.fullest.size !== null ? share(one.fullest) : -1)],
];

function grantRow(one, shown) {
  const stack = one.stack.split("/")[1] ?? one.stack;
  const name = one.target.split("/").slice(1).join("/");
  return [
    element("th", { scope: "row" }, element("a", { href: linkTo(shown, { show: `grant ${one.id}` }) }, element("code", {}, one.account)), element("small", {}, element("span", {}, `${one.resource},`), " ", element("span", {}, stack))),
    element("td", {}, one.type),
    element("td", {}, name, one.environment === "default" ? "" : element("span", { class: "environment" }, one.environment), element("small", {}, element("code", {}, one.owner), element("span", { class: "type-too" }, one.type))),
    element("td", {}, badge(one.state), one.why ? element("small", {}, one.why) : ""),
    element("td", {}, when(one.since), one.since ? element("small", {}, ago(one.since)) : ""),
    element("td", {}, when(one.until), one.until ? element("small", {}, ago(one.until)) : ""),
  ];
}

function targetRow(one, shown) {
  const name = one.target.split("/").slice(1).join("/");
  return [
    element("th", { scope: "row" }, element("a", { href: linkTo(shown, { show: `target ${one.label}` }) }, name), one.environment === "default" ? "" : element("span", { class: "environment" }, one.environment), element("small", {}, element("code", {}, one.owner))),
    element("td", {}, one.kind || "not shown"),
    element("td", {}, one.state || "not shown"),
    element("td", { class: "figure" }, number(one.held.length)),
    element("td", {}, fullness(one.fullest)),
  ];
}

class Paged {
  constructor(place, { label, columns, size, row, sort, page, none }) {
    Object.assign(this, { label, columns, size, row, sort, page, none });
    this.heads = columns.map(([name, title]) => {
      const button = element("button", { type: "button" }, title);
      button.addEventListener("click", () => go({ [sort]: current[sort] === name ? `-${name}` : name, [page]: "1" }));
      return element("th", { scope: "col", class: name }, button);
    });
    this.body = element("tbody");
    this.said = element("p", { class: "said" });
    this.steps = [["Previous", -1], ["Next", 1]].map(([title, step]) => {
      const button = element("button", { type: "button", "aria-label": `${title} page of ${label}` }, title);
      button.addEventListener("click", () => go({ [page]: String(this.at + step) }));
      return button;
    });
    const table = element("table", { "aria-labelledby": `${label}-title` }, element("thead", {}, element("tr", {}, this.heads)), this.body);
    this.pager = element("nav", { class: "pager", "aria-label": `Pages of ${label}` }, this.steps[0], this.said, this.steps[1]);
    place.replaceChildren(table, this.pager);
    this.body.addEventListener("keydown", (event) => this.step(event));
    this.body.addEventListener("click", (event) => this.choose(event));
  }

  draw(shown, rows, all = false) {
    const [, falling, name] = shown[this.sort].match(/^(-?)(.*)$/s);
    const [, , key] = this.columns.find(([one]) => one === name) ?? this.columns[0];
    const way = falling ? -1 : 1;
    const keyed = rows.map((one) => [key(one), one.label, one]);
    keyed.sort((a, b) => (a[0] < b[0] ? -way : a[0] > b[0] ? way : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
    const pages = Math.max(1, Math.ceil(rows.length / this.size));
    this.at = Math.min(pages, Math.max(1, Number.parseInt(shown[this.page], 10) || 1));
    const start = all ? 0 : (this.at - 1) * this.size;
    const part = keyed.slice(start, all ? undefined : start + this.size).map(([, , one]) => one);
    this.heads.forEach((head, index) => {
      const sorted = this.columns[index][0] === name;
      if (sorted) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const nothing = element("tr", {}, element("td", { colspan: this.columns.length, class: "none" }, this.none(shown)));
    this.body.replaceChildren(...(part.length ? part.map((one) => element("tr", {}, this.row(one, shown).map((cell, index) => attributed(cell, { class: `${this.columns[index][0]} ${cell.className}`.trim() }, [])))) : [nothing]));
    this.said.textContent = part.length ? `${number(start + 1)} to ${number(start + part.length)} of ${number(rows.length)}` : "";
    this.pager.hidden = pages === 1;
    this.steps[0].disabled = this.at === 1;
    this.steps[1].disabled = this.at === pages;
  }

  step(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tr");
    if (!way || !row) return;
    event.preventDefault();
    (way > 0 ? row.nextElementSibling : row.previousElementSibling)?.querySelector("a")?.focus();
  }

  choose(event) {
    if (event.target.closest("a") || String(getSelection())) return;
    event.target.closest("tr")?.querySelector("a")?.click();
  }
}
