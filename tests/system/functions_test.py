#!/usr/bin/python3
"""The functions of an image in containers by `slim run`: of the slimmed image that build_test.py left; of one that is
slimmed here without starting anything; or of the original, so that a function that fails on a slimmed one fails
because of slim.

    functions_test.py [--static] NAME...
    functions_test.py --original NAME
"""

import hashlib
import os
import sys
import unittest

import functions
from containers import SlimContainers
from slim_program import IMAGES, SLIMMED, SOURCE, main, original_of, slim, slimmed_of


def static_of(name):
    """The image slimmed by static analysis alone."""
    original = original_of(name)
    path = os.path.join(SLIMMED, name + ".static.tar")
    os.makedirs(SLIMMED, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    built = slim("build", "--no-run", "docker-archive:" + original, "-o", "docker-archive:" + path, "--format", "json")
    if built.status != 0:
        raise AssertionError(str(built))
    report = built.json()
    if report["verdict"]["result"] != "not-run":
        raise AssertionError("the verdict is %s, although nothing was to be run" % report["verdict"]["result"])
    print("%s: static analysis alone keeps %d bytes, drops %d" % (name, report["needed"]["bytes"], report["removable"]["bytes"]))
    return path


def tests_of(name, path_of):
    class InSlimRun(functions.OF_IMAGE[name]):
        @classmethod
        def setUpClass(cls):
            cls.containers = SlimContainers(path_of(name))
            super().setUpClass()

    InSlimRun.__qualname__ = name
    return unittest.defaultTestLoader.loadTestsFromTestCase(InSlimRun)


class Passed:
    """A note beside an image that its original has passed these tests: it need not pass them again."""

    def __init__(self, name):
        self.path = os.path.join(IMAGES, name, "passed")
        digest = hashlib.sha256()
        folder = os.path.dirname(os.path.abspath(functions.__file__))
        tests = [os.path.join(folder, file) for file in sorted(os.listdir(folder)) if file.endswith(".py")]
        for path in [original_of(name).replace(name + ".tar", "key"), os.path.join(SOURCE, "tests/system/containers.py"), *tests]:
            with open(path, "rb") as file:
                digest.update(file.read())
        self.digest = digest.hexdigest()

    def is_noted(self):
        if not os.path.exists(self.path):
            return False
        with open(self.path, encoding="ascii") as file:
            return file.read() == self.digest

    def note(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(self.digest)


def test_original(name):
    try:
        passed = Passed(name)
    except unittest.SkipTest as reason:
        print("SKIPPED: %s" % reason)
        sys.exit(77)
    if passed.is_noted():
        print("%s: the original has passed these tests before" % name)
        return
    try:
        main(tests_of(name, original_of))
    except SystemExit as end:
        if end.code == 0:
            passed.note()
        raise


if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not names:
        sys.exit(__doc__)
    if "--original" in sys.argv:
        test_original(names[0])
    else:
        main(unittest.TestSuite(tests_of(image, static_of if "--static" in sys.argv else slimmed_of) for image in names))
