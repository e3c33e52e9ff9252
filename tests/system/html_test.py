#!/usr/bin/python3
"""The HTML report in a headless Chromium: it loads without a word on the console, fetches nothing, can be searched,
filtered and walked by keys, fits a phone, follows dark mode, and shows hostile text as text.

    html_test.py --screenshots FOLDER   writes the pictures of the documentation instead (of nginx, slimmed)"""

import json
import os
import random
import re
import sys
import unittest

from browser import Browser
from layouts import Layout, layer_bytes
from slim_program import SystemTest, main, original_of, slim

MEBI = 1 << 20
DESK, PHONE = (1280, 900), (390, 844)
MARKUP = "<img src=x onerror=alert(1)>"
# What a page might take for more than text, in every place where an image has text.
HOSTILE = ["</script><script>document.title='owned'</script>", MARKUP, "<!--", "]]>", "\u2028\u2029'\"`${1}", "\x1b[31m::error::", "a\nb\tc",
           "&lt;&amp;", "__proto__", "constructor", "\u202egpj.exe", "javascript:alert(1)"]


def why_chains(image, *paths):
    """path -> [(reason, path of the cause, detail), ...] as slim why tells it."""
    answers = slim("why", image, *paths, "--format", "json").json()
    return {answer["path"]: [(step["reason"], step["path"], step["detail"]) for step in answer["chain"]] for answer in answers}


def many_files(count):
    """A layer of `count` small files, named as packages of modules name theirs: words and hashes, few alike."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 11))) for _ in range(3000)]
    files = {}
    while len(files) < count:
        folder = "opt/app/node_modules/" + "/".join(chance.choices(words, k=chance.randint(2, 5)))
        for _ in range(20):
            name = "%s/%s-%08x.%s" % (folder, chance.choice(words), chance.getrandbits(32), chance.choice(["js", "d.ts", "json", "map"]))
            files[name] = b"x" * chance.randint(1, 90)
    return dict(list(files.items())[:count])


class Page(SystemTest):
    """Tests of one page. A test opens what it is about with report()."""

    def setUp(self):
        super().setUp()
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.view(*DESK)

    def report(self, image, *options):
        """Writes the report of an image and opens it. Returns the file."""
        path = self.path("report.html")
        self.assert_status(slim("analyze", image, "--quiet", "--report", "html=" + path, *options), 0)
        self.loaded = self.browser.open(path)
        return path

    def nginx(self):
        return self.report("docker-archive:" + original_of("nginx"))

    def texts(self, selector):
        return self.browser.evaluate("[...document.querySelectorAll(%s)].map((one) => one.textContent)" % json.dumps(selector))

    def count(self, selector):
        return self.browser.evaluate("document.querySelectorAll(%s).length" % json.dumps(selector))

    def value(self, expression):
        return self.browser.evaluate(expression)

    def focus(self, selector):
        self.value("document.querySelector(%s).focus()" % json.dumps(selector))

    def click(self, selector):
        self.value("document.querySelector(%s).click()" % json.dumps(selector))
        self.browser.settle()

    def search(self, text):
        self.focus("#search")
        self.value("document.querySelector('#search').select()")
        self.browser.type(text)

    def paths(self):
        """Those of the list of files that are in sight."""
        return self.texts("#file .row .path")

    def found(self):
        return int(self.texts(".found .count")[0].split()[0].replace(",", ""))

    def assert_quiet(self):
        self.assertEqual(self.browser.problems, [])
        self.assertEqual([url for url in self.browser.requests if not url.startswith("file://" + self.folder)], [])


class RealImage(Page):
    def test_loads_without_a_word_and_fetches_nothing(self):
        path = self.nginx()
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.assert_quiet()
        self.assertEqual(len(self.browser.requests), 1)
        self.assertNotRegex(page, r"<(link|img|iframe|object|embed|base)\b")
        self.assertIn("default-src 'none'", page)
        headings = self.texts("main > section h2")
        for heading in ("Summary", "Where the bytes are", "Layers", "Findings", "Packages", "Files", "How long it took"):
            self.assertIn(heading, headings)

    def test_a_console_error_would_be_seen(self):
        self.nginx()
        self.value("void setTimeout(() => { throw new Error('on purpose') }, 0)")
        self.browser.settle()
        self.value("document.body.append(Object.assign(document.createElement('script'), {textContent: 'owned = 1'}))")
        self.browser.settle()
        self.assertRegex("\n".join(self.browser.problems), "on purpose")
        self.assertRegex("\n".join(self.browser.problems), "Content Security Policy")
        self.assertEqual(self.value("typeof owned"), "undefined")

    def test_says_what_the_json_report_says(self):
        self.nginx()
        report = slim("analyze", "docker-archive:" + original_of("nginx"), "--format", "json", "--files").json()
        kept = [one for one in report["files"] if one["decision"] == "keep"]
        self.click("#files [data-value=kept]")
        self.assertEqual(self.found(), len(kept) - 1)  # the root is no path of the list
        self.click("#files [data-value=dropped]")
        self.assertEqual(self.found(), len(report["files"]) - len(kept))
        self.assertEqual(self.count(".layers tbody tr"), len(report["layers"]))
        hidden = sum(layer["hides"]["files"] for layer in report["layers"])
        self.click("#files [data-value=wasted]")
        self.assertEqual(self.found(), hidden)
        # bytes of the packages are summed up by the page itself
        self.assertEqual(self.value("document.querySelector('#package').getAttribute('aria-rowcount')"), str(len(report["packages"])))
        biggest = report["packages"][0]
        self.assertEqual(self.texts("#package .row .size")[0], "%.1f MB" % (biggest["bytes"] / 1e6))
        self.assertIn(biggest["name"], self.texts("#package .row .path")[0])

    def test_search_finds_paths_by_words(self):
        self.nginx()
        self.search("LIBSSL so")
        self.assertEqual(self.paths(), ["/usr/lib/x86_64-linux-gnu/libssl.so.3"])
        self.search("no such path at all")
        self.assertEqual((self.found(), self.paths()), (0, []))
        self.browser.press("Escape")
        self.assertGreater(self.found(), 5000)
        self.assert_quiet()

    def test_the_list_holds_only_what_is_in_sight(self):
        self.nginx()
        self.assertLess(self.count("#file .row"), 40)
        self.value("document.querySelector('#file').scrollTop = 1e9")
        self.browser.settle()
        self.assertLess(self.count("#file .row"), 40)
        last = int(self.value("Math.max(...[...document.querySelectorAll('#file .row')].map((row) => Number(row.getAttribute('aria-rowindex'))))"))
        self.assertEqual(last, self.found())

    def test_findings_are_filtered(self):
        self.nginx()
        everything = self.count("#finding-list .card")
        self.click("#findings [data-value=medium]")
        self.assertEqual(set(self.texts("#finding-list .severity")), {"medium"})
        self.assertLess(self.count("#finding-list .card"), everything)
        self.value("{ const select = document.querySelector('#finding-kind'); select.value = 'setuid'; select.dispatchEvent(new Event('change')); }")
        self.assertGreater(self.count("#finding-list .card"), 0)
        for title in self.texts("#finding-list h3"):
            self.assertIn("setuid", title)

    def test_the_treemap_is_zoomed_and_regrouped(self):
        self.nginx()
        whole = self.texts(".crumbs .size")
        self.click("#map .tile.opened")
        crumbs = self.texts(".crumbs li")
        self.assertEqual(crumbs[1:], ["usr"])
        self.assertNotEqual(self.texts(".crumbs .size"), whole)
        self.click(".crumbs button")
        self.assertEqual(self.texts(".crumbs .size"), whole)
        for grouping, label in (("package", "hidden by later layers"), ("layer", "1: mmdebstrap")):
            self.click("#sizes [data-value=%s]" % grouping)
            self.assertEqual(self.texts(".crumbs .size"), whole)
            labels = self.value("[...document.querySelectorAll('#map .tile')].map((tile) => tile.getAttribute('aria-label'))")
            self.assertTrue(any(one.startswith(label) for one in labels), labels)
        self.assertGreater(self.count("#map .fill .wasted"), 0)
        self.assert_quiet()

    def test_keys_walk_the_treemap(self):
        self.nginx()
        self.focus("#map .tile[tabindex='0']")
        label = "document.activeElement.getAttribute('aria-label')"
        first = self.value(label)
        self.assertTrue(first.startswith("usr,"), first)
        self.browser.press("ArrowDown")
        second = self.value(label)
        self.assertTrue(second.startswith("lib,"), second)
        self.browser.press("ArrowUp")
        self.assertEqual(self.value(label), first)
        self.browser.press("Enter")
        self.assertEqual(self.texts(".crumbs li")[1:], ["usr"])
        self.assertEqual(self.value("document.activeElement.className.split(' ')[0]"), "tile")
        self.browser.press("Escape")
        self.assertEqual(self.texts(".crumbs li")[1:], [])
        self.assertEqual(self.count("#map .tile[tabindex='0']"), 1)

    def test_keys_walk_the_list_and_open_the_reasons(self):
        self.nginx()
        self.value("document.activeElement.blur()")
        self.browser.press("/")
        self.assertEqual(self.value("document.activeElement.id"), "search")
        self.browser.type("/usr/sbin/")
        self.browser.press("ArrowDown", "ArrowDown")
        active = self.value("document.getElementById(document.querySelector('#file').getAttribute('aria-activedescendant')).getAttribute('aria-rowindex')")
        self.assertEqual(active, "2")
        self.browser.press("Home", "Enter")
        self.assertFalse(self.value("document.querySelector('#drawer').hidden"))
        self.assertEqual(self.texts("#drawer h2"), ["/usr/sbin/nginx"])
        self.browser.press("Escape")
        self.assertTrue(self.value("document.querySelector('#drawer').hidden"))
        self.assertEqual(self.value("document.activeElement.id"), "file")
        self.browser.press("End")
        active = self.value("document.getElementById(document.querySelector('#file').getAttribute('aria-activedescendant')).getAttribute('aria-rowindex')")
        self.assertEqual(int(active), self.found())

    def test_everything_that_acts_has_a_name_and_the_first_stop_skips_ahead(self):
        self.nginx()
        self.browser.press("Tab")
        self.assertEqual(self.value("document.activeElement.getAttribute('href')"), "#main")
        self.browser.press("Enter")
        self.assertEqual(self.value("document.activeElement.id"), "main")
        nameless = self.value("""[...document.querySelectorAll("button, a, input, select, [tabindex='0'], [role=grid], section")].filter((one) =>
            !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.textContent.trim())).map((one) => one.outerHTML.slice(0, 90))""")
        self.assertEqual(nameless, [])
        twice = self.value("[...document.querySelectorAll('[id]')].map((one) => one.id).filter((id, i, all) => all.indexOf(id) !== i)")
        self.assertEqual(twice, [])

    def test_the_chain_of_a_file_is_that_of_why(self):
        image = "docker-archive:" + original_of("flask")  # where modules import modules
        self.report(image)
        files = slim("analyze", image, "--format", "json", "--files").json()["files"]
        kept = [one["path"] for one in files if one["decision"] == "keep" and one["type"] == "file"]
        chains = why_chains(image, *random.Random(3).sample(kept, 400))
        sample = sorted(chains, key=lambda path: -len(chains[path]))[:8] + list(chains)[:8]
        self.assertGreater(len(chains[sample[0]]), 4)
        for path in sample:
            self.search(path)
            self.value("[...document.querySelectorAll('#file .row')].find((row) => row.querySelector('.path').textContent === %s).click()"
                       % json.dumps(path))
            steps = self.value("[...document.querySelectorAll('#drawer .edge')].map((one) => [one.dataset.reason, one.dataset.path, one.dataset.detail])")
            self.assertEqual([tuple(step) for step in steps], chains[path], path)
            boxes = self.texts("#drawer .chain .box")
            self.assertEqual(boxes, [path] + [step[1] for step in chains[path] if step[1]])

    def test_dark_mode_is_dark_and_both_can_be_read(self):
        self.nginx()
        channels = """(() => { const of = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
            const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
            const contrast = (a, b) => { const [x, y] = [light(of(a)), light(of(b))].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
            const style = (selector) => getComputedStyle(document.querySelector(selector));
            const ratios = {};
            for (const state of ["kept", "dropped", "wasted"]) ratios[state] = contrast(style("#map .tile:not(.opened):not(.rest)").color, style(`.swatch.${state}`).backgroundColor);
            ratios.text = contrast(style("body").color, style("section").backgroundColor);
            ratios.quiet = contrast(style(".sub").color, style("body").backgroundColor);
            ratios.link = contrast(style(".path-button").color, style("section").backgroundColor);
            return {ratios, page: light(of(style("body").backgroundColor))}; })()"""
        told = {}
        for dark in (False, True):
            self.browser.view(*DESK, dark=dark)
            told[dark] = self.value(channels)
            for what, ratio in told[dark]["ratios"].items():
                self.assertGreaterEqual(ratio, 4.5, "%s, %s (WCAG 2.1: 4.5 for text)" % (what, "dark" if dark else "light"))
        self.assertGreater(told[False]["page"], 0.8)
        self.assertLess(told[True]["page"], 0.05)

    def test_a_phone_scrolls_one_way(self):
        self.browser.view(*PHONE)
        self.nginx()
        for what in ("the page", "the drawer"):
            wide = self.value("[document.documentElement.scrollWidth, document.body.scrollWidth, ...[...document.querySelectorAll('section, .row, .drawer')].map((one) => one.scrollWidth)]")
            self.assertLessEqual(max(wide), PHONE[0], what)
            self.click("#file .row")
        self.assertGreaterEqual(self.value("document.querySelector('#drawer .close').offsetHeight"), 36)
        self.assert_quiet()


class BuiltImage(Page):
    def test_shows_the_verdict_side_by_side(self):
        path = self.path("report.html")
        finished = slim("build", "docker-archive:" + original_of("nginx"), "-o", "oci:" + self.path("slimmed"), "--format", "json",
                        "--report", "html=" + path)
        self.assert_status(finished, 0)
        verdict = finished.json()["verdict"]
        self.browser.open(path)
        self.assert_quiet()
        self.assertEqual(self.texts("#verdict .outcome .pill"), ["behaves the same"])
        self.assertEqual(self.count("#verdict .card"), len(verdict["probes"]))
        for side in self.texts("#verdict .card:first-of-type .side p"):
            self.assertIn(verdict["probes"][0]["summary"], side)
        self.assertEqual(self.texts("#timings .what"), ["read", "plan", "write", "verify"])
        self.assertIn("are left", self.texts(".hero")[0])

    def test_shows_what_differs(self):
        path = self.path("report.html")
        finished = slim("build", "docker-archive:" + original_of("nginx"), "-o", "oci:" + self.path("slimmed"), "--format", "json",
                        "--report", "html=" + path, "--exclude", "/etc/nginx/**", "--heal", "0", "--no-observe")
        self.assert_status(finished, 1)
        differences = finished.json()["verdict"]["differences"]
        self.assertTrue(differences)
        self.browser.open(path)
        self.assert_quiet()
        self.assertEqual(self.texts("#verdict .outcome .pill"), ["behaves differently"])
        self.assertEqual(self.count("#verdict .difference"), len(differences))
        self.assertIn(differences[0]["what"], self.texts("#verdict .difference h4")[0])


class Gate(Page):
    def test_shows_what_a_policy_says(self):
        policy, path = self.path(MARKUP + ".yaml"), self.path("report.html")
        with open(policy, "w", encoding="utf-8") as file:
            file.write('max_layers: 9\nfindings: { forbid: [setuid] }\n'
                       'allow: [ { id: setuid, path: "/usr/bin/[!m]*", reason: known } ]\n')
        finished = slim("gate", "docker-archive:" + original_of("nginx"), "--policy", policy, "--report", "html=" + path)
        self.assert_status(finished, 1)
        self.browser.open(path)
        self.assert_quiet()
        self.assertEqual(self.texts("#top .pill"), ["gate failed"])
        self.assertEqual(self.texts("#gate .outcome"), ["1 rule violated"])
        self.assertEqual(self.texts("#gate h3"), ["setuid violated", "max_layers passed"])  # what fails comes first
        self.assertEqual(self.texts("#gate li"), ["/usr/bin/mount"])
        self.assertIn(MARKUP, self.texts("#gate")[0])
        self.click("#gate .path-button")
        self.assertEqual(self.texts("#drawer h2"), ["/usr/bin/mount"])


class Hostile(Page):
    def image(self):
        base = {"etc/x/" + name.replace("/", "|"): b"data" for name in HOSTILE}
        base["bin/start"] = b"#!/bin/sh\n" + MARKUP.encode() + b"\n"
        base["bin/sh"] = b"no ELF"
        top = {"etc/x/.wh." + MARKUP.replace("/", "|"): b""}
        top["opt/" + HOSTILE[0].replace("/", "|") + "/file"] = b"some content"
        config = {"Entrypoint": ["/bin/start", *HOSTILE], "User": MARKUP, "WorkingDir": "/" + MARKUP,
                  "Env": ["A%d=%s" % (i, text) for i, text in enumerate(HOSTILE)],
                  "Labels": {text: text for text in HOSTILE}, "ExposedPorts": {MARKUP: {}}, "Volumes": {"/" + MARKUP: {}}}
        layout = Layout(self.path("layout"))
        descriptor = layout.add_image([layer_bytes(base), layer_bytes(top)], config)
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": "x" + HOSTILE[0]}
        return layout.write_index(descriptor)

    def test_hostile_text_stays_text(self):
        path = self.report(self.image())
        with open(path, "rb") as file:
            page = file.read()
        self.assertNotIn(MARKUP.encode(), page)
        self.assertNotIn("\u2028".encode(), page)
        self.assertEqual(len(re.findall(rb"</script", page)), len(re.findall(rb"<script", page)))
        self.assert_quiet()
        self.assertNotEqual(self.value("document.title"), "owned")
        self.search(" ")
        for _ in range(2):
            self.assertEqual(self.count("img, iframe, object, embed, link, base, [onerror], [onclick], body script ~ img"), 0)
            self.assertEqual(self.value("[...document.querySelectorAll('a')].filter((one) => !one.getAttribute('href').startsWith('#')).length"), 0)
            self.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            self.value("document.querySelectorAll('#file .row').forEach((row) => row.click())")
            self.browser.settle()
        shown = self.value("document.body.innerText")
        self.assertIn(MARKUP, shown)
        for refused in "\x1b\u2028\u202e":
            self.assertNotIn(refused, shown)
        self.assert_quiet()

    def test_hidden_files_and_odd_names_are_found_again(self):
        self.report(self.image())
        self.click("#files [data-value=wasted]")
        self.assertEqual(self.paths(), ["/etc/x/" + MARKUP])
        self.click("#files [data-value=all]")
        self.search("__proto__")
        self.assertEqual(self.paths(), ["/etc/x/__proto__"])
        self.search("gpj")
        self.assertEqual(self.paths(), ["/etc/x/\\u{202e}gpj.exe"])


class ManyFiles(Page):
    def test_a_hundred_thousand_files_are_small_and_soon_there(self):
        layout = Layout(self.path("layout"))
        files = {**many_files(100_000), "bin/start": b"#!/bin/sh\n", "bin/sh": b"no ELF"}
        image = layout.write_index(layout.add_image([layer_bytes(files)], {"Entrypoint": ["/bin/start"]}))
        path = self.report(image)
        size = os.path.getsize(path)
        searching = self.value("(() => { const begin = performance.now(); const input = document.querySelector('#search'); input.value = 'json a'; input.dispatchEvent(new Event('input')); return performance.now() - begin; })()")
        print("100,000 files: %.1f MB, interactive after %d ms, a search takes %d ms" % (size / 1e6, self.loaded, searching))
        self.assertLessEqual(size, 15 * MEBI)
        self.assertLess(self.loaded, 20_000)  # the limit of 2 s is measured by scripts/bench; this catches what is not fluid at all
        self.assertLess(self.count("#file .row"), 60)
        self.assertLess(self.count("*"), 5000)
        expected = sum("json" in ("/" + name).lower() and "a" in ("/" + name).lower() for name in files)
        folders = {name.rsplit("/", depth)[0] for name in files for depth in range(1, name.count("/") + 1)}
        expected += sum("json" in folder and "a" in folder for folder in ("/" + one for one in folders))
        self.assertEqual(self.found(), expected)
        self.assert_quiet()


class Platforms(Page):
    def test_every_platform_of_an_index_is_in_the_page(self):
        layout = Layout(self.path("layout"))
        images = []
        for machine in ("amd64", "arm64"):
            files = {"bin/start": b"#!/bin/sh\n", "bin/sh": b"no ELF", "only/on-" + machine: b"x"}
            descriptor = layout.add_image([layer_bytes(files)], {"Entrypoint": ["/bin/start"]}, platform=("linux", machine))
            images.append({**descriptor, "platform": {"os": "linux", "architecture": machine}})
        path = self.path("report.html")
        finished = slim("build", layout.write_index(*images), "--platform", "all", "--no-run", "-o", "oci:" + self.path("slimmed"), "--quiet",
                        "--report", "html=" + path)
        self.assert_status(finished, 0)
        self.browser.open(path)
        self.assertEqual(self.texts("#report option"), ["linux/amd64", "linux/arm64"])
        self.search("only/on-")
        self.assertEqual(self.paths(), ["/only/on-amd64"])
        self.value("{ const select = document.querySelector('#report'); select.value = '1'; select.dispatchEvent(new Event('change')); }")
        self.browser.wait("document.querySelector('.sub').textContent.includes('arm64')")
        self.search("only/on-")
        self.assertEqual(self.paths(), ["/only/on-arm64"])
        self.assert_quiet()


class Output(SystemTest):
    def test_standard_output_gets_the_page_too(self):
        layout = Layout(self.path("layout"))
        image = layout.write_index(layout.add_image([layer_bytes({"bin/start": b"#!/bin/sh\n", "bin/sh": b""})], {"Entrypoint": ["/bin/start"]}))
        finished = slim("analyze", image, "--format", "html")
        self.assert_status(finished, 0)
        self.assertTrue(finished.out.startswith("<!DOCTYPE html>"))
        self.assertTrue(finished.out.endswith("</html>\n"))


def screenshots(folder):
    """The pictures of docs/: real output of `slim build` on the nginx image of tests/images."""
    page = os.path.join(folder, "nginx.html")
    slim("build", "docker-archive:" + original_of("nginx"), "-o", "oci:" + os.path.join(folder, "slimmed"), "--quiet", "--report", "html=" + page)
    browser = Browser()
    try:
        browser.view(1280, 800)
        browser.open(page)
        browser.evaluate("scrollTo(0, 0)")
        browser.screenshot(os.path.join(folder, "report-summary.webp"), quality=80)
        browser.view(1280, 800, dark=True)
        browser.open(page)
        browser.evaluate("document.querySelector('#sizes').scrollIntoView(); document.querySelector('#search').value = 'libcrypto'; "
                         "document.querySelector('#search').dispatchEvent(new Event('input')); document.querySelector('#file .row').click()")
        browser.screenshot(os.path.join(folder, "report-treemap.webp"), quality=80)
    finally:
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--screenshots"]:
        screenshots(os.path.realpath(sys.argv[2]))
    else:
        main()
