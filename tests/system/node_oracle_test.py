#!/usr/bin/python3
"""Where slim finds the modules that JavaScript names is where Node finds them: every name in all packages of an
application, asked of the image's own Node in a container.

    node_oracle_test.py PROGRAM    the program that tests/system/node_names.cpp makes
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from containers import SlimContainers
from slim_program import main, original_of

FOLDER = "/app"
NAMES = 400  # below which the comparison says too little

SCRIPT = """
import { createRequire, isBuiltin } from 'node:module';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const answers = [];
for (const [file, use, name] of JSON.parse(readFileSync('/oracle/names.json'))) {
  let answer = null;
  try {
    if (isBuiltin(name)) answer = '';
    else if (use === 'require') answer = realpathSync(createRequire(file).resolve(name));
    else {
      const url = await import.meta.resolve(name, pathToFileURL(file));
      const path = url.startsWith('file:') ? realpathSync(fileURLToPath(url)) : null;
      if (path && statSync(path).isFile()) answer = path;
    }
  } catch (error) {
    if (!/NOT_FOUND|NOT_EXPORTED|NOT_DEFINED|INVALID|UNSUPPORTED|ENOENT|ENOTDIR/.test(error.code)) throw error;
  }
  answers.push(answer);
}
console.log(JSON.stringify(answers));
"""


class NodeOracle(unittest.TestCase):
    program = None
    maxDiff = 10000

    def test_every_name_of_the_application_and_its_packages(self):
        original = original_of("express")
        listed = subprocess.run([self.program, "docker-archive:" + original, FOLDER], check=True, capture_output=True)
        names = json.loads(listed.stdout)
        self.assertGreater(len(names), NAMES)
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            with open(os.path.join(folder, "names.json"), "w", encoding="utf-8") as file:
                json.dump([name[:3] for name in names], file)
            with open(os.path.join(folder, "oracle.mjs"), "w", encoding="utf-8") as file:
                file.write(SCRIPT)
            done = SlimContainers(original).run("--experimental-import-meta-resolve", "/oracle/oracle.mjs",
                                                entrypoint="node", mounts=[(folder, "/oracle")])
        self.assertEqual(done.status, 0, str(done))
        answers = json.loads(done.out.splitlines()[-1])
        self.assertEqual(len(answers), len(names))
        wrong = [(*name, answer) for name, answer in zip(names, answers) if name[3] != answer]
        self.assertEqual(wrong, [], "file, use, name, slim's answer, Node's")
        found = [answer for answer in answers if answer]
        print("%d names in %d files: Node finds %d files, %d builtins" % (
            len(names), len({name[0] for name in names}), len(found), answers.count("")))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    NodeOracle.program = sys.argv.pop(1)
    main()
