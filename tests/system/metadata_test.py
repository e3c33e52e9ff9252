#!/usr/bin/python3
"""The package metadata of a slimmed image, read by those who made it: dpkg-query on a database put together from
status.d, the MD5 sums against the files, the original's own apk on the filtered database, and importlib.metadata in
the original and in the slimmed image."""

import glob
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import tarfile
import tempfile
import unittest

import image_archive
from slim_program import SHARED_DATA, SystemTest, main, need_program, need_root, original_of, slim


def lists_of(root):
    """Package -> its paths that are no folders, from dpkg's own lists."""
    packages = {}
    for path in glob.glob(os.path.join(root, "var/lib/dpkg/info/*.list")):
        with open(path, encoding="utf-8") as file:
            names = file.read().splitlines()
        name = os.path.basename(path)[:-len(".list")].partition(":")[0]
        packages[name] = [entry for entry in names if entry != "/." and not any(
            other.startswith(entry + "/") for other in names)]
    return packages


class Debian(SystemTest):
    NAME = "redis"

    @classmethod
    def setUpClass(cls):
        need_root()  # a root folder has owners
        cls.original_path = original_of(cls.NAME)
        cls.work = tempfile.mkdtemp(prefix="slim-test.")
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.root, cls.original = os.path.join(cls.work, "root"), os.path.join(cls.work, "original")
        cls.built = slim("build", "docker-archive:" + cls.original_path, "-o", "dir:" + cls.root, "--no-run",
                         "--format", "json")
        cls.folder_of_status = os.path.join(cls.root, "var/lib/dpkg/status.d")
        image = image_archive.open_archive(cls.original_path, os.path.join(cls.work, "archive"))
        cls.original_paths = set(image_archive.squash(image).inodes)
        for layer in image.layers:
            with image_archive.layer_tar(layer) as tar:
                tar.extractall(cls.original, [member for member in tar.getmembers() if not member.isdev()])

    def setUp(self):
        super().setUp()
        self.assert_status(self.built, 0)

    def stanzas(self):
        return sorted(name for name in os.listdir(self.folder_of_status) if not name.endswith(".md5sums"))

    def test_dpkg_query_reads_the_packages_of_which_a_file_is_kept(self):
        need_program("dpkg-query")
        admin = self.path("admin")
        os.makedirs(os.path.join(admin, "info"))
        os.mkdir(os.path.join(admin, "updates"))
        with open(os.path.join(admin, "status"), "w", encoding="utf-8") as status:
            for name in self.stanzas():
                with open(os.path.join(self.folder_of_status, name), encoding="utf-8") as stanza:
                    status.write(stanza.read() + "\n")
        read = subprocess.run(["dpkg-query", "--admindir", admin, "-W", "-f", "${Package} ${Version}\n"], check=True,
                              capture_output=True, text=True).stdout.splitlines()
        whole = subprocess.run(["dpkg-query", "--admindir", os.path.join(self.original, "var/lib/dpkg"), "-W", "-f",
                                "${Package} ${Version}\n"], check=True, capture_output=True, text=True).stdout
        kept = {name for name, paths in lists_of(self.original).items() if any(
            os.path.lexists(self.root + path) and not path.startswith("/usr/share/doc/")
            and not os.path.isdir(self.root + path) for path in paths)}
        self.assertEqual({line.split()[0] for line in read}, kept)
        self.assertGreater(len(kept), 3)
        self.assertEqual([line for line in read if line not in whole.splitlines()], [])

    def test_every_sum_is_that_of_a_kept_file(self):
        checked = 0
        for path in glob.glob(os.path.join(self.folder_of_status, "*.md5sums")):
            with open(path, encoding="utf-8") as sums:
                for line in sums:
                    digest, name = line.rstrip("\n").split("  ", 1)
                    with open(os.path.join(self.root, name), "rb") as file:
                        self.assertEqual(hashlib.md5(file.read()).hexdigest(), digest, name)
                    checked += 1
        self.assertGreater(checked, 10)

    def test_kept_packages_have_their_copyright_file(self):
        without = [name for name in self.stanzas()
                   if "/usr/share/doc/%s/copyright" % name in self.original_paths
                   and not os.path.exists(os.path.join(self.root, "usr/share/doc", name, "copyright"))]
        self.assertEqual(without, [])
        self.assertIn("/usr/share/doc/libc6/copyright", self.original_paths)

    def test_slim_reads_the_same_packages_in_the_result(self):
        again = slim("analyze", "rootfs:" + self.root, "--entrypoint", "/bin/true", "--format", "json")
        self.assert_status(again, 0)
        self.assertEqual(sorted(package["name"] for package in again.json()["packages"] if package["type"] == "deb"),
                         self.stanzas())

    def test_no_metadata_drops_it(self):
        bare = slim("build", "docker-archive:" + self.original_path, "-o", "dir:" + self.path("bare"), "--no-run",
                    "--no-metadata", "--format", "json")
        self.assert_status(bare, 0)
        self.assertEqual(bare.json()["plan"]["added"]["entries"], [])
        self.assertFalse(os.path.exists(self.path("bare", "var/lib/dpkg/status.d")))
        self.assertEqual(glob.glob(self.path("bare", "usr/share/doc/*/copyright")), [])

    def test_why_and_diff_know_what_was_added(self):
        name = "/var/lib/dpkg/status.d/" + self.stanzas()[0]
        why = slim("why", "docker-archive:" + self.original_path, name)
        self.assert_status(why, 0)
        self.assertIn("added by slim, made from /var/lib/dpkg/status", why.out)
        diff = slim("diff", "docker-archive:" + self.original_path, "rootfs:" + self.root, "--format", "json")
        self.assert_status(diff, 1)
        added = {entry["path"] for entry in diff.json()["paths"] if entry["change"] == "added"}
        self.assertEqual(added, {entry["path"] for entry in self.built.json()["plan"]["added"]["entries"]})


class Alpine(SystemTest):
    def test_the_originals_apk_reads_the_filtered_database(self):
        need_root()
        original = original_of("alpine")
        rootfs = os.path.join(SHARED_DATA, "alpine-minirootfs-3.20.3-x86_64.tar.gz")
        if not os.path.exists(rootfs):
            raise unittest.SkipTest("%s is not here" % rootfs)
        self.assert_status(slim("build", "docker-archive:" + original, "-o", "dir:" + self.path("root"), "--no-run"), 0)
        with tarfile.open(rootfs) as tar:
            tar.extractall(self.path("apk"), [member for member in tar.getmembers() if not member.isdev()])
        shutil.copy(self.path("root", "lib/apk/db/installed"), self.path("apk", "lib/apk/db/installed"))
        apk = lambda *words: subprocess.run(["chroot", self.path("apk"), "/sbin/apk", *words], check=True, text=True,
                                            capture_output=True).stdout.splitlines()
        self.assertIn("musl-1.2.5-r0", apk("info", "-v"))
        self.assertNotIn("zlib-1.3.1-r1", apk("info", "-v"))  # apk's own, of which nothing is kept
        for package in apk("info"):
            files = [line for line in apk("info", "-L", package) if line and not line.endswith("contains:")]
            self.assertEqual([file for file in files if not os.path.lexists(self.path("root", file))], [], package)
        self.assertIn("bin/busybox", apk("info", "-L", "busybox"))


# What Python says of each distribution: of its files those that are there (with their size, where RECORD has one),
# and the others.
DISTRIBUTIONS = """
import importlib.metadata, json
def told(distribution):
    files = distribution.files or []
    there = {str(file): (file.size, file.locate().stat().st_size) for file in files if file.locate().is_file()}
    return {"version": distribution.version, "requires": distribution.requires,
            "author": distribution.metadata["Author"], "license": distribution.metadata["License"],
            "entry_points": sorted((point.group, point.name, point.value) for point in distribution.entry_points),
            "files": [str(file) for file in files], "there": there, "text": distribution.read_text("METADATA")}
print(json.dumps({distribution.metadata["Name"]: told(distribution)
                  for distribution in importlib.metadata.distributions()}))
"""
ENTRY_POINTS = """
import importlib.metadata, json, sys
print(json.dumps(sorted((point.name, point.value, point.dist.name) for point in importlib.metadata.entry_points(
    group="console_scripts") if point.dist.name in json.loads(sys.argv[1])["names"])))
"""


class Python(SystemTest):
    """importlib.metadata, asked in the original and in what static analysis leaves of it. An application may ask for
    its version, its entry points or its files at any time."""

    @classmethod
    def setUpClass(cls):
        need_root()
        original = original_of("pywheels")
        cls.work = tempfile.mkdtemp(prefix="slim-test.")
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.images = {"original": "docker-archive:" + original, "slimmed": "docker-archive:" + cls.work + "/slimmed.tar"}
        # what asks is what the image's program may do as well
        cls.built = slim("build", cls.images["original"], "-o", cls.images["slimmed"], "--no-run", "--format", "json",
                         "--files", "--include", "/usr/lib/python3.11/importlib/metadata/**", "--include",
                         "/usr/lib/python3.11/json/**")
        if cls.built.status != 0:
            raise AssertionError(str(cls.built))
        cls.before, cls.after = (cls.inside(image, DISTRIBUTIONS) for image in ("original", "slimmed"))

    @classmethod
    def inside(cls, image, script, *words):
        finished = slim("run", cls.images[image], "--entrypoint", "/opt/venv/bin/python3", "--", "-c", script, *words)
        if finished.status != 0:
            raise AssertionError(str(finished))
        return finished.json()

    def of_modules(self):
        """The distributions of which a module is kept."""
        kept = {file["path"] for file in self.built.json()["files"] if file["decision"] == "keep"}
        site = "/opt/venv/lib/python3.11/site-packages/"
        return {name for name, told in self.before.items() if any(
            site + path in kept for path in told["files"] if path.endswith((".py", ".so")))}

    def test_the_distributions_of_kept_modules_are_the_same(self):
        kept = self.of_modules()
        self.assertLessEqual({"numpy", "cryptography", "pillow", "requests", "certifi"}, kept)
        self.assertEqual(kept - set(self.after), set())
        for name in sorted(kept):
            for key in ("version", "requires", "author", "license", "entry_points", "text", "files"):
                self.assertEqual(self.after[name][key], self.before[name][key], "%s: %s" % (name, key))

    def test_none_is_told_of_which_no_module_is_kept(self):
        self.assertEqual(set(self.after) - self.of_modules(), set())

    def test_kept_files_of_a_record_are_there_and_whole(self):
        kept = {file["path"] for file in self.built.json()["files"] if file["decision"] == "keep"}
        site = "/opt/venv/lib/python3.11/site-packages/"
        for name in sorted(self.of_modules()):
            before, after = self.before[name]["there"], self.after[name]["there"]
            self.assertGreater(len(after), 3, name)
            self.assertEqual({path: sizes for path, sizes in before.items() if path in after}, after, name)
            for path, (recorded, size) in after.items():
                self.assertIn(recorded, (None, size), name + ": " + path)
            planned = {path for path in before if os.path.normpath(site + path) in kept}
            self.assertEqual(planned, set(after), name)

    def test_entry_points_of_a_group_are_found(self):
        names = json.dumps({"names": sorted(self.of_modules())})
        before, after = (self.inside(image, ENTRY_POINTS, names) for image in ("original", "slimmed"))
        self.assertEqual(after, before)
        self.assertIn("numpy-config", [name for name, *_ in after])


def rpm_header(name, version, release, epoch, paths):
    """A header as rpm stores it (RPM file format): index entries of tag, type, offset and count, then the data."""
    folders = sorted({os.path.dirname(path) + "/" for path in paths})
    strings = lambda texts: b"".join(text.encode() + b"\0" for text in texts)
    numbers = lambda values: struct.pack(">%dI" % len(values), *values)
    values = [(1000, 6, 1, strings([name])), (1001, 6, 1, strings([version])), (1002, 6, 1, strings([release])),
              (1014, 6, 1, strings(["MIT"])), (1022, 6, 1, strings(["x86_64"])),
              (1116, 4, len(paths), numbers([folders.index(os.path.dirname(path) + "/") for path in paths])),
              (1117, 8, len(paths), strings([os.path.basename(path) for path in paths])),
              (1118, 8, len(folders), strings(folders))]
    if epoch is not None:
        values.append((1003, 4, 1, numbers([epoch])))
    index, data = b"", b""
    for tag, kind, count, content in values:
        data += b"\0" * (-len(data) % 4)
        index += struct.pack(">4I", tag, kind, len(data), count)
        data += content
    return struct.pack(">2I", len(values), len(data)) + index + data


class Rpm(SystemTest):
    """The database is written by SQLite itself."""

    def setUp(self):
        super().setUp()
        need_root()
        root = self.path("rootfs")
        for folder in ("usr/bin", "usr/lib/sysimage/rpm", "usr/share/data", "etc"):
            os.makedirs(os.path.join(root, folder))
        shutil.copy("/bin/true", os.path.join(root, "usr/bin/server"))
        for path in ("usr/bin/other", "etc/server.conf"):
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write("x")
        with open(os.path.join(root, "etc/os-release"), "w", encoding="utf-8") as file:
            file.write('NAME="Fedora Linux"\nID=fedora\n')
        self.database = os.path.join(root, "usr/lib/sysimage/rpm/rpmdb.sqlite")
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
            database.execute("CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
            # long ones go to overflow pages, many to a tree of pages
            rows = [rpm_header("server", "2.1", "3.fc40", 1, ["/usr/bin/server", "/etc/server.conf"])]
            rows += [rpm_header("filler%d" % i, "1", "1", None, ["/usr/share/data/%d-%d" % (i, j) for j in range(i * 7)])
                     for i in range(60)]
            rows += [rpm_header("other", "1.0", "1", None, ["/usr/bin/other"])]
            database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(row,) for row in rows])
        database.close()
        self.root = root

    def test_the_packages_that_are_kept_are_listed_as_spdx_and_it_is_said(self):
        analysis = slim("analyze", "rootfs:" + self.root, "--entrypoint", "/usr/bin/server", "--format", "json")
        self.assert_status(analysis, 0)
        report = analysis.json()
        self.assertEqual({(package["name"], package["version"]) for package in report["packages"]},
                         {("server", "1:2.1-3.fc40"), ("other", "1.0-1")} | {("filler%d" % i, "1-1") for i in range(60)})
        self.assertTrue(any("cannot be filtered" in warning for warning in report["plan"]["warnings"]), report["plan"])
        self.assert_status(slim("build", "rootfs:" + self.root, "--entrypoint", "/usr/bin/server", "--no-run", "-o",
                                "dir:" + self.path("slimmed")), 0)
        with open(self.path("slimmed", "usr/share/sbom/packages.spdx.json"), encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual([(package["name"], package["externalRefs"][0]["referenceLocator"])
                          for package in document["packages"]],
                         [("server", "pkg:rpm/fedora/server@2.1-3.fc40?arch=x86_64&epoch=1")])
        again = slim("analyze", "rootfs:" + self.path("slimmed"), "--entrypoint", "/usr/bin/server", "--format", "json")
        self.assert_status(again, 0)
        self.assertEqual([(package["name"], package["version"], package["type"]) for package in again.json()["packages"]],
                         [("server", "1:2.1-3.fc40", "rpm")])
        bill = slim("sbom", "rootfs:" + self.path("slimmed"))
        self.assert_status(bill, 0)
        self.assertEqual([part["purl"] for part in bill.json()["components"] if "purl" in part],
                         ["pkg:rpm/fedora/server@2.1-3.fc40?arch=x86_64&epoch=1"])

    def test_a_damaged_database_is_said(self):
        with open(self.database, "r+b") as file:
            file.truncate(os.path.getsize(self.database) // 2)
        analysis = slim("analyze", "rootfs:" + self.root, "--entrypoint", "/usr/bin/server", "--format", "json")
        self.assert_status(analysis, 0)
        self.assertTrue(any("damaged" in warning for warning in analysis.json()["plan"]["warnings"]), str(analysis))


if __name__ == "__main__":
    main()
