"use strict";
// What is shown is said in the page's fragment, and by nothing else: a link to it shows the same, and the way back leads back.

const NOTHING = {
  q: "", account: "", target: "", age: "", state: [], type: [],
  sort: "account", page: "1", order: "target", sheet: "1", show: "",
};
const FILTERS = ["q", "account", "target", "age", "state", "type"];

function shownBy(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const found = {};
  for (const [name, unless] of Object.entries(NOTHING)) {
    found[name] = Array.isArray(unless) ? said.getAll(name) : said.get(name) ?? unless;
  }
  return found;
}

function fragmentOf(shown) {
  const said = new URLSearchParams();
  for (const [name, unless] of Object.entries(NOTHING)) {
    if (Array.isArray(unless)) shown[name].forEach((one) => said.append(name, one));
    else if (shown[name] !== unless) said.set(name, shown[name]);
  }
  return `#${said.toString() || "all="}`;
}

function isFiltered(shown) {
  return FILTERS.some((name) => shown[name].length > 0);
}

// A link to what is shown now, but for some changes; a changed filter begins at the first page again.
function linkTo(shown, changes) {
  const begins = FILTERS.some((name) => name in changes) ? { page: "1", sheet: "1", show: "" } : {};
  return fragmentOf({ ...shown, ...begins, ...changes });
}
