// The image as the page works with it: the tree of what a container sees and, in the same folders, the files that
// later layers hide, with the bytes of each folder by what becomes of them.

const KEPT = 0;
const DROPPED = 1;
const WASTED = 2;
const STATES = ["kept", "dropped", "wasted"];
const REASON_RULE = "rule";

class Model {
  constructor(report, names, table) {
    Object.assign(this, {report, names, table});
    this.count = table.count;  // nodes of the tree; those behind them are hidden files and folders that only they have
    this.addHidden(table);
    this.total = this.name.length;
    this.addStates(table);
    this.addChildren();
    this.sums = this.sumsOf(() => true);
    this.counts = this.countPaths();
    this.lowerNames = null;
    this.caused = null;
  }

  /// Hidden files become nodes behind those of the tree, below the folders that they lay in.
  addHidden(table) {
    const {hidden} = table;
    this.name = table.name;
    const parent = Array.from(hidden.count ? table.parent : []);
    const extra = {kind: [], size: [], layer: [], by: []};
    const folders = new Map();
    if (hidden.count) {
      for (let i = 1; i < this.count; ++i) {
        if (table.kind[i] === KIND_FOLDER) folders.set(`${table.parent[i]}/${table.name[i]}`, i);
      }
    }
    const add = (above, name, kind, size, layer, by) => {
      parent.push(above);
      this.name.push(name);
      extra.kind.push(kind);
      extra.size.push(size);
      extra.layer.push(layer);
      extra.by.push(by);
      return this.name.length - 1;
    };
    let before = [];
    for (let i = 0; i < hidden.count; ++i) {
      const components = before.slice(0, hidden.shared[i]).concat(hidden.rest[i].split("/"));
      before = components;
      let above = 0;
      for (const component of components.slice(0, -1)) {
        const key = `${above}/${component}`;
        let folder = folders.get(key);
        if (folder === undefined) {
          folder = add(above, component, KIND_FOLDER, 0, hidden.layer[i], hidden.by[i]);
          folders.set(key, folder);
        }
        above = folder;
      }
      add(above, components.at(-1), KIND_FILE, hidden.size[i], hidden.layer[i], hidden.by[i]);
    }
    const join = (Type, first, second) => {
      const whole = new Type(first.length + second.length);
      whole.set(first);
      whole.set(second, first.length);
      return whole;
    };
    this.parent = hidden.count ? Uint32Array.from(parent) : table.parent;
    this.kind = join(Uint8Array, table.kind, extra.kind);
    this.size = join(Float64Array, table.size, extra.size);
    this.layer = join(Uint32Array, table.layer, extra.layer);
    this.hiddenBy = extra.by;
  }

  /// What becomes of each path, and of the bytes that it carries: an inode's bytes are counted under its first name and
  /// kept if any name of it is.
  addStates(table) {
    this.state = new Uint8Array(this.total);
    this.bytesState = new Uint8Array(this.total).fill(WASTED);
    this.bytes = new Float64Array(this.total);
    for (let i = 0; i < this.count; ++i) {
      this.state[i] = table.reason[i] % 2 === 1 ? KEPT : DROPPED;
      this.bytesState[i] = DROPPED;
    }
    for (let i = 0; i < this.count; ++i) {
      if (table.first[i] === i) this.bytes[i] = this.size[i];
      if (this.state[i] === KEPT) this.bytesState[table.first[i]] = KEPT;
    }
    for (let i = this.count; i < this.total; ++i) {
      this.state[i] = WASTED;
      this.bytes[i] = this.size[i];
    }
  }

  addChildren() {
    this.childBegin = new Uint32Array(this.total + 1);
    for (let i = 1; i < this.total; ++i) this.childBegin[this.parent[i] + 1] += 1;
    for (let i = 0; i < this.total; ++i) this.childBegin[i + 1] += this.childBegin[i];
    this.childList = new Uint32Array(this.total);
    const next = this.childBegin.slice();
    for (let i = 1; i < this.total; ++i) this.childList[next[this.parent[i]]++] = i;
  }

  children(node) {
    return this.childList.subarray(this.childBegin[node], this.childBegin[node + 1]);
  }

  isFolder(node) {
    return this.kind[node] === KIND_FOLDER;
  }

  isHidden(node) {
    return node >= this.count;
  }

  /// By node, of what is below it and itself: bytes by state. Parents come before children, so one pass backwards does.
  sumsOf(takes) {
    const sums = [0, 1, 2].map(() => new Float64Array(this.total));
    for (let i = this.total - 1; i > 0; --i) {
      if (this.bytes[i] > 0 && takes(i)) sums[this.bytesState[i]][i] += this.bytes[i];
      for (const state of sums) state[this.parent[i]] += state[i];
    }
    return sums;
  }

  countPaths() {
    const counts = [0, 0, 0];
    for (let i = 1; i < this.total; ++i) {
      if (i < this.count || !this.isFolder(i)) counts[this.state[i]] += 1;
    }
    return counts;
  }

  path(node) {
    if (node === 0) return "/";
    const parts = [];
    for (let at = node; at !== 0; at = this.parent[at]) parts.push(this.name[at]);
    return `/${parts.reverse().join("/")}`;
  }

  /// By node, whether its path has a word (in lower case) in it. A word without a slash stands in one name: that of the
  /// node or of a folder above it, which no path needs to be put together for.
  having(word) {
    if (this.lowerNames === null) this.lowerNames = this.name.map((name) => name.toLowerCase());
    const has = new Uint8Array(this.total);
    if (word.includes("/")) {
      const lower = new Array(this.total);
      lower[0] = "";
      for (let i = 1; i < this.total; ++i) {
        lower[i] = `${lower[this.parent[i]]}/${this.lowerNames[i]}`;
        if (lower[i].includes(word)) has[i] = 1;
      }
    } else {
      for (let i = 1; i < this.total; ++i) {
        if (has[this.parent[i]] || this.lowerNames[i].includes(word)) has[i] = 1;
      }
    }
    return has;
  }

  /// The node of a path, or of the hidden file that was there, or undefined.
  find(path) {
    let node = 0;
    for (const component of path.split("/").filter((one) => one !== "")) {
      const next = this.children(node).find((child) => this.name[child] === component);  // those of the tree come first
      if (next === undefined) return undefined;
      node = next;
    }
    return node;
  }

  /// The package's place, or -1.
  owner(node) {
    return node < this.count ? this.table.owner[node] - 1 : -1;
  }

  /// {kind, phrase} of a path of the tree.
  reason(node) {
    return this.names.reasons[this.table.reason[node] >> 1];
  }

  detail(node) {
    return this.table.details[this.table.detail[node]];
  }

  /// The node whose being kept is the cause, or undefined.
  cause(node) {
    return node < this.count && this.table.from[node] > 0 ? this.table.from[node] - 1 : undefined;
  }

  rule(id) {
    return Object.hasOwn(this.names.rules, id) ? this.names.rules[id] : undefined;
  }

  /// What is kept because `node` is, nearest first.
  effects(node) {
    if (this.caused === null) {
      const begin = new Uint32Array(this.count + 1);
      for (let i = 0; i < this.count; ++i)
        if (this.counted(i)) begin[this.cause(i) + 1] += 1;
      for (let i = 0; i < this.count; ++i) begin[i + 1] += begin[i];
      const list = new Uint32Array(begin[this.count]);
      const next = begin.slice();
      for (let i = 0; i < this.count; ++i)
        if (this.counted(i)) list[next[this.cause(i)]++] = i;
      this.caused = {begin, list};
    }
    return node < this.count ? this.caused.list.subarray(this.caused.begin[node], this.caused.begin[node + 1]) : [];
  }

  /// Whether a path is one that something keeps; parents of what is kept are no news.
  counted(node) {
    return this.state[node] === KEPT && this.cause(node) !== undefined && this.reason(node).kind !== "parent folder";
  }

  /// {paths, bytes} of all that hangs on `node`, at any distance.
  hold(node) {
    const seen = new Set([node]);
    const waiting = [node];
    let held = 0;
    while (waiting.length) {
      for (const effect of this.effects(waiting.pop())) {
        if (seen.has(effect)) continue;
        seen.add(effect);
        waiting.push(effect);
        held += this.bytes[effect];
      }
    }
    return {paths: seen.size - 1, bytes: held};
  }
}
