#!/usr/bin/python3
"""Root folders that chance makes, of libraries that nobody would build, and the answer of slim for each file beside that
of the loader: of this machine's glibc, and of its musl.

SLIM_TEST_SEEDS=FIRST-LAST tries others than the suite does."""

import os
import random
import shutil
import subprocess
import unittest

import loaders
from loader_oracle import OracleTest
from slim_program import main, need_program

FIRST, LAST = map(int, os.environ.get("SLIM_TEST_SEEDS", "1-6").split("-"))
OPTIONAL = "liboptional.so"  # what a DT_AUXILIARY names
NAMES = ["lib%s.so" % letter for letter in "abcdefgh"] + [OPTIONAL]
FOLDERS = ["/opt/a", "/opt/b", "/opt/b/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/local/lib", "/srv"]
SEARCHED = [*FOLDERS, "/link", "/link/../b", "/opt/a/", "/opt//b", "$ORIGIN", "${ORIGIN}/../b", "$ORIGIN/", "/opt/b/$LIB",
            "/nowhere", "opt/b", "", "/opt/$ORIGINAL", "$ORIGIN/../../$ORIGIN", "/", "."]
ADDRESSED = ["/opt/a/%s", "/link/%s", "opt/b/%s", "$ORIGIN/%s", "${ORIGIN}/../a/%s", "./%s", "/usr/local/lib/%s"]


class GeneratedRoot:
    """A root folder that `seed` decides alone."""

    def __init__(self, top, seed, loader):
        self.top, self.random, self.loader = top, random.Random(seed), loader
        self.is_musl = loader in loaders.MUSL_LOADERS.values()
        self.stubs = top + ".stubs"
        os.makedirs(self.stubs)
        self.empty = os.path.join(self.stubs, "empty.o")
        subprocess.run(["as", "-o", self.empty, "/dev/null"], check=True)
        for folder in [*FOLDERS, "/etc", "/usr/lib64", "/bin"]:
            os.makedirs(top + folder, exist_ok=True)
        os.symlink("usr/lib", top + "/lib")
        os.symlink("usr/lib64", top + "/lib64")
        os.symlink("opt/a", top + "/link")
        shutil.copy(os.path.realpath(loader), top + loader)
        self.files = []
        # files that a trace does not tell all of: the loader itself, and whatever has a filter, which stands before it
        self.untold = {os.path.realpath(top + loader).removeprefix(top)}
        for name in NAMES:
            for folder in self.some(FOLDERS, 1, 3):
                self.place(folder + "/" + name)
        for i in range(12):
            path = self.random.choice(["/bin", "/opt/a", "/opt/b"]) + "/program%d" % i
            self.link(path, ["-pie", "-e", "0", "--dynamic-linker", loader])
        self.environment = self.surroundings()

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def some(self, choices, least, most):
        return [self.random.choice(choices) for _ in range(self.random.randint(least, most))]

    def link(self, path, options):
        # at least one: where nothing is needed, glibc's trace tells of no preloads either
        for name in self.some([*NAMES[:-1], "libgone.so", os.path.basename(self.loader)], 1, 4):
            if self.chance(10):
                name = self.random.choice(ADDRESSED) % name
            options += ["--no-as-needed", self.stub(name)]
        if self.chance(60):
            options += ["-rpath", ":".join(self.some(SEARCHED, 1, 4)),
                        self.random.choice(["--enable-new-dtags", "--disable-new-dtags"])]
        if self.chance(8):
            options += ["-z", "nodefaultlib"]
        subprocess.run(["ld", "-o", self.top + path, self.empty, *options], check=True, stderr=subprocess.DEVNULL)
        self.files.append(path)

    def stub(self, name):
        """A library to link against, so that `name` is needed."""
        path = os.path.join(self.stubs, "".join(letter if letter.isalnum() else "_" for letter in name))
        if not os.path.exists(path):
            subprocess.run(["ld", "-shared", "-soname", name, "-o", path, self.empty], check=True)
        return path

    def place(self, path):
        """A library at `path`, or what there may be in its stead."""
        if os.path.lexists(self.top + path):
            return
        if self.files and self.chance(8):
            os.symlink(self.random.choice(self.files), self.top + path)
        elif self.files and self.chance(4):
            file = self.random.choice(self.files)
            os.link(self.top + file, self.top + path)
            self.untold |= {path} if file in self.untold else set()
            self.files.append(path)
        else:
            options = ["-shared"]
            if not self.chance(20):
                options += ["-soname", self.random.choice(NAMES) if self.chance(10) else os.path.basename(path)]
            if not self.is_musl and self.chance(10):
                options += self.random.choice([["--filter", "libf.so"], ["--filter", "libg.so"], ["--auxiliary", OPTIONAL]])
                self.untold.add(path)
            self.link(path, options)
            if not self.is_musl and self.chance(6):
                self.spoil(path)
        if not self.is_musl and "glibc-hwcaps" not in path and self.chance(15):
            folder = os.path.dirname(path) + "/glibc-hwcaps/" + self.random.choice(loaders.LEVELS)
            os.makedirs(self.top + folder, exist_ok=True)
            self.place(folder + "/" + os.path.basename(path))

    def spoil(self, path):
        """Makes it a library of another machine, which glibc passes over. (musl takes it, and fails as it relocates it.)"""
        with open(self.top + path, "r+b") as file:
            file.seek(18)
            file.write(b"\xf3\0")
        self.untold.add(path)

    def surroundings(self):
        """The image's environment, and files in /etc."""
        environment = {}
        if self.chance(50):
            environment["LD_LIBRARY_PATH"] = ":".join(self.some(SEARCHED, 1, 3))
        if self.chance(30):
            environment["LD_PRELOAD"] = " ".join(self.some([*NAMES, "/opt/a/liba.so"], 1, 2))
        if self.is_musl:
            if self.chance(40):
                with open(self.top + "/etc/" + os.path.basename(self.loader).replace(".so.1", ".path"), "w",
                          encoding="ascii") as file:
                    file.write(self.random.choice(":\n").join(self.some(FOLDERS, 1, 4)))
        else:
            if self.chance(20):
                with open(self.top + "/etc/ld.so.preload", "w", encoding="ascii") as file:
                    file.write("\n".join(self.some([*NAMES, "/opt/a/liba.so"], 1, 2)))
            if self.chance(70):
                with open(self.top + "/etc/ld.so.conf", "w", encoding="ascii") as file:
                    file.write("\n".join(["/usr/lib/x86_64-linux-gnu", *self.some(FOLDERS, 1, 4)]))
                subprocess.run(["ldconfig", "-r", self.top], check=True, stderr=subprocess.DEVNULL)
                for path in self.some(self.files, 0, 2):  # the cache names what is no more
                    if os.path.exists(self.top + path):
                        os.unlink(self.top + path)
        return {name: value for name, value in environment.items() if value}


class Generated(OracleTest):
    def agree(self, said, heard):
        """A trace tells missing libraries of filters where the filter stands, and of optional ones that they are missing."""
        return (said.paths == heard.paths and not heard.failure and
                sorted(said.missing) == sorted(name for name in heard.missing if name != OPTIONAL))

    def compare_roots(self, loader):
        if os.uname().machine != "x86_64":
            raise unittest.SkipTest("the folders' names are those of x86-64")
        need_program("ld")
        with loaders.root_folder(self.path("roots")) as folder:
            for seed in range(FIRST, LAST + 1):
                with self.subTest(seed=seed):
                    root = GeneratedRoot(os.path.join(folder, str(seed)), seed, loader)
                    options = ["--env=%s=%s" % entry for entry in root.environment.items()]
                    level = "" if root.is_musl else root.random.choice(["", *loaders.LEVELS])
                    self.compare("seed %d" % seed, root.top, "rootfs:" + root.top,
                                 options + (["--cpu", level] if level else []), left_out=root.untold, environment=root.environment, level=level)

    def test_glibc(self):
        self.compare_roots(loaders.GLIBC_LOADERS["x86_64"])

    def test_musl(self):
        loader = loaders.MUSL_LOADERS["x86_64"]
        if not os.path.exists(loader):
            raise unittest.SkipTest("%s (Debian's musl) is not installed" % loader)
        self.compare_roots(loader)


if __name__ == "__main__":
    main()
