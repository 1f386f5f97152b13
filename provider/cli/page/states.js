"use strict";
// The states of grants, each by a word, a shape and a colour; and how full policies are, by a number, a unit and a bar.

const STATES = {
  InForce: ["In force", "well", "Its statement stands."],
  Wanted: ["Wanted", "waits", "Asked for, and not seen in force yet."],
  Suspended: ["Suspended", "waits", "Held, but its owner does not authorise it at present, or its time is over. No statement stands."],
  Obstructed: ["Obstructed", "fails", "Authorised, but its resource is gone, full, or refuses the controller."],
  Withdrawn: ["Withdrawn", "waits", "Given up; its statement is being removed."],
  Orphaned: ["Orphaned", "fails", "Given up, but its owner's account lets nobody remove the statement."],
};
const GRAVITY = ["InForce", "Wanted", "Withdrawn", "Suspended", "Obstructed", "Orphaned"];
const TYPES = ["Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"];
const NEARLY_FULL = 80; // per cent: from there on drift tells NearlyFull, and an alarm rings

function gravest(states) {
  return GRAVITY[Math.max(...[...states].map((one) => GRAVITY.indexOf(one)))];
}

function tone(state) {
  return STATES[state][1];
}

function symbol(state) {
  return drawing("svg", { class: `symbol ${tone(state)}`, "aria-hidden": "true" }, drawing("use", { href: `#${state}` }));
}

function badge(state) {
  return element("span", { class: `badge ${tone(state)}` }, symbol(state), STATES[state][0]);
}

function share(policy) {
  return Math.round((100 * policy.size) / policy.limit);
}

function bar(policy) {
  const filled = Math.min(100, share(policy));
  const grade = share(policy) > NEARLY_FULL ? "nearly" : "room";
  return drawing(
    "svg",
    { class: `fill ${grade}`, viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("rect", { class: "whole", width: 100, height: 6 }),
    drawing("rect", { class: "part", width: filled, height: 6 }),
  );
}

function fullness(policy) {
  if (!policy) return "none";
  if (policy.size === null) return map.seen.account ? "not shown to this account" : "not known yet";
  const words = `${number(policy.size)} of ${number(policy.limit)} characters, ${share(policy)} %`;
  const nearly = share(policy) > NEARLY_FULL ? element("strong", {}, " Nearly full.") : "";
  return element("div", { class: "fullness" }, bar(policy), element("span", {}, words, nearly));
}
