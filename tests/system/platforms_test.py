#!/usr/bin/python3
"""`slim build --platform all`: every platform of an index, those that do not run here by static analysis and marked so;
what comes out is an index again, or nothing at all."""

import os
import shutil

import image_archive
from formats_test import command, load, validate
from layouts import FILES, OCI, Layout, assemble, layer_bytes
from slim_program import SOURCE, SystemTest, main, need_program, original_of, slim

KEEP = ("--include", "/etc/greeting")
FOREIGN = ("linux", "s390x")  # no test machine is one, and none emulates it


def platform_entry(descriptor, system, architecture, variant=None):
    platform = {"os": system, "architecture": architecture}
    if variant:
        platform["variant"] = variant
    return {**descriptor, "platform": platform}


class Platforms(SystemTest):
    def index(self, name, images):
        """A layout with an index (in a blob, as registries have it) of `images`: (platform, layers, config)."""
        layout = Layout(self.path(name))
        entries = [platform_entry(layout.add_image(layers, config, platform=platform[:2]), *platform)
                   for platform, layers, config in images]
        inner = layout.add_blob(assemble.compact({"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                                                  "manifests": entries}), OCI + "index.v1+json")
        return layout.write_index({**inner, "annotations": {"org.opencontainers.image.ref.name": "app:1"}})

    def small_index(self, name="source"):
        return self.index(name, [(("linux", "amd64"), [layer_bytes(FILES)], {}),
                                 (FOREIGN, [layer_bytes({**FILES, "etc/greeting": b"moin\n"})], {}),
                                 (("linux", "arm", "v6"), [layer_bytes(FILES)], {}),
                                 (("linux", "arm", "v7"), [layer_bytes({**FILES, "etc/v7": b""})], {})])

    def blob(self, folder, descriptor):
        return load(os.path.join(folder, "blobs", *descriptor["digest"].split(":")))

    def manifests(self, folder, name=None):
        """platform -> manifest of the one index in a layout."""
        entries = load(os.path.join(folder, "index.json"))["manifests"]
        (entry,) = [one for one in entries
                    if name is None or one.get("annotations", {}).get("org.opencontainers.image.ref.name") == name]
        self.assertEqual(entry["mediaType"], OCI + "index.v1+json")
        inner = self.blob(folder, entry)
        validate(inner, "image-index-schema.json")
        return {"/".join(filter(None, (one["platform"]["os"], one["platform"]["architecture"],
                                       one["platform"].get("variant")))): self.blob(folder, one)
                for one in inner["manifests"]}

    def test_every_platform_of_an_index_is_built(self):
        source = self.small_index()
        built = slim("build", source, "-o", "oci:" + self.path("slimmed"), "--platform", "all", "--format", "json", *KEEP)
        self.assert_status(built, 0)
        platforms = ["linux/amd64", "/".join(FOREIGN), "linux/arm/v6", "linux/arm/v7"]
        self.assertEqual([report["image"]["platform"] for report in built.json()["platforms"]], platforms)
        found = self.manifests(self.path("slimmed"), "app:1")
        self.assertEqual(list(found), platforms)
        for platform, manifest in found.items():
            validate(manifest, "image-manifest-schema.json")
            config = self.blob(self.path("slimmed"), manifest["config"])
            self.assertEqual(config["config"]["Labels"]["dev.slim.verdict"], "not-run")
            self.assertEqual(config["architecture"], platform.split("/")[1])
        self.assertEqual(built.json()["output"]["digest"],
                         load(self.path("slimmed", "index.json"))["manifests"][0]["digest"])
        # the index is an input again, and each platform is what it was built of
        for platform in platforms:
            read = slim("why", "oci:" + self.path("slimmed"), "/etc/greeting", "--platform", platform, *KEEP)
            self.assert_status(read, 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["slimmed", "source"])

    def test_the_report_follows_its_schemas(self):
        built = slim("build", self.small_index(), "-o", "oci:" + self.path("slimmed"), "--platform", "all", "--format",
                     "json", "--report", "text=" + self.path("text"), *KEEP)
        self.assert_status(built, 0)
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        jsonschema.validate(built.json(), load(os.path.join(SOURCE, "schema", "platforms.schema.json")))
        schema = load(os.path.join(SOURCE, "schema", "report.schema.json"))
        for report in built.json()["platforms"]:
            jsonschema.validate(report, schema)
        with open(self.path("text"), encoding="utf-8") as text:
            lines = text.read().splitlines()
        self.assertEqual([line.split()[1] for line in lines if line.startswith("PLATFORM")],
                         ["linux/amd64", "/".join(FOREIGN), "linux/arm/v6", "linux/arm/v7"])
        self.assertTrue(lines[-1].startswith("INDEX"), lines[-1])

    def test_one_that_runs_here_is_proved_and_the_others_are_marked(self):
        original = image_archive.open_archive(original_of("static"), self.path("original"))
        layers = []
        for path in original.layers:
            with open(path, "rb") as file:
                layers.append(file.read())
        source = self.index("source", [(("linux", "amd64"), layers, original.config["config"]),
                                       (FOREIGN, layers, original.config["config"])])
        built = slim("build", source, "-o", "oci-archive:" + self.path("slimmed.tar") + ":app:slim", "--platform", "all",
                     "--format", "json")
        self.assert_status(built, 0)
        self.assertEqual([report["verdict"]["result"] for report in built.json()["platforms"]], ["same", "not-run"])
        self.assertIn("linux/s390x", built.json()["platforms"][1]["verdict"]["reason"])
        shutil.unpack_archive(self.path("slimmed.tar"), self.path("slimmed"))
        labels = [self.blob(self.path("slimmed"), manifest["config"])["config"]["Labels"]["dev.slim.verdict"]
                  for manifest in self.manifests(self.path("slimmed"), "app:slim").values()]
        self.assertEqual(labels, ["same", "not-run"])

    def test_skopeo_copies_the_whole_index(self):
        need_program("skopeo")
        self.assert_status(slim("build", self.small_index(), "-o", "oci-archive:%s:x" % self.path("slimmed.tar"),
                                "--platform", "all", *KEEP), 0)
        copied = command("skopeo", "--insecure-policy", "copy", "--all", "oci-archive:%s:x" % self.path("slimmed.tar"),
                         "oci:%s:x" % self.path("copy"))
        self.assert_status(copied, 0)
        self.assertEqual(len(self.manifests(self.path("copy"))), 4)

    def test_a_layout_that_is_there_gets_the_index_beside_what_it_has(self):
        source = self.small_index()
        place = "oci:%s:" % self.path("slimmed")
        self.assert_status(slim("build", source, "-o", place + "one", "--platform", "linux/amd64", "--no-run", *KEEP), 0)
        for _ in range(2):  # the second time it replaces itself
            self.assert_status(slim("build", source, "-o", place + "all", "--platform", "all", *KEEP), 0)
        self.assertEqual(len(load(self.path("slimmed", "index.json"))["manifests"]), 2)
        self.assertEqual(len(self.manifests(self.path("slimmed"), "all")), 4)
        self.assert_status(slim("analyze", place + "one"), 0)
        self.assertEqual([name for name in os.listdir(self.path("slimmed")) if name.startswith(".")], [])

    def test_it_is_reproducible(self):
        source = self.small_index()
        for name in ("one", "two"):
            self.assert_status(slim("build", source, "-o", "oci-archive:%s:x" % self.path(name), "--platform", "all",
                                    *KEEP), 0)
        with open(self.path("one"), "rb") as one, open(self.path("two"), "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_where_one_platform_fails_nothing_is_written(self):
        broken = self.index("broken", [(("linux", "amd64"), [layer_bytes(FILES)], {}),
                                       (FOREIGN, [layer_bytes(FILES)[:700]], {})])
        before = sorted(os.listdir(self.folder))
        for destination in ("oci:" + self.path("out"), "oci-archive:" + self.path("out.tar")):
            built = slim("build", broken, "-o", destination, "--platform", "all", *KEEP)
            self.assert_status(built, 3)
            self.assertIn("/".join(FOREIGN), built.err)
            self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_destinations_of_one_image_are_refused(self):
        source = self.small_index()
        for destination in ("docker-archive:" + self.path("out.tar"), "dir:" + self.path("out")):
            refused = slim("build", source, "-o", destination, "--platform", "all", *KEEP)
            self.assert_status(refused, 2)
            self.assertIn("holds an image of one platform", refused.err)
        self.assertEqual(os.listdir(self.folder), ["source"])

    def test_an_image_without_an_index_is_an_index_of_one(self):
        self.assert_status(slim("build", "docker-archive:" + original_of("static"), "-o", "oci:%s:x" % self.path("out"),
                                "--platform", "all", "--no-run"), 0)
        self.assertEqual(list(self.manifests(self.path("out"))), ["linux/amd64"])


if __name__ == "__main__":
    main()
