#!/usr/bin/python3
"""`slim build` of a real image with default flags: the verdict is `same`, the report adds up, the result is small,
whole and true to the original. Leaves the slimmed image for the tests of its functions.

    build_test.py NAME
"""

import os
import sys
import unittest

import image_archive
from slim_program import SLIMMED, SystemTest, main, original_of, slim

NAME = sys.argv[1] if len(sys.argv) > 1 else ""
# Bytes of the files, each once. What is wanted of php is 85 million, of perl 28. But what Apache maps when it starts
# with the 30 extensions that php.ini's scan folder names is 85.2 million, and iconv() of a name that a request brings
# may open any of 8.1 million of conversions; the ledger's decode($_[0], ...) may open 9.7 million of Encode's tables,
# beside 22.2 million that its functions open otherwise.
SIZE_LIMITS = {"nginx": 16_000_000, "redis": 32_000_000, "flask": 48_000_000, "express": 110_000_000, "java": 187_000_000,
               "postgres": 235_000_000, "php": 101_000_000, "perl": 39_500_000, "cli": 34_000_000, "memcached": 13_000_000,
               "plugin": 20_000_000}
WITH_PERL = {"perl", "git"}  # git has helper programs in Perl
WITHOUT_SHELL = {"nginx", "memcached", "static", "musl", "go"}
PACKAGE_MANAGERS = ("/usr/bin/apt-get", "/usr/bin/dpkg", "/sbin/apk", "/usr/bin/perl")
SHELLS = ("/usr/bin/bash", "/usr/bin/dash", "/bin/busybox")


def totals(tree):
    """Bytes and number of the paths that are no folders; bytes once for an inode."""
    files = [inode for inode in tree.inodes.values() if inode.kind != "5"]
    return {"bytes": sum({id(inode): inode.size for inode in files}.values()), "files": len(files)}


class Build(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.original_path = original_of(NAME)
        os.makedirs(SLIMMED, exist_ok=True)
        cls.slimmed_path = os.path.join(SLIMMED, NAME + ".tar")
        if os.path.exists(cls.slimmed_path):
            os.unlink(cls.slimmed_path)
        cls.before = set(os.listdir(SLIMMED))
        cls.built = slim("build", "docker-archive:" + cls.original_path, "-o", "docker-archive:" + cls.slimmed_path,
                         "--format", "json")

    def setUp(self):
        super().setUp()
        self.assert_status(self.built, 0)
        self.report = self.built.json()

    def both(self):
        """Original and slimmed, as the independent witness reads them."""
        return (image_archive.open_archive(self.original_path, self.path("original")),
                image_archive.open_archive(self.slimmed_path, self.path("slimmed")))

    def test_behaves_the_same(self):
        verdict = self.report["verdict"]
        self.assertEqual(verdict["result"], "same", verdict)

    def test_leaves_nothing_but_the_image(self):
        others = {name for name in os.listdir(SLIMMED) if NAME in name} - self.before
        self.assertEqual(others, {NAME + ".tar"})

    def test_kept_paths_are_what_they_were(self):
        original, slimmed = self.both()
        self.assertEqual(image_archive.layer_problems(slimmed), [])
        tree = image_archive.squash(slimmed)
        image_archive.take_added(tree, self.report)
        self.assertEqual(image_archive.fidelity_problems(image_archive.squash(original), tree), [])

    def test_what_is_added_is_root_s_and_of_the_source_s_time(self):
        original, slimmed = (image_archive.squash(image) for image in self.both())
        added = image_archive.take_added(slimmed, self.report)
        for entry in self.report["plan"]["added"]["entries"]:
            inode = added[entry["path"]]
            mode = 0o755 if entry["type"] == "directory" else 0o644
            self.assertEqual((inode.uid, inode.gid, inode.mode, inode.size), (0, 0, mode, entry["size"]), entry)
            self.assertEqual(inode.mtime, original.inodes[entry["from"]].mtime, entry)
        self.assertEqual(sum(inode.size for inode in added.values()), self.report["plan"]["added"]["bytes"])

    def test_the_report_adds_up(self):
        original, slimmed = self.both()
        after_tree = image_archive.squash(slimmed)
        image_archive.take_added(after_tree, self.report)
        before, after = totals(image_archive.squash(original)), totals(after_tree)
        needed, removable = self.report["needed"], self.report["removable"]
        for unit in ("bytes", "files"):
            self.assertEqual(needed[unit] + removable[unit], before[unit], unit)
            self.assertEqual(needed[unit], after[unit], unit)

    def test_the_config_survives(self):
        original, slimmed = (image.config for image in self.both())
        before, after = original.get("config", {}), dict(slimmed.get("config", {}))
        labels = after.pop("Labels", {})
        for key, value in before.items():
            if key != "Labels":
                self.assertEqual(after.get(key), value, key)
        for key, value in before.get("Labels", {}).items():
            self.assertEqual(labels.get(key), value, key)
        self.assertIn("org.opencontainers.image.base.digest", labels)
        self.assertTrue(any(key.startswith("dev.slim.") for key in labels), labels)
        self.assertEqual((slimmed["os"], slimmed["architecture"]), (original["os"], original["architecture"]))
        self.assertEqual(len(slimmed["rootfs"]["diff_ids"]),
                         sum(not entry.get("empty_layer", False) for entry in slimmed["history"]))

    def test_it_is_small(self):
        original, slimmed = self.both()
        size, before = (image_archive.bytes_of_files(image) for image in (slimmed, original))
        print("%s: %d bytes, of %d" % (NAME, size, before))
        self.assertLess(size, before)
        self.assertLessEqual(size, SIZE_LIMITS.get(NAME, size))

    def test_what_was_made_while_it_ran_is_not_in_it(self):
        """No cluster, no process id, no log: kept paths are paths of the original, but for the packages' metadata."""
        original, slimmed = (set(image_archive.squash(image).inodes) for image in self.both())
        added = {path for path in slimmed - original if not path.startswith("/var/lib/dpkg/")}
        self.assertEqual(sorted(added), [])

    def test_it_is_distroless(self):
        paths = image_archive.squash(self.both()[1]).inodes
        unwanted = PACKAGE_MANAGERS + (SHELLS if NAME in WITHOUT_SHELL else ())
        unwanted = set(unwanted) - ({"/usr/bin/perl"} if NAME in WITH_PERL else set())
        self.assertEqual(sorted(path for path in unwanted if path in paths), [])


if __name__ == "__main__":
    if not NAME:
        sys.exit("usage: build_test.py NAME")
    main(unittest.defaultTestLoader.loadTestsFromTestCase(Build))
