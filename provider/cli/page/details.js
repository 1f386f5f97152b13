"use strict";
// One grant or target in full, beside the page: its statements, the stack that asked, its times and its policy.

const dialog = document.querySelector("dialog");

function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return element("dl", { class: "facts" }, shown.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function code(text) {
  return element("code", {}, text);
}

// The text of a statement; the names in it that are a grant's own are marked.
function statementText(line, own) {
  const quoted = JSON.stringify(line.document, null, 2).split("\n");
  return quoted.map((text) => {
    const [, before, value, after] = text.match(/^(\s*(?:"[^"]*": (?="))?)(.*?)(,?)$/s);
    return [before, own.has(value) ? element("mark", {}, value) : value, after, "\n"];
  });
}

function statement(line, grant) {
  const others = Object.keys(line.names).length - 1;
  const own = new Set((line.names[grant.id] ?? []).map((name) => JSON.stringify(name)));
  const stands = line.stands
    ? ["In the policy of ", code(line.resource), "."]
    : ["Not in the policy of ", code(line.resource), "; this is what it would hold."];
  const shared = others > 0 ? ` One statement for this and ${several(others, "other grant", "other grants")}: what this one has named is marked.` : "";
  const unseen = line.stands && map.seen.account && map.seen.account !== grant.owner ? " What others have named in it is not shown to this account." : "";
  return element(
    "section", { class: line.stands ? "statement" : "statement absent" },
    element("h4", {}, code(line.sid)),
    element("p", {}, ...stands, shared, unseen),
    element("pre", { tabindex: "0", role: "region", "aria-label": `Statement ${line.sid}` }, ...statementText(line, own)),
  );
}

function stackFacts(one, title) {
  if (!one.stack) return [[title, "not known"]];
  const [, , , region, account] = one.stack.split(":");
  return [
    [title, [code(one.resource), " in stack ", element("b", {}, one.stack.split("/")[1] ?? one.stack), ` of account ${account}, ${region}`]],
    ["Stack", code(one.stack)],
  ];
}

function grantDetails(one, shown) {
  const [, , meaning] = STATES[one.state];
  const held = statementsOf.get(one.id) ?? [];
  const policy = policyOf.get(one.arn);
  return [
    `${one.type} on ${one.label}`,
    [
      element("p", { class: "lead" }, badge(one.state), " ", one.why ? `${one.why[0].toUpperCase()}${one.why.slice(1)}${/[.!?]$/.test(one.why) ? "" : "."}` : meaning),
      facts(
        ["Consumer", element("a", { href: linkTo(shown, { account: one.account }) }, code(one.account))],
        ["For", one.principals.length ? element("ul", { class: "plain" }, one.principals.map((name) => element("li", {}, code(name)))) : ""],
        ["Target", element("a", { href: linkTo(shown, { show: `target ${one.label}` }) }, one.label)],
        ["Opens", code(one.arn)],
        ...stackFacts(one, "Asked by"),
        ["In force since", one.since ? [when(one.since), ` UTC, ${ago(one.since)}`] : "it is not"],
        ["Until", one.until ? [when(one.until), ` UTC, ${ago(one.until)}`] : "no end is set"],
        ["Policy", fullness(policy)],
        ["Grant", code(one.id)],
      ),
      element("h3", {}, held.length > 1 ? "Statements" : "Statement"),
      held.map((line) => statement(line, one)),
    ],
  ];
}

function targetDetails(one, shown) {
  const many = counted(one.held, "state");
  const states = GRAVITY.filter((state) => many.has(state)).map((state) => [badge(state), ` ${number(many.get(state))}  `]);
  return [
    one.label,
    [
      one.state ? "" : element("p", { class: "lead" }, "Whether and for whom it is published is shown to its owner and to auditors."),
      facts(
        ["State", one.state],
        ["Kind", one.kind],
        ["Owner", element("a", { href: linkTo(shown, { account: one.owner }) }, code(one.owner))],
        ["Environment", one.environment],
        ["Stands for", one.arns.length ? element("ul", { class: "plain" }, one.arns.map((arn) => element("li", {}, code(arn)))) : ""],
        ["Offered for", one.types.join(", ")],
        ["Offered to", one.allowed.length ? element("p", { class: "many", tabindex: "0", role: "region", "aria-label": "Offered to" }, one.allowed.join(", ")) : ""],
        ...(one.stack ? stackFacts(one, "Published by") : []),
        ["Since", one.since ? [when(one.since), ` UTC, ${ago(one.since)}`] : ""],
        ["Grants", one.held.length ? [...states, element("a", { href: linkTo(shown, { ...shownBy(""), target: one.label }) }, "Show them")] : "none"],
      ),
      element("h3", {}, one.policies.length > 1 ? "Policies" : "Policy"),
      one.policies.map((policy) => element("div", { class: "policy" }, code(policy.resource), fullness(policy), policy.raisable ? element("small", {}, "The limit is AWS's default, and may be raised.") : "")),
    ],
  ];
}

function drawDetails(shown) {
  const [kind, ...rest] = shown.show.split(" ");
  const one = (kind === "grant" ? grantOf : targets).get(rest.join(" "));
  if (!one) {
    if (dialog.open) dialog.close();
    return;
  }
  const [title, content] = kind === "grant" ? grantDetails(one, shown) : targetDetails(one, shown);
  document.getElementById("details-title").textContent = title;
  document.getElementById("details").replaceChildren(...content.flat().filter(Boolean));
  if (!dialog.open) dialog.showModal();
  document.getElementById("details-title").focus();
  dialog.scrollTop = 0;
  for (const pre of dialog.querySelectorAll("pre")) {
    const mark = pre.querySelector("mark");
    if (mark) pre.scrollTop = Math.max(0, mark.offsetTop - pre.offsetTop - pre.clientHeight / 2);
  }
}

function shut() {
  go({ show: "" }, true);
}

function readyDetails() {
  dialog.querySelector(".close").addEventListener("click", shut);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) shut(); });
  dialog.addEventListener("close", () => { if (current.show) shut(); }); // by Escape, or however else browsers do
}
