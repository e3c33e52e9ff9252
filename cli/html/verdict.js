// What running both images side by side said, and what a policy says.

const OUTCOMES = {
  same: "behaves the same",
  different: "behaves differently",
  inconclusive: "inconclusive",
  "not-run": "not run"
};
const TONES = {
  same: "good",
  different: "bad",
  inconclusive: "fair",
  "not-run": "fair"
};

function pill(tone, text) {
  return element(`span.pill.${tone}`, text);
}

function outcomePill(outcome) {
  return pill(TONES[outcome] ?? "fair", OUTCOMES[outcome] ?? outcome);
}

/// A path of the image as a button that shows its reasons, or as text where the image has no such path.
function pathButton(model, drawer, path) {
  const node = model.find(path);
  if (node === undefined || !path.startsWith("/")) return element("code", shownPath(path));
  return element("button.path-button", {type: "button", onclick: () => drawer.show(node)}, shownPath(path));
}

/// Items of a list that may be long: the first of them, and a button for the rest.
function longList(items, make, most = 50) {
  const list = element("ul.plain", items.slice(0, most).map(make));
  if (items.length > most) {
    const rest = element(
      "li",
      element(
        "button.more", {
          type: "button",
          onclick: () => {
            rest.remove();
            append(list, items.slice(most).map(make));
          }
        },
        `Show ${number(items.length - most)} more`));
    list.append(rest);
  }
  return list;
}

function diffLines(diff) {
  return element(
    "pre.diff", {tabindex: "0", "aria-label": "Difference"},
    diff.split("\n").map(
      (line) => element(
        line.startsWith("+")   ? "span.added" :
          line.startsWith("-") ? "span.removed" :
                                 "span",
        `${line}\n`)));
}

function differenceRow(model, drawer, difference) {
  const side = (name, text) => element(
    "div.side", element("h5", name),
    element("pre", {tabindex: "0", "aria-label": name}, text === "" ? "(nothing)" : text));
  return element(
    "div.difference", element("h4", difference.what, " ", pill("bad", difference.class)),
    element("div.sides", side("Original", difference.original), side("Slimmed", difference.slimmed)),
    difference.diff ? diffLines(difference.diff) : null,
    difference.causes.length ? element(
                                 "p", "Asked for, and only in the original: ",
                                 difference.causes.map((path) => [pathButton(model, drawer, path), " "])) :
                               null);
}

function probeCard(model, drawer, probe, differences) {
  const own = differences.filter((one) => one.probe === probe.name);
  const {original, slimmed} = probe.runs;
  const side = (name, runs) => element(
    "div.side", element("h5", `${name}, ${plural(runs, "run")}`),
    element("p", `${probe.result === "same" ? "✓ " : ""}${probe.summary || "—"}`));
  return element(
    "article.card", element("h3", probe.name, " ", outcomePill(probe.result)),
    probe.note ? element("p", probe.note) : null,
    own.length ? element("p.hint", `${plural(own.length, "thing")} not alike in ${original + slimmed} runs.`) :
                 element("div.sides", side("Original", original), side("Slimmed", slimmed)),
    own.map((one) => differenceRow(model, drawer, one)),
    probe.noise.length ?
      element(
        "details", element("summary", `${plural(probe.noise.length, "value")} that vary on the original too`),
        longList(probe.noise, (text) => element("li", element("code", text)))) :
      null);
}

function verdictSection(model, drawer) {
  const {verdict, healed = [], not_healed: left = [], observed} = model.report;
  if (!verdict) return null;
  const probes = new Set(verdict.probes.map((probe) => probe.name));
  const others = verdict.differences.filter((one) => !probes.has(one.probe));
  const paths = (title, items, make) =>
    (items.length ? element("details", element("summary", `${title}: ${number(items.length)}`), longList(items, make)) :
                    null);
  return section(
    "verdict", "Verdict", "Both images ran in real containers, and what they did was compared.",
    element("p.outcome", outcomePill(verdict.result), " ", verdict.reason),
    verdict.hint ? element("p.hint", verdict.hint) : null,
    element("div.cards", verdict.probes.map((probe) => probeCard(model, drawer, probe, verdict.differences))),
    others.map((one) => differenceRow(model, drawer, one)),
    paths(
      "Paths that are missed", verdict.missed,
      (one) => element("li", pathButton(model, drawer, one.path), ` ${one.process} ${one.syscall}`)),
    paths(
      "Healed", healed,
      (one) =>
        element("li", pathButton(model, drawer, one.path), ` round ${one.round}: ${one.process} ${one.syscall}`)),
    paths("Not healed", left, (one) => element("li", pathButton(model, drawer, one.path), ` ${one.why}`)),
    observed ?
      paths(
        "Seen in a run of the original", observed.paths, (one) => element("li", pathButton(model, drawer, one.path))) :
      null,
    observed?.why_not ? element("p.hint", `No run was watched: ${observed.why_not}`) : null,
    verdict.runtime ? element(
                        "p.hint", `${verdict.runtime}${verdict.rootless ? ", rootless" : ""}`,
                        verdict.not_enforced.length ? `; not enforced: ${verdict.not_enforced.join(", ")}` : "") :
                                                      null);
}

function gateSection(model, drawer) {
  const {gate} = model.report;
  if (!gate) return null;
  const failed = gate.checks.filter((check) => !check.passed);
  const row = (check) => element(
    "article.card",
    element("h3", check.rule, " ", pill(check.passed ? "good" : "bad", check.passed ? "passed" : "violated")),
    element("p", check.message || `${check.measured}; ${check.limit}`),
    element(
      "dl.facts", element("div", element("dt", "Measured"), element("dd", check.measured)),
      element("div", element("dt", "Limit"), element("dd", check.limit)),
      check.path ? element("div", element("dt", "Path"), element("dd", pathButton(model, drawer, check.path))) : null),
    check.first.length && !check.passed ?
      [element("h5", "Do first"), element("ul", check.first.map((text) => element("li", text)))] :
      null);
  const sorted = [...failed, ...gate.checks.filter((check) => check.passed)];
  return section(
    "gate", "Gate", `Policy ${gate.policy}${gate.baseline ? `, compared with ${gate.baseline}` : ""}`,
    element(
      "p.outcome",
      pill(gate.passed ? "good" : "bad", gate.passed ? "passed" : `${plural(failed.length, "rule")} violated`)),
    element("div.cards", sorted.map(row)));
}
