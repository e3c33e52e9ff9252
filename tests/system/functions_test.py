#!/usr/bin/python3
"""The functions of an image, after slimming, in containers by `slim run`.

    functions_test.py [--original] NAME...
"""

import sys
import unittest

import functions
from containers import SlimContainers
from slim_program import main, original_of, slimmed_of


def tests_of(name, path_of):
    class InSlimRun(functions.OF_IMAGE[name]):
        @classmethod
        def setUpClass(cls):
            cls.containers = SlimContainers(path_of(name))
            super().setUpClass()

    InSlimRun.__qualname__ = name
    return unittest.defaultTestLoader.loadTestsFromTestCase(InSlimRun)


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    finder = original_of if "--original" in sys.argv else slimmed_of
    main(unittest.TestSuite(tests_of(name, finder) for name in names))
