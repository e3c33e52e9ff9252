#!/usr/bin/python3
"""The conversions in examples/: each README's commands are run as they stand, on the image of tests/images that the example is
about, and what the README says came out is what comes out, as far as figures may differ from one Debian to the next.

    examples_test.py [NAME...]
"""

import json
import os
import re
import shlex
import shutil
import sys
import unittest

from containers import finished
from slim_program import PROGRAM, SOURCE, SystemTest, main, original_of, slim

EXAMPLES = os.path.join(SOURCE, "examples")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIGURES = re.compile(r"^(\d+\.\d) MB -> (\d+\.\d) MB \((\d+) % smaller\), verdict same\.$", re.MULTILINE)
INSTRUCTION = re.compile(r"^(ENTRYPOINT|CMD|USER|STOPSIGNAL|WORKDIR|EXPOSE|VOLUME) (.*)$", re.MULTILINE)


def blocks(readme):
    """(commands, expected output or None) of each block that is to be run."""
    fences = FENCE.findall(readme)
    for place, (language, text) in enumerate(fences):
        if language == "sh":
            following = fences[place + 1] if place + 1 < len(fences) else ("", "")
            yield text, following[1] if following[0] == "text" else None


def has_command(name):
    return re.search(r"^  %s " % name, slim("--help").out, re.MULTILINE) is not None


class Example(SystemTest):
    NAME = None

    def setUp(self):
        super().setUp()
        for name in os.listdir(os.path.join(EXAMPLES, self.NAME)):
            shutil.copyfile(os.path.join(EXAMPLES, self.NAME, name), self.path(name))
        os.symlink(original_of(self.NAME), self.path("app.tar"))
        with open(self.path("README.md"), encoding="utf-8") as readme:
            self.readme = readme.read()

    def run_shell(self, commands):
        path = os.path.dirname(os.path.abspath(PROGRAM)) + ":" + os.environ["PATH"]
        return finished(["sh", "-euc", "cd %s\n%s" % (shlex.quote(self.folder), commands)], 200, {**os.environ, "PATH": path})

    def test_its_readme_holds(self):
        ran = []
        for commands, expected in blocks(self.readme):
            command = shlex.split(commands)[1]
            if command == "gate" and not has_command(command):
                print("SKIPPED: %s: this slim has no gate" % self.NAME)
                continue
            done = self.run_shell(commands)
            self.assertEqual(done.status, 0, str(done))
            if expected is not None:
                self.assertEqual(done.out, expected)
            ran.append(command)
        self.assertIn("build", ran)
        self.assertIn("why", ran)
        self.compare_figures()
        self.compare_instructions()

    def compare_figures(self):
        """The README's sizes are those of one day's Debian."""
        with open(self.path("report.json"), encoding="utf-8") as report:
            report = json.load(report)
        self.assertEqual(report["verdict"]["result"], "same")
        before, after, percent = (float(figure) for figure in FIGURES.search(self.readme).groups())
        original, slimmed = report["size"]["uncompressed"] / 1e6, report["output"]["uncompressed"] / 1e6
        self.assertAlmostEqual(original, before, delta=before * 0.1)
        self.assertAlmostEqual(slimmed, after, delta=after * 0.15)
        self.assertAlmostEqual(100 * (1 - slimmed / original), percent, delta=3)

    def compare_instructions(self):
        """What the example's Dockerfile sets is what the image of the test has, and what Dockerfile.slim sets again."""
        def instructions(name):
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read().rpartition("\nFROM ")[2]
            return {(key, json.dumps(json.loads(value)) if value.startswith("[") else value.strip('"'))
                    for key, value in INSTRUCTION.findall(text)}
        ours = {(key, value.removesuffix("/tcp") if key == "EXPOSE" else value) for key, value in instructions("Dockerfile.slim")}
        ours = {(key, json.loads(value)[0] if key == "VOLUME" else value) for key, value in ours}
        self.assertEqual(ours, instructions("Dockerfile"))


def tests_of(name):
    class OfExample(Example):
        NAME = name

    OfExample.__qualname__ = name
    return unittest.defaultTestLoader.loadTestsFromTestCase(OfExample)


if __name__ == "__main__":
    every = sorted(name for name in os.listdir(EXAMPLES) if os.path.exists(os.path.join(EXAMPLES, name, "probes.yaml")))
    main(unittest.TestSuite(tests_of(name) for name in sys.argv[1:] or every))
