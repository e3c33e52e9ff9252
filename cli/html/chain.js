// Why a path is there: the chain of causes as `slim why` tells it, drawn as a small graph in the drawer with all else
// that is known of the path.

const SHOWN_EFFECTS = 8;

/// From the path to the root of its chain: [{node, reason, cause, detail}, ...]; `cause` is undefined at the root.
function chainOf(model, node) {
  const chain = [];
  for (let at = node; at !== undefined && chain.length <= model.count; at = model.cause(at)) {
    const step = {node: at, reason: model.reason(at).phrase, cause: model.cause(at), detail: model.detail(at)};
    if (model.reason(at).kind === REASON_RULE) {
      const rule = model.rule(step.detail);
      step.reason = `kept by rule ${step.detail}${step.cause === undefined ? "" : " because of"}`;
      step.detail = rule ? `${rule.why} [${rule.source}]` : "";
    }
    chain.push(step);
  }
  return chain;
}

/// Why a path is not kept, in a sentence.
function notKept(model, node) {
  if (model.isHidden(node)) {
    return `Layer ${model.layer[node] + 1} has it, and layer ${
      model.hiddenBy[node - model.count] + 1} hides it: it is shipped, and no container sees it.`;
  }
  const {kind, phrase} = model.reason(node);
  const detail = model.detail(node);
  if (kind === "excluded") return `${phrase} ${detail}`;
  if (kind === "dropped by rule") return `${phrase} ${detail}: ${model.rule(detail)?.why ?? ""}`;
  const cause = model.cause(node);
  if (kind === "unreached" && cause !== undefined) {
    const [before, between, behind] = model.names.weak;
    return `${before} ${model.path(cause)} ${between} ${detail}; ${behind}`;
  }
  return phrase;
}

/// A few words for a row of the list.
function shortReason(model, node) {
  if (model.isHidden(node)) return `hidden by layer ${model.hiddenBy[node - model.count] + 1}`;
  const {kind, phrase} = model.reason(node);
  const cause = model.cause(node);
  if (kind === REASON_RULE || kind === "dropped by rule") return `rule ${model.detail(node)}`;
  if (model.state[node] !== KEPT) return cause === undefined ? kind : `weak: ${model.path(cause)}`;
  return cause === undefined ? phrase : `${phrase} ${model.path(cause)}`;
}

class Drawer {
  constructor(model) {
    this.model = model;
    this.before = null;
    this.content = element("div.content");
    this.close = element("button.close", {type: "button", "aria-label": "Close", onclick: () => this.hide()}, "×");
    this.element = element(
      "aside.drawer", {
        role: "dialog",
        "aria-label": "Reasons of a path",
        id: "drawer",
        tabindex: "-1",
        onkeydown: (event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          this.hide();
        }
      },
      this.close, this.content);
    this.element.hidden = true;
  }

  show(node) {
    if (this.element.hidden) this.before = document.activeElement;
    this.element.hidden = false;
    this.content.replaceChildren(...this.parts(node));
    this.element.scrollTop = 0;
    this.element.focus({preventScroll: true});
  }

  hide() {
    this.element.hidden = true;
    if (this.before) this.before.focus({preventScroll: true});
  }

  hideIfShown() {
    if (!this.element.hidden) this.hide();
  }

  parts(node) {
    const {model} = this;
    const state = STATES[model.state[node]];
    const parts = [
      element(
        "p.badges", element(`span.badge.${state}`, state === "wasted" ? "hidden" : state),
        element("span.kind", KINDS[model.kind[node]])),
      element("h2", shownPath(model.path(node))),
      this.facts(node),
      element("h3", model.state[node] === KEPT ? "Why it is kept" : "Why it is not kept"),
    ];
    if (model.state[node] === KEPT) parts.push(this.graph(chainOf(model, node)));
    else parts.push(element("p.verdict-note", notKept(model, node)));
    if (model.state[node] === KEPT) parts.push(...this.effects(node));
    return parts;
  }

  facts(node) {
    const {model} = this;
    const rows = [];
    const fact = (name, value) => rows.push(element("div", element("dt", name), element("dd", value)));
    const sums = model.sums.map((one) => one[node]);
    if (model.isFolder(node)) fact("Content", STATES.map((name, i) => `${bytes(sums[i])} ${name}`).join(", "));
    else
      fact("Size", `${bytes(model.size[node])}${model.size[node] > 999 ? ` (${number(model.size[node])} bytes)` : ""}`);
    if (!model.isHidden(node) && model.table.link[node]) fact("Leads to", shownPath(model.table.link[node]));
    fact("Layer", layerLabel(model.report, model.layer[node]));
    const owner = model.owner(node);
    if (owner >= 0) {
      const {name, version, type} = model.names.packages[owner];
      fact("Package", `${name} ${version} (${type})`);
    }
    if (!model.isHidden(node) && model.table.first[node] !== node)
      fact("Hard link of", shownPath(model.path(model.table.first[node])));
    return element("dl.facts", rows);
  }

  /// The path, an arrow for each reason, and what is the cause, to the root of the chain.
  graph(chain) {
    const steps = [this.box(chain[0].node, "this")];
    for (const {reason, cause, detail} of chain) {
      const root = cause === undefined;
      steps.push(element(
        root ? "li.edge.last" : "li.edge", {data: {reason, detail, path: root ? "" : this.model.path(cause)}},
        element("span.reason", reason), detail ? element("span.detail", detail) : null));
      if (!root) steps.push(this.box(cause, ""));
    }
    return element("ol.chain", {"aria-label": "Chain of reasons"}, steps);
  }

  box(node, mark) {
    const path = this.model.path(node);
    const slash = path.lastIndexOf("/") + 1;
    const label =
      [element("span.dir", shownPath(path.slice(0, slash))), element("span.base", shownPath(path.slice(slash)))];
    return element(
      "li.node",
      mark ? element(`div.box.${mark}`, label) :
             element("button.box", {type: "button", onclick: () => this.show(node)}, label));
  }

  effects(node) {
    const {model} = this;
    const effects = [...model.effects(node)];
    if (!effects.length) return [];
    const held = model.hold(node);
    const weight = new Map(effects.map((one) => [one, model.bytes[one]]));
    effects.sort((a, b) => weight.get(b) - weight.get(a));
    const items =
      effects.slice(0, SHOWN_EFFECTS)
        .map(
          (one) => element(
            "li",
            element(
              "button.box", {type: "button", onclick: () => this.show(one)},
              element("span.base", shownPath(model.path(one))), element("span.size", bytes(model.bytes[one])))));
    const more = effects.length - items.length;
    return [
      element("h3", "Kept because of it"),
      element("p.hint", `${plural(held.paths, "path")} with ${bytes(held.bytes)} hang on it, directly or not.`),
      element("ul.effects", items, more > 0 ? element("li.more", `and ${number(more)} more`) : null)
    ];
  }
}
