#!/usr/bin/python3
"""`slim test`: files of container-structure-test in both versions and both notations, that pass and that fail, on a
real image in the sandbox."""

import json
import xml.etree.ElementTree

from slim_program import SystemTest, main, original_of, slim

SECOND = """
schemaVersion: 2.0.0
globalEnvVars: [ { key: GREETING, value: hello } ]
commandTests:
  - { name: version, command: nginx, args: [ -v ], expectedError: [ 'nginx/1\\.' ] }
  - name: a file that was set up
    setup: [ [ touch, /tmp/made ] ]
    teardown: [ [ rm, /tmp/made ] ]
    command: ls
    args: [ /tmp ]
    expectedOutput: [ '(?m)^made$' ]
  - name: environment
    command: sh
    args: [ -c, 'echo $GREETING $PATH; exit 3' ]
    envVars: [ { key: PATH, value: '$PATH:/opt/more' } ]
    expectedOutput: [ '^hello /usr.*:/opt/more' ]
    exitCode: 3
fileExistenceTests:
  - { name: root, path: /, permissions: drwxr-xr-x, uid: 0, gid: 0 }
  - { name: tmp, path: /tmp, permissions: dtrwxrwxrwx }
  - { name: link, path: /var/log/nginx/access.log, permissions: Lrwxrwxrwx }
  - { name: none, path: /no/such/file, shouldExist: false }
  - { name: program, path: /usr/sbin/nginx, isExecutableBy: any }
fileContentTests:
  - { name: accounts, path: /etc/passwd, expectedContents: [ '^root:x:0:0:' ], excludedContents: [ nobody-here ] }
metadataTest:
  exposedPorts: [ '80' ]
  unexposedPorts: [ '81' ]
licenseTests:
  - { files: [ /etc/passwd ] }
"""

FIRST = {"schemaVersion": "1.0.0",
         "commandTests": [{"name": "version", "command": ["nginx", "-v"], "expectedError": ["nginx/1"]},
                          {"name": "wrong code", "command": ["sh", "-c", "exit 4"]},
                          {"name": "no program", "command": ["no-such-program"]}],
         "fileExistenceTests": [{"name": "mode", "path": "/etc/passwd", "permissions": "-rwxrwxrwx"}],
         "fileContentTests": [{"name": "content", "path": "/etc/passwd", "expectedContents": ["nobody-here"]}],
         "metadataTest": {"exposedPorts": ["81"]}}


class StructureTests(SystemTest):
    def file(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)
        return self.path(name)

    def run_tests(self, *arguments):
        return slim("test", "docker-archive:" + original_of("nginx"), *arguments)

    def test_a_file_that_passes(self):
        finished = self.run_tests("--config", self.file("second.yaml", SECOND))
        self.assert_status(finished, 0)
        self.assertIn("11 tests: 11 passed, 0 failed", finished.out)

    def test_each_failure_is_named_with_its_place(self):
        finished = self.run_tests("--config", self.file("first.json", json.dumps(FIRST, indent=1)), "--format", "json")
        self.assert_status(finished, 1)
        report = finished.json()
        failures = {test["name"]: test.get("failure", "") for test in report["tests"]}
        self.assertEqual(report["failed"], 5, str(finished))
        self.assertEqual(failures["Command Test: version"], "")
        self.assertIn("expected exit 0, found exit 4", failures["Command Test: wrong code"])
        self.assertIn("does not start", failures["Command Test: no program"])
        self.assertIn("expected -rwxrwxrwx, found -rw-r--r--", failures["File Existence Test: mode"])
        self.assertIn("expected to match 'nobody-here'", failures["File Content Test: content"])
        self.assertEqual(failures["Metadata Test"], "port 81 is not exposed")
        self.assertTrue(all(test["line"] > 1 for test in report["tests"]))

    def test_several_files_and_junit(self):
        finished = self.run_tests("--config", self.file("second.yaml", SECOND), "--config",
                                  self.file("first.json", json.dumps(FIRST)), "--format", "junit")
        self.assert_status(finished, 1)
        suites = xml.etree.ElementTree.fromstring(finished.out)
        self.assertEqual(len(suites.findall("./testsuite/testcase")), 17)
        self.assertEqual(len(suites.findall("./testsuite/testcase/failure")), 5)
        self.assertEqual(suites.get("failures"), "5")

    def test_licences_of_packages(self):
        config = self.file("licences.yaml", "schemaVersion: 2.0.0\nlicenseTests: [ { debian: true } ]\n")
        finished = slim("test", "docker-archive:" + original_of("cli"), "--config", config, "--format", "json")
        self.assert_status(finished, 0)
        self.assertIn("License Test: bash", {test["name"] for test in finished.json()["tests"]})
        # where there is nothing to look at, nothing has passed
        nothing = slim("test", "docker-archive:" + original_of("static"), "--config", config)
        self.assert_status(nothing, 1)
        self.assertIn("License Test: /usr/share/doc", nothing.out)

    def test_what_is_wrong_with_a_file_is_bad_input(self):
        finished = self.run_tests("--config", self.file("bad.yaml", SECOND.replace("expectedError", "expectedErrors")))
        self.assert_status(finished, 3)
        self.assertIn("bad.yaml: line 5: commandTests[0].expectedErrors: unknown key", finished.err)
        self.assertIn("did you mean expectedError?", finished.err)
        self.assert_status(self.run_tests("--config", self.path("none.yaml")), 3)
        self.assert_status(self.run_tests(), 2)


if __name__ == "__main__":
    main()
