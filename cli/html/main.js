// Reads the data that stands in the page and shows it. `data-ready` on the root element says when all of it works, in
// milliseconds since the page was opened.

const MANY_REPORTS = document.querySelectorAll("script[id^=report-]").length;

function parsed(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

async function load(place) {
  const table = readTable(await inflate(fromBase64(document.getElementById(`files-${place}`).textContent)));
  return new Model(parsed(`report-${place}`), parsed(`names-${place}`), table);
}

/// Several platforms of one image, or several images.
function reportSwitch(chosen) {
  if (MANY_REPORTS < 2) return null;
  const images = Array.from({length: MANY_REPORTS}, (_, i) => parsed(`report-${i}`).image);
  const ofOne = images.every((image) => image.ref === images[0].ref);
  return element(
    "select",
    {"aria-label": ofOne ? "Platform" : "Image", id: "report", onchange: (event) => show(Number(event.target.value))},
    images.map((image, i) => {
      const option = element(
        "option", {value: String(i)},
        shownPath(ofOne ? image.platform : `${image.name || image.ref} ${image.platform}`));
      option.selected = i === chosen;
      return option;
    }));
}

let shownDrawer = null;

document.addEventListener("keydown", (event) => {
  if (
    event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    document.getElementById("search").focus();
  } else if (event.key === "Escape" && !event.defaultPrevented && shownDrawer) {
    shownDrawer.hideIfShown();
  }
});

/// Marks the section that is being read.
function followReading(links) {
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting) seen.add(target.id);
      else seen.delete(target.id);
    }
    const current = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) {
      if (id !== current) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        const bar = link.parentElement;
        bar.scrollLeft = link.offsetLeft - (bar.clientWidth - link.offsetWidth) / 2;
      }
    }
  }, {rootMargin: "-80px 0px -55% 0px"});
  for (const id of links.keys()) watcher.observe(document.getElementById(id));
}

async function show(place) {
  const model = await load(place);
  const drawer = new Drawer(model);
  const files = new Files(model, drawer);
  const treemap = new Treemap(model, (node) => drawer.show(node));
  fillHeader(document.getElementById("top"), model);
  const sections = [
    summarySection(model), verdictSection(model, drawer), gateSection(model, drawer), treemap.section(),
    layersSection(model, files), findingsSection(model, drawer), packagesSection(model, files), files.section(),
    aboutSection(model), notesSection(model, drawer), timingsSection(model)
  ].filter((one) => one !== null);
  document.getElementById("main").replaceChildren(...sections, drawer.element);
  treemap.draw();
  const links =
    new Map(sections.map((one) => [one.id, element("a", {href: `#${one.id}`}, one.querySelector("h2").textContent)]));
  document.getElementById("places").replaceChildren(
    ...[reportSwitch(place), ...links.values()].filter((one) => one !== null));
  document.getElementById("foot").textContent = `Made by ${model.report.tool.name} ${
    model.report.tool.version}. The treemap is laid out by d3-hierarchy, © Mike Bostock, BSD licence (in this file).`;
  followReading(links);
  shownDrawer = drawer;
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

show(0).catch((error) => {
  document.getElementById("main").textContent = `This report cannot be shown: ${error.message}`;
  throw error;
});
