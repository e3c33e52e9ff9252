// The table of files as cli/report_html_files.h describes it: from base64 of gzip to columns.

const KIND_FILE = 0;
const KIND_FOLDER = 1;
const KIND_SYMLINK = 2;
const KINDS = ["file", "folder", "link", "hard link", "character device", "block device", "pipe", "whiteout", "opaque"];

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const raw = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) raw[i] = binary.charCodeAt(i);
  return raw;
}

async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class ColumnReader {
  constructor(raw) {
    this.raw = raw;
    this.at = 0;
    this.decoder = new TextDecoder("utf-8", {ignoreBOM: true});
  }

  number() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.raw[this.at++];
      if (byte === undefined) throw new Error("the table of files ends too early");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  numbers(count, array = new Uint32Array(count)) {
    for (let i = 0; i < count; ++i) array[i] = this.number();
    return array;
  }

  strings(count) {
    if (count === 0) return [];
    const begin = this.at;
    for (let i = 0; i < count; ++i) {
      const end = this.raw.indexOf(0, this.at);
      if (end < 0) throw new Error("the table of files ends too early");
      this.at = end + 1;
    }
    return this.decoder.decode(this.raw.subarray(begin, this.at - 1)).split("\0");
  }
}

function readTable(raw) {
  const reader = new ColumnReader(raw);
  const count = reader.number();
  const table = {count, name: reader.strings(count), parent: reader.numbers(count)};
  for (let i = 0; i < count; ++i) table.parent[i] = i - table.parent[i];
  table.kind = reader.numbers(count, new Uint8Array(count));
  table.size = reader.numbers(count, new Float64Array(count));
  table.link = reader.strings(count);
  table.first = reader.numbers(count);
  for (let i = 0; i < count; ++i) table.first[i] = i - table.first[i];
  table.layer = reader.numbers(count);
  table.reason = reader.numbers(count, new Uint8Array(count));
  table.from = reader.numbers(count);  // 1 + the node, or 0
  table.details = reader.strings(reader.number());
  table.detail = reader.numbers(count);
  table.owner = reader.numbers(count);  // 1 + the package, or 0
  const hidden = reader.number();
  table.hidden = {
    count: hidden,
    shared: reader.numbers(hidden),
    rest: reader.strings(hidden),
    size: reader.numbers(hidden, new Float64Array(hidden)),
    layer: reader.numbers(hidden),
    by: reader.numbers(hidden)
  };
  return table;
}
