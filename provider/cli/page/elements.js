"use strict";
// Elements: made of names, attributes and text. Text never becomes markup; the page's policy would not let it.

const map = JSON.parse(document.getElementById("map").textContent);

function attributed(one, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) one.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) one.setAttribute(name, value);
  }
  one.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return one;
}

function element(name, attributes = {}, ...children) {
  return attributed(document.createElement(name), attributes, children);
}

function drawing(name, attributes = {}, ...children) {
  return attributed(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function number(value) {
  return value.toLocaleString("en");
}

function several(value, one, more) {
  return `${number(value)} ${value === 1 ? one : more}`;
}

// --- times, in UTC and as long ago as the map is old ---

const NOW = Date.parse(map.seen.at || "1970-01-01T00:00:00Z");
const DAY = 86400000;

function when(text) {
  return text ? element("time", { datetime: text }, `${text.slice(0, 10)} ${text.slice(11, 16)}`) : "";
}

function daysSince(text) {
  return text ? (NOW - Date.parse(text)) / DAY : NaN;
}

function span(days) {
  const [value, unit] =
    days < 1 / 24 ? [days * 1440, "minute"] : days < 2 ? [days * 24, "hour"] : days < 730 ? [days, "day"] : [days / 365.25, "year"];
  const whole = Math.max(0, Math.floor(value));
  return several(whole, unit, `${unit}s`);
}

function ago(text) {
  const days = daysSince(text);
  if (Number.isNaN(days)) return "";
  return days < 0 ? `in ${span(-days)}` : `${span(days)} ago`;
}
