#!/usr/bin/python3
"""`slim gate`: the exit code and the line of every rule, violated and not, on images made by hand and on real ones; what
--init writes; dive's rules; several images; and that the policies here are what the schema and a reader of YAML say."""

import datetime
import json
import os
import random
import re
import unittest

import image_archive
from layouts import Layout, layer_bytes
from slim_program import SOURCE, SystemTest, main, original_of, slim

CONFIG = {"Entrypoint": ["/bin/app"]}
BASE = {"bin/app": b"#!/nothing\n", "etc/base": b"b" * 400_000, "var/copy": b"c" * 300_000}
APP = {"var/copy": b"d" * 300_000, "opt/unused": b"u" * 500_000, "opt/other": b"o" * 200_000}


def schema(name):
    with open(os.path.join(SOURCE, "schema", name), encoding="utf-8") as file:
        return json.load(file)


def validate(value, name):
    try:
        import jsonschema
    except ImportError as error:
        raise unittest.SkipTest("python3-jsonschema is not installed") from error
    jsonschema.Draft7Validator(schema(name)).validate(value)


def load_yaml(text):
    """As another reader of YAML has it; what it takes for a day is written as a policy has it."""
    try:
        import yaml
    except ImportError as error:
        raise unittest.SkipTest("python3-yaml is not installed") from error
    return json.loads(json.dumps(yaml.safe_load(text), default=datetime.date.isoformat))


class GateTest(SystemTest):
    def image(self, name, *layers, config=None):
        layout = Layout(self.path(name))
        return layout.write_index(layout.add_image([layer_bytes(files) for files in layers], config or CONFIG))

    def policy(self, text, name="policy.yaml"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def gate(self, image, text, *options, status):
        images = image if isinstance(image, (list, tuple)) else [image]
        finished = slim("gate", *images, "--policy", self.policy(text), *options)
        self.assert_status(finished, status)
        return finished

    def line_of(self, finished, rule):
        """What stands behind the rule in its one line."""
        lines = re.findall(r"^  (ok  |FAIL)  (\S+) +(.*)$", finished.out, re.M)
        (found,) = [(verdict.strip(), rest) for verdict, name, rest in lines if name == rule]
        return found


class Rules(GateTest):
    """Each limit, exactly kept and missed by one."""

    def setUp(self):
        super().setUp()
        self.app = self.image("app", BASE, APP)
        self.old = self.image("old", BASE)

    def both(self, rule, passing, failing, *first, options=()):
        validate(load_yaml(failing), "policy.schema.json")
        good = self.gate(self.app, passing, *options, status=0)
        self.assertEqual(self.line_of(good, rule)[0], "ok")
        bad = self.gate(self.app, failing, *options, status=1)
        verdict, rest = self.line_of(bad, rule)
        self.assertEqual(verdict, "FAIL")
        for each in first:
            self.assertIn(each, rest.partition("first: ")[2], str(bad))
        return rest

    def sizes(self):
        return slim("analyze", self.app, "--format", "json").json()

    def test_sizes(self):
        size = self.sizes()["size"]
        for key in ("compressed", "uncompressed"):
            rest = self.both("max_" + key, "max_%s: %d\n" % (key, size[key]), "max_%s: %d\n" % (key, size[key] - 1),
                             "/opt/unused (500.0 kB)")
            self.assertIn("{:,} B".format(size[key]), rest)  # 1.7 MB and 1.7 MB would not tell them apart
            self.assertIn("{:,} B".format(size[key] - 1), rest)

    def test_waste_is_what_dive_says(self):
        # By hand: /var/copy is stored twice, 300,000 bytes each; above the base are 1,000,000 bytes.
        rest = self.both("max_wasted", "max_wasted: 600000\n", "max_wasted: 500kB\n", "/var/copy in 2 layers (600.0 kB)")
        self.assertTrue(rest.startswith("600.0 kB  at most 500.0 kB"), rest)
        rest = self.both("max_wasted_percent", "max_wasted_percent: {percent: 60, floor: 0}\n",
                         "max_wasted_percent: {percent: 59.9, floor: 599kB}\n", "/var/copy in 2 layers")
        self.assertTrue(rest.startswith("60.0 % (600.0 kB)  at most 59.9 % or 599.0 kB"), rest)
        self.gate(self.app, "max_wasted_percent: 1\n", status=0)  # less than the floor of 1 MB that holds without one

    def test_efficiency_is_what_dive_says(self):
        # By hand: the smallest copies of /bin/app, /etc/base, /var/copy, /opt/unused and /opt/other, of all copies.
        exact = (11 + 400_000 + 300_000 + 500_000 + 200_000) / (11 + 400_000 + 600_000 + 500_000 + 200_000)
        self.both("min_efficiency", "min_efficiency: %.9f\n" % (exact - 1e-8), "min_efficiency: %.9f\n" % (exact + 1e-8),
                  "/var/copy in 2 layers (300.0 kB)")
        self.both("min_efficiency", "min_efficiency: 82%\n", "min_efficiency: 83%\n")

    def test_layers(self):
        self.both("max_layers", "max_layers: 2\n", "max_layers: 1\n", "layer 2 (test)")

    def test_what_is_removable(self):
        removable = self.sizes()["removable"]["bytes"]
        self.both("max_removable", "max_removable: %d\n" % removable, "max_removable: %d\n" % (removable - 1), "/opt/unused")
        self.both("max_removable_percent", "max_removable_percent: 100\n", "max_removable_percent: {percent: 10, floor: 1kB}\n",
                  "below /opt (700.0 kB)", "below /etc (400.0 kB)", "below /var (300.0 kB)")  # three files were not enough

    def test_growth_against_a_baseline(self):
        options = ("--baseline", self.old)
        self.both("max_growth", "max_growth: 2MB\n", "max_growth: 900kB\n", "/opt/unused (500.0 kB)", options=options)
        self.both("max_growth_percent", "max_growth_percent: 200\n", "max_growth_percent: {percent: 10, floor: 1kB}\n",
                  "/opt/unused", options=options)
        self.gate(self.old, "max_growth: 0\n", "--baseline", self.app, status=0)  # it shrank

    def test_packages_added(self):
        def status(*names):
            return {"var/lib/dpkg/status": "".join("Package: %s\nStatus: install ok installed\nVersion: 1\n\n" % name
                                                   for name in names).encode()}
        self.old = self.image("one", {**BASE, **status("one")})
        self.app = self.image("two", {**BASE, **status("one", "two", "three")})
        rest = self.both("max_packages_added", "max_packages_added: 2\n", "max_packages_added: 1\n", "deb:two 1", "deb:three 1",
                         options=("--baseline", self.old))
        self.assertTrue(rest.startswith("2 added  at most 1"), rest)

    def test_a_limit_that_needs_a_baseline_is_not_passed_over(self):
        for policy in ("max_growth: 1MB\n", "max_growth_percent: 1\n", "max_packages_added: 1\n",
                       "findings: {severity: low, new_only: true}\n"):
            self.assertIn("expected --baseline IMAGE", self.gate(self.app, policy, status=2).err)


class Findings(GateTest):
    def setUp(self):
        super().setUp()
        self.clean = self.image("clean", BASE)
        config = {**CONFIG, "Env": ["DB_PASSWORD=hunter2hunter2"]}
        self.faulty = self.image("faulty", BASE, {"etc/shadow": b"root::1:0:99999:7:::\n"}, config=config)

    def test_by_severity_and_by_id(self):
        bad = self.gate(self.faulty, "findings: {severity: medium}\n", status=1)
        self.assertIn("first: /etc/shadow", self.line_of(bad, "empty-password")[1])
        self.assertEqual(self.line_of(bad, "secret")[0], "FAIL")
        self.assertNotIn("hunter2", bad.out)
        only = self.gate(self.faulty, "findings: {forbid: [secret]}\n", status=1)
        self.assertNotIn("empty-password", only.out)
        self.assertEqual(self.line_of(self.gate(self.clean, "findings: {severity: medium}\n", status=0), "findings")[0], "ok")

    def test_new_ones_only(self):
        policy = "findings: {severity: medium, new_only: true}\n"
        self.gate(self.faulty, policy, "--baseline", self.clean, status=1)
        again = self.gate(self.faulty, policy, "--baseline", self.faulty, status=0)
        self.assertIn("compared with " + self.faulty, again.out)

    def test_an_allowance_holds_until_its_day_and_then_fails_with_it(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        policy = ("findings: {severity: medium}\nallow:\n  - {id: secret, path: '', reason: a test database}\n"
                  "  - {id: empty-password, path: /etc/shadow, reason: gone soon, expires: %s}\n")
        tomorrow, yesterday = (today + datetime.timedelta(days=days) for days in (1, -1))
        validate(load_yaml(policy % tomorrow), "policy.schema.json")
        self.gate(self.faulty, policy % tomorrow, status=0)
        bad = self.gate(self.faulty, policy % yesterday, status=1)
        self.assertEqual(self.line_of(bad, "allow"), ("FAIL", "expired  until %s  first: empty-password at /etc/shadow" % yesterday))
        self.assertIn("was allowed until %s (gone soon)" % yesterday, bad.out)
        self.assertEqual(self.line_of(bad, "empty-password")[0], "FAIL")
        self.assertNotIn("FAIL  secret", bad.out)

    def test_hostile_names_stay_text(self):
        image = self.image("hostile", BASE, {"opt/\n::error::x\x1b[31m": b"x" * 900_000})
        bad = self.gate(image, "max_uncompressed: 1\n", status=1)
        self.assertNotIn("\n::error", bad.out)
        self.assertNotIn("\x1b", bad.out)
        self.assertIn("::error::x", bad.out)


class Verified(GateTest):
    POLICY = "require_verified: true\n"

    def slimmed(self, *options):
        source = self.image("source", BASE)
        finished = slim("build", source, "-o", "oci:" + self.path("slimmed"), "--no-run", "--include", "/bin/app", *options)
        self.assert_status(finished, 0)
        return "oci:" + self.path("slimmed")

    def relabelled(self, reference, change):
        """The image with another config: what somebody could write by hand."""
        image = image_archive.open_layout(reference.removeprefix("oci:"))
        change(image.config)
        layout = Layout(self.path("relabelled"))
        layers = []
        for path in image.layers:
            with image_archive.layer_tar(path) as tar:
                tar.fileobj.seek(0)
                layers.append(tar.fileobj.read())
        return layout.write_index(layout.add_image(layers, None, raw_config=json.dumps(image.config).encode()))

    def test_an_image_that_slim_did_not_build_and_one_that_was_not_run_fail(self):
        bad = self.gate(self.image("plain", BASE), self.POLICY, status=1)
        self.assertIn("slim did not build it", bad.out)
        bad = self.gate(self.slimmed(), self.POLICY, status=1)
        self.assertIn("slim's verdict on it is not-run", bad.out)

    def test_an_image_on_top_of_a_proved_one_does_not_inherit_the_proof(self):
        def proved(config):
            config["config"]["Labels"]["dev.slim.verdict"] = "same"
        reference = self.slimmed()
        self.gate(self.relabelled(reference, proved), self.POLICY, status=0)

        def derived(config):
            proved(config)
            config["history"].append({"created_by": "CMD [\"sh\"]", "empty_layer": True})
        os.rename(self.path("relabelled"), self.path("first"))
        bad = self.gate(self.relabelled(reference, derived), self.POLICY, status=1)
        self.assertIn("the last step of its history is not slim's", bad.out)

    def test_a_real_image_that_was_proved_passes(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        built = slim("build", original_of("static"), "-o", "oci:" + self.path("proved"))
        self.assert_status(built, 0)
        good = self.gate("oci:" + self.path("proved"), self.POLICY, status=0)
        self.assertEqual(self.line_of(good, "require_verified"), ("ok", "proved  proved by slim"))


class Init(GateTest):
    def grown(self, name, share):
        """A real image with a layer more, of `share` of its bytes."""
        image = image_archive.open_archive(original_of(name), self.path(name))
        layers = []
        for path in image.layers:
            with open(path, "rb") as file:
                layers.append(file.read())
        extra = random.Random(7).randbytes(int(share * sum(map(len, layers))))
        layout = Layout(self.path(name + "-grown"))
        return layout.write_index(layout.add_image([*layers, layer_bytes({"opt/more": extra})], image.config["config"]))

    def test_it_passes_at_once_and_fails_after_a_tenth_more(self):
        for name in ("static", "alpine", "nginx"):
            with self.subTest(name):
                policy = self.path(name + ".yaml")
                self.assert_status(slim("gate", original_of(name), "--init", "-o", policy), 0)
                with open(policy, encoding="utf-8") as file:
                    text = file.read()
                validate(load_yaml(text), "policy.schema.json")
                self.assertGreater(text.count("\n#"), 5, text)
                self.assert_status(slim("gate", original_of(name), "--policy", policy), 0)
                bad = slim("gate", self.grown(name, 0.1), "--policy", policy)
                self.assert_status(bad, 1)
                self.assertIn("FAIL", self.line_of(bad, "max_uncompressed")[0], str(bad))
                self.assert_status(slim("gate", self.grown_little(name), "--policy", policy), 0)

    def grown_little(self, name):
        os.rename(self.path(name + "-grown"), self.path(name + "-tenth"))
        return self.grown(name, 0.01)

    def test_it_writes_to_standard_output_and_over_no_file(self):
        image = self.image("app", BASE)
        printed = slim("gate", image, "--init")
        self.assert_status(printed, 0)
        target = self.policy("max_layers: 3\n")
        refused = slim("gate", image, "--init", "-o", target)
        self.assert_status(refused, 2)
        self.assertIn("--force", refused.err)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "max_layers: 3\n")
        self.assert_status(slim("gate", image, "--init", "-o", target, "--force"), 0)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), printed.out)

    def test_odd_arguments_are_refused(self):
        image = self.image("app", BASE)
        for options in (("--init", image), ("--init", "--policy", "x"), ("--init", "--baseline", image), ("-o", "x"), ("--force",)):
            with self.subTest(options):
                self.assert_status(slim("gate", image, *options), 2)


class Command(GateTest):
    def setUp(self):
        super().setUp()
        self.app = self.image("app", BASE, APP)

    def test_bad_policies_are_named_with_file_line_and_what_was_expected(self):
        for text, said in (("max_layers: 3\nmax_compresed: 3MB\n", "line 2: max_compresed: unknown key"),
                           ("max_compresed: 3MB\n", "did you mean max_compressed?"),
                           ("max_wasted: much\n", "line 1: max_wasted: expected a size"),
                           ("max_wasted: [\n", "not valid YAML"),
                           ("findings: {severity: low}\nallow: [{id: setuid}]\n", "expected a reason"),
                           ("rules: {lowestEfficiency: 9}\n", "expected a number from 0 to 1")):
            bad = self.gate(self.app, text, status=3)
            self.assertTrue(bad.err.startswith("slim: error: %s: " % self.path("policy.yaml")), bad.err)
            self.assertIn(said, bad.err)
            self.assertEqual(bad.out, "")
        self.assert_status(slim("gate", self.app, "--policy", self.path("none")), 3)
        self.assert_status(slim("gate", "oci:" + self.path("none"), "--policy", self.policy("max_layers: 3\n")), 3)

    def test_without_a_policy_the_folder_is_looked_at(self):
        os.mkdir(self.path("empty"))
        bare = slim("gate", self.app, cwd=self.path("empty"))
        self.assert_status(bare, 2)
        self.assertIn(".slim-policy.yaml", bare.err)
        self.policy("rules:\n  lowestEfficiency: 0.99\n", ".dive-ci")
        self.assertIn("failed by .dive-ci", slim("gate", self.app, cwd=self.folder).out)
        self.policy("max_layers: 2\n", ".slim-policy.yaml")
        self.assertIn("passed by .slim-policy.yaml", slim("gate", self.app, cwd=self.folder).out)

    def test_dives_rules_as_they_are(self):
        camel = "rules:\n  lowestEfficiency: %s\n  highestWastedBytes: %s\n  highestUserWastedPercent: %s\n"
        kebab = "lowest-efficiency-threshold: %s\nhighest-wasted-bytes: %s\nhighest-user-wasted-percent: %s\n"
        for form in (camel, kebab):
            self.gate(self.app, form % (0.82, "600kB", 0.6), status=0)
            self.gate(self.app, form % ("disabled", "disabled", "disabled"), status=0)
            for values, rule in (((0.83, "disabled", "disabled"), "lowestEfficiency"),
                                 (("disabled", "599kB", "disabled"), "highestWastedBytes"),
                                 (("disabled", "disabled", 0.59), "highestUserWastedPercent")):
                self.assertEqual(self.line_of(self.gate(self.app, form % values, status=1), rule)[0], "FAIL")
        # what is missing has dive's default: 0.9, and 0.1 of what is above the base
        self.assertEqual(self.line_of(self.gate(self.app, "rules:\n  highestWastedBytes: disabled\n", status=1),
                                      "lowestEfficiency")[1].split("  first")[0], "82.4 %  at least 90 %")

    def test_several_images_are_each_gated(self):
        small = self.image("small", BASE)
        good = self.gate([small, small], "max_layers: 1\n", status=0)
        self.assertEqual(good.out.count("passed by"), 2)
        bad = self.gate([small, self.app], "max_layers: 1\n", status=1)
        self.assertIn("passed by", bad.out)
        self.assertIn("%s  failed by" % self.app, bad.out)
        document = self.gate([self.app, small], "max_layers: 1\n", "--format", "json", status=1).json()
        validate(document, "images.schema.json")
        self.assertEqual([image["gate"]["passed"] for image in document["images"]], [False, True])
        for image in document["images"]:
            validate(image, "report.schema.json")

    def test_the_report_has_the_gate(self):
        report = self.gate(self.app, "max_layers: 1\nmax_uncompressed: 1GB\n", "--format", "json",
                           "--report", "json=" + self.path("report.json"), "--report", "text=" + self.path("report.txt"),
                           status=1).json()
        validate(report, "report.schema.json")
        self.assertEqual(report["gate"]["policy"], self.path("policy.yaml"))
        self.assertFalse(report["gate"]["passed"])
        self.assertEqual([(check["rule"], check["passed"], check["measured"], check["limit"]) for check in report["gate"]["checks"]],
                         [("max_uncompressed", True, report["gate"]["checks"][0]["measured"], "at most 1.0 GB"),
                          ("max_layers", False, "2 layers", "at most 1")])
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["gate"], report["gate"])
        with open(self.path("report.txt"), encoding="utf-8") as file:
            self.assertIn("FAIL  max_layers", file.read())

    def test_quiet_leaves_the_exit_code(self):
        self.assertEqual(self.gate(self.app, "max_layers: 1\n", "--quiet", status=1).out, "")
        self.assertEqual(self.gate(self.app, "max_layers: 2\n", "--quiet", status=0).out, "")

    def test_the_schema_knows_the_findings_of_the_program(self):
        with open(os.path.join(SOURCE, "analyzer", "findings.h"), encoding="utf-8") as file:
            listed = re.search(r"finding_ids = .*?\{(.*?)\}", file.read(), re.S).group(1)
        self.assertEqual(re.findall(r'"([a-z-]+)"', listed), schema("policy.schema.json")["definitions"]["finding"]["enum"])

    def test_what_the_program_refuses_the_schema_refuses(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        for text in ("max_compresed: 3MB\n", "max_wasted: much\n", "max_wasted: -1\n", "min_efficiency: 95\n", "max_layers: 2.5\n",
                     "findings: {severity: critical}\n", "findings: {new_only: true}\n", "{}\n",
                     "findings: {severity: low}\nallow: [{id: setuid}]\n", "findings: {severity: low}\nallow: [{id: x, reason: y}]\n",
                     "findings: {severity: low}\nallow: [{id: setuid, reason: y, expires: soon}]\n"):
            with self.subTest(text):
                self.gate(self.app, text, status=3)
                with self.assertRaises(jsonschema.ValidationError):
                    validate(load_yaml(text), "policy.schema.json")


if __name__ == "__main__":
    main()
