#!/usr/bin/python3
"""`slim diff`: every kind of change on crafted pairs, the schema, all forms of input, and two real images against what
Python's tarfile makes of their layers."""

import io
import json
import os
import tarfile
import unittest

from layouts import Layout
from slim_program import SOURCE, SystemTest, main, original_of, slim

SCHEMA = os.path.join(SOURCE, "schema", "diff.schema.json")


def member(name, kind=tarfile.REGTYPE, content=b"", **fields):
    """A tar member with its content."""
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.size = kind, 0o755 if kind == tarfile.DIRTYPE else 0o644, len(content)
    for field, value in fields.items():
        setattr(made, field, value)
    return made, content


def tar_of(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for made, content in members:
            tar.addfile(made, io.BytesIO(content))
    return buffer.getvalue()


def tree_of(archive):
    """path -> (type, mode, owner, time, content or link) of a docker archive, put together without slim.
    Hard links are followed to the file they name."""
    tree = {}
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))
        for layer in manifest[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(layer)) as tar:
                members = [(each, os.path.normpath("/" + each.name)) for each in tar]
                for _, path in members:  # what a layer deletes lies below it
                    folder, name = os.path.split(path)
                    if name.startswith(".wh."):
                        opaque = name == ".wh..wh..opq"
                        gone = folder if opaque else os.path.join(folder, name[4:])
                        for other in [key for key in tree if (key == gone and not opaque) or key.startswith(gone + "/")]:
                            del tree[other]
                for each, path in members:
                    if os.path.basename(path).startswith(".wh."):
                        continue
                    folder = os.path.dirname(path)
                    if folder in tree and tree[folder][0] == tarfile.SYMTYPE:
                        path = os.path.join(os.path.normpath(os.path.join(os.path.dirname(folder), tree[folder][4])),
                                            os.path.basename(path))
                    if each.islnk():
                        tree[path] = tree[os.path.normpath("/" + each.linkname)]
                        continue
                    content = tar.extractfile(each).read() if each.isreg() else each.linkname
                    mode = 0 if each.issym() else each.mode
                    tree[path] = (each.type, mode, (each.uid, each.gid), each.mtime, content)
    tree.pop("/", None)
    return tree


class Crafted(SystemTest):
    def pair(self, a, b, config_a=None, config_b=None):
        references = []
        for name, members, config in (("a", a, config_a), ("b", b, config_b)):
            layout = Layout(self.path(name))
            references.append(layout.write_index(layout.add_image([tar_of(*members)], config or {})))
        return references

    def paths(self, *arguments):
        finished = slim("diff", "--format", "json", *arguments)
        self.assertIn(finished.status, (0, 1), str(finished))
        document = finished.json()
        self.assertEqual(document["result"], "same" if finished.status == 0 else "different")
        return {each["path"]: (each["change"], each["aspects"]) for each in document["paths"]}

    def test_every_kind_of_change(self):
        cap = {"SCHILY.xattr.user.note": "x"}
        a, b = self.pair(
            [member("content", content=b"one"), member("mode", mode=0o644), member("owner", uid=1),
             member("time", mtime=5), member("xattrs"), member("link", tarfile.SYMTYPE, linkname="one"),
             member("type", tarfile.DIRTYPE), member("type/in"), member("removed", tarfile.DIRTYPE),
             member("removed/in"), member("device", tarfile.CHRTYPE, devmajor=1, devminor=3), member("same", content=b"x")],
            [member("content", content=b"two"), member("mode", mode=0o4755), member("owner", uid=2),
             member("time", mtime=6), member("xattrs", pax_headers=cap), member("link", tarfile.SYMTYPE, linkname="two"),
             member("type", mode=0o755), member("added"), member("device", tarfile.CHRTYPE, devmajor=1, devminor=5),
             member("same", content=b"x")])
        expected = {path: ("changed", [path[1:]]) for path in
                    ("/content", "/mode", "/owner", "/time", "/xattrs", "/link", "/type", "/device")}
        expected |= {"/type/in": ("removed", []), "/removed": ("removed", []), "/removed/in": ("removed", []),
                     "/added": ("added", [])}
        self.assertEqual(self.paths(a, b), expected)
        del expected["/time"]
        self.assertEqual(self.paths(a, b, "--ignore-time"), expected)

    def test_the_same_image_is_the_same_in_every_form(self):
        members = [member("a", content=b"x"), member("d", tarfile.DIRTYPE), member("d/b", content=b"y")]
        a, b = self.pair(members, members, {"Env": ["A=1"]}, {"Env": ["A=1"], "Cmd": None})
        self.assert_status(slim("diff", a, b), 0)
        with tarfile.open(self.path("b.tar"), "w") as archive:
            archive.add(self.path("b"), ".")
        finished = slim("diff", a, "oci-archive:" + self.path("b.tar"))
        self.assert_status(finished, 0)
        self.assertIn("\nsame\n", finished.out)
        self.assertEqual(slim("diff", a, b, "--quiet").out, "")

    def test_configs_differ_without_showing_secrets(self):
        a, b = self.pair([member("a")], [member("a")],
                         {"Env": ["PATH=/bin", "API_TOKEN=geheim"], "Entrypoint": ["/a"], "User": "me",
                          "ExposedPorts": {"80/tcp": {}}, "Labels": {"v": "1"}},
                         {"Env": ["PATH=/sbin"], "Entrypoint": ["/b"], "WorkingDir": "/w", "Volumes": {"/v": {}},
                          "Labels": {"v": "2"}, "Healthcheck": {"Test": ["NONE"]}})
        finished = slim("diff", a, b, "--format", "json")
        self.assert_status(finished, 1)
        found = {(each["key"], each["name"]): (each["a"], each["b"]) for each in finished.json()["config"]}
        self.assertEqual(found, {
            ("Env", "API_TOKEN"): ("***", None), ("Env", "PATH"): ("/bin", "/sbin"),
            ("Entrypoint", ""): ('["/a"]', '["/b"]'), ("User", ""): ("me", None), ("ExposedPorts", "80/tcp"): ("", None),
            ("Labels", "v"): ("1", "2"), ("WorkingDir", ""): (None, "/w"), ("Volumes", "/v"): (None, ""),
            ("Healthcheck", ""): (None, '{"Test":["NONE"]}')})
        for text in (finished.out, slim("diff", a, b).out):
            self.assertNotIn("geheim", text)
        self.assertIn("geheim", slim("diff", a, b, "--show-secrets").out)

    def test_what_cannot_be_compared_is_an_error(self):
        a, _ = self.pair([member("a")], [member("a")])
        for arguments, status in ((("diff", a), 2), (("diff", a, a, "--format", "xml"), 2),
                                  (("diff", a, "oci:" + self.path("nothing")), 3)):
            finished = slim(*arguments)
            self.assert_status(finished, status)
            self.assertIn("slim: error: ", finished.err)


class Real(SystemTest):
    def test_real_images_follow_the_schema(self):
        try:
            import jsonschema
        except ImportError as error:
            raise unittest.SkipTest("python3-jsonschema is not installed") from error
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        document = slim("diff", original_of("static"), original_of("alpine"), "--format", "json").json()
        problems = ["%s: %s" % ("/".join(map(str, error.absolute_path)), error.message)
                    for error in validator(schema).iter_errors(document)]
        self.assertEqual(problems, [])

    def test_agrees_with_tarfile(self):
        for a, b in (("nginx", "redis"), ("redis", "cli"), ("alpine", "static")):
            with self.subTest(a=a, b=b):
                left, right = tree_of(original_of(a)), tree_of(original_of(b))
                expected = {}
                for path in left.keys() | right.keys():
                    if path not in right:
                        expected[path] = ("removed", [])
                    elif path not in left:
                        expected[path] = ("added", [])
                    elif left[path] != right[path]:
                        expected[path] = ("changed", self.aspects(left[path], right[path]))
                self.assertGreater(len(expected), 100)
                finished = slim("diff", original_of(a), original_of(b), "--format", "json")
                self.assert_status(finished, 1)
                found = {each["path"]: (each["change"], each["aspects"]) for each in finished.json()["paths"]}
                self.assertEqual({path: (found.get(path), expected.get(path)) for path in found.keys() | expected.keys()
                                  if found.get(path) != expected.get(path)}, {})

    @staticmethod
    def aspects(left, right):
        same_type = left[0] == right[0]
        what = "link" if left[0] == tarfile.SYMTYPE else "content"
        checks = (("type", not same_type), (what, same_type and left[4] != right[4]), ("mode", left[1] != right[1]),
                  ("owner", left[2] != right[2]), ("time", left[3] != right[3]))
        return [name for name, differs in checks if differs]


if __name__ == "__main__":
    main()
