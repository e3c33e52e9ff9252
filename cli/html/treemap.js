// The treemap: d3-hierarchy lays out what is below the folder that is shown, as deep as there is room; what is too
// small to see is one tile. A tile's colours are its shares of kept, dropped and wasted bytes.

const SMALLEST = 260;  // square pixels of a tile of its own
const OPENED = 9000;   // square pixels that a folder needs for its content to be shown in it
const LABELLED = 34;   // pixels of width from which a tile has its name
const DEEPEST = 4;
const MOST = 700;  // tiles at most

class Treemap {
  /// `show(node)` opens a file's details.
  constructor(model, show) {
    Object.assign(this, {model, show});
    this.grouping = "folder";
    this.groups = {folder: null, package: packageGroups(model), layer: layerGroups(model)};
    this.trail = [this.top()];
    this.map = element("div.map", {
      role: "group",
      "aria-label": "Treemap",
      id: "map",
      "aria-describedby": "map-help",
      onkeydown: (event) => this.key(event)
    });
    this.crumbs = element("nav.crumbs", {"aria-label": "Place in the treemap"});
    this.modes = choice(
      "Group the treemap by", [["folder", "Folder"], ["package", "Package"], ["layer", "Layer"]], "folder",
      (grouping) => {
        this.grouping = grouping;
        this.go([this.top()]);
      });
    this.width = 0;
    new ResizeObserver(() => {
      if (Math.abs(this.map.clientWidth - this.width) > 1) this.draw();
    }).observe(this.map);
  }

  section() {
    const legend = element("ul.legend", STATES.map((state) => element("li", element(`span.swatch.${state}`), state)));
    return section(
      "sizes", "Where the bytes are", null, element("div.tools", this.modes.group, legend), this.crumbs, this.map,
      element(
        "p.hint", {id: "map-help"},
        "Choose a tile to look inside, a file for the reasons. Arrow keys move, Enter opens, Escape goes back."));
  }

  /// A place is {label, group (of packages or layers) or null, node, sums}.
  top() {
    const whole = {label: this.model.report.image.name || "image", group: null, node: 0, sums: this.model.sums};
    if (this.grouping === "folder") return whole;
    return {...whole, groups: this.groups[this.grouping]};
  }

  go(trail, focus = false) {
    this.trail = trail;
    this.draw();
    const place = trail.at(-1);
    say(`${shownPath(place.label)}: ${bytes(this.sumAt(place))}`);
    if (focus) (this.map.querySelector("button") || this.map).focus();
  }

  back() {
    if (this.trail.length > 1) this.go(this.trail.slice(0, -1), true);
  }

  sumAt(place) {
    return place.sums[0][place.node] + place.sums[1][place.node] + place.sums[2][place.node];
  }

  /// What d3 takes: {label, shares, value, children} of a place, no deeper and no finer than can be seen.
  data(place, area, depth) {
    const {model} = this;
    const shares = place.sums.map((one) => one[place.node]);
    const made = {label: place.label, place, shares, value: shares[0] + shares[1] + shares[2], children: []};
    if (depth > 0 && (area < OPENED || depth >= DEEPEST || place.group)) return made;
    let inside = [];
    if (place.groups) {
      inside = place.groups.map((group) => ({label: group.label, group, node: 0, shares: group.shares}));
    } else if (model.isFolder(place.node)) {
      for (const child of model.children(place.node)) {
        inside.push({label: model.name[child], node: child, sums: place.sums});
      }
    }
    const value = (one) => (one.shares ? one.shares[0] + one.shares[1] + one.shares[2] : this.sumAt(one));
    const sized = inside.map((one) => [value(one), one]).filter(([size]) => size > 0).sort((a, b) => b[0] - a[0]);
    const rest = {label: "", shares: [0, 0, 0], value: 0, children: [], count: 0};
    for (const [size, one] of sized) {
      const own = (area * size) / made.value;
      if (own < SMALLEST || this.tiles >= MOST) {
        const parts = one.shares || one.sums.map((sum) => sum[one.node]);
        parts.forEach((part, i) => {
          rest.shares[i] += part;
        });
        rest.value += size;
        rest.count += 1;
        continue;
      }
      this.tiles += 1;
      if (one.shares) {
        made.children.push({label: one.label, place: one, shares: one.shares, value: size, children: []});
      } else {
        made.children.push(this.data(this.single(one), own, depth + 1));
      }
    }
    if (rest.count) {
      rest.label = `${number(rest.count)} more`;
      made.children.push(rest);
    }
    return made;
  }

  /// A folder with nothing but a folder in it is one place with both names.
  single(place) {
    const {model} = this;
    let {label, node} = place;
    for (;;) {
      const filled = [];
      for (const child of model.isFolder(node) ? model.children(node) : []) {
        if (place.sums[0][child] + place.sums[1][child] + place.sums[2][child] > 0) filled.push(child);
        if (filled.length > 1) break;
      }
      if (filled.length !== 1 || !model.isFolder(filled[0])) break;
      [node] = filled;
      label += `/${model.name[node]}`;
    }
    return {...place, label, node};
  }

  draw() {
    const width = this.map.clientWidth;
    this.width = width;
    if (!width) return;
    const height = this.map.clientHeight;
    const place = this.trail.at(-1);
    this.tiles = 0;
    const root =
      d3.hierarchy(this.data(place, width * height, 0), (one) => (one.children.length ? one.children : null));
    root.eachAfter((one) => {
      one.value = one.children ? one.children.reduce((sum, child) => sum + child.value, 0) : one.data.value;
    });
    d3.treemap()
      .size([width, height])
      .round(true)
      .paddingInner(2)
      .paddingTop(
        (one) =>
          (one.depth === 0              ? 0 :
             one.x1 - one.x0 > LABELLED ? 20 :
                                          3))
      .paddingRight((one) => (one.depth ? 3 : 0))
      .paddingBottom((one) => (one.depth ? 3 : 0))
      .paddingLeft((one) => (one.depth ? 3 : 0))(root);
    const tiles = [];
    for (const one of root.descendants()) {
      if (one.depth && one.x1 - one.x0 >= 3 && one.y1 - one.y0 >= 3) tiles.push(this.tile(one));
    }
    if (!tiles.length) tiles.push(element("p.empty", "No bytes here."));
    else tiles[0].tabIndex = 0;
    this.map.replaceChildren(...tiles);
    this.drawCrumbs();
  }

  tile(one) {
    const {data} = one;
    const width = one.x1 - one.x0;
    const height = one.y1 - one.y0;
    const opened = Boolean(one.children);
    const label = shownPath(data.label);
    const shares =
      STATES.map((state, i) => (data.shares[i] > 0 ? `${percent(data.shares[i], data.value)} ${state}` : ""))
        .filter((text) => text !== "")
        .join(", ");
    const tile = element(
      opened       ? "button.tile.opened" :
        data.place ? "button.tile" :
                     "button.tile.rest",
      {
        type: "button",
        tabindex: "-1",
        "aria-label": `${label}, ${bytes(data.value)}, ${shares}`,
        title: `${data.place ? this.fullLabel(data.place) : label}\n${bytes(data.value)}: ${shares}`,
        style: {left: `${one.x0}px`, top: `${one.y0}px`, width: `${width}px`, height: `${height}px`},
        onclick: () => this.open(data, one),
      });
    if (!opened)
      tile.append(element(
        "span.fill", {"aria-hidden": "true"},
        STATES.map(
          (state, i) => (
            data.shares[i] > 0 ? element(`span.${state}`, {style: {"flex-grow": String(data.shares[i] / data.value)}}) :
                                 null))));
    if (width > LABELLED && height > 16) {
      tile.append(element(
        "span.label", element("span.name", label),
        width > (opened ? 90 : 62) && (height > 34 || opened) ? element("span.size", bytes(data.value)) : null));
    }
    return tile;
  }

  fullLabel(place) {
    return shownPath(place.group ? place.label : this.model.path(place.node));
  }

  /// Into a folder or a group; a file shows its reasons; the tile of what is small goes into its own folder.
  open(data, one) {
    const {place} = data;
    if (!place) {
      if (one.parent.depth) this.enter(one.parent.data.place, one.parent);
      return;
    }
    if (!place.group && !this.model.isFolder(place.node)) this.show(place.node);
    else this.enter(place, one);
  }

  enter(place, one) {
    let next = place;
    if (place.group) {
      const sums = this.model.sumsOf(place.group.takes);
      next = this.single({label: place.label, group: null, node: 0, sums});
      next.label = place.label;
      this.go([...this.trail, next], true);
      return;
    }
    const way = one.ancestors().reverse().slice(1).map((above) => above.data.place);
    this.go([...this.trail, ...way], true);
    next = null;
  }

  drawCrumbs() {
    const crumbs = this.trail.map((place, i) => {
      const last = i + 1 === this.trail.length;
      return element(
        "li",
        last ? element("span", {"aria-current": "true"}, shownPath(place.label)) :
               element(
                 "button", {type: "button", onclick: () => this.go(this.trail.slice(0, i + 1), true)},
                 shownPath(place.label)));
    });
    const place = this.trail.at(-1);
    this.crumbs.replaceChildren(element("ol", crumbs), element("span.size", bytes(this.sumAt(place))));
  }

  key(event) {
    if (event.key === "Escape" || event.key === "Backspace") {
      event.preventDefault();
      this.back();
      return;
    }
    const way = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]}[event.key];
    const from = document.activeElement.closest(".tile");
    if (!way || !from) return;
    event.preventDefault();
    const next = nearest(from, [...this.map.querySelectorAll(".tile")], way);
    if (!next) return;
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

/// Where a tile is aimed at: all of it, or of one that is opened the strip with its name.
function aim(tile) {
  const height = tile.classList.contains("opened") ? 18 : tile.offsetHeight;
  return {
    left: tile.offsetLeft,
    right: tile.offsetLeft + tile.offsetWidth,
    top: tile.offsetTop,
    bottom: tile.offsetTop + height
  };
}

/// The tile that lies next to `from` in a direction: least apart, then least aside.
function nearest(from, tiles, [x, y]) {
  const start = aim(from);
  let best = null;
  let least = Infinity;
  for (const tile of tiles) {
    if (tile === from) continue;
    const place = aim(tile);
    const apart = x > 0 ? place.left - start.right :
      x < 0             ? start.left - place.right :
      y > 0             ? place.top - start.bottom :
                          start.top - place.bottom;
    const gap = x !== 0 ? Math.max(place.top - start.bottom, start.top - place.bottom) :
                          Math.max(place.left - start.right, start.left - place.right);
    const lean = x !== 0 ? Math.abs(place.top - start.top) : Math.abs(place.left - start.left);
    const far = apart + 3 * Math.max(0, gap) + lean / 100;
    if (apart > -2 && far < least) {
      least = far;
      best = tile;
    }
  }
  return best;
}

function addShares(groups, key, state, size) {
  if (!groups.has(key)) groups.set(key, [0, 0, 0]);
  groups.get(key)[state] += size;
}

function packageGroups(model) {
  const shares = new Map();
  for (let i = 1; i < model.total; ++i) {
    if (model.bytes[i] > 0)
      addShares(shares, model.isHidden(i) ? -2 : model.owner(i), model.bytesState[i], model.bytes[i]);
  }
  return [...shares].map(
    ([key, own]) => ({
      label: key === -2 ? "hidden by later layers" :
        key === -1      ? "no package" :
                          model.names.packages[key].name,
      shares: own,
      takes: key === -2 ? (node) => model.isHidden(node) : (node) => !model.isHidden(node) && model.owner(node) === key,
    }));
}

function layerGroups(model) {
  const shares = new Map();
  for (let i = 1; i < model.total; ++i) {
    if (model.bytes[i] > 0) addShares(shares, model.layer[i], model.bytesState[i], model.bytes[i]);
  }
  return [...shares].map(([layer, own]) => ({
                           label: layerLabel(model.report, layer),
                           shares: own,
                           takes: (node) => model.layer[node] === layer,
                         }));
}

/// "3: RUN apt-get install", without what builders put before the command.
function layerLabel(report, layer) {
  const command = plainCommand(report.layers[layer]?.created_by ?? "");
  return command ? `${layer + 1}: ${command}` : `Layer ${layer + 1}`;
}

function plainCommand(text) {
  const bare = text.replace(/^(\|\d+ \S+ )?\/bin\/sh -c #\(nop\) +/, "").replace(/^\/bin\/sh -c /, "RUN ");
  return bare.replace(/ # buildkit$/, "").replace(/\s+/g, " ").trim();
}
