#!/usr/bin/python3
"""`slim build --layers base+app`: two layers that are the same file system as one, as slim, umoci and tar see it; images
of one base share the lower one where they keep the same of it."""

import hashlib
import io
import os
import subprocess
import tarfile

import image_archive
from layouts import Layout, assemble
from slim_program import SystemTest, main, need_program, need_root, original_of, slim


def member(name, kind=tarfile.REGTYPE, content=b"", **changes):
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mode = kind, len(content), 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry, content


def layer(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, content in members:
            tar.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return buffer.getvalue()


BASE = layer(member("etc", tarfile.DIRTYPE), member("etc/base", content=b"base\n"),
             member("etc/changed", content=b"old\n"), member("tmp", tarfile.DIRTYPE, mode=0o1777),
             member("usr", tarfile.DIRTYPE), member("usr/one", content=b"linked\n"),
             member("usr/two", tarfile.LNKTYPE, linkname="usr/one"), member("usr/three", content=b"3\n"),
             member("usr/unused", content=b"unused\n"))


class Layers(SystemTest):
    def image(self, name, base, *apps, history=None):
        """An OCI layout of a base layer and further ones, each a step of a Dockerfile."""
        layout = Layout(self.path(name))
        layers = [base, *apps]
        history = history or [{"created_by": "ADD rootfs.tar /"}, {"created_by": "CMD [\"sh\"]", "empty_layer": True}] + [
            {"created_by": "COPY %d /" % number} for number in range(len(apps))]
        config = {"architecture": "amd64", "os": "linux", "created": assemble.CREATED, "config": {},
                  "rootfs": {"type": "layers",
                             "diff_ids": ["sha256:" + hashlib.sha256(item).hexdigest() for item in layers]},
                  "history": history}
        return layout.write_index(layout.add_image(layers, {}, raw_config=assemble.compact(config)))

    def build(self, source, name, *options):
        """The report, and the image in a layout as an independent witness reads it."""
        finished = slim("build", source, "-o", "oci:%s:x" % self.path(name), "--no-run", "--format", "json", *options)
        self.assert_status(finished, 0)
        return finished.json(), image_archive.open_layout(self.path(name))

    def layers_of(self, report):
        return [(layer["role"], layer["source_layers"]) for layer in report["output"]["layers"]]

    def test_images_of_one_base_share_a_layer(self):
        keep = ("--layers", "base+app", "--include", "/etc/base", "--include", "/usr/two", "--include", "/app*")
        first = self.image("first", BASE, layer(member("app", content=b"1")))
        second = self.image("second", BASE, layer(member("etc", tarfile.DIRTYPE, mtime=5), member("app2", content=b"2")),
                            layer(member("app3", content=b"3")))
        third = self.image("third", BASE, layer(member("usr/four", tarfile.LNKTYPE, linkname="usr/one")),
                           layer(member("app", content=b"1")))
        one, _ = self.build(first, "slim-1", *keep)
        two, _ = self.build(second, "slim-2", *keep)
        three, _ = self.build(third, "slim-3", *keep, "--include", "/usr/three")
        self.assertEqual(self.layers_of(one), [("base", 1), ("app", 1)])
        self.assertEqual(self.layers_of(two), [("base", 1), ("app", 2)])
        bases = [report["output"]["layers"][0] for report in (one, two, three)]
        self.assertEqual(bases[0], bases[1])
        self.assertNotEqual(bases[0]["diff_id"], bases[2]["diff_id"])  # that one keeps another set of the base
        self.assertIn("CMD", one["output"]["base"])

    def test_both_extracted_are_the_squashed_image(self):
        need_root()
        need_program("umoci")
        source = self.image("source", BASE, layer(
            member("etc", tarfile.DIRTYPE, mode=0o711, mtime=7), member("etc/changed", content=b"new\n"),
            member("usr/late", tarfile.LNKTYPE, linkname="usr/two"), member("srv", tarfile.DIRTYPE, mode=0o700)))
        _, one = self.build(source, "one", "--include", "/**")
        _, two = self.build(source, "two", "--include", "/**", "--layers", "base+app")
        self.assertEqual((len(one.layers), len(two.layers)), (1, 2))
        self.assertEqual(image_archive.layer_problems(two), [])
        trees = [image_archive.squash(image) for image in (one, two)]
        self.assertEqual(image_archive.fidelity_problems(*trees), [])
        self.assertEqual(sorted(trees[0].inodes), sorted(trees[1].inodes))
        self.assertEqual(trees[0].hard_links(trees[0].inodes), trees[1].hard_links(trees[1].inodes))
        for name in ("one", "two"):
            self.assert_status(slim("unpack", "--image", self.path(name) + ":x", self.path(name + "-bundle"),
                                    program="umoci"), 0)
        listings = [subprocess.run(["find", ".", "-printf", "%p %y %m %U:%G %T@ %n %s %l\n"], check=True,
                                   cwd=self.path(name + "-bundle", "rootfs"), capture_output=True).stdout
                    for name in ("one", "two")]
        self.assertEqual(*(sorted(listing.splitlines()) for listing in listings))
        self.assertIn(b"./usr/late", listings[1])

    def test_the_upper_layer_can_be_extracted_by_itself(self):
        """As overlay stores do: no link leads out of it, and every entry's folder is in it."""
        source = self.image("source", BASE, layer(member("usr/late", tarfile.LNKTYPE, linkname="usr/one"),
                                                  member("tmp/app", content=b"x")))
        _, image = self.build(source, "two", "--include", "/**", "--layers", "base+app", "--compression", "none")
        os.mkdir(self.path("upper"))
        done = subprocess.run(["tar", "-xf", image.layers[1], "-C", self.path("upper")], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(os.stat(self.path("upper", "tmp")).st_mode & 0o7777, 0o1777)
        self.assertEqual(os.stat(self.path("upper", "usr", "late")).st_nlink, 3)

    def test_a_real_image_in_two_layers_is_the_same(self):
        for name in ("nginx", "plugin"):
            with self.subTest(name):
                source = "docker-archive:" + original_of(name)
                for layers in ("squash", "base+app"):
                    built = slim("build", source, "-o", "docker-archive:" + self.path(name + layers), "--no-run",
                                 "--layers", layers, "--format", "json")
                    self.assert_status(built, 0)
                roles = self.layers_of(built.json())
                self.assertEqual([role for role, _ in roles], ["base", "app"])
                self.assertEqual(roles[0][1], 1)
                compared = slim("diff", self.path(name + "squash"), self.path(name + "base+app"), "--format", "json")
                self.assertEqual(compared.json()["counts"], {"added": 0, "removed": 0, "changed": 0}, compared)

    def test_it_still_behaves_the_same(self):
        need_root()
        built = slim("build", "docker-archive:" + original_of("redis"), "-o", "docker-archive:" + self.path("redis"),
                     "--layers", "base+app", "--format", "json")
        self.assert_status(built, 0)
        self.assertEqual(built.json()["verdict"]["result"], "same")
        self.assertEqual(len(image_archive.open_archive(self.path("redis"), self.path("read")).layers), 2)

    def test_one_layer_stays_one(self):
        report, image = self.build(self.image("source", BASE, history=[{"created_by": "ADD x"}]), "out", "--include",
                                   "/etc/base", "--layers", "base+app")
        self.assertEqual(self.layers_of(report), [("squashed", 1)])
        self.assertEqual(len(image.layers), 1)
        self.assertIsNotNone(report["output"]["base"])

    def test_a_word_that_is_no_choice_is_a_usage_error(self):
        finished = slim("build", "x", "-o", "oci:" + self.path("out"), "--layers", "three")
        self.assert_status(finished, 2)
        self.assertIn("expected squash or base+app", finished.err)


if __name__ == "__main__":
    main()
