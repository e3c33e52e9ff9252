#!/usr/bin/python3
"""An arm64 image (Debian's packages unpacked and never run; Alpine's root file system) is analyzed and slimmed on another
machine; under qemu-user, where present, the programs of the result do what they do in the original."""

import os
import platform
import shutil
import stat
import subprocess
import unittest

from slim_program import IMAGES, SHARED_DATA, SystemTest, main, need_program, need_root, slim

QEMU = "qemu-aarch64-static"
ALPINE = os.path.join(SHARED_DATA, "alpine-minirootfs-3.20.3-aarch64.tar.gz")
DEBIAN = os.path.join(IMAGES, "arm64", "arm64.tar")
# what is kept, and what is asked of it
PROGRAMS = {"/usr/bin/git": [["hash-object", "--stdin"], ["--version"]],
            "/usr/bin/sha256sum": [[]],
            "/usr/bin/sort": [["-r"]],
            "/usr/bin/python3": [["-c", "import sys, zlib; print(sys.version, zlib.crc32(sys.stdin.buffer.read()))"]],
            "/usr/bin/curl": [["--version"], ["-sS", "file:///input"]]}


class Arm64(SystemTest):
    def setUp(self):
        super().setUp()
        if platform.machine() == "aarch64":
            raise unittest.SkipTest("this machine is an arm64 one")

    def slimmed_root(self, image, *options):
        need_root()
        self.assert_status(slim("build", image, "-o", "dir:" + self.path("slimmed"), "--no-run", *options), 0)
        return self.path("slimmed")

    def ask(self, root, *argv):
        """What a program answers, with `root` as its root folder, which gets what a container would: /dev/null and a file."""
        os.makedirs(os.path.join(root, "dev"), exist_ok=True)
        null = os.path.join(root, "dev", "null")
        if not os.path.exists(null):
            os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        with open(os.path.join(root, "input"), "w", encoding="utf-8") as file:
            file.write("to be read\n")
        qemu = shutil.copy(shutil.which(QEMU), os.path.join(root, "qemu"))
        try:
            done = subprocess.run(["chroot", root, "/qemu", *argv], input=b"a\nb\n", capture_output=True, timeout=120,
                                  check=False)
        finally:
            os.unlink(qemu)
        return done.returncode, done.stdout, done.stderr

    def test_debian_is_analyzed(self):
        if not os.path.exists(DEBIAN):
            raise unittest.SkipTest("image arm64 is not here")
        report = slim("analyze", DEBIAN, "--format", "json").json()
        self.assertEqual(report["image"]["platform"], "linux/arm64")
        self.assertEqual([start["path"] for start in report["entrypoints"]], ["/usr/bin/git"])
        self.assertLess(report["needed"]["bytes"], report["removable"]["bytes"])
        deps = slim("deps", DEBIAN, "/usr/bin/git")
        self.assert_status(deps, 0)
        self.assertIn("/lib/aarch64-linux-gnu/libc.so.6", deps.out)

    def test_to_run_it_is_refused_unless_it_is_emulated(self):
        if not os.path.exists(DEBIAN):
            raise unittest.SkipTest("image arm64 is not here")
        handlers = "/proc/sys/fs/binfmt_misc"
        if os.path.isdir(handlers) and any("aarch64" in name for name in os.listdir(handlers)):
            raise unittest.SkipTest("this machine emulates arm64")
        refused = slim("build", DEBIAN, "-o", "oci:" + self.path("out"))
        self.assert_status(refused, 4)
        self.assertIn("linux/arm64", refused.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_debian_s_programs_run_in_the_result(self):
        if not os.path.exists(DEBIAN):
            raise unittest.SkipTest("image arm64 is not here")
        need_program(QEMU)
        includes = [word for path in PROGRAMS for word in ("--include", path)]
        slimmed = self.slimmed_root(DEBIAN, *includes)
        os.mkdir(self.path("original"))
        layers = os.path.join(IMAGES, "arm64", "layers", "00.tar")
        subprocess.run(["tar", "-C", self.path("original"), "--numeric-owner", "-xpf", layers], check=True)
        self.assertLess(*(int(subprocess.run(["du", "-s", root], check=True, capture_output=True).stdout.split()[0])
                          for root in (slimmed, self.path("original"))))
        for path, calls in PROGRAMS.items():
            for call in calls:
                with self.subTest(program=path, call=call):
                    before = self.ask(self.path("original"), path, *call)
                    self.assertEqual(before[0], 0, before)
                    self.assertEqual(self.ask(slimmed, path, *call), before)

    def test_alpine_s_busybox_runs_in_the_result(self):
        if not os.path.exists(ALPINE):
            raise unittest.SkipTest("Alpine's root file system is not in ../shared/data")
        need_program(QEMU)
        slimmed = self.slimmed_root("rootfs:" + ALPINE, "--entrypoint", "/bin/busybox", "--platform", "linux/arm64")
        self.assertFalse(os.path.exists(os.path.join(slimmed, "sbin", "apk")))
        status, out, err = self.ask(slimmed, "/bin/busybox", "sha256sum")
        self.assertEqual((status, err), (0, b""))
        self.assertEqual(out, b"911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2  -\n")


if __name__ == "__main__":
    main()
