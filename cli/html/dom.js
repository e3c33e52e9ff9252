// Elements out of plain values. Text goes in as text nodes and attributes by name from a fixed list, so nothing that
// an image says can become markup.

const ATTRIBUTES = new Set([
  "id",      "type",    "role",  "href",  "for",   "tabindex",     "placeholder",
  "title",   "colspan", "scope", "value", "name",  "autocomplete", "spellcheck",
  "viewBox", "d",       "x",     "y",     "width", "height",       "open"
]);

/// element("button.quiet", {onclick, "aria-label": ..., data: {...}}, ...children); null children are left out.
function element(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const part of rest) {
    if (part !== null && typeof part === "object" && !(part instanceof Node) && !Array.isArray(part)) {
      setAttributes(made, part);
    } else {
      append(made, part);
    }
  }
  return made;
}

function setAttributes(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) target.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(target.dataset, value);
    else if (name === "style")
      for (const [key, to] of Object.entries(value)) target.style.setProperty(key, to);
    else if (name.startsWith("aria-") || ATTRIBUTES.has(name)) target.setAttribute(name, value === true ? "" : value);
    else throw new Error(`no attribute ${name}`);
  }
}

function append(parent, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) child.forEach((one) => append(parent, one));
  else parent.append(child instanceof Node ? child : shown(String(child)));
}

/// Hostile text for people: control characters and bidirectional marks are shown, not obeyed. Line feeds and tabs stay.
function shown(text) {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u{${c.charCodeAt(0).toString(16).padStart(4, "0")}}`);
}

/// The same for a path, which is one line.
function shownPath(text) {
  return shown(text).replace(/[\n\t]/g, (c) => (c === "\n" ? "\\n" : "\\t"));
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/// 1234567 -> "1.2 MB": decimal units, as the text report has them.
function bytes(count) {
  let unit = 0;
  let value = count;
  while (value >= 999.95 && unit + 1 < UNITS.length) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

const NUMBER = new Intl.NumberFormat("en");
function number(count) {
  return NUMBER.format(count);
}

function plural(count, one, many = one + "s") {
  return `${number(count)} ${count === 1 ? one : many}`;
}

function percent(part, whole) {
  if (!whole) return "0 %";
  const share = (100 * part) / whole;
  return share > 0 && share < 1 ? "< 1 %" : share > 99 && share < 100 ? "> 99 %" : `${Math.round(share)} %`;
}

function seconds(value) {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

function say(text) {
  document.getElementById("said").textContent = text;
}

/// A section of the page with its heading; `id` is its place in the navigation.
function section(id, title, hint, ...children) {
  return element(
    "section", {id, "aria-labelledby": `${id}-title`},
    element("div.heading", element("h2", {id: `${id}-title`}, title), hint ? element("p.hint", hint) : null), children);
}

/// Buttons of which one is chosen. `choices`: [value, label] pairs; `choose` gets the value.
function choice(label, choices, chosen, choose) {
  const buttons = choices.map(
    ([value, text]) => element(
      "button", {
        type: "button",
        role: "radio",
        "aria-checked": value === chosen ? "true" : "false",
        data: {value},
        tabindex: value === chosen ? "0" : "-1",
        onclick: () => pick(value, true),
      },
      text));
  const pick = (value, tell) => {
    for (const button of buttons) {
      const on = button.dataset.value === value;
      button.setAttribute("aria-checked", on ? "true" : "false");
      button.tabIndex = on ? 0 : -1;
    }
    if (tell) choose(value);
  };
  const group = element(
    "div.choice", {
      role: "radiogroup",
      "aria-label": label,
      onkeydown: (event) => {
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
        if (!step) return;
        event.preventDefault();
        const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
        next.focus();
        pick(next.dataset.value, true);
      }
    },
    buttons);
  return {group, pick};
}

/// A bar of shares: [[kind, amount], ...] of a whole; `kind` is kept, dropped, wasted or plain.
function bar(shares, whole, label) {
  return element(
    "div.bar", {role: "img", "aria-label": label},
    shares.map(
      ([kind, amount]) =>
        amount > 0 ? element(`span.${kind}`, {style: {"flex-basis": `${(100 * amount) / (whole || 1)}%`}}) : null));
}
