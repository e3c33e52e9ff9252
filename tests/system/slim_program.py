"""How the system tests call `slim`, where they find images, and how they say that a check was skipped.

Environment (set by tests/CMakeLists.txt, with defaults for calls by hand):
    SLIM                 the program (build/slim)
    SLIM_TEST_IMAGES     images made by tests/images/build (build/images)
    SLIM_TEST_SLIMMED    slimmed images, handed from build_test.py to the tests of their functions (build/slimmed)
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("SLIM", os.path.join(SOURCE, "build", "slim"))
IMAGES = os.environ.get("SLIM_TEST_IMAGES", os.path.join(SOURCE, "build", "images"))
SLIMMED = os.environ.get("SLIM_TEST_SLIMMED", os.path.join(SOURCE, "build", "slimmed"))
# No cache, in this process and in all that it starts: a test is to see what slim reads, and not what another test has
# verified. The tests of the cache give folders of their own.
os.environ["XDG_CACHE_HOME"] = "/dev/null"
SHARED_DATA = os.path.join(SOURCE, "..", "shared", "data")


class Finished:
    """What a program that has ended left: status, out and err as text."""

    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __str__(self):
        return "%s\nexit status %d\n--- standard output\n%s\n--- standard error\n%s" % (
            " ".join(self.argv), self.status, self.out[-4000:], self.err[-4000:])

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError("standard output is not JSON (%s):\n%s" % (error, self)) from error


def slim(*arguments, env=None, cwd=None, timeout=300, stdin=subprocess.DEVNULL, program=PROGRAM, prefix=()):
    """Runs slim to its end. `env` is put over the environment; `prefix` stands before the program."""
    argv = [*prefix, program, *map(str, arguments)]
    done = subprocess.run(argv, env={**os.environ, **(env or {})}, cwd=cwd, timeout=timeout, stdin=stdin,
                          capture_output=True, check=False)
    return Finished(argv, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def original_of(name):
    """The path of an image that a recipe has made; skips the test where it has not been made."""
    path = os.path.join(IMAGES, name, name + ".tar")
    if not os.path.exists(path):
        raise unittest.SkipTest("image %s is not here (tests/images/build %s makes it)" % (name, name))
    return path


def slimmed_of(name):
    original_of(name)
    path = os.path.join(SLIMMED, name + ".tar")
    if not os.path.exists(path):
        raise AssertionError("%s does not exist: build_test.py %s has to pass first" % (path, name))
    return path


def need_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def need_program(name):
    if shutil.which(name) is None:
        raise unittest.SkipTest("%s is not installed" % name)


class SystemTest(unittest.TestCase):
    """A test with a folder of its own, which is removed whatever happens."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="slim-test.")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def assert_status(self, finished, status):
        self.assertEqual(finished.status, status, str(finished))


def main(suite=None):
    """Runs the tests of the calling script. Exits with 77 where every test was skipped, and names each skipped
    check with its reason: a skipped check is no passed check."""
    if suite is None:
        suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print("SKIPPED: %s: %s" % (test, reason))
    # a class that is skipped whole counts as no test that was run; a test of several subtests counts once
    skipped = len({getattr(test, "test_case", test) for test, _ in result.skipped if isinstance(test, unittest.TestCase)})
    if not result.wasSuccessful() or not (result.testsRun or result.skipped):
        sys.exit(1)
    sys.exit(77 if skipped >= result.testsRun else 0)
