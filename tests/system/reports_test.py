#!/usr/bin/python3
"""Every format of a report is what its readers expect, for a real image; and an image whose every text is hostile
(names, labels, history, environment, packages, accounts) changes nothing but text in any of them: its documents have the
shape of a harmless twin's. What GitHub's runner is told is read as the runner reads it."""

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import tarfile
import termios
import xml.etree.ElementTree as xml

import image_archive
import report_readers
from layouts import Layout
from report_readers import READERS, github_outputs, tables_of_markdown
from slim_program import PROGRAM, SystemTest, main, need_program, original_of, slim

HOSTILE = [
    "\x1b[31mred\x1b[0m\x1b]0;title\x07", "\n::error file=a,line=1::gotcha", "::set-output name=a::b", "\r\n## heading",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</details></td></tr></table>", "</summary>", "|a|b|",
    "\\|", "`code` ``` ````", "]]>", "<![CDATA[", "&lt;&#x1b;&#0;", "%0A::error::%25", "\"quotes' and \\", "\\",
    "[link](http://evil.test)", "![i](http://evil.test/x.png)", "http://evil.test www.evil.test", "a@evil.test",
    "@somebody #1 !2 ~3", "*bold* _it_ ~~gone~~", "- [ ] task", "1. item", "> quote", "    code", "{0} {{1}} {",
    "\u202etxt.exe\u2066\u200b", "\ufffe\uffff", "##[error]x ##vso[task.x]y", "$(id) ${HOME} ; rm", "--> <!-- -->",
    "</script><style>", "a,b:c=d", " blanks ", "<<EOF\nEOF\nsize=1", b"\xff\xfe\xc3(".decode(errors="surrogateescape")]


def formats():
    """What this slim offers, so that a new format is tested as soon as it is there."""
    help_text = slim("analyze", "--help").out
    return re.search(r"--format ([a-z|]+)", help_text)[1].split("|")


def layer(files):
    """Of name -> (content, mode), with names as bytes would have them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8",
                      errors="surrogateescape") as tar:
        for name, (content, mode) in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def image_of(folder, texts):
    """An image that has each of the texts wherever an image has texts of its own. What is not UTF-8 is in names only."""
    def name(number):
        return "%02d %s" % (number, texts[number].replace("/", "\u2215"))

    words = [text.encode("utf-8", "replace").decode() for text in texts]
    lines = [re.sub("[\r\n]", " ", word).replace(":", ";").replace("/", "\u2215") for word in words]
    files = {"bin/start": (b"#!/bin/absent\n", 0o755)}
    for number in range(len(texts)):
        files["opt/" + name(number)] = (b"x" * (70_000 - number), 0o4755)
        files["usr/share/doc/%s/readme" % name(number)] = (b"y" * 5000, 0o644)
    files["etc/shadow"] = ("".join("%s::1:0:99999:7:::\n" % line for line in lines).encode(), 0o640)
    files["var/lib/dpkg/status"] = ("".join(
        "Package: p%02d%s\nStatus: install ok installed\nVersion: 1%s\n\n" % (number, line, line)
        for number, line in enumerate(lines)).encode(), 0o644)
    for number, line in enumerate(lines):
        if HOSTILE[number] != HOSTILE[number].strip() or "\n" in HOSTILE[number]:
            continue  # in both twins: dpkg's lists cannot name such a file
        files["var/lib/dpkg/info/p%02d%s.list" % (number, line)] = (
            ("/opt/%s\n" % name(number)).encode("utf-8", "surrogateescape"), 0o644)
    layers = [layer(files)] + [layer({"opt/.wh." + name(number): (b"", 0o644)}) for number in range(5)]
    layers += [layer({"srv/%02d" % number: (b"z", 0o644)}) for number in range(5, len(texts))]
    layout = Layout(folder)
    digests = [layout.add_blob(one, "x")["digest"] for one in layers]
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": digests},
              "config": {"Entrypoint": ["/bin/start", *words], "Cmd": words, "Labels": {word: word for word in words},
                         "Env": ["V%d=%s" % (number, word) for number, word in enumerate(words)] + [
                             "TOKEN_%s=%s" % (word, word) for word in words if word.strip()],
                         "Healthcheck": {"Test": ["CMD", words[4], *words]}, "User": words[0], "StopSignal": "TERM"},
              "history": [{"created_by": word, "comment": word} for word in words] + [{"created_by": "last"}]}
    descriptor = layout.add_image(layers, None, raw_config=json.dumps(config).encode())
    descriptor["annotations"] = {"org.opencontainers.image.ref.name": "registry.test/app:1"}
    return layout.write_index(descriptor)


class Markdown(SystemTest):
    """That the readers see what they are to see: a report that let hostile text through would be found."""

    def test_html_and_links_are_found(self):
        for text in ("<b>x</b>", "<details><summary>a<b></summary>", "[a](http://b)", "http://evil.test", "www.evil.test", "![a](b)"):
            with self.assertRaises(AssertionError, msg=text):
                report_readers.read_markdown("text %s\n" % text)
            if report_readers.github_shape("text\n"):
                with self.assertRaises(AssertionError, msg=text):
                    report_readers.github_shape("text %s\n" % text)

    def test_githubs_parser_is_here(self):
        need_program("cmark-gfm")


class RealImage(SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = original_of("nginx")

    def setUp(self):
        super().setUp()
        self.files = {name: self.path("report." + name) for name in formats()}
        self.finished = slim("analyze", self.image, "--format", "json",
                             *["--report=%s=%s" % report for report in self.files.items()])
        self.assert_status(self.finished, 0)

    def text(self, name):
        with open(self.files[name], encoding="utf-8") as file:
            return file.read()

    def test_every_format_is_read_by_others(self):
        self.assertLessEqual({"text", "json", "markdown", "sarif", "junit", "gitlab"}, set(self.files))
        for name in self.files:
            with self.subTest(format=name):
                READERS[name](self.text(name))
                on_output = slim("analyze", self.image, "--format", name)
                self.assert_status(on_output, 0)
                READERS[name](on_output.out)

    def test_every_format_says_the_same(self):
        findings = self.finished.json()["findings"]
        self.assertGreater(len(findings), 5)
        ids = [finding["id"] for finding in findings]
        run, = json.loads(self.text("sarif"))["runs"]
        self.assertEqual([result["ruleId"] for result in run["results"]], ids)
        self.assertEqual([item["check_name"] for item in json.loads(self.text("gitlab"))], ids)
        suite, = xml.fromstring(self.text("junit"))
        self.assertEqual([case.get("name").split(":")[0] for case in suite], ids)
        self.assertEqual(int(suite.get("failures")), sum(each["severity"] in ("high", "medium") for each in findings))
        tables = tables_of_markdown(self.text("markdown"))
        self.assertEqual(tables[0][0], ["", "all", "needed", "removable"])
        self.assertEqual([row[1] for row in tables[1][1:]], ids)
        paths = [finding["path"].lstrip("/") for finding in findings if finding["path"]]
        self.assertEqual([result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                          for result in run["results"]], paths)

    def test_markdown_has_the_sections_of_a_report(self):
        titles = re.findall("<summary>(.*?)</summary>", self.text("markdown"))
        self.assertEqual([re.sub(r": \d+", "", title) for title in titles],
                         ["Findings", "Biggest removable files", "Layers", "Packages", "Folders"])
        self.assertLess(len(self.text("markdown")), 65_536)

    def test_fingerprints_are_those_of_the_next_build(self):
        """An image that was built again under another tag: other digests, the same problems."""
        def prints(reference):
            finished = slim("analyze", reference, "--format", "gitlab")
            self.assert_status(finished, 0)
            return [item["fingerprint"] for item in finished.json()]

        def build(name, tag, content):
            layout = Layout(self.path(name))
            descriptor = layout.add_image([layer({"usr/bin/su": (content, 0o4755)})], {"Cmd": ["/usr/bin/su"]})
            descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
            return layout.write_index(descriptor)
        first = prints(build("one", "registry.test:5000/app:1", b"one"))
        self.assertGreater(len(first), 0)
        self.assertEqual(first, prints(build("two", "registry.test:5000/app:2", b"two")))
        self.assertNotEqual(first, prints(build("three", "registry.test:5000/other:1", b"one")))


class Answers(SystemTest):
    """Of a build and of a comparison."""

    def setUp(self):
        super().setUp()
        self.image = original_of("static")

    def test_a_build_reports_its_verdict_in_every_format(self):
        files = {name: self.path(name) for name in formats()}
        finished = slim("build", self.image, "--no-run", "-o", "docker-archive:" + self.path("slim.tar"), "--quiet",
                        *["--report=%s=%s" % report for report in files.items()])
        self.assert_status(finished, 0)
        for name, path in files.items():
            with self.subTest(format=name), open(path, encoding="utf-8") as file:
                text = file.read()
                READERS[name](text)
                if name == "markdown":
                    self.assertEqual(tables_of_markdown(text)[0][0], ["", "original", "slimmed", "change"])
                    self.assertIn("**Verdict: not-run.**", text)
                if name == "junit":
                    self.assertEqual([suite.get("skipped") for suite in xml.fromstring(text)], ["1", "0"])

    def test_a_comparison_is_told_in_the_formats_that_need_no_image(self):
        finished = slim("verify", self.image, self.image, "--format", "markdown", "--report", "junit=" + self.path("x"))
        self.assertIn(finished.status, (0, 1, 4), str(finished))
        if finished.status == 4:
            self.skipTest("no container runs here: " + finished.err)
        report_readers.read_markdown(finished.out)
        with open(self.path("x"), encoding="utf-8") as file:
            report_readers.read_junit(file.read())
        refused = slim("verify", self.image, self.image, "--format", "sarif")
        self.assert_status(refused, 2)
        self.assertIn("--format sarif: expected text, json, markdown or junit", refused.err)

    def test_a_format_that_is_none_is_refused_with_those_that_are(self):
        for arguments in (["--format", "yaml"], ["--report", "yaml=x"]):
            refused = slim("analyze", self.image, *arguments)
            self.assert_status(refused, 2)
            for name in formats():
                self.assertIn(name, refused.err)


class HostileImage(SystemTest):
    def setUp(self):
        super().setUp()
        self.twins = {"hostile": image_of(self.path("hostile"), HOSTILE),
                      "harmless": image_of(self.path("harmless"), ["plain%02d" % number for number in range(len(HOSTILE))])}

    def reports(self, *options, env=None):
        """By twin and format, as text."""
        texts = {}
        for twin, reference in self.twins.items():
            files = {name: self.path("%s.%s" % (twin, name)) for name in formats()}
            finished = slim("analyze", reference, *options, "--quiet",
                            *["--report=%s=%s" % report for report in files.items()], env=env)
            self.assert_status(finished, 0)
            for name, path in files.items():
                with open(path, encoding="utf-8", newline="") as file:
                    texts[twin, name] = file.read()
        return texts

    def test_hostile_text_changes_nothing_but_text(self):
        for options in ((), ("--files", "--show-secrets", "--wide"), ("--tree", "5", "--top", "50")):
            texts = self.reports(*options)
            for name in formats():
                with self.subTest(format=name, options=options):
                    read = READERS[name]
                    self.assertEqual(read(texts["hostile", name]), read(texts["harmless", name]))

    def test_no_report_controls_a_terminal(self):
        texts = self.reports("--wide")
        for name in formats():
            with self.subTest(format=name):
                found = report_readers.control_characters(texts["hostile", name])
                # JSON escapes control characters by itself, and names in it are what they are, marks of direction too.
                self.assertEqual([each for each in found if name not in ("json", "html") or each < " "], [])

    def test_the_hostile_texts_are_in_the_reports(self):
        """What is checked here would be worth nothing if they were left out."""
        texts = self.reports("--wide")
        for name in ("text", "json", "markdown", "sarif", "junit", "gitlab"):
            with self.subTest(format=name):
                self.assertIn("somebody", texts["hostile", name])
        for name in ("markdown", "sarif", "junit", "gitlab", "text"):
            self.assertIn("\\x1b[31mred", texts["hostile", name].replace("\\\\", "\\"))

    def test_github_is_told_what_it_is_meant_to_be_told(self):
        outputs, summaries = {}, {}
        for twin, reference in self.twins.items():
            env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": self.path(twin + ".out"),
                   "GITHUB_STEP_SUMMARY": self.path(twin + ".md")}
            finished = slim("analyze", reference, "--format", "json", env=env)
            self.assert_status(finished, 0)
            report = finished.json()
            self.assertEqual(finished.err, "")
            with open(env["GITHUB_OUTPUT"], encoding="utf-8") as file:
                outputs[twin] = github_outputs(file.read())
            with open(env["GITHUB_STEP_SUMMARY"], encoding="utf-8") as file:
                summaries[twin] = file.read()
            self.assertEqual(outputs[twin]["image"], "registry.test/app:1")
            self.assertEqual(outputs[twin]["removable"], str(report["removable"]["bytes"]))
            self.assertEqual(outputs[twin]["wasted"], str(report["size"]["wasted"]))
        self.assertEqual(outputs["hostile"].keys(), outputs["harmless"].keys())
        self.assertEqual(*(report_readers.read_markdown(summaries[twin]) for twin in ("hostile", "harmless")))


class Window(SystemTest):
    """Text in a terminal of so many rows and columns."""

    def shown(self, rows, columns, *options):
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with subprocess.Popen([PROGRAM, "analyze", original_of("nginx"), *options], stdin=subprocess.DEVNULL, stdout=terminal,
                              env={**os.environ, "NO_COLOR": ""}) as process:
            os.close(terminal)
            text = b""
            try:
                while block := os.read(controller, 1 << 16):
                    text += block
            except OSError:  # Linux says so when the other end is closed
                pass
            os.close(controller)
        self.assertEqual(process.returncode, 0)
        return text.decode().replace("\r\n", "\n")

    def test_a_report_fits_into_it(self):
        for rows, columns in ((24, 80), (40, 100), (60, 160)):
            with self.subTest(rows=rows, columns=columns):
                text = self.shown(rows, columns)
                self.assertIn("\x1b[", text)
                lines = [re.sub("\x1b\\[[0-9]*m", "", line) for line in text.splitlines()]
                self.assertLess(sum(max(1, -(-len(line) // columns)) for line in lines), rows)
                self.assertIn("next: slim build", "\n".join(lines))

    def test_what_is_asked_for_is_shown_whole(self):
        text = self.shown(24, 80, "--wide", "--no-color")
        self.assertNotIn("\x1b[", text)
        self.assertNotIn("\u2026", text)
        self.assertGreater(len(text.splitlines()), 150)
        self.assertIn("\n\u251c\u2500\u2500 usr ", self.shown(24, 80, "--tree", "1", "--no-color"))


class HostileOutput(SystemTest):
    """Two images that print different things, hostile ones, and the same with harmless texts."""

    def image(self, name, base, texts):
        start = b"#!/bin/sh\ncat /text /text >&2\ncat /text\nexit 3\n"
        text = "\n".join(texts).encode("utf-8", "surrogateescape")
        layout = Layout(self.path(name))
        top = layer({"start": (start, 0o755), "text": (text, 0o644)})
        descriptor = layout.add_image([*base, top], {"Cmd": ["/start"]})
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": "registry.test/app:1"}
        return layout.write_index(descriptor)

    def test_what_programs_print_changes_nothing_but_text(self):
        base = []
        for path in image_archive.open_archive(original_of("alpine"), self.path("alpine")).layers:
            with open(path, "rb") as file:
                base.append(file.read())
        shapes = {}
        for twin, texts in (("hostile", HOSTILE), ("harmless", ["plain%02d" % number for number in range(len(HOSTILE))])):
            original = self.image(twin + ".original", base, texts)
            slimmed = self.image(twin + ".slimmed", base, texts[::-1])
            files = {name: self.path("%s.%s" % (twin, name)) for name in ("text", "json", "markdown", "junit")}
            env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": self.path(twin + ".out"),
                   "GITHUB_STEP_SUMMARY": self.path(twin + ".summary")}
            finished = slim("verify", original, slimmed, "--quiet", "--probe", self.probe(),
                            *["--report=%s=%s" % report for report in files.items()], env=env)
            if finished.status == 4:
                self.skipTest("no container runs here: " + finished.err)
            self.assert_status(finished, 1)
            self.assertEqual(re.findall("(?m)^::.*", finished.err),
                             re.findall("(?m)^::error title=slim%3A verify%3A different::.*", finished.err))
            files["summary"] = env["GITHUB_STEP_SUMMARY"]
            for name, path in files.items():
                with open(path, encoding="utf-8", newline="") as file:
                    text = file.read()
                if name != "json":
                    self.assertEqual(report_readers.control_characters(text.replace("\t", "")), [], name)
                read = {"json": lambda text: report_readers.shape_of_json(json.loads(text)),
                        "summary": report_readers.read_markdown}.get(name) or READERS[name]
                shapes[twin, name] = read(text)
                self.assertIn("plain07" if twin == "harmless" else "</summary>",
                              text.replace("&lt;", "<").replace("&gt;", ">"), name)
        for name in ("text", "json", "markdown", "junit", "summary"):
            with self.subTest(format=name):
                self.assertEqual(shapes["hostile", name], shapes["harmless", name])

    def probe(self):
        path = self.path("probe.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("probes:\n  - name: prints\n    expect: { exit: 3 }\n")
        return path


if __name__ == "__main__":
    main()
