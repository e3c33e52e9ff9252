"""An ordinary user with a range of subordinate ids, whom the tests of a class make and remove, and slim as that user."""

import os
import pwd
import shutil
import stat
import subprocess
import unittest

from slim_program import PROGRAM, SystemTest, need_program, need_root, original_of, slim


def reachable(path):
    """Whether everybody may enter every folder on the way to `path`."""
    folder = os.path.dirname(os.path.realpath(path))
    while folder != "/":
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
        folder = os.path.dirname(folder)
    return True


class OrdinaryUserTest(SystemTest):
    @classmethod
    def setUpClass(cls):
        need_root()
        for program in ("useradd", "userdel", "usermod", "newuidmap", "setpriv"):
            need_program(program)
        cls.name = "slim-test-%d" % os.getpid()
        subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", cls.name], check=True,
                       capture_output=True)
        cls.addClassCleanup(subprocess.run, ["userdel", cls.name], check=True, capture_output=True)
        added = subprocess.run(["usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", cls.name],
                               check=False, capture_output=True, text=True)
        if added.returncode != 0:
            raise unittest.SkipTest("no range of subordinate ids can be given to a user: %s" % added.stderr.strip())
        cls.user = pwd.getpwnam(cls.name)
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

    def environment(self):
        return {"HOME": self.folder, "TMPDIR": self.folder, "XDG_RUNTIME_DIR": self.folder,
                "XDG_CACHE_HOME": self.path("cache"), "USER": self.name, "LOGNAME": self.name}

    def slim(self, *arguments):
        return slim(*arguments, program=self.program, prefix=self.prefix, cwd=self.folder, env=self.environment())
