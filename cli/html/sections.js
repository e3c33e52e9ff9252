// The parts of the page that are read from top to bottom: what the image is, sizes, layers, findings, packages, notes.

const SEVERITIES = ["high", "medium", "low", "info"];

function shortDigest(digest) {
  return digest ? digest.replace(/^(sha\d+:.{12}).*$/, "$1") : "";
}

function command(words) {
  return (words ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

function fillHeader(header, model) {
  const {image, verdict, entrypoints} = model.report;
  const {gate} = model.report;
  const runs =
    entrypoints.filter((one) => one.from === "entrypoint" || one.from === "cmd").map((one) => command(one.argv));
  header.replaceChildren(
    element(
      "div.title", element("h1", shownPath(image.name || image.ref)),
      element(
        "p.pills", verdict ? outcomePill(verdict.result) : null,
        gate ? pill(gate.passed ? "good" : "bad", gate.passed ? "gate passed" : "gate failed") : null)),
    element(
      "p.sub",
      [image.platform, shortDigest(image.digest || image.config_digest), runs.length ? `runs ${runs[0]}` : ""]
        .filter((part) => part !== "")
        .map((part) => element("span", shownPath(part)))));
}

function tile(label, value, hint, tone = "") {
  return element(
    "div.stat", element("dt", label),
    element(`dd${tone ? `.${tone}` : ""}`, value, hint ? element("small", hint) : null));
}

function summarySection(model) {
  const {report} = model;
  const {needed, removable, size, output, findings, distroless, plan} = report;
  const whole = needed.bytes + removable.bytes;
  const slimmed = output ? needed.bytes + plan.added.bytes : needed.bytes;
  const worst = SEVERITIES.map((severity) => [severity, findings.filter((one) => one.severity === severity).length])
                  .filter(([, count]) => count);
  const hidden = size.hidden;
  const bars = (label, shares, amount) => element(
    "div.compare", element("span.what", label), bar(shares, whole + hidden, `${label}: ${bytes(amount)}`),
    element("span.amount", bytes(amount)));
  return section(
    "summary", "Summary", null,
    element(
      "p.hero", element("strong", bytes(slimmed)), ` of ${bytes(whole)} ${output ? "are left" : "needed"}`,
      element("span.less", `${percent(removable.bytes, whole)} ${output ? "smaller" : "removable"}`)),
    element(
      "div.comparison",
      bars("Original", [["kept", needed.bytes], ["dropped", removable.bytes], ["wasted", hidden]], whole + hidden),
      bars(output ? "Slimmed" : "Needed", [["kept", slimmed]], slimmed)),
    element(
      "ul.legend",
      [
        ["kept", "kept"], ["dropped", output ? "dropped" : "removable"], ["wasted", "wasted: hidden by later layers"]
      ].map(([state, text]) => element("li", element(`span.swatch.${state}`), text))),
    element(
      "dl.stats", tile("Files kept", number(needed.files), `of ${number(needed.files + removable.files)}`),
      tile(
        "Stored", bytes(output ? output.compressed : size.compressed),
        output ? `was ${bytes(size.compressed)}` : `${bytes(size.uncompressed)} as tar`),
      tile("Efficiency", `${(100 * size.efficiency).toFixed(1)} %`, `${bytes(size.wasted)} wasted`),
      tile("Distroless", `${distroless.score} → ${distroless.slimmed.score}`, "of 100, before and after"),
      tile("Packages", number(report.packages.length), plural(report.layers.length, "layer")),
      tile("Findings", number(findings.length), worst.map(([severity, count]) => `${count} ${severity}`).join(", "))));
}

function aboutSection(model) {
  const {image, entrypoints, plan, output, kept_whole: whole} = model.report;
  const {config} = image;
  const rows = [];
  const fact = (name, value) => {
    if (value !== undefined && value !== null && value !== "")
      rows.push(element("div", element("dt", name), element("dd", value)));
  };
  entrypoints.forEach(
    (one) => fact(
      one.from === "cmd" && entrypoints.length > 1 ? "Cmd" : one.from[0].toUpperCase() + one.from.slice(1),
      element("code", command(one.argv))));
  fact("From", image.ref);
  fact("Digest", image.digest || image.config_digest);
  fact("User", config.User);
  fact("Folder", config.WorkingDir);
  fact("Ports", Object.keys(config.ExposedPorts ?? {}).join(", "));
  fact("Volumes", Object.keys(config.Volumes ?? {}).join(", "));
  fact("Profile", plan.profile);
  if (output) fact("Written to", output.destination);
  if (output) fact("Its digest", output.digest);
  (whole ?? [])
    .forEach(
      (one) => fact(`All of ${one.language}`, `${bytes(one.bytes)} in ${plural(one.files, "file")}: ${one.why}`));
  const words =
    [...(config.Env ?? []), ...Object.entries(config.Labels ?? {}).map(([name, value]) => `${name}: ${value}`)];
  return section(
    "about", "The image", null, element("dl.facts.wide", rows),
    words.length ? element(
                     "details", element("summary", `Environment and labels: ${number(words.length)}`),
                     longList(words, (text) => element("li", element("code", String(text))))) :
                   null);
}

function layersSection(model, files) {
  const {layers} = model.report;
  const most = Math.max(1, ...layers.map((layer) => layer.added.bytes + layer.changed.bytes));
  const sum = (name, one) => element(
    one.files ? "td" : "td.none", {data: {name}}, one.files ? bytes(one.bytes) : "—",
    one.files ? element("small", plural(one.files, "file")) : null);
  const rows = layers.map(
    (layer, i) => element(
      "tr", element("td.number", String(i + 1)),
      element(
        "td.command",
        element(
          "button.path-button", {type: "button", title: "Show its files", onclick: () => files.only({layer: i})},
          plainCommand(layer.created_by) || shortDigest(layer.diff_id)),
        bar(
          [
            [
              "plain",
              layer.added.bytes + layer.changed.bytes - Math.min(layer.wasted, layer.added.bytes + layer.changed.bytes)
            ],
            ["wasted", layer.wasted]
          ],
          most, `${bytes(layer.added.bytes + layer.changed.bytes)}, of which ${bytes(layer.wasted)} are hidden later`)),
      sum("Adds", layer.added), sum("Changes", layer.changed), sum("Hides", layer.hides),
      element(layer.wasted ? "td.bad" : "td.none", {data: {name: "Wasted"}}, layer.wasted ? bytes(layer.wasted) : "—"),
      element("td", {data: {name: "Stored"}}, bytes(layer.size))));
  return section(
    "layers", "Layers", "Base first: what each adds, what it changes of the ones below, and what of them it hides.",
    element(
      "table.layers",
      element(
        "thead",
        element(
          "tr",
          ["#", "Made by", "Adds", "Changes", "Hides", "Wasted", "Stored"].map(
            (title) => element("th", {scope: "col"}, title)))),
      element("tbody", rows)));
}

function findingsSection(model, drawer) {
  const {findings} = model.report;
  const body = element("div.cards.findings", {id: "finding-list"});
  const wanted = {severity: "all", id: "", text: ""};
  const said = element("p.hint", {role: "status"});
  const draw = () => {
    const found = findings.filter(
      (one) => (wanted.severity === "all" || one.severity === wanted.severity) &&
        (!wanted.id || one.id === wanted.id) &&
        `${one.id} ${one.message} ${one.path}`.toLowerCase().includes(wanted.text));
    said.textContent = found.length === findings.length ?
      plural(found.length, "finding") :
      `${number(found.length)} of ${plural(findings.length, "finding")}`;
    body.replaceChildren(longList(
      found,
      (one) => element(
        "li.card",
        element(
          "h3", element(`span.severity.${one.severity}`, one.severity), one.id,
          one.count > 1 ? element("small", ` × ${number(one.count)}`) : null),
        element("p", one.message),
        element(
          "p.where", one.path ? pathButton(model, drawer, one.path) : null,
          one.layer === null ? null : ` layer ${one.layer + 1}`, one.bytes ? `, ${bytes(one.bytes)}` : null),
        one.paths.length > 1 ?
          element(
            "details",
            element(
              "summary",
              `${plural(one.paths.length, "path")}${one.count > one.paths.length ? ` of ${number(one.count)}` : ""}`),
            longList(one.paths, (path) => element("li", pathButton(model, drawer, path)))) :
                                                                                   null),
      60));
  };
  const present = SEVERITIES.filter((severity) => findings.some((one) => one.severity === severity));
  const severities =
    choice("Severity", [["all", "All"], ...present.map((severity) => [severity, severity])], "all", (severity) => {
      wanted.severity = severity;
      draw();
    });
  const ids = [...new Set(findings.map((one) => one.id))].sort();
  draw();
  return section(
    "findings", "Findings", null,
    element(
      "div.tools", severities.group,
      element(
        "select", {
          "aria-label": "Kind of finding",
          id: "finding-kind",
          onchange: (event) => {
            wanted.id = event.target.value;
            draw();
          }
        },
        element("option", {value: ""}, "Any kind"), ids.map((id) => element("option", {value: id}, id))),
      element("input", {
        type: "search",
        id: "finding-search",
        placeholder: "Search findings",
        "aria-label": "Search findings",
        oninput: (event) => {
          wanted.text = event.target.value.toLowerCase();
          draw();
        }
      })),
    said, body);
}

/// Bytes of each package by state, biggest first.
function packageSums(model) {
  const sums = model.names.packages.map((pack, place) => ({pack, place, shares: [0, 0, 0], files: 0, bytes: 0}));
  for (let i = 1; i < model.count; ++i) {
    const owner = model.owner(i);
    if (owner < 0 || model.isFolder(i)) continue;
    sums[owner].shares[model.bytesState[model.table.first[i]]] += model.bytes[i];
    sums[owner].bytes += model.bytes[i];
    sums[owner].files += 1;
  }
  return sums.sort((a, b) => b.bytes - a.bytes || a.place - b.place);
}

function packagesSection(model, files) {
  const sums = packageSums(model);
  if (!sums.length) return section("packages", "Packages", "No package database was found.");
  const most = Math.max(1, ...sums.map((one) => one.bytes));
  let found = sums;
  const narrow = window.matchMedia("(max-width: 720px)");
  const list = new VirtualList({
    id: "package",
    label: "Packages",
    rowHeight: () => (narrow.matches ? 58 : 34),
    open: (index) => files.only({pack: found[index].place}),
    row: (index) => {
      const {pack, shares, bytes: whole, files: count} = found[index];
      return [
        element(
          "span.path", {title: pack.inside ? shownPath(pack.inside) : null}, element("span.base", shownPath(pack.name)),
          element("span.dir", ` ${shownPath(pack.version)}`)),
        element("span.kind", pack.type),
        element(
          "span.weight",
          bar(
            [["kept", shares[0]], ["dropped", shares[1]]], most,
            `${bytes(shares[0])} kept, ${bytes(shares[1])} dropped`)),
        element("span.size", bytes(whole)),
        element(
          "span.why",
          count ? (shares[1] === 0   ? "kept whole" :
                     shares[0] === 0 ? "dropped" :
                                       `${percent(shares[0], whole)} kept`) :
            pack.inside              ? "inside a jar" :
                                       "no files")
      ];
    }
  });
  narrow.addEventListener("change", () => list.draw(true));
  const made = section(
    "packages", "Packages", `${plural(sums.length, "package")}; choose one to see its files.`,
    element("div.tools", element("input", {
              type: "search",
              id: "package-search",
              placeholder: "Search packages",
              "aria-label": "Search packages",
              oninput: (event) => {
                const text = event.target.value.toLowerCase();
                found =
                  sums.filter(({pack}) => `${pack.name} ${pack.version} ${pack.type}`.toLowerCase().includes(text));
                list.show(found.length);
              }
            })),
    list.element);
  if (sums.length < 12) list.element.classList.add("short");
  list.show(found.length);
  return made;
}

function timingsSection(model) {
  const order = ["read", "plan", "write", "verify"];
  const place = ([step]) => (order.includes(step) ? order.indexOf(step) : order.length);
  const steps = Object.entries(model.report.timings).sort((a, b) => place(a) - place(b));
  const whole = steps.reduce((sum, [, took]) => sum + took, 0);
  if (!steps.length) return null;
  return section(
    "timings", "How long it took", `${seconds(whole)} in all`,
    element(
      "div.comparison.timings",
      steps.map(
        ([step, took]) => element(
          "div.compare", element("span.what", step), bar([["plain", took]], whole, `${step}: ${seconds(took)}`),
          element("span.amount", seconds(took))))));
}

function notesSection(model, drawer) {
  const {report} = model;
  const part = (title, items, make) =>
    (items && items.length ?
       element("details", element("summary", `${title}: ${number(items.length)}`), longList(items, make)) :
       null);
  const line = (make) => (one) => element("li", make(one));
  const path = (one) => pathButton(model, drawer, one);
  const parts = [
    part("Warnings", report.plan.warnings, line((one) => one)),
    part(
      "Added by slim", report.plan.added.entries,
      line(
        (one) => [element("code", shownPath(one.path)), ` ${bytes(one.size)}, from `, path(one.from), `: ${one.why}`])),
    part(
      "What keeps the result from being distroless", report.distroless.slimmed.obstacles,
      line((one) => [`${one.message} `, one.paths.map((at) => [path(at), " "])])),
    part(
      "Libraries that no search path has", report.unresolved,
      line((one) => [element("code", one.name), " for ", path(one.file), ` (tried ${one.tried.join(", ")})`])),
    part(
      "Names that are not in the image", report.unresolved_names,
      line((one) => [element("code", one.name), " in ", path(one.file), one.line ? `:${one.line}` : ""])),
    part(
      "Files that could not be read in full", report.diagnostics, line((one) => [path(one.path), ` ${one.message}`])),
  ].filter((one) => one !== null);
  return parts.length ? section("notes", "Notes", null, parts) : null;
}
