"use strict";
// The graph: accounts that ask, targets, and accounts that own, in three lists; between them lines, drawn where the lists lie.
// Of many, those with most grants are shown, and the others as one.

const AT_FIRST = 16;
const REST = "\u0000rest";
const room = { consumers: AT_FIRST, targets: AT_FIRST };
let lines = [];

function counted(rows, key) {
  const found = new Map();
  for (const one of rows) found.set(one[key], (found.get(one[key]) ?? 0) + 1);
  return found;
}

function foremost(names, count, limit) {
  const byCount = [...names].sort((a, b) => (count.get(b) ?? 0) - (count.get(a) ?? 0) || (a < b ? -1 : 1));
  return new Set(byCount.length > limit ? byCount.slice(0, limit - 1) : byCount);
}

function between(rows, consumers, drawn) {
  const found = new Map();
  for (const one of rows) {
    const from = consumers.has(one.account) ? one.account : REST;
    const to = drawn.has(one.label) ? one.label : REST;
    const key = `${from}\n${to}`;
    if (!found.has(key)) found.set(key, { from, to, rows: [] });
    found.get(key).rows.push(one);
  }
  return [...found.values()];
}

// Consumers stand near what they use: by the mean place of their targets, then by their id.
function placed(consumers, links, order) {
  const place = new Map(order.map((label, index) => [label, index]));
  const middle = (account) => {
    const own = links.filter((one) => one.from === account).map((one) => place.get(one.to) ?? order.length);
    return own.reduce((sum, one) => sum + one, 0) / (own.length || 1);
  };
  const middles = new Map([...consumers].map((one) => [one, middle(one)]));
  return [...consumers].sort((a, b) => middles.get(a) - middles.get(b) || (a < b ? -1 : 1));
}

function node(kind, id, link, isChosen, ...parts) {
  const attributes = { href: link, "aria-current": isChosen ? "true" : null };
  return element("li", { class: `node ${kind}`, "data-id": `${kind} ${id}` }, element("a", attributes, ...parts));
}

function rest(kind, many, what, more) {
  const button = element("button", { type: "button" }, `${number(many)} more ${what}`);
  button.addEventListener("click", more);
  return element("li", { class: `node ${kind} rest`, "data-id": `${kind} ${REST}` }, button);
}

function targetNode(one, count, shown) {
  const chosen = shown.target === one.label;
  const link = linkTo(shown, { target: chosen ? "" : one.label });
  const policy = one.fullest && one.fullest.size !== null ? one.fullest : null;
  const [owner, name] = [one.target.split("/")[0], one.target.split("/").slice(1).join("/")];
  const full = policy ? element("span", {}, `${share(policy)} %`, element("span", { class: "unseen" }, " of its policy is full")) : "";
  const where = one.environment === "default" ? "" : element("span", { class: "environment" }, one.environment);
  return node(
    "target", one.label, link, chosen,
    element("span", { class: "name", title: `${owner}/${name}` }, name, " ", where),
    element("span", { class: "about" }, `${one.kind ? `${one.kind}, ` : ""}${several(count, "grant", "grants")}`, full),
    policy ? bar(policy) : "",
  );
}

function accountNode(kind, id, count, shown) {
  const chosen = shown.account === id;
  const said = kind === "owner" ? several(count, "target", "targets") : several(count, "grant", "grants");
  return node(
    kind, id, linkTo(shown, { account: chosen ? "" : id }), chosen,
    element("code", {}, id), " ", element("span", { class: "count", title: said }, number(count), element("span", { class: "unseen" }, said.replace(/^[\d,]+/, ""))),
  );
}

function drawGraph(shown, rows, wanted, redraw) {
  const grantsBy = { account: counted(rows, "account"), label: counted(rows, "label") };
  const consumers = foremost(grantsBy.account.keys(), grantsBy.account, room.consumers);
  const drawn = foremost(wanted.map((one) => one.label), grantsBy.label, room.targets);
  const order = wanted.filter((one) => drawn.has(one.label)).sort((a, b) => (a.label < b.label ? -1 : 1));
  const links = between(rows, consumers, drawn);
  const owners = counted(order, "owner");
  const more = (what) => () => { room[what] += 2 * AT_FIRST; redraw(); };

  const restOf = (all, some, kind, what, name) => (all > some ? [rest(kind, all - some, what, more(name))] : []);
  document.getElementById("consumers").replaceChildren(
    ...placed(consumers, links, order.map((one) => one.label)).map((id) => accountNode("consumer", id, grantsBy.account.get(id), shown)),
    ...restOf(grantsBy.account.size, consumers.size, "consumer", "accounts", "consumers"),
  );
  document.getElementById("targets-drawn").replaceChildren(
    ...order.map((one) => targetNode(one, grantsBy.label.get(one.label) ?? 0, shown)),
    ...restOf(wanted.length, drawn.size, "target", "targets", "targets"),
  );
  document.getElementById("owners").replaceChildren(
    ...[...owners].map(([id, count]) => accountNode("owner", id, count, shown)),
  );
  drawLines(links, order, `${several(grantsBy.account.size, "account holds", "accounts hold")} ${several(rows.length, "grant", "grants")} on ${several(wanted.length, "target", "targets")} of ${several(new Set(wanted.map((one) => one.owner)).size, "owner", "owners")}. The tables have each of them.`);
}

function drawLines(links, order, said) {
  const svg = document.querySelector("svg.edges");
  svg.replaceChildren(drawing("title", {}, said));
  svg.setAttribute("aria-label", said);
  lines = [
    ...order.map((one) => ({ from: `target ${one.label}`, to: `owner ${one.owner}`, path: drawing("path", { class: "edge owned" }) })),
    ...links.map(({ from, to, rows }) => ({
      from: `consumer ${from}`,
      to: `target ${to}`,
      path: drawing(
        "path",
        { class: `edge ${tone(gravest(new Set(rows.map((one) => one.state))))}`, "stroke-width": (1.4 + Math.log2(rows.length) / 3).toFixed(2) },
        drawing("title", {}, `${from === REST ? "Others" : from} on ${to === REST ? "other targets" : to}: ${[...counted(rows, "type")].map(([type, many]) => `${number(many)} ${type}`).join(", ")}; ${[...counted(rows, "state")].map(([state, many]) => `${number(many)} ${STATES[state][0].toLowerCase()}`).join(", ")}`),
      ),
    })),
  ];
  svg.append(...lines.map((one) => one.path));
  layLines();
}

// Lines end beside each other, in the order of where they come from, so that few cross at a node.
function ends(places, of, opposite) {
  const height = (id) => places.get(id).top + places.get(id).height / 2;
  const byNode = new Map();
  for (const one of lines) byNode.set(one[of], [...(byNode.get(one[of]) ?? []), one]);
  const found = new Map();
  for (const [id, own] of byNode) {
    const reach = places.get(id).height * 0.6;
    own.sort((a, b) => height(a[opposite]) - height(b[opposite]));
    own.forEach((one, index) => found.set(one, height(id) + reach * ((index + 1) / (own.length + 1) - 0.5)));
  }
  return found;
}

function layLines() {
  const graph = document.querySelector(".graph");
  const origin = graph.getBoundingClientRect();
  const places = new Map([...graph.querySelectorAll(".node")].map((one) => [one.dataset.id, one.getBoundingClientRect()]));
  const [starts, stops] = [ends(places, "from", "to"), ends(places, "to", "from")];
  for (const one of lines) {
    const [start, end] = [places.get(one.from), places.get(one.to)];
    const [x, far] = [start.right - origin.left, end.left - origin.left];
    const [y, low] = [starts.get(one) - origin.top, stops.get(one) - origin.top];
    const bend = (far - x) / 2;
    const points = [x, y, x + bend, y, far - bend, low, far, low].map((value) => value.toFixed(1));
    const isShown = start.width > 0 && end.width > 0;
    one.path.setAttribute("d", isShown ? `M${points.slice(0, 2).join(" ")}C${points.slice(2).join(" ")}` : "");
  }
}

// Whoever points at a node sees its lines before the others.
function light(id) {
  document.querySelector(".graph").classList.toggle("lit", Boolean(id));
  for (const one of lines) one.path.classList.toggle("on", one.from === id || one.to === id);
}

function readyGraph() {
  const graph = document.querySelector(".graph");
  const lit = (event) => light(event.target.closest?.(".node")?.dataset.id ?? "");
  graph.addEventListener("pointerover", lit);
  graph.addEventListener("focusin", lit);
  graph.addEventListener("pointerleave", () => light(""));
  graph.addEventListener("focusout", () => light(""));
  new ResizeObserver(layLines).observe(graph);
}
