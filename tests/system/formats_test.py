#!/usr/bin/python3
"""What slim writes is what others read: the image specification's JSON Schemas, skopeo, umoci; and slim reads the
small real images that docker save, kaniko and others have written."""

import gzip
import hashlib
import json
import os
import shutil
import tempfile
import unittest

import image_archive
import layouts
from layouts import assemble
from slim_program import SHARED_DATA, SystemTest, main, need_program, need_root, original_of, slim

SCHEMAS = os.path.join(SHARED_DATA, "schema")
SMALL_IMAGES = os.path.join(SHARED_DATA, "images")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validate(value, schema):
    """Checks a value against a schema of the image specification; the schemas refer to each other by file name."""
    try:
        import jsonschema
    except ImportError as error:
        raise unittest.SkipTest("python3-jsonschema is not installed") from error
    if not os.path.isdir(SCHEMAS):
        raise unittest.SkipTest("the image specification's schemas are not in ../shared/data/schema")

    def local(uri):
        return load(os.path.join(SCHEMAS, uri.rpartition("/")[2]))

    document = local(schema)
    resolver = jsonschema.RefResolver(document["id"], document, handlers={"https": local})
    jsonschema.Draft4Validator(document, resolver=resolver).validate(value)


def command(*argv):
    return slim(*argv[1:], program=argv[0])


class Formats(SystemTest):
    def build(self, name, destination, *options):
        self.assert_status(slim("build", "docker-archive:" + original_of(name), "-o", destination, "--no-run",
                                *options), 0)

    def layout(self, name, *options):
        self.build(name, "oci:%s:latest" % self.path("slimmed"), *options)
        return self.path("slimmed")

    def check_schemas(self, folder):
        index = load(os.path.join(folder, "index.json"))
        validate(index, "image-index-schema.json")
        validate(load(os.path.join(folder, "oci-layout")), "image-layout-schema.json")
        image = image_archive.open_layout(folder)  # checks every digest and size
        validate(image.manifest, "image-manifest-schema.json")
        validate(image.config, "config-schema.json")
        return image

    def test_a_layout_passes_the_schemas(self):
        for name, compression in (("static", "gzip"), ("redis", "zstd"), ("nginx", "none")):
            with self.subTest(name=name, compression=compression):
                folder = self.path(name)
                self.build(name, "oci:%s:latest" % folder, "--compression", compression)
                image = self.check_schemas(folder)
                self.assertEqual([layer["mediaType"] for layer in image.manifest["layers"]],
                                 ["application/vnd.oci.image.layer.v1.tar" + {"none": ""}.get(
                                     compression, "+" + compression)])

    def test_the_layout_has_the_name_that_was_asked_for(self):
        self.build("static", "oci:%s:v1.2" % self.path("slimmed"))
        (entry,) = load(self.path("slimmed", "index.json"))["manifests"]
        self.assertEqual(entry["annotations"]["org.opencontainers.image.ref.name"], "v1.2")

    def test_skopeo_reads_a_layout(self):
        need_program("skopeo")
        folder = self.layout("redis")
        seen = command("skopeo", "inspect", "oci:%s:latest" % folder)
        self.assert_status(seen, 0)
        self.assertEqual((seen.json()["Os"], seen.json()["Architecture"]), ("linux", "amd64"))
        config = command("skopeo", "inspect", "--config", "oci:%s:latest" % folder).json()
        self.assertEqual(config["config"]["Cmd"], ["redis-server", "--protected-mode", "no"])

    def test_skopeo_reads_archives(self):
        need_program("skopeo")
        self.build("static", "docker-archive:" + self.path("docker.tar"), "--tag", "example.org/greet:small")
        seen = command("skopeo", "inspect", "docker-archive:" + self.path("docker.tar"))
        self.assert_status(seen, 0)
        (entry,) = self.docker_manifest(self.path("docker.tar"))
        self.assertEqual(entry["RepoTags"], ["example.org/greet:small"])
        self.build("static", "oci-archive:" + self.path("oci.tar"))
        self.assert_status(command("skopeo", "inspect", "oci-archive:" + self.path("oci.tar")), 0)

    def docker_manifest(self, archive):
        image_archive.open_archive(archive, self.path("opened"))
        return load(self.path("opened", "manifest.json"))

    def test_skopeo_copies_with_every_digest_checked(self):
        need_program("skopeo")
        folder = self.layout("nginx", "--compression", "gzip")
        self.assert_status(command("skopeo", "--insecure-policy", "copy", "oci:%s:latest" % folder,
                                   "docker-archive:%s:nginx:slim" % self.path("copy.tar")), 0)

    def test_umoci_unpacks_a_layout(self):
        need_root()
        need_program("umoci")
        folder = self.layout("nginx", "--compression", "gzip")
        self.assert_status(command("umoci", "unpack", "--image", folder + ":latest", self.path("bundle")), 0)
        self.assertTrue(os.path.exists(self.path("bundle", "rootfs", "usr", "sbin", "nginx")))

    def test_our_own_output_is_input(self):
        self.build("static", "oci-archive:" + self.path("first.tar"))
        self.assert_status(slim("analyze", self.path("first.tar")), 0)
        self.assert_status(slim("build", self.path("first.tar"), "-o", "docker-archive:" + self.path("second.tar"),
                                "--no-run"), 0)
        first = image_archive.squash(image_archive.open_archive(self.path("first.tar"), self.path("first")))
        second = image_archive.squash(image_archive.open_archive(self.path("second.tar"), self.path("second")))
        self.assertEqual(sorted(first.inodes), sorted(second.inodes))


class InputForms(SystemTest):
    """One image in every form that slim reads gives one and the same slimmed layer."""

    def slimmed_layout(self, reference, *options):
        output = tempfile.mkdtemp(dir=self.folder)
        os.rmdir(output)
        finished = slim("build", reference, "-o", "oci:" + output, "--format", "json", *options)
        self.assert_status(finished, 0)
        self.assertEqual(finished.json()["verdict"]["result"], "same")
        return image_archive.open_layout(output)

    def slimmed_diff_id(self, reference, *options):
        (diff_id,) = self.slimmed_layout(reference, *options).config["rootfs"]["diff_ids"]
        return diff_id

    def form(self, name, image_format, compression):
        source = os.path.dirname(original_of(name))
        layers = sorted(os.path.join(source, "layers", layer) for layer in os.listdir(os.path.join(source, "layers")))
        output = self.path("%s-%s" % (image_format, compression))
        os.makedirs(self.path("work"), exist_ok=True)
        assemble.assemble(layers, load(os.path.join(source, "config.json")), ["layer"] * len(layers),
                          "slim.test/%s:latest" % name, image_format, compression, "linux/amd64", output,
                          self.path("work"))
        return output

    def test_archives_and_layouts_of_every_compression(self):
        for name in ("static", "musl"):
            expected = self.slimmed_diff_id("docker-archive:" + original_of(name))
            for prefix, image_format, compression in (
                    ("docker-archive:", "docker-archive-oci", "gzip"), ("oci-archive:", "oci-archive", "zstd"),
                    ("oci:", "oci", "gzip"), ("oci:", "oci", "zstd"), ("oci:", "oci", "none"),
                    ("", "docker-archive", "none"), ("", "oci-archive", "gzip"), ("", "oci", "zstd")):
                with self.subTest(name=name, form=image_format, compression=compression, prefix=prefix):
                    image = self.form(name, image_format, compression)
                    self.assertEqual(self.slimmed_diff_id(prefix + image), expected)
                    (shutil.rmtree if os.path.isdir(image) else os.unlink)(image)

    def test_a_root_folder_and_a_tar_of_one(self):
        need_root()
        need_program("umoci")
        expected = image_archive.squash(self.slimmed_layout("docker-archive:" + original_of("static"))).inodes
        layout = self.form("static", "oci", "gzip")
        self.assert_status(command("umoci", "unpack", "--image", layout + ":latest", self.path("bundle")), 0)
        rootfs = self.path("bundle", "rootfs")
        self.assert_status(command("tar", "-C", rootfs, "--numeric-owner", "-czf", self.path("rootfs.tar.gz"), "."), 0)
        options = ("--entrypoint", "/bin/greet", "--cmd", "one", "--user", "1000:1000")
        for reference in ("rootfs:" + rootfs, rootfs, "rootfs:" + self.path("rootfs.tar.gz")):
            with self.subTest(reference=reference):
                found = image_archive.squash(self.slimmed_layout(reference, *options)).inodes
                self.assertEqual({path: inode.facts() for path, inode in found.items() if path != "/"},
                                 {path: inode.facts() for path, inode in expected.items() if path != "/"})

    def test_the_right_image_of_a_multi_platform_index(self):
        expected = self.slimmed_diff_id("docker-archive:" + original_of("static"))
        layout = self.form("static", "oci", "gzip")
        (entry,) = load(os.path.join(layout, "index.json"))["manifests"]
        del entry["annotations"]
        other = layouts.Layout(self.path("other"))
        foreign = other.add_image([layouts.layer_bytes(layouts.FILES)], {"Cmd": ["/x"]}, ("linux", "arm64"))
        shutil.copytree(self.path("other", "blobs"), os.path.join(layout, "blobs"), dirs_exist_ok=True)
        other.folder = layout

        def as_platform(descriptor, system, architecture):
            return {**descriptor, "platform": {"os": system, "architecture": architecture}}

        images = [as_platform(foreign, "linux", "arm64"), as_platform(entry, "linux", "amd64"),
                  as_platform(foreign, "unknown", "unknown")]
        inner = {"schemaVersion": 2, "mediaType": layouts.OCI + "index.v1+json", "manifests": images}
        nested = other.add_blob(assemble.compact(inner), layouts.OCI + "index.v1+json")
        for manifests in (images, [nested]):
            with self.subTest(manifests=len(manifests)):
                other.write_index(*manifests)
                self.assertEqual(self.slimmed_diff_id("oci:" + layout), expected)
                self.assertEqual(self.slimmed_diff_id("oci:" + layout, "--platform", "linux/amd64"), expected)
                report = slim("analyze", "oci:" + layout, "--platform", "linux/arm64", "--format", "json")
                self.assert_status(report, 0)
                self.assertEqual(report.json()["image"]["platform"], "linux/arm64")


class SmallImages(SystemTest):
    """The images of ../shared/data/images, each written by another tool."""

    def image(self, name):
        path = os.path.join(SMALL_IMAGES, name)
        if not os.path.exists(path):
            raise unittest.SkipTest("%s is not in ../shared/data/images" % name)
        return path

    def read_and_rewrite(self, name, paths, *options):
        """Analyzes an image, writes it whole, and compares with the independent witness. `paths`: some that
        it has to hold."""
        path = self.image(name)
        report = slim("analyze", path, "--format", "json", *options)
        self.assert_status(report, 0)
        original = image_archive.open_archive(path, self.path("original"))
        self.assertEqual(len(report.json()["layers"]), len(original.layers))
        output = self.path("slimmed.tar")
        self.assert_status(slim("build", path, "-o", "oci-archive:" + output, "--no-run", "--include", "/**",
                                *options), 0)
        slimmed = image_archive.open_archive(output, self.path("slimmed"))
        before, after = image_archive.squash(original), image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(before, after), [])
        self.assertEqual(sorted(set(before.inodes) - set(after.inodes) - {"/"}), [])
        self.assertLessEqual(set(paths), set(after.inodes))

    def test_docker_save_in_its_legacy_form(self):
        self.read_and_rewrite("docker-save-legacy.tar", ["/bin/sh", "/root/saved.txt"])

    def test_kaniko(self):
        self.read_and_rewrite("kaniko.tar", ["/bin/sh"])

    def test_oci_archives_of_each_compression(self):
        for form in ("gzip", "zstd", "uncompressed", "estargz"):
            with self.subTest(form=form):
                self.setUp()
                self.read_and_rewrite("oci-%s.tar" % form, ["/README.md"], "--platform", "linux/arm64")

    def test_what_makes_a_layer_an_estargz_is_no_file_of_the_image(self):
        """Each member is a gzip stream of its own, and the table of contents is the tar's last file."""
        files = {"etc/greeting": b"hello\n", ".no.prefetch.landmark": b"\x0f", "stargz.index.json": b"{}"}
        tar = layouts.layer_bytes(files)
        pieces = [gzip.compress(tar[start:start + 512], mtime=0) for start in range(0, len(tar), 512)]
        layout = layouts.Layout(self.path("estargz"))
        config = assemble.compact(assemble.image_config({}, [hashlib.sha256(tar).hexdigest()], ["x"], "linux/amd64"))
        reference = layout.write_index(layout.add_image([b"".join(pieces)], {}, raw_config=config,
                                                        layer_type=layouts.OCI + "layer.v1.tar+gzip"))
        built = slim("build", reference, "-o", "oci:" + self.path("slimmed"), "--no-run", "--include", "/etc/greeting",
                     "--format", "json", "--files")
        self.assert_status(built, 0)
        decisions = {file["path"]: file["decision"] for file in built.json()["files"]}
        for name in ("/.no.prefetch.landmark", "/stargz.index.json"):
            self.assertEqual(decisions[name], "drop")
        tree = image_archive.squash(image_archive.open_layout(self.path("slimmed")))
        self.assertEqual(sorted(tree.inodes), ["/etc", "/etc/greeting"])

    def test_sizes_are_told_as_stored_and_unpacked(self):
        for compression, smaller in (("gzip:2", True), ("zstd:19", True), ("none", False)):
            with self.subTest(compression):
                place = self.path(compression.replace(":", "-"))
                built = slim("build", "docker-archive:" + original_of("static"), "-o", "oci:" + place, "--no-run",
                             "--compression", compression, "--format", "json", "--report", "text=" + place + ".txt")
                self.assert_status(built, 0)
                report = built.json()
                image = image_archive.open_layout(place)
                output = report["output"]
                self.assertEqual(output["compressed"], sum(map(os.path.getsize, image.layers)))
                self.assertEqual(output["uncompressed"], image_archive.uncompressed_size(image))
                self.assertEqual(output["compressed"] < output["uncompressed"], smaller)
                self.assertEqual(sum(layer["size"] for layer in report["layers"]), report["size"]["compressed"])
                with open(place + ".txt", encoding="utf-8") as text:
                    stored = [line.split() for line in text if line.split()[:1] == ["stored"] and "as" not in line.split()]
                self.assertEqual([line[1] for line in stored], ["before", "after"])
                self.assertTrue(all("uncompressed," in line for line in stored), stored)

    def test_a_tar_of_a_root_folder(self):
        path = self.image("docker-archive-gzip.tar")  # in spite of its name: one file, no manifest
        self.assert_status(slim("analyze", "rootfs:" + path), 0)
        self.assert_status(slim("build", "rootfs:" + path, "-o", "oci:" + self.path("slimmed"), "--no-run",
                                "--include", "/README.md"), 0)
        tree = image_archive.squash(image_archive.open_layout(self.path("slimmed")))
        self.assertIn("/README.md", tree.inodes)

    def test_another_architecture(self):
        path = os.path.join(SHARED_DATA, "alpine-minirootfs-3.20.3-aarch64.tar.gz")
        if not os.path.exists(path):
            raise unittest.SkipTest("alpine-minirootfs-3.20.3-aarch64.tar.gz is not in ../shared/data")
        why = slim("why", "rootfs:" + path, "/lib/ld-musl-aarch64.so.1", "--entrypoint", "/bin/busybox")
        self.assert_status(why, 0)
        self.assertIn("/bin/busybox", why.out)
        self.assert_status(slim("build", "rootfs:" + path, "-o", "oci:" + self.path("slimmed"), "--no-run",
                                "--entrypoint", "/bin/busybox"), 0)
        tree = image_archive.squash(image_archive.open_layout(self.path("slimmed")))
        self.assertIn("/lib/ld-musl-aarch64.so.1", tree.inodes)
        self.assertNotIn("/sbin/apk", tree.inodes)


if __name__ == "__main__":
    main()
