#!/usr/bin/python3
"""Slimmed images after `docker load`, in a Docker daemon that this test starts and removes.

    docker_test.py [--original] [NAME...]
"""

import sys
import unittest

import functions
from containers import Daemon, DockerContainers
from slim_program import main, original_of, slimmed_of


def tests_of(daemon, name, path_of):
    """The class of an image's functions, bound to the image in the daemon."""

    class InDocker(functions.OF_IMAGE[name]):
        @classmethod
        def setUpClass(cls):
            if not daemon.process:
                daemon.start()
            cls.containers = DockerContainers(daemon, daemon.load(path_of(name)))
            super().setUpClass()

    InDocker.__qualname__ = name
    return unittest.defaultTestLoader.loadTestsFromTestCase(InDocker)


def run(arguments):
    path_of = original_of if "--original" in arguments else slimmed_of
    names = [name for name in arguments if not name.startswith("-")] or list(functions.OF_IMAGE)
    try:
        daemon = Daemon()
    except unittest.SkipTest as reason:
        print("SKIPPED: functions in Docker: %s" % reason)
        sys.exit(77)
    try:
        main(unittest.TestSuite(tests_of(daemon, name, path_of) for name in names))
    finally:
        daemon.stop()


if __name__ == "__main__":
    run(sys.argv[1:])
