#!/usr/bin/python3
"""The same without root: a user with a range of subordinate ids, whom this test makes and removes."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import unittest

from slim_program import PROGRAM, SystemTest, main, need_program, need_root, original_of, slim

USER = "slim-rootless-test"


def reachable(path):
    """Whether everybody may enter every folder on the way to `path`."""
    folder = os.path.dirname(os.path.realpath(path))
    while folder != "/":
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
        folder = os.path.dirname(folder)
    return True


class Rootless(SystemTest):
    @classmethod
    def setUpClass(cls):
        need_root()
        for program in ("useradd", "userdel", "usermod", "newuidmap", "setpriv"):
            need_program(program)
        subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", USER], check=True,
                       capture_output=True)
        cls.addClassCleanup(subprocess.run, ["userdel", USER], check=True, capture_output=True)
        added = subprocess.run(["usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", USER],
                               check=False, capture_output=True, text=True)
        if added.returncode != 0:
            raise unittest.SkipTest("no range of subordinate ids can be given to a user: %s" % added.stderr.strip())
        cls.user = pwd.getpwnam(USER)
        cls.prefix = ["setpriv", "--reuid", str(cls.user.pw_uid), "--regid", str(cls.user.pw_gid), "--clear-groups",
                      "--inh-caps=-all"]
        probe = subprocess.run([*cls.prefix, "unshare", "--user", "true"], check=False, capture_output=True, text=True)
        if probe.returncode != 0:
            raise unittest.SkipTest("this system lets no unprivileged user make a namespace: %s" % probe.stderr.strip())

    def setUp(self):
        super().setUp()
        os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.program = PROGRAM
        if not reachable(PROGRAM):
            self.program = self.copied(PROGRAM)

    def copied(self, path):
        """A copy that the user can read, where the original lies behind a closed door."""
        copy = self.path(os.path.basename(path))
        shutil.copy(path, copy)
        os.chown(copy, self.user.pw_uid, self.user.pw_gid)
        return copy

    def image(self, name):
        path = original_of(name)
        return "docker-archive:" + (path if reachable(path) else self.copied(path))

    def slim(self, *arguments):
        return slim(*arguments, program=self.program, prefix=self.prefix, cwd=self.folder,
                    env={"HOME": self.folder, "TMPDIR": self.folder, "XDG_RUNTIME_DIR": self.folder,
                         "XDG_CACHE_HOME": self.path("cache"), "USER": USER, "LOGNAME": USER})

    def test_builds_and_verifies(self):
        for name in ("static", "memcached", "plugin"):
            with self.subTest(name=name):
                output = self.path(name + ".slim.tar")
                finished = self.slim("build", self.image(name), "-o", "docker-archive:" + output, "--format", "json")
                self.assert_status(finished, 0)
                verdict = finished.json()["verdict"]
                self.assertEqual((verdict["result"], verdict.get("rootless")), ("same", True), json.dumps(verdict))
                again = self.slim("verify", self.image(name), "docker-archive:" + output)
                self.assert_status(again, 0)

    def test_root_and_user_write_the_same_image(self):
        images = []
        for run, name in ((self.slim, "user.tar"), (slim, "root.tar")):
            self.assert_status(run("build", self.image("redis"), "-o", "docker-archive:" + self.path(name),
                                   "--no-run"), 0)
            with open(self.path(name), "rb") as file:
                images.append(file.read())
        self.assertTrue(images[0] == images[1], "root and an unprivileged user write different images")

    def test_the_container_has_the_owners_of_the_image(self):
        seen = self.slim("run", "--entrypoint=stat", self.image("redis"), "--", "-c", "%u:%g %a", "/data", "/etc/passwd",
                         "/tmp")
        self.assert_status(seen, 0)
        self.assertRegex(seen.out, r"^[1-9]\d+:[1-9]\d+ 750\n0:0 644\n0:0 1777\n$")

    def test_nothing_of_the_user_remains(self):
        before = sorted(os.listdir(self.folder))
        self.assert_status(self.slim("verify", self.image("static"), self.image("static")), 0)
        after = sorted(set(os.listdir(self.folder)) - {"cache", "static.tar"})
        self.assertEqual(after, [name for name in before if name != "static.tar"])


if __name__ == "__main__":
    main()
