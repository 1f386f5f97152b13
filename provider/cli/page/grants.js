"use strict";
// The grants and targets of the map, joined with their policies and statements, and which of them are asked for.

const AGES = {
  __proto__: null, // a link may name anything
  "": ["any time", () => true],
  day: ["a day at most", (days) => days <= 1],
  week: ["7 days at most", (days) => days <= 7],
  month: ["30 days at most", (days) => days <= 30],
  quarter: ["more than 90 days", (days) => days > 90],
  year: ["more than a year", (days) => days > 365],
  never: ["not at all yet", (days) => Number.isNaN(days)],
};

function labelOf(one) {
  return one.environment === "default" ? one.target : `${one.target} (${one.environment})`;
}

function ownerOf(one) {
  return one.target.split("/")[0];
}

const policyOf = new Map(map.policies.flatMap((policy) => policy.opens.map((arn) => [arn, policy])));
const statementsOf = new Map();
for (const one of map.statements) {
  for (const id of Object.keys(one.names)) statementsOf.set(id, [...(statementsOf.get(id) ?? []), one]);
}

const grants = map.grants.map((one) => ({
  ...one,
  label: labelOf(one),
  owner: ownerOf(one),
  days: daysSince(one.since),
  text: [labelOf(one), one.account, one.type, one.state, one.why, one.arn, one.stack, one.resource, one.id, ...one.principals]
    .join("\n")
    .toLowerCase(),
}));
const grantOf = new Map(grants.map((one) => [one.id, one]));

// Of a target on which grants are seen alone, as consumers see those of others, nothing else is known.
const targets = new Map(map.targets.map((one) => [labelOf(one), { ...one, label: labelOf(one), held: [] }]));
for (const one of grants) {
  if (!targets.has(one.label)) {
    const seen = { target: one.target, environment: one.environment, owner: one.owner, label: one.label };
    targets.set(one.label, { ...seen, state: "", kind: "", arns: [], types: [], allowed: [], since: "", stack: "", resource: "", held: [] });
  }
  targets.get(one.label).held.push(one);
}
for (const one of targets.values()) {
  const arns = new Set([...one.arns, ...one.held.map((grant) => grant.arn)]);
  one.policies = [...new Set([...arns].map((arn) => policyOf.get(arn)).filter(Boolean))];
  one.fullest = one.policies.filter((policy) => policy.size !== null).sort((a, b) => share(b) - share(a))[0] ?? one.policies[0];
  one.text = [one.label, one.kind, one.state, ...one.arns, one.stack, one.resource].join("\n").toLowerCase();
}

const accounts = map.accounts;

function words(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

// A whole id or name means itself alone; part of one means all that have it.
function isNamed(asked, known, ...found) {
  if (!asked) return true;
  return known.has(asked) ? found.includes(asked) : found.some((one) => one.toLowerCase().includes(asked.toLowerCase()));
}

const knownAccounts = new Set(accounts);

function isAsked(one, shown) {
  return (
    isNamed(shown.account, knownAccounts, one.account, one.owner) &&
    isNamed(shown.target, targets, one.label) &&
    (shown.state.length === 0 || shown.state.includes(one.state)) &&
    (shown.type.length === 0 || shown.type.includes(one.type)) &&
    (AGES[shown.age] ?? AGES[""])[1](one.days) &&
    words(shown.q).every((word) => one.text.includes(word))
  );
}

function grantsAsked(shown) {
  return grants.filter((one) => isAsked(one, shown));
}

// Targets of the grants that are asked for; and such as are asked for themselves, where nothing is asked of grants alone.
function targetsAsked(shown, found) {
  const held = new Set(found.map((one) => one.label));
  const byGrants = shown.state.length > 0 || shown.type.length > 0 || Boolean(shown.age);
  const isItself = (one) =>
    !byGrants &&
    isNamed(shown.account, knownAccounts, one.owner) &&
    isNamed(shown.target, targets, one.label) &&
    words(shown.q).every((word) => one.text.includes(word));
  return [...targets.values()].filter((one) => held.has(one.label) || isItself(one));
}
