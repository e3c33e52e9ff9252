#!/usr/bin/python3
"""What a run asks for is kept, what a run of the output misses is healed, and both are told: on programs whose
paths no reader of files can know, since they are computed."""

import json
import os
import unittest

from slim_program import SystemTest, main, original_of, slim

SCHEMA = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "schema", "trace.schema.json")
LICENSE = "/usr/share/common-licenses/GPL-3"
READS = ["--entrypoint", "bash", "--cmd", json.dumps(["-c", "head -2 /usr/share/common-licenses/GPL-$((1+2))"])]
# the same answer, whether the file is there or not
LOOKS = ["--entrypoint", "bash", "--cmd", json.dumps(["-c", "[ -e /usr/share/common-licenses/GPL-$((1+2)) ]; echo done"])]


class Observe(SystemTest):
    def build(self, status, *options, image=None):
        """The JSON report of a build of the image `cli`."""
        self.output = self.path("slimmed.tar")
        finished = slim("build", image or "docker-archive:" + original_of("cli"), "-o", "docker-archive:" + self.output,
                        "--format", "json", *options)
        self.assert_status(finished, status)
        return finished.json()

    def seen(self, report, key):
        found = report[key]["paths"] if key == "observed" else report[key]
        return [(item["path"], item["round"]) for item in found]

    def test_static_analysis_alone_is_seen_to_fail(self):
        report = self.build(1, *READS, "--no-observe", "--heal", "0")
        self.assertEqual(report["verdict"]["result"], "different")
        self.assertIn(LICENSE, report["verdict"]["differences"][0]["causes"])
        self.assertFalse(report["observed"]["watched"])
        self.assertIn("--no-observe", report["observed"]["why_not"])
        self.assertFalse(os.path.exists(self.output))

    def test_a_run_of_the_original_tells(self):
        report = self.build(0, *READS, "--heal", "0")
        self.assertEqual(report["verdict"]["result"], "same")
        self.assertEqual(self.seen(report, "observed"), [(LICENSE, 0)])
        self.assertEqual(report["healed"], [])

    def test_what_is_missed_is_healed_and_named(self):
        report = self.build(0, *READS, "--no-observe", "--files")
        self.assertEqual(report["verdict"]["result"], "same")
        self.assertEqual(self.seen(report, "healed"), [(LICENSE, 1)])
        reasons = {file["path"]: file["reason"] for file in report["files"]}
        self.assertEqual(reasons[LICENSE]["kind"], "healed")
        self.assertEqual({path for path, reason in reasons.items() if reason["kind"] == "healed"}, {LICENSE})

    def test_answers_that_agree_by_luck_are_not_enough(self):
        report = self.build(1, *LOOKS, "--no-observe", "--heal", "0")
        self.assertEqual(report["verdict"]["differences"][0]["what"], "asks for a path that is gone")
        self.assertIn(LICENSE, report["verdict"]["differences"][0]["causes"])
        self.build(0, *LOOKS, "--no-observe")

    def test_what_the_user_excludes_is_never_healed(self):
        report = self.build(1, *READS, "--exclude", "/usr/share/common-licenses/**")
        self.assertEqual(report["verdict"]["result"], "different")
        self.assertIn(LICENSE, report["verdict"]["differences"][0]["causes"])
        self.assertEqual((report["healed"], self.seen(report, "observed")), ([], []))
        self.assertTrue([warning for warning in report["plan"]["warnings"] if "--exclude" in warning and LICENSE in warning],
                        report["plan"]["warnings"])

    def test_a_chain_is_healed_by_what_the_original_reads(self):
        script = b"#!/bin/busybox sh\nd=/da; d=${d}ta\n. $d/one\n"
        one = b"read next < ${d}/two || exit 3\ncat $d/$next || exit 4\n"
        image = self.layered({"app/run": script, "data/one": one, "data/two": b"three\n", "data/three": b"at last\n"})
        report = self.build(0, "--no-observe", "--entrypoint", "/app/run", image=image)
        # the slimmed image alone would have told of one after the other
        self.assertEqual(self.seen(report, "healed"), [("/data/one", 1), ("/data/two", 1), ("/data/three", 1)])
        self.assertIn("at last", slim("run", self.output, "--entrypoint", "/app/run").out)
        self.build(1, "--no-observe", "--heal", "0", "--entrypoint", "/app/run", image=image)

    def layered(self, files):
        """A root folder with busybox and `files`, as a rootfs: image."""
        root = self.path("root")
        self.assert_status(slim("build", "docker-archive:" + original_of("alpine"), "-o", "dir:" + root, "--no-run",
                                "--entrypoint", "/bin/busybox"), 0)
        for name, content in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "wb") as file:
                file.write(content)
            os.chmod(file.name, 0o755)
        return "rootfs:" + root


class Traces(SystemTest):
    def test_two_commands_of_one_image_are_united(self):
        image = "docker-archive:" + original_of("cli")
        traces = []
        for number in ("2", "3"):
            trace = self.path("trace-%s.json" % number)
            command = json.dumps(["-c", "cat /usr/share/common-licenses/GPL-$((%s+0))" % number])
            finished = slim("trace", image, "-o", trace, "--entrypoint", "bash", "--cmd", command)
            self.assert_status(finished, 0)
            self.assertIn("exit 0", finished.out)
            with open(trace, encoding="utf-8") as file:
                self.assertIn("/usr/share/common-licenses/GPL-" + number, [item["path"] for item in json.load(file)["paths"]])
            traces += ["--trace", trace]
        output = self.path("slimmed.tar")
        self.assert_status(slim("build", image, "-o", "docker-archive:" + output, "--entrypoint", "bash", "--cmd", '["-c", "true"]',
                                "--no-observe", *traces), 0)
        for number in ("2", "3"):
            self.assertIn("GNU", slim("run", output, "--entrypoint", "cat", "--",
                                      "/usr/share/common-licenses/GPL-" + number).out)
        why = slim("why", image, "/usr/share/common-licenses/GPL-2", "--entrypoint", "bash", *traces[:2])
        self.assert_status(why, 0)
        self.assertIn("in the trace trace-2.json", why.out)

    def test_a_trace_tells_what_the_run_did(self):
        trace = self.path("trace.json")
        script = "cat /etc/hostname /no/such; echo x >> /etc/passwd; echo x > /run/made; exec bash -c true --password hunter2"
        start = ["--entrypoint", "bash", "--cmd", json.dumps(["-c", script])]
        self.assert_status(slim("trace", "docker-archive:" + original_of("cli"), "-o", trace, *start), 0)
        with open(trace, encoding="utf-8") as file:
            document = json.load(file)
        self.assertNotIn("hunter2", json.dumps(document["processes"]))
        self.assertIn({"path": "/etc/passwd", "kind": "changed"}, document["changes"])
        self.assertIn({"path": "/run/made", "kind": "created"}, document["changes"])
        self.assertEqual(len(document["changes"]), 2, "mount points are none of its changes: %s" % document["changes"])
        self.assertEqual(document["exit"], {"code": 0})
        paths = {item["path"]: item for item in document["paths"]}
        self.assertEqual((paths["/no/such"]["in_image"], paths["/no/such"]["uses"]), (False, ["opened"]))
        self.assertIn("changed", paths["/etc/passwd"]["uses"])
        self.assertTrue(paths["/etc/passwd"]["in_image"])
        self.assertTrue(any(process["program"].endswith("/cat") for process in document["processes"]))
        self.check_schema(document)
        self.assert_status(slim("trace", "docker-archive:" + original_of("cli"), "-o", trace, "--show-secrets", *start), 0)
        with open(trace, encoding="utf-8") as file:
            self.assertIn("hunter2", file.read())

    def check_schema(self, document):
        try:
            import jsonschema
        except ImportError as error:
            raise unittest.SkipTest("python3-jsonschema is not installed") from error
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        self.assertEqual([error.message for error in validator(schema).iter_errors(document)], [])

    def test_what_a_run_writes_never_enters_the_image(self):
        image = "docker-archive:" + original_of("cli")
        script = "echo made > /run/made; mkdir -p /var/cache/new; echo x > /var/cache/new/file; echo more >> /etc/passwd; cat /run/made"
        output = self.path("slimmed.tar")
        self.assert_status(slim("build", image, "-o", "docker-archive:" + output, "--entrypoint", "bash", "--cmd",
                                json.dumps(["-c", script])), 0)
        before = slim("run", image, "--entrypoint", "cat", "--", "/etc/passwd").out
        after = slim("run", output, "--entrypoint", "bash", "--", "-c",
                     "echo \"$(< /etc/passwd)\"; [ -e /run/made ] || [ -e /var/cache/new ] && echo left")
        self.assert_status(after, 1)
        self.assertEqual(after.out, before)

    def test_a_trace_of_version_1_is_still_read(self):
        trace = self.path("trace.json")
        with open(trace, "w", encoding="utf-8") as file:
            json.dump({"schema_version": 1, "image": {"ref": "x", "config_digest": ""}, "summary": "", "paths": [LICENSE]}, file)
        why = slim("why", "docker-archive:" + original_of("cli"), LICENSE, "--entrypoint", "bash", "--trace", trace)
        self.assert_status(why, 0)
        self.assertIn("in the trace trace.json", why.out)

    def test_a_trace_that_is_none_is_named(self):
        image = "docker-archive:" + original_of("static")
        trace = self.path("trace.json")
        for text, mention in (("{", "line 1"), ("[]", "object"), ('{"schema_version": 3}', "schema_version"),
                              ('{"schema_version": 1}', "paths"),
                              ('{"schema_version": 1, "paths": ["etc/passwd"]}', "etc/passwd"),
                              ('{"schema_version": 2, "paths": [{"path": "etc/passwd"}]}', "etc/passwd"),
                              ('{"schema_version": 2, "paths": [{"path": "/etc", "uses": ["eaten"]}]}', "eaten")):
            with open(trace, "w", encoding="utf-8") as file:
                file.write(text)
            finished = slim("analyze", image, "--trace", trace)
            self.assert_status(finished, 3)
            self.assertIn(trace, finished.err)
            self.assertIn(mention, finished.err)
        self.assertIn("no-such", slim("analyze", image, "--trace", self.path("no-such")).err)


if __name__ == "__main__":
    main()
