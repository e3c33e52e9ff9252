#!/usr/bin/python3
"""`slim build --provenance FILE`: an in-toto statement with SLSA provenance v1 that names what went in and what came
out, and nothing of this machine; and the labels and annotations of what comes out."""

import json
import os

import image_archive
from layouts import FILES, Layout, layer_bytes, small_layout
from slim_program import SystemTest, main, slim

# What in-toto and SLSA ask for: spec/v1/statement.md, slsa.dev/spec/v1.0/provenance
RESOURCE = {"type": "object", "required": ["name", "digest"],
            "properties": {"name": {"type": "string", "minLength": 1},
                           "digest": {"type": "object", "minProperties": 1, "additionalProperties": False,
                                      "properties": {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}},
                           "annotations": {"type": "object"}}, "additionalProperties": False}
URI = {"type": "string", "pattern": "^https://"}
STATEMENT = {
    "type": "object", "additionalProperties": False, "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {"type": "array", "minItems": 1, "items": RESOURCE},
        "predicateType": {"const": "https://slsa.dev/provenance/v1"},
        "predicate": {
            "type": "object", "additionalProperties": False, "required": ["buildDefinition", "runDetails"],
            "properties": {
                "buildDefinition": {
                    "type": "object", "additionalProperties": False,
                    "required": ["buildType", "externalParameters", "resolvedDependencies"],
                    "properties": {"buildType": URI, "externalParameters": {"type": "object"},
                                   "resolvedDependencies": {"type": "array", "minItems": 1, "items": RESOURCE}}},
                "runDetails": {
                    "type": "object", "required": ["builder"],
                    "properties": {"builder": {"type": "object", "required": ["id", "version"],
                                               "properties": {"id": URI}}},
                    "patternProperties": {"^slim_": {}}, "additionalProperties": False}}}}}


class ProvenanceTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.layout, self.source = small_layout(self.path("source"), {})
        with open(self.path("rules.json"), "w", encoding="utf-8") as file:
            json.dump([{"id": "mine", "why": "a test", "source": "a test", "when": {"exists": "/etc"},
                        "keep": ["/etc/greeting"]}], file)

    def build(self, *options, status=0, source=None, env=None):
        built = slim("build", source or self.source, "-o", "oci:%s:out:1" % self.path("slimmed"), "--no-run", "--format",
                     "json", "--include", "/etc/greeting", *options, env=env)
        self.assert_status(built, status)
        return built

    def statement(self, *options, **more):
        built = self.build("--provenance", self.path("provenance.json"), *options, **more)
        with open(self.path("provenance.json"), encoding="utf-8") as file:
            text = file.read()
        return built.json(), text, json.loads(text)

    def test_it_has_the_form(self):
        _, _, statement = self.statement("--rules", self.path("rules.json"))
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        jsonschema.Draft7Validator(STATEMENT).validate(statement)

    def test_it_names_what_went_in_and_what_came_out(self):
        report, _, statement = self.statement("--rules", self.path("rules.json"), "--profile", "minimal")
        subject = statement["subject"][0]
        self.assertEqual((subject["name"], "sha256:" + subject["digest"]["sha256"]),
                         ("out:1", report["output"]["digest"]))
        definition = statement["predicate"]["buildDefinition"]
        image, rules = definition["resolvedDependencies"]
        self.assertEqual("sha256:" + image["digest"]["sha256"], report["image"]["digest"])
        with open(self.path("rules.json"), "rb") as file:
            digest = image_archive.hashlib.sha256(file.read()).hexdigest()
        self.assertEqual((rules["name"], rules["digest"]["sha256"]), ("rules.json", digest))
        self.assertEqual(definition["externalParameters"]["flags"],
                         {"include": ["/etc/greeting"], "no-run": ["true"], "profile": ["minimal"],
                          "rules": ["rules.json"]})
        self.assertEqual(statement["predicate"]["runDetails"]["slim_verdicts"],
                         [{"platform": "linux/amd64", "verdict": "not-run"}])

    def test_it_is_the_same_again_and_names_no_place_of_this_machine(self):
        _, first, _ = self.statement("--rules", self.path("rules.json"))
        _, second, _ = self.statement("--rules", self.path("rules.json"), "--jobs", "1")
        self.assertEqual(first, second)
        self.assertNotIn(self.folder, first)

    def test_secrets_in_flags_are_redacted(self):
        flags = ("--env", "API_TOKEN=abc123def456", "--env", "MODE=fast")
        _, text, statement = self.statement(*flags)
        self.assertNotIn("abc123def456", text)
        self.assertIn("MODE=fast", statement["predicate"]["buildDefinition"]["externalParameters"]["flags"]["env"])
        _, shown, _ = self.statement(*flags, "--show-secrets")
        self.assertIn("abc123def456", shown)

    def test_every_platform_is_an_input(self):
        layout = Layout(self.path("two"))
        entries = [{**layout.add_image([layer_bytes(FILES)], {}, platform=("linux", machine)),
                    "platform": {"os": "linux", "architecture": machine}} for machine in ("amd64", "s390x")]
        report, _, statement = self.statement("--platform", "all", source=layout.write_index(*entries))
        inputs = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
        self.assertEqual([item["annotations"]["platform"] for item in inputs], ["linux/amd64", "linux/s390x"])
        self.assertEqual(["sha256:" + item["digest"]["sha256"] for item in inputs],
                         [entry["digest"] for entry in entries])
        self.assertEqual("sha256:" + statement["subject"][0]["digest"]["sha256"], report["output"]["digest"])

    def test_a_place_that_cannot_be_written_is_found_before_the_work(self):
        self.build("--provenance", self.path("none", "x.json"), status=4)
        self.build("--provenance", self.path("source"), status=2)  # the image itself
        self.assertFalse(os.path.exists(self.path("slimmed")))

    def test_without_an_output_there_is_no_statement(self):
        broken, source = small_layout(self.path("broken"), {})
        with open(broken.blob_path(broken.manifest["layers"][0]["digest"]), "r+b") as file:
            file.write(b"x")
        self.build("--provenance", self.path("provenance.json"), status=3, source=source)
        self.assertFalse(os.path.exists(self.path("provenance.json")))

    def test_labels_and_annotations_name_the_base_and_the_time(self):
        report = self.build(env={"SOURCE_DATE_EPOCH": "1700000000"}).json()
        image = image_archive.open_layout(self.path("slimmed"))
        created = "2023-11-14T22:13:20Z"
        annotations, labels = image.manifest["annotations"], image.config["config"]["Labels"]
        for where in (annotations, labels):
            self.assertEqual(where["org.opencontainers.image.base.digest"], report["image"]["digest"])
            self.assertEqual(where["org.opencontainers.image.created"], created)
        self.assertEqual(image.config["created"], created)


if __name__ == "__main__":
    main()
