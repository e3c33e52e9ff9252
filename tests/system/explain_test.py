#!/usr/bin/python3
"""`slim analyze` and `slim why`: the JSON report follows its schema, and every kept path has its chain of reasons."""

import json
import os
import unittest

from slim_program import SOURCE, SystemTest, main, original_of, slim

SCHEMA = os.path.join(SOURCE, "schema", "report.schema.json")
LIB = "/usr/lib/x86_64-linux-gnu/"


class Analyze(SystemTest):
    def report(self, name, *options):
        finished = slim("analyze", "docker-archive:" + original_of(name), "--format", "json", *options)
        self.assert_status(finished, 0)
        return finished.json()

    def test_reports_follow_the_schema(self):
        try:
            import jsonschema
        except ImportError as error:
            raise unittest.SkipTest("python3-jsonschema is not installed") from error
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        for name, options in (("nginx", ()), ("cli", ("--files",)), ("alpine", ()), ("static", ("--files",))):
            with self.subTest(name=name):
                problems = ["%s: %s" % ("/".join(map(str, error.absolute_path)), error.message)
                            for error in validator(schema).iter_errors(self.report(name, *options))]
                self.assertEqual(problems, [])

    def test_the_report_of_a_build_follows_the_schema_too(self):
        try:
            import jsonschema
        except ImportError as error:
            raise unittest.SkipTest("python3-jsonschema is not installed") from error
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        finished = slim("build", "docker-archive:" + original_of("static"), "-o",
                        "oci:" + self.path("slimmed"), "--format", "json")
        self.assert_status(finished, 0)
        jsonschema.validate(finished.json(), schema)

    def test_knows_entrypoints_packages_and_layers(self):
        report = self.report("nginx")
        self.assertEqual(report["entrypoints"][0]["path"], "/usr/sbin/nginx")
        self.assertEqual(report["entrypoints"][0]["argv"], ["nginx", "-g", "daemon off;"])
        self.assertIn("nginx", {package["name"] for package in report["packages"]})
        self.assertEqual(len(report["layers"]), 5)
        # the last layer hides documents of the layers below it
        self.assertGreater(report["size"]["hidden"], 1_000_000)

    def test_finds_what_does_not_belong_in_an_image(self):
        findings = {finding["id"] for finding in self.report("nginx")["findings"]}
        self.assertLessEqual({"shell-present", "package-manager-present", "setuid"}, findings)
        self.assertNotIn("shell-present", {finding["id"] for finding in self.report("static")["findings"]})

    def test_ordinary_images_have_no_secrets(self):
        for name in ("nginx", "redis", "plugin", "alpine"):
            with self.subTest(name=name):
                severe = [finding for finding in self.report(name)["findings"] if finding["severity"] == "high"
                          or finding["id"] in ("private-key", "secret", "hidden-secret")]
                self.assertEqual(severe, [])

    def test_text_says_what_to_do_next(self):
        finished = slim("analyze", "docker-archive:" + original_of("nginx"))
        self.assert_status(finished, 0)
        self.assertIn("slim build", finished.out)
        self.assertNotIn("\x1b", finished.out, "no colours into a pipe")

    def test_the_same_report_twice(self):
        first, second = (self.report("redis", "--jobs", jobs) for jobs in ("1", "2"))
        first.pop("timings", None)
        second.pop("timings", None)
        self.assertEqual(first, second)


class Why(SystemTest):
    def why(self, name, status, *paths):
        finished = slim("why", "docker-archive:" + original_of(name), *paths)
        self.assert_status(finished, status)
        return finished.out

    def test_a_library_is_needed_by_a_program(self):
        out = self.why("nginx", 0, LIB + "libssl.so.3")
        self.assertRegex(out, r"libssl\.so\.3")
        self.assertIn("/usr/sbin/nginx", out)
        self.assertRegex(out, r"(?i)cmd|entrypoint")

    def test_an_indirect_need_names_the_chain(self):
        out = self.why("cli", 0, LIB + "libidn2.so.0")
        self.assertRegex(out, r"libcurl\.so\.4")
        self.assertIn("/usr/bin/curl", out)
        self.assertIn("/usr/local/bin/summary", out)

    def test_an_interpreter_and_its_loader(self):
        self.assertIn("/usr/local/bin/summary", self.why("cli", 0, "/bin/bash"))
        self.assertIn("/opt/count/bin/count", self.why("musl", 0, "/lib/ld-musl-x86_64.so.1"))
        self.assertIn("/opt/count/bin/count", self.why("musl", 0, "/opt/count/lib/libtally.so"))

    def test_a_plug_in_that_is_opened_by_name(self):
        self.assertIn("/usr/local/bin/survey", self.why("plugin", 0, "/usr/local/lib/shout/libshout.so.1"))

    def test_what_nothing_reaches(self):
        self.assertIn("/usr/bin/apt-get", self.why("nginx", 1, "/usr/bin/apt-get"))
        self.assertIn("/opt/unused/zeroes", self.why("static", 1, "/opt/unused/zeroes"))

    def test_one_path_of_several_that_is_not_kept(self):
        out = self.why("nginx", 1, "/usr/sbin/nginx", "/usr/bin/dpkg")
        self.assertIn("/usr/sbin/nginx", out)
        self.assertIn("/usr/bin/dpkg", out)

    def test_a_path_that_is_not_in_the_image(self):
        finished = slim("why", "docker-archive:" + original_of("static"), "/no/such/path")
        self.assertIn(finished.status, (1, 3), str(finished))
        self.assertIn("/no/such/path", finished.out + finished.err)


if __name__ == "__main__":
    main()
