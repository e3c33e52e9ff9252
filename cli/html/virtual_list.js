// A list of any length that has only as many elements as fit the window. It is a grid to assistive technology: the list
// has the focus, and the row that the keys move is its active descendant.

const HIGHEST = 8e6;  // pixels: browsers cut elements off at 17 to 33 million

class VirtualList {
  /// options: {id, label, rowHeight(), height, row(index, cells) -> element's children, open(index), columns}
  constructor(options) {
    this.options = options;
    this.length = 0;
    this.active = -1;
    this.rows = new Map();
    this.space = element("div.space", {role: "presentation"});
    this.element = element(
      "div.list", {
        id: options.id,
        role: "grid",
        tabindex: "0",
        "aria-label": options.label,
        "aria-readonly": "true",
        onscroll: () => this.draw(),
        onkeydown: (event) => this.key(event),
        onfocus: () => this.focused(),
      },
      this.space);
    new ResizeObserver(() => this.draw(true)).observe(this.element);
  }

  show(length) {
    this.length = length;
    this.active = -1;
    this.element.removeAttribute("aria-activedescendant");
    this.element.setAttribute("aria-rowcount", String(length));
    this.element.scrollTop = 0;
    this.draw(true);
  }

  /// Pixels that the content takes, and the factor from those that it would take.
  measure() {
    this.rowHeight = this.options.rowHeight();
    const whole = this.length * this.rowHeight;
    this.contentHeight = Math.min(whole, HIGHEST);
    const view = this.element.clientHeight;
    this.factor = whole > HIGHEST ? (whole - view) / (HIGHEST - view) : 1;
  }

  draw(anew = false) {
    this.measure();
    if (anew) {
      this.rows.clear();
      this.space.replaceChildren();
    }
    this.space.style.height = `${this.contentHeight}px`;
    const view = this.element.clientHeight;
    const top = this.element.scrollTop * this.factor;
    const first = Math.max(0, Math.floor(top / this.rowHeight) - 4);
    const last = Math.min(this.length, Math.ceil((top + view) / this.rowHeight) + 4);
    for (const [index, row] of this.rows) {
      if (index >= first && index < last) continue;
      row.remove();
      this.rows.delete(index);
    }
    const shift = this.element.scrollTop - top;
    for (let index = first; index < last; ++index) {
      let row = this.rows.get(index);
      if (!row) {
        row = this.makeRow(index);
        this.rows.set(index, row);
        this.space.append(row);
      }
      row.style.transform = `translateY(${index * this.rowHeight + shift}px)`;
    }
  }

  makeRow(index) {
    return element(
      index === this.active ? "div.row.active" : "div.row", {
        id: `${this.options.id}-${index}`,
        role: "row",
        "aria-rowindex": index + 1,
        "aria-selected": index === this.active ? "true" : "false",
        onclick: () => {
          this.move(index);
          this.options.open(index);
        },
      },
      this.options.row(index).map((cell) => {
        cell.setAttribute("role", "gridcell");
        return cell;
      }));
  }

  move(index) {
    const before = this.rows.get(this.active);
    if (before) {
      before.classList.remove("active");
      before.setAttribute("aria-selected", "false");
    }
    this.active = Math.max(0, Math.min(this.length - 1, index));
    const top = this.active * this.rowHeight;
    const view = this.element.clientHeight;
    const seen = this.element.scrollTop * this.factor;
    if (top < seen) this.element.scrollTop = top / this.factor;
    else if (top + this.rowHeight > seen + view) this.element.scrollTop = (top + this.rowHeight - view) / this.factor;
    this.draw();
    const row = this.rows.get(this.active);
    if (!row) return;
    row.classList.add("active");
    row.setAttribute("aria-selected", "true");
    this.element.setAttribute("aria-activedescendant", row.id);
  }

  focused() {
    if (this.active < 0 && this.length > 0 && this.element.matches(":focus-visible")) this.move(0);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    const places = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: this.length - 1
    };
    if (event.key in places && this.length) {
      event.preventDefault();
      this.move(places[event.key]);
    } else if ((event.key === "Enter" || event.key === " ") && this.active >= 0) {
      event.preventDefault();
      this.options.open(this.active);
    }
  }
}
