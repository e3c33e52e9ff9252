#!/usr/bin/python3
"""examples/ci: what a service would run is run here, with the environment that the service sets; the steps and scripts are
read out of the files themselves."""

import json
import os
import re
import stat
import subprocess
import unittest

from layouts import Layout, layer_bytes
from slim_program import PROGRAM, SOURCE, SystemTest, main, need_program, slim

CI = os.path.join(SOURCE, "examples", "ci")
FILES = {"bin/app": b"#!/nothing\n", "opt/unused": b"u" * 200_000, "etc/hostname": b"x\n"}


def load(name, folder=CI):
    try:
        import yaml
    except ImportError as error:
        raise unittest.SkipTest("python3-yaml is not installed") from error
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


class CiTest(SystemTest):
    def setUp(self):
        super().setUp()
        layout = Layout(self.path("app"))
        self.image = layout.write_index(layout.add_image([layer_bytes(FILES)], {"Entrypoint": ["/bin/app"]}))
        self.write("strict.yaml", "max_uncompressed: 100kB\n")
        self.write("loose.yaml", "max_uncompressed: 100MB\n")

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, *name):
        with open(self.path(*name), encoding="utf-8") as file:
            return file.read()

    def shell(self, command, environment, status, path=None):
        """As a service does it: bash, in the folder of the checkout, with nothing of this test's environment."""
        done = subprocess.run(["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command], cwd=self.folder,
                              env={"PATH": (path + ":" if path else "") + os.environ["PATH"], "HOME": self.folder, **environment},
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def outputs(self):
        """GITHUB_OUTPUT as the runner reads it: NAME=VALUE, or NAME<<MARK, lines, MARK."""
        result, lines = {}, iter(self.read("output").splitlines())
        for line in lines:
            name, mark, value = re.fullmatch(r"([\w-]+)(=|<<)(.*)", line).groups()
            if mark == "<<":
                end, parts = value, []
                while (part := next(lines)) != end:
                    parts.append(part)
                value = "\n".join(parts)
            result[name] = value
        return result


class GitHub(CiTest):
    def run_action(self, status, **inputs):
        action = load("action.yml")
        self.assertEqual(action["runs"]["using"], "composite")
        values = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
        self.assertLessEqual(set(inputs), set(values))
        values.update(inputs)
        (step,) = [step for step in action["runs"]["steps"] if "run" in step]
        self.assertEqual(step["shell"], "bash")
        environment = {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: values[match.group(1)], text)
                       for name, text in step["env"].items()}
        for name in ("output", "summary"):
            self.write(name, "")
        return self.shell(step["run"], {**environment, "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_ACTION_PATH": CI,
                                        "GITHUB_OUTPUT": self.path("output"), "GITHUB_STEP_SUMMARY": self.path("summary"),
                                        "GITHUB_WORKSPACE": self.folder, "RUNNER_OS": "Linux"}, status)

    def test_an_image_that_fails_fails_the_step_and_leaves_every_report(self):
        done = self.run_action(1, images=self.image, policy="strict.yaml", program=PROGRAM)
        self.assertIn("FAIL  max_uncompressed", done.stdout)
        self.assertRegex(done.stderr, r"(?m)^::error .*max_uncompressed")
        outputs = self.outputs()
        self.assertEqual((outputs["gate"], outputs["status"]), ("failed", "1"))
        sarif = json.loads(self.read(outputs["sarif"]))
        self.assertEqual(sarif["version"], "2.1.0")
        self.assertIn("gate/max_uncompressed", [result["ruleId"] for result in sarif["runs"][0]["results"]])
        self.assertIn("max_uncompressed", self.read(outputs["comment"]))
        self.assertIn("max_uncompressed", self.read("summary"))
        self.assertIn("gate", json.loads(self.read("slim-reports", "report.json")))

    def test_images_that_pass_pass_and_the_cache_is_filled_and_used(self):
        for _ in range(2):
            done = self.run_action(0, images="\n  %s  \n\n%s\n" % (self.image, self.image), policy="loose.yaml", program=PROGRAM)
            self.assertEqual(done.stdout.count("passed by loose.yaml"), 2)
        self.assertNotIn("::error", done.stderr)
        self.assertEqual(self.outputs()["gate"], "passed")
        self.assertTrue(os.listdir(self.path(".slim-cache")))
        self.assertEqual(stat.S_IMODE(os.stat(self.path(".slim-cache")).st_mode), 0o700)

    def test_inputs_are_no_commands(self):
        self.run_action(3, images="$(touch pwned)\n`touch pwned`; touch pwned\n", policy="loose.yaml", program=PROGRAM)
        self.run_action(3, images="--quiet", policy="loose.yaml", program=PROGRAM)
        self.assertFalse(os.path.exists(self.path("pwned")))
        for step in load("action.yml")["runs"]["steps"] + load("github-workflow.yml")["jobs"]["gate"]["steps"]:
            self.assertNotIn("${{", step.get("run", ""))

    def test_a_bad_policy_leaves_nothing_to_upload(self):
        done = self.run_action(3, images=self.image, policy=self.write("bad.yaml", "max_layer: 3\n"), program=PROGRAM)
        self.assertIn("did you mean max_layers?", done.stderr)
        outputs = self.outputs()
        self.assertEqual(outputs, {"status": "3"})
        self.run_action(2, images=" \n", policy="loose.yaml", program=PROGRAM)

    def test_what_the_action_declares_is_what_its_steps_give(self):
        action = load("action.yml")
        self.run_action(1, images=self.image, policy="strict.yaml", program=PROGRAM)
        for name, output in action["outputs"].items():
            self.assertEqual(output["value"], "${{ steps.gate.outputs.%s }}" % name)
            self.assertIn(name, self.outputs())
        with open(os.path.join(CI, "gate.sh"), encoding="utf-8") as file:
            read = set(re.findall(r"\bSLIM_[A-Z]+\b", file.read()))
        (step,) = [step for step in action["runs"]["steps"] if "run" in step]
        self.assertEqual(set(step["env"]), read)
        used = [step["uses"] for step in action["runs"]["steps"] if "uses" in step]
        self.assertEqual([name.split("@")[0] for name in used], ["actions/cache", "github/codeql-action/upload-sarif"])
        cache = action["runs"]["steps"][0]["with"]
        self.assertTrue(cache["key"].startswith(cache["restore-keys"].strip()))
        workflow = load("github-workflow.yml")
        (use,) = [step for step in workflow["jobs"]["gate"]["steps"] if step.get("id") == "slim"]
        self.assertLessEqual(set(use["with"]), set(action["inputs"]))

    def test_the_comment_goes_to_the_pull_request(self):
        self.run_action(1, images=self.image, policy="strict.yaml", program=PROGRAM)
        (step,) = [step for step in load("github-workflow.yml")["jobs"]["gate"]["steps"] if "COMMENT" in step.get("env", {})]
        self.write("gh", "#!/bin/sh\nprintf '%s\\n' \"$@\" >gh-called\n", 0o755)
        self.shell(step["run"], {"COMMENT": self.outputs()["comment"], "PULL_REQUEST": "7", "GH_TOKEN": "t"}, 0, path=self.folder)
        self.assertEqual(self.read("gh-called").split("\n")[:5], ["pr", "comment", "7", "--body-file", "slim-reports/comment.md"])


class GitLab(CiTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("ci"))
        os.symlink(CI, self.path("ci", "slim"))
        self.job = load("gitlab-ci.yml")[".slim-gate"]

    def environment(self, **variables):
        service = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": self.folder, "CI_PROJECT_ID": "42",
                   "CI_API_V4_URL": "https://gitlab.invalid/api/v4", "CI_MERGE_REQUEST_IID": "7"}
        mine = {name: value.replace("$CI_PROJECT_DIR", self.folder) for name, value in self.job["variables"].items()}
        self.assertLessEqual(set(variables) - {"SLIM_PROGRAM", "SLIM_TOKEN"}, set(mine))
        return {**service, **mine, "SLIM_PROGRAM": PROGRAM, **variables}

    def test_the_job_fails_and_leaves_what_the_merge_request_shows(self):
        done = self.shell("\n".join(self.job["script"]), self.environment(SLIM_IMAGES=self.image, SLIM_POLICY="strict.yaml"), 1)
        self.assertIn("FAIL  max_uncompressed", done.stdout)
        reports = self.job["artifacts"]["reports"]
        quality = json.loads(self.read(reports["codequality"]))
        self.assertTrue(any("max_uncompressed" in each["check_name"] for each in quality), quality)
        self.assertIn("<failure", self.read(reports["junit"]))
        for path in self.job["cache"]["paths"] + self.job["artifacts"]["paths"]:
            self.assertTrue(os.listdir(self.path(path)), path)

    def test_the_job_passes(self):
        self.shell("\n".join(self.job["script"]), self.environment(SLIM_IMAGES=self.image, SLIM_POLICY="loose.yaml"), 0)

    def test_the_note_is_the_report_and_the_token_is_no_argument(self):
        self.shell("\n".join(self.job["script"]), self.environment(SLIM_IMAGES=self.image, SLIM_POLICY="strict.yaml"), 1)
        os.mkdir(self.path("programs"))
        self.write("programs/curl", "#!/bin/sh\ncat >config\nprintf '%s\\n' \"$@\" >called\n", 0o755)
        script = "\n".join(self.job["after_script"])
        self.shell(script, self.environment(SLIM_TOKEN="secret"), 0, path=self.path("programs"))
        called = self.read("called").split()
        self.assertIn("body@slim-reports/comment.md", called)
        self.assertEqual(called[-1], "https://gitlab.invalid/api/v4/projects/42/merge_requests/7/notes")
        self.assertNotIn("secret", " ".join(called))
        self.assertEqual(self.read("config"), 'header = "PRIVATE-TOKEN: secret"\n')
        os.unlink(self.path("called"))
        self.shell(script, self.environment(), 0, path=self.path("programs"))
        self.assertFalse(os.path.exists(self.path("called")))


class Local(CiTest):
    def test_the_hook(self):
        (hook,) = load(".pre-commit-hooks.yaml", SOURCE)
        self.assertEqual(hook["language"], "script")
        for name, matches in (("Dockerfile", True), ("a/Dockerfile.dev", True), (".slim-policy.yaml", True), ("a/.dive-ci", True),
                              ("notes.md", False), ("a/MyDockerfile", False)):
            self.assertEqual(bool(re.search(hook["files"], name)), matches, name)
        entry = os.path.join(SOURCE, hook["entry"])
        environment = {"SLIM_PROGRAM": PROGRAM, "PRE_COMMIT": "1"}
        self.shell('"%s" %s --policy strict.yaml' % (entry, self.image), environment, 1)
        self.shell('"%s" %s --policy loose.yaml' % (entry, self.image), environment, 0)
        self.shell('"%s"' % entry, environment, 2)
        away = self.shell('"%s" docker-daemon:none --policy loose.yaml' % entry, {**environment, "DOCKER_HOST": "unix:///nowhere"}, 0)
        self.assertIn("not checked", away.stderr)

    def test_make(self):
        need_program("make")
        makefile = "include %s\n" % os.path.join(CI, "slim.mk")
        self.write("Makefile", makefile)
        call = "make --no-print-directory gate SLIM=%s IMAGE=%s " % (PROGRAM, self.image)
        self.shell(call, {}, 0)  # writes the policy, and the image passes it
        self.assertIn("max_uncompressed", self.read(".slim-policy.yaml"))
        self.shell(call + "POLICY=strict.yaml", {}, 2)
        self.write("growth.yaml", "max_growth: 0\n")
        self.shell(call + "POLICY=growth.yaml BASELINE=" + self.image, {}, 0)

    def test_the_example_policy_is_one(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        with open(os.path.join(SOURCE, "schema", "policy.schema.json"), encoding="utf-8") as file:
            policy = json.loads(json.dumps(load("policy.yaml"), default=str))
            jsonschema.Draft7Validator(json.load(file)).validate(policy)
        self.assert_status(slim("gate", self.image, "--policy", os.path.join(CI, "policy.yaml")), 0)


if __name__ == "__main__":
    main()
