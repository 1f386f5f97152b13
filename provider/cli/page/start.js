"use strict";
// Joins the parts: what is chosen changes the fragment, and the fragment is drawn.

let current = shownBy("");
let drawnAs = "";
const form = document.querySelector("form");
const found = document.getElementById("found");
const tables = {
  grants: new Paged(document.querySelector("#grants .table"), {
    label: "grants", columns: GRANT_COLUMNS, size: 50, row: grantRow, sort: "sort", page: "page",
    none: () => (grants.length ? "No grant is as the filters say." : "Nothing is granted."),
  }),
  targets: new Paged(document.querySelector("#targets .table"), {
    label: "targets", columns: TARGET_COLUMNS, size: 25, row: targetRow, sort: "order", page: "sheet",
    none: () => (targets.size ? "No target is as the filters say." : "Nothing is published."),
  }),
};

function go(changes, silently = false) {
  const link = linkTo(current, changes);
  if (link !== location.hash) history[silently ? "replaceState" : "pushState"](null, "", link);
  draw();
}

function draw(force = false, all = false) {
  current = shownBy(location.hash);
  const asked = fragmentOf({ ...current, show: "" });
  if (force || asked !== drawnAs) {
    drawnAs = asked;
    drawAll(all);
  }
  drawDetails(current);
}

function drawAll(all) {
  const rows = grantsAsked(current);
  const wanted = targetsAsked(current, rows);
  const held = document.activeElement?.closest(".node")?.dataset.id;
  fillForm();
  tell(isFiltered(current)
    ? `${number(rows.length)} of ${several(grants.length, "grant", "grants")}, on ${number(wanted.length)} of ${several(targets.size, "target", "targets")}`
    : `${several(grants.length, "grant", "grants")} on ${several(targets.size, "target", "targets")}`);
  drawGraph(current, rows, wanted, () => draw(true));
  tables.grants.draw(current, rows, all);
  tables.targets.draw(current, wanted, all);
  if (held) ([...document.querySelectorAll(".node")].find((one) => one.dataset.id === held)?.querySelector("a, button") ?? document.getElementById("graph")).focus();
}

// Screen readers say this when it changes, so it is touched only then.
function tell(text) {
  if (found.textContent !== text) found.textContent = text;
}

function fillForm() {
  for (const name of ["q", "account", "target", "age"]) {
    const field = form.elements[name];
    if (field !== document.activeElement || field.value.trim() !== current[name]) field.value = current[name];
  }
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = current[box.name].includes(box.value);
  form.querySelector("[type=reset]").disabled = !isFiltered(current);
}

function readForm() {
  const said = new FormData(form);
  const changes = Object.fromEntries(["q", "account", "target", "age"].map((name) => [name, said.get(name).trim()]));
  return { ...changes, state: said.getAll("state"), type: said.getAll("type") };
}

function readyForm() {
  const box = (name, value, count, ...label) =>
    element("label", { class: "choice" }, element("input", { type: "checkbox", name, value }), ...label, " ", element("span", { class: "count" }, number(count)));
  const [byState, byType] = [counted(grants, "state"), counted(grants, "type")];
  document.getElementById("states").append(...GRAVITY.map((one) => box("state", one, byState.get(one) ?? 0, symbol(one), STATES[one][0])));
  document.getElementById("types").append(...TYPES.map((one) => box("type", one, byType.get(one) ?? 0, one)));
  form.elements.age.append(...Object.entries(AGES).map(([value, [words]]) => element("option", { value }, words)));
  let waiting = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    propose(event.target);
    if (event.target.matches("select, [type=checkbox]")) go(readForm());
    else waiting = setTimeout(() => go(readForm(), true), 120);
  });
  form.addEventListener("focusin", (event) => propose(event.target));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    go(Object.fromEntries(FILTERS.map((name) => [name, NOTHING[name]])));
    form.elements.q.focus();
  });
}

// A few of the accounts or targets that have what is typed: a list of all would be long.
function propose(field) {
  const known = { account: accounts, target: [...targets.keys()] }[field.name];
  if (!known) return;
  const fitting = known.filter((one) => one.toLowerCase().includes(field.value.trim().toLowerCase())).slice(0, 30);
  document.getElementById(field.getAttribute("list")).replaceChildren(...fitting.map((value) => element("option", { value })));
}

function readyScheme() {
  const scheme = document.getElementById("scheme");
  const kept = { read: () => localStorage.getItem("permission-map-scheme"), write: (value) => localStorage.setItem("permission-map-scheme", value) };
  const attempt = (work) => { try { return work(); } catch { return null; } }; // storage may be shut off
  const apply = () => { document.documentElement.style.colorScheme = scheme.value; };
  scheme.value = attempt(kept.read) ?? "light dark";
  if (scheme.selectedIndex < 0) scheme.selectedIndex = 0;
  scheme.addEventListener("change", () => { apply(); attempt(() => kept.write(scheme.value)); });
  apply();
  scheme.parentElement.hidden = false;
}

document.querySelector("main").hidden = false;
readyScheme();
readyForm();
readyGraph();
readyDetails();
addEventListener("hashchange", () => draw());
addEventListener("beforeprint", () => draw(true, true));
addEventListener("afterprint", () => draw(true));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("grants").focus();
});
draw(true);
