"""Readers of slim's report formats that are not slim's: Python's JSON and XML, jsonschema with SARIF's own schema,
markdown-it, and GitHub's parser of Markdown. Each checks what its format demands, and gives the shape of a document: all but its texts, so that two
documents of one shape differ in nothing but text."""

import functools
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import xml.etree.ElementTree as xml

import jsonschema
import markdown_it

from slim_program import SOURCE, need_program

# The schema of the standard, as a package of Microsoft's SARIF SDK has it; the digest pins it.
SCHEMA_PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SCHEMA_FILE = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
SCHEMA_SHA256 = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"


@functools.cache
def sarif_schema():
    need_program("npm")
    with tempfile.TemporaryDirectory(prefix="slim-test.") as folder:
        done = subprocess.run(["npm", "pack", "--silent", SCHEMA_PACKAGE], cwd=folder, capture_output=True, check=False)
        packed = [name for name in os.listdir(folder) if name.endswith(".tgz")]
        if done.returncode != 0 or not packed:
            raise unittest.SkipTest("npm cannot fetch %s: %s" % (SCHEMA_PACKAGE, done.stderr.decode(errors="replace")[-300:]))
        with tarfile.open(os.path.join(folder, packed[0])) as tar:
            content = tar.extractfile(SCHEMA_FILE).read()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SCHEMA_SHA256:
        raise AssertionError("%s of %s is another file: %s" % (SCHEMA_FILE, SCHEMA_PACKAGE, digest))
    return json.loads(content)


def shape_of_json(value, key=""):
    """Texts become "text" and numbers "number"; of what the image names itself (labels) only how many."""
    if isinstance(value, dict):
        if key in ("Labels", "timings"):
            return len(value)
        return {name: shape_of_json(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [shape_of_json(part, key) for part in value]
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def read_json(text):
    document = json.loads(text)
    with open(os.path.join(SOURCE, "schema", "report.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(document, json.load(file))
    return shape_of_json(document)


def read_sarif(text):
    document = json.loads(text)
    jsonschema.validate(document, sarif_schema())
    fingerprints = []
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                raise AssertionError("the index of a rule is not that of its id: %r" % result)
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            if not re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri) or uri.startswith("/"):
                raise AssertionError("no relative URI: %r" % uri)
            fingerprints.append(result["partialFingerprints"]["slim/v1"])
    if len(set(fingerprints)) != len(fingerprints):
        raise AssertionError("a fingerprint is there twice")
    return [[(result["ruleId"], result["level"]) for result in run["results"]] for run in document["runs"]], \
        shape_of_json(document)


def read_junit(text):
    """The counts that a suite claims are those of its cases."""
    root = xml.fromstring(text)
    if root.tag != "testsuites":
        raise AssertionError("no testsuites but %s" % root.tag)
    for suite in [root, *root]:
        cases = list(suite.iter("testcase"))
        failed = [case for case in cases if case.find("failure") is not None]
        if (int(suite.get("tests")), int(suite.get("failures"))) != (len(cases), len(failed)):
            raise AssertionError("%s does not count its cases" % suite.get("name"))

    def shape(node):
        return node.tag, sorted(node.keys()), [shape(child) for child in node]
    return shape(root)


def read_gitlab(text):
    """As GitLab's manual describes the report."""
    document = json.loads(text)
    for item in document:
        if set(item) != {"description", "check_name", "fingerprint", "severity", "location"}:
            raise AssertionError("other keys than GitLab's: %r" % item)
        if item["severity"] not in ("info", "minor", "major", "critical", "blocker"):
            raise AssertionError("no severity of GitLab's: %r" % item)
        if not re.fullmatch("[0-9a-f]{64}", item["fingerprint"]) or item["location"]["lines"]["begin"] != 1:
            raise AssertionError("fingerprint or line: %r" % item)
        if not item["location"]["path"] or item["location"]["path"].startswith(("/", "./")):
            raise AssertionError("no relative path: %r" % item)
        if not item["description"] or not item["check_name"]:
            raise AssertionError("nothing said: %r" % item)
    prints = [item["fingerprint"] for item in document]
    if len(set(prints)) != len(prints):
        raise AssertionError("a fingerprint is there twice")
    return [(item["check_name"], item["severity"]) for item in document], shape_of_json(document)


def markdown_tokens(text):
    parser = markdown_it.MarkdownIt("commonmark", {"linkify": True}).enable(["table", "strikethrough", "linkify"])
    return parser.parse(text)


def is_fold(content):
    """The only HTML that slim writes: it folds a section."""
    bare = re.sub(r"<summary>[^<>]*</summary>", "<summary></summary>", content)
    return bare.strip() in ("<details><summary></summary>", "<details open><summary></summary>", "</details>")


def github_shape(text):
    """The same as GitHub's own parser has it, with its extensions; none where that is not installed."""
    if shutil.which("cmark-gfm") is None:
        return []
    options = [part for name in ("table", "autolink", "strikethrough", "tagfilter", "tasklist") for part in ("-e", name)]
    done = subprocess.run(["cmark-gfm", *options, "--unsafe", "-t", "xml"], input=text.encode(), capture_output=True, check=True)
    shape = []
    for node in xml.fromstring(done.stdout).iter():
        kind = node.tag.partition("}")[2]
        if kind in ("link", "image", "html_inline") or (kind == "html_block" and not is_fold(node.text)):
            raise AssertionError("%s in the Markdown: %r" % (kind, node.text))
        if kind != "text":  # a text may come in pieces
            shape.append((kind, len(node) if kind not in ("paragraph", "table_cell") else None))
    return shape


def read_markdown(text):
    """Tags and their nesting, by two parsers."""
    shape = github_shape(text)
    for token in markdown_tokens(text):
        for part in [token, *(token.children or [])]:
            if part.type in ("html_block", "html_inline"):
                if not is_fold(part.content):
                    raise AssertionError("HTML in the Markdown: %r" % part.content)
            if part.type in ("link_open", "image"):
                raise AssertionError("a link in the Markdown: %r" % part)
            if part.type != "text":  # a text may come in pieces
                shape.append((part.type, part.tag, part.nesting, part.info))
    return shape


def tables_of_markdown(text):
    """Each table as its rows of cells."""
    tables = []
    for token in markdown_tokens(text):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and tables and tables[-1] and token.level > 2:
            tables[-1][-1].append("".join(child.content for child in token.children))
    return tables


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, sorted(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.tags.append("/" + tag)


def read_html(text):
    parser = _Tags()
    parser.feed(text)
    parser.close()
    return parser.tags


def read_text(text):
    """Nothing but printable lines: a text's own shape changes with the length of names."""
    for line in text.splitlines():
        if re.match(r"\s*::[a-z]", line) or "##[" in line:
            raise AssertionError("a command of a CI service: %r" % line)
    return None


READERS = {"text": read_text, "json": read_json, "markdown": read_markdown, "sarif": read_sarif, "junit": read_junit,
           "gitlab": read_gitlab, "html": read_html}


def control_characters(text):
    """What can move a cursor, hide, or turn text around."""
    return re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)


def github_outputs(text):
    """$GITHUB_OUTPUT as the runner reads it: NAME=VALUE, or NAME<<DELIMITER, lines, DELIMITER."""
    outputs = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if not heredoc or "=" in name:
            name, _, outputs[name] = line.partition("=")
            continue
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        else:
            raise AssertionError("%s has no end" % name)
        outputs[name] = "\n".join(value)
    return outputs
