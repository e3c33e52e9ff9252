#!/usr/bin/python3
"""`slim why` on a real image: a sample of its paths, and every link of every chain held against the image itself, as
tarfile and readelf read it. What is kept is in the slimmed image.

    why_test.py NAME
"""

import io
import os
import random
import re
import subprocess
import sys
import unittest
import zipfile

import image_archive
from slim_program import SystemTest, main, original_of, slim, slimmed_of

NAME = sys.argv[1] if len(sys.argv) > 1 else ""
SAMPLE = 150  # paths, of those that are kept and of those that are not
LIB = "/usr/lib/x86_64-linux-gnu/"
# Written down by hand: what a chain has to name, in this order ...
KEPT = {
    "alpine": [("/bin/busybox", ["runs the script", "/app/report", "entrypoint"])],
    "cli": [(LIB + "libidn2.so.0", ["libcurl.so.4", "/usr/bin/curl", "/usr/local/bin/summary"])],
    "express": [("/app/node_modules/express/package.json", ["/app/server.js"])],
    "flask": [(LIB + "libsqlite3.so.0", ["_sqlite3", "sqlite3/dbapi2.py", "import sqlite3", "cmd"])],
    "java": [("/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", ["/usr/lib/jvm/java-17-openjdk-amd64/bin/java"])],
    "musl": [("/lib/ld-musl-x86_64.so.1", ["/opt/count/bin/count", "entrypoint"])],
    "nginx": [(LIB + "libssl.so.3", ["needed by", "/usr/sbin/nginx", "cmd"])],
    "perl": [("/usr/bin/perl", ["runs the script", "/usr/local/bin/ledger", "#!/usr/bin/perl"])],
    "php": [("/usr/lib/apache2/modules/libphp8.2.so", ["path named in", "php8.2.load", "line 3"])],
    "plugin": [("/usr/local/lib/shout/libshout.so.1", ["/usr/local/bin/survey"])],
    "postgres": [(LIB + "libLLVM-14.so.1", ["llvmjit.so"])],
    "redis": [(LIB + "liblzf.so.1", ["/usr/bin/redis", "cmd"])],
    "rust": [("/etc/shop/settings.toml", ["named in the image's environment", "config.Env SHOP_SETTINGS"]),
             ("/usr/bin/tr", ["command in", "/usr/local/bin/shop", "sh-c", "cmd"])],
}
# ... and what nothing may keep.
DROPPED = {"alpine": "/lib/libapk.so.2.14.0", "cli": "/usr/bin/apt-get", "express": "/usr/bin/dpkg", "flask": "/usr/bin/apt-get",
           "git": "/usr/bin/apt-get", "java": "/usr/bin/dpkg", "nginx": "/usr/bin/apt-get", "perl": "/usr/bin/apt-get",
           "php": "/usr/bin/dpkg", "postgres": "/usr/bin/apt-get", "pywheels": "/usr/bin/dpkg", "redis": "/usr/bin/dpkg",
           "ruby": "/usr/bin/apt-get", "spring": "/usr/bin/dpkg", "static": "/opt/unused/zeroes"}


def unpacked(content):
    """The bytes of a file, or those of all files in it where it is an archive, or an archive of archives."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(unpacked(archive.read(name)) for name in archive.namelist())


class Content:
    """The image's tree, and the bytes of its files by their paths; links are followed inside of the image."""

    def __init__(self, image):
        self.config = image.config.get("config", {})
        self.tree = image_archive.squash(image).inodes
        self.layers = image.layers
        self.known = {}

    def resolve(self, path, depth=0):
        """The path without links; None where it leads nowhere."""
        whole = ""
        for part in path.strip("/").split("/"):
            whole = os.path.normpath(whole + "/" + part)
            inode = self.tree.get(whole)
            if inode is None or depth > 40:
                return None
            if inode.link is not None:
                whole = self.resolve(os.path.normpath(os.path.join(os.path.dirname(whole), inode.link)), depth + 1)
                if whole is None:
                    return None
        return whole

    def read(self, path):
        """The bytes of a file: those of the uppermost layer that has it."""
        path = self.resolve(path)
        if path not in self.known:
            self.known[path] = b""
            for layer in reversed(self.layers):
                with image_archive.layer_tar(layer) as tar:
                    names = {name: member for member in tar.getmembers()
                             for name in [os.path.normpath("/" + member.name)]}
                    if path in names:
                        self.known[path] = tar.extractfile(names[path]).read()
                        break
        return self.known[path]

    def is_folder(self, path):
        return self.tree[path].kind == "5"


class Links:
    """The problems of one link of a chain: `path` is kept because `reason` holds of `other`, with `detail`."""

    def __init__(self, content, folder):
        self.content, self.folder = content, folder

    def dynamic(self, path):
        file = os.path.join(self.folder, "elf")
        with open(file, "wb") as out:
            out.write(self.content.read(path))
        return subprocess.run(["readelf", "-dlW", file], capture_output=True, text=True, check=False).stdout

    def holds(self, path, reason, other, detail):
        if other and other not in self.content.tree:
            return False
        for phrase, check in (("needed by", self.needed), ("program interpreter of", self.interpreter),
                              ("runs the script", self.shebang), ("link followed from", self.link),
                              ("imported by", self.named), ("command in", self.named), ("path named in", self.named),
                              ("library named in", self.named), ("folder of", self.folder_of), ("inside", self.inside),
                              ("folder that is empty", self.empty), ("entrypoint", self.started),
                              ("healthcheck", self.started), ("named in the image's environment", self.set)):
            if reason == phrase or (phrase == "folder that is empty" and reason.startswith(phrase)):
                return check(path, other, detail)
        if reason.startswith(("folder for state", "folder of another user", "folder that the configuration names")):
            return self.content.tree[path].kind in ("5", "2")
        return reason.startswith(("kept by rule ", "belongs to", "same package as", "says what a kept package is", "added by slim"))

    def needed(self, path, other, detail):
        name = detail.split(",")[0]
        shown = self.dynamic(other)
        real = self.content.resolve(path)
        return "[%s]" % name in shown and (
            os.path.basename(path) == name or "SONAME) Library soname: [%s]" % name in re.sub(r" +", " ", self.dynamic(real))
            or any(os.path.basename(alias) == name and self.content.resolve(alias) == real
                   for alias in self.content.tree if os.path.basename(alias) == name))

    def interpreter(self, path, other, detail):
        return "interpreter: %s]" % detail in self.dynamic(other) and self.content.resolve(detail) == self.content.resolve(path)

    def shebang(self, path, other, detail):
        first = self.content.read(other).split(b"\n")[0].decode(errors="replace")
        return first.startswith("#!") and detail in first

    def link(self, path, other, detail):
        """The end of the link `other`, or a link on the way to what `other` names."""
        tree = self.content.tree
        if detail == "the link's target":
            return tree[other].link is not None and self.content.resolve(other) == self.content.resolve(path)
        if tree[path].link is None:
            return False
        if detail.startswith("on the way to "):
            return detail.removeprefix("on the way to ") in tree
        return self.named(path, other, detail)

    def named(self, path, other, detail):
        """The line that the detail gives has the text that it quotes, or a word of it."""
        line = re.search(r"line (\d+)", detail)
        text = self.content.read(other).decode(errors="surrogateescape")
        quoted = re.search(r'the string "(.*)"$', detail)
        if quoted:
            return quoted[1].encode() in unpacked(self.content.read(other))
        if line is None:
            return True  # an archive or a table: other tests are about these
        lines = text.split("\n")
        if int(line[1]) > len(lines):
            return False
        words = set(re.findall(r"[A-Za-z0-9_.+-]{2,}", detail.replace(line[0], ""))) | {os.path.basename(path)}
        near = lines[int(line[1]) - 1].replace(":encoding(", "Encode")  # a layer of Perl's that loads the module
        return "$" in near or any(word in near for word in words)  # a value that an earlier line gave, or the name itself

    def folder_of(self, path, other, detail):
        return other.startswith(path.rstrip("/") + "/") or (not other and detail != "")

    def inside(self, path, other, detail):
        return self.content.is_folder(other) and path.startswith(other.rstrip("/") + "/")

    def empty(self, path, other, detail):
        return self.content.is_folder(path) and not any(name.startswith(path + "/") for name in self.content.tree)

    def started(self, path, other, detail):
        config = {"cmd": "Cmd", "entrypoint": "Entrypoint", "healthcheck": "Healthcheck"}
        named = [config[word] for word in re.findall("[a-z]+", detail) if word in config]
        return any(self.content.config.get(key) for key in named)

    def set(self, path, other, detail):
        """A variable of the config has the path, or a link that leads there."""
        values = dict(variable.partition("=")[::2] for variable in self.content.config.get("Env", []))
        words = re.split(r"[\s:;,='\"]+", values.get(detail.removeprefix("config.Env "), ""))
        named = [word.rstrip("/") for word in words if word.startswith("/")]
        return any(path == name or self.content.resolve(name) == path or self.content.tree[path].link is not None
                   for name in named)


class Why(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.reference = "docker-archive:" + original_of(NAME)
        cls.slimmed = slimmed_of(NAME)
        files = slim("analyze", cls.reference, "--format", "json", "--files").json()["files"]
        cls.decisions = {file["path"]: file["decision"] for file in files}
        chance = random.Random(NAME)
        cls.sample = []
        for kept in (True, False):
            paths = sorted(path for path, decision in cls.decisions.items() if (decision != "drop") == kept)
            cls.sample += chance.sample(paths, min(SAMPLE, len(paths)))

    def answers(self, *paths):
        finished = slim("why", self.reference, "--format", "json", *paths)
        self.assertIn(finished.status, (0, 1), str(finished))
        return finished.json()

    def test_the_sample_agrees_with_the_report_and_with_the_slimmed_image(self):
        slimmed = image_archive.squash(image_archive.open_archive(self.slimmed, self.path("slimmed"))).inodes
        answers = self.answers(*self.sample)
        self.assertEqual([answer["path"] for answer in answers], self.sample)
        for answer in answers:
            path = answer["path"]
            if answer["chain"] and answer["chain"][0]["reason"].startswith("added by slim"):
                self.assertIn(path, slimmed)  # written anew: what the report says is of the original
                continue
            self.assertEqual(answer["kept"], self.decisions[path] != "drop", path)
            self.assertEqual(bool(answer["chain"]), answer["kept"], path)
            self.assertEqual(bool(answer["notes"]), not answer["kept"], path)
            if answer["kept"] and path != "/":
                self.assertIn(path, slimmed)

    def test_every_link_of_every_chain_holds(self):
        content = Content(image_archive.open_archive(original_of(NAME), self.path("original")))
        links, wrong, seen = Links(content, self.path()), [], set()
        for answer in self.answers(*self.sample):
            path = answer["path"]
            for step in answer["chain"]:
                link = (path, step["reason"], step["path"], step["detail"])
                if link not in seen and not links.holds(*link):
                    wrong.append(link)
                seen.add(link)
                path = step["path"]
            self.assertTrue(not answer["chain"] or path == "" or answer["chain"][-1]["reason"].startswith("added by slim"),
                            answer)
        print("%s: %d links of %d paths" % (NAME, len(seen), len(self.sample)))
        self.assertGreater(len(seen), 0)
        self.assertEqual(wrong, [])

    def test_chains_that_were_written_down_by_hand(self):
        for path, texts in KEPT.get(NAME, ()):
            (answer,) = self.answers(path)
            told = " ".join("%s %s %s" % (step["reason"], step["path"], step["detail"]) for step in answer["chain"])
            self.assertTrue(answer["kept"], path)
            self.assertRegex(told, ".*".join(map(re.escape, texts)))
        if NAME in DROPPED:
            (answer,) = self.answers(DROPPED[NAME])
            self.assertEqual((answer["exists"], answer["kept"], answer["chain"]), (True, False, []))


if __name__ == "__main__":
    if not NAME:
        sys.exit("usage: why_test.py NAME")
    main(unittest.defaultTestLoader.loadTestsFromTestCase(Why))
