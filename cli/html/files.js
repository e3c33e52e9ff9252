// The list of all paths: searched, filtered and sorted as arrays of numbers; only what is in sight has elements.

class Files {
  constructor(model, drawer) {
    Object.assign(this, {model, drawer});
    this.wanted = {words: [], state: "all", reason: "", sort: "size", pack: null, layer: null};
    this.found = new Uint32Array(0);
    this.orders = {path: Uint32Array.from({length: model.total - 1}, (_, i) => i + 1)};
    this.orders.size = this.orders.path.slice().sort((a, b) => model.size[b] - model.size[a] || a - b);
    this.list = new VirtualList({
      id: "file",
      label: "Files",
      rowHeight: () => (this.narrow.matches ? 58 : 34),
      row: (index) => this.row(this.found[index]),
      open: (index) => this.drawer.show(this.found[index])
    });
    this.narrow = window.matchMedia("(max-width: 720px)");
    this.narrow.addEventListener("change", () => this.list.draw(true));
    this.said = element("span.count");
    this.chips = element("div.chips");
  }

  section() {
    const {model} = this;
    this.input = element("input", {
      type: "search",
      id: "search",
      placeholder: "Search paths: words that are in them",
      "aria-label": "Search paths",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.set({words: this.input.value.toLowerCase().split(/\s+/).filter((word) => word !== "")}),
      onkeydown: (event) => this.key(event)
    });
    this.states = choice(
      "Show",
      [
        ["all", "All"], ["kept", "Kept"], ["dropped", "Dropped"],
        ...(model.counts[WASTED] ? [["wasted", "Hidden"]] : [])
      ],
      "all", (state) => this.set({state}));
    const sorts = choice("Sort by", [["size", "Size"], ["path", "Path"]], "size", (sort) => this.set({sort}));
    const reasons = element(
      "select", {"aria-label": "Reason", id: "reason", onchange: (event) => this.set({reason: event.target.value})},
      element("option", {value: ""}, "Any reason"),
      this.usedReasons().map((kind) => element("option", {value: kind}, kind)));
    const made = section(
      "files", "Files", "Every path of the image, with what becomes of it and why.",
      element("div.tools", this.input, this.states.group, sorts.group, reasons),
      element("div.found", this.said, this.chips), this.list.element);
    this.set({});
    return made;
  }

  usedReasons() {
    const used = new Set();
    for (let i = 1; i < this.model.count; ++i) used.add(this.model.table.reason[i] >> 1);
    return [...used].map((kind) => this.model.names.reasons[kind].kind).sort();
  }

  /// From elsewhere on the page: the files of one package or layer.
  only(change) {
    this.set({pack: null, layer: null, ...change});
    document.getElementById("files").scrollIntoView();
    this.list.element.focus({preventScroll: true});
  }

  set(change) {
    Object.assign(this.wanted, change);
    this.find();
    this.list.show(this.found.length);
    const size = this.found.reduce((sum, node) => sum + this.model.bytes[node], 0);
    this.said.textContent = `${plural(this.found.length, "path")}, ${bytes(size)}`;
    this.drawChips();
  }

  drawChips() {
    const {pack, layer} = this.wanted;
    const chip = (label, change) => element(
      "button.chip", {type: "button", "aria-label": `Remove the filter ${label}`, onclick: () => this.set(change)},
      label, element("span", {"aria-hidden": "true"}, " ×"));
    this.chips.replaceChildren(
      ...
        [pack === null ? null : chip(`package ${shownPath(this.model.names.packages[pack].name)}`, {pack: null}),
         layer === null ? null : chip(`layer ${layer + 1}`, {layer: null}),
    ].filter((one) => one !== null));
  }

  find() {
    const {model} = this;
    const {words, state, reason, sort, pack, layer} = this.wanted;
    const having = words.map((word) => model.having(word));
    const wantedState = STATES.indexOf(state);
    const kind = reason ? model.names.reasons.findIndex((one) => one.kind === reason) : -1;
    const found = [];
    for (const i of this.orders[sort]) {
      if (model.isHidden(i) && model.isFolder(i)) continue;
      if (wantedState >= 0 && model.state[i] !== wantedState) continue;
      if (kind >= 0 && (model.isHidden(i) || model.table.reason[i] >> 1 !== kind)) continue;
      if (pack !== null && model.owner(i) !== pack) continue;
      if (layer !== null && model.layer[i] !== layer) continue;
      if (!having.every((has) => has[i])) continue;
      found.push(i);
    }
    this.found = Uint32Array.from(found);
  }

  row(node) {
    const {model} = this;
    const path = model.path(node);
    const slash = path.lastIndexOf("/") + 1;
    const state = STATES[model.state[node]];
    return [
      element(
        "span.state", element(`span.dot.${state}`, {"aria-hidden": "true"}),
        element("span.word", state === "wasted" ? "hidden" : state)),
      element(
        "span.path", {title: shownPath(path)}, element("span.dir", shownPath(path.slice(0, slash))),
        element("span.base", shownPath(path.slice(slash)) + (model.isFolder(node) ? "/" : ""))),
      element("span.size", model.isFolder(node) ? "" : bytes(model.size[node])),
      element("span.why", shownPath(shortReason(model, node))),
    ];
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.list.element.focus();
      this.list.move(Math.max(0, this.list.active));
    } else if (event.key === "Escape" && this.input.value !== "") {
      event.preventDefault();
      this.input.value = "";
      this.set({words: []});
    }
  }
}
