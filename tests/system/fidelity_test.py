#!/usr/bin/python3
"""An image of everything that is odd (tests/images/odd_image.py) comes out as it went in, as Python's tarfile and
umoci see it: owner, mode, time, extended attributes, link targets, hard links, devices, content."""

import os
import stat

import image_archive
from layouts import assemble, odd_image
from slim_program import SystemTest, main, need_program, need_root, slim


def unpacked_facts(top):
    """path -> what lstat says of it, for a root folder that another tool has unpacked."""
    facts = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            kind = stat.S_IFMT(info.st_mode)
            facts["/" + os.path.relpath(path, top)] = {
                "kind": kind, "mode": stat.S_IMODE(info.st_mode), "owner": (info.st_uid, info.st_gid),
                "mtime": info.st_mtime_ns, "size": info.st_size if kind == stat.S_IFREG else 0,
                "link": os.readlink(path) if kind == stat.S_IFLNK else None,
                "device": (os.major(info.st_rdev), os.minor(info.st_rdev)),
                "names": info.st_nlink if kind == stat.S_IFREG else 0,
                "xattrs": {name: os.getxattr(path, name, follow_symlinks=False)
                           for name in os.listxattr(path, follow_symlinks=False)}}
    return facts


KINDS = {"file": stat.S_IFREG, "5": stat.S_IFDIR, "2": stat.S_IFLNK, "3": stat.S_IFCHR, "4": stat.S_IFBLK,
         "6": stat.S_IFIFO}


def expected_facts(tree):
    """The same, as an image's layers promise it."""
    names = {}
    for inode in tree.inodes.values():
        names[id(inode)] = names.get(id(inode), 0) + 1
    return {path: {"kind": KINDS[inode.kind], "mode": inode.mode, "owner": (inode.uid, inode.gid),
                   "mtime": inode.mtime, "size": inode.size, "link": inode.link,
                   "device": inode.device or (0, 0), "names": names[id(inode)] if inode.kind == "file" else 0,
                   "xattrs": {name.removeprefix("SCHILY.xattr."): value.encode("utf-8", "surrogateescape")
                              for name, value in inode.xattrs.items()}}
            for path, inode in tree.inodes.items() if path != "/"}


class Fidelity(SystemTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("layers"))
        odd_image.write_layers(self.path("layers"))
        layers = sorted(self.path("layers", name) for name in os.listdir(self.path("layers")))
        os.mkdir(self.path("work"))
        assemble.assemble(layers, {}, ["odd"] * len(layers), "slim.test/odd:latest", "oci", "gzip", "linux/amd64",
                          self.path("odd"), self.path("work"))
        self.original = image_archive.squash(image_archive.open_layout(self.path("odd")))

    def build(self, destination, *options):
        self.assert_status(slim("build", "oci:" + self.path("odd"), "-o", destination, "--no-run", *options), 0)

    def test_an_image_kept_whole(self):
        self.build("docker-archive:" + self.path("whole.tar"), "--include", "/**")
        slimmed = image_archive.open_archive(self.path("whole.tar"), self.path("whole"))
        self.assertEqual(image_archive.layer_problems(slimmed), [])
        tree = image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(self.original, tree), [])
        self.assertEqual(sorted(set(self.original.inodes) - set(tree.inodes) - {"/"}), [])

    def test_an_image_kept_whole_in_two_layers(self):
        need_root()
        need_program("umoci")
        self.build("oci:%s:latest" % self.path("two"), "--include", "/**", "--layers", "base+app")
        slimmed = image_archive.open_layout(self.path("two"))
        self.assertEqual(len(slimmed.layers), 2)
        self.assertEqual(image_archive.layer_problems(slimmed), [])
        tree = image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(self.original, tree), [])
        self.assertEqual(sorted(set(self.original.inodes) - set(tree.inodes) - {"/"}), [])
        self.assert_status(slim("unpack", "--image", self.path("two") + ":latest", self.path("bundle"), program="umoci"), 0)
        found, expected = unpacked_facts(self.path("bundle", "rootfs")), expected_facts(self.original)
        self.assertEqual(sorted(found), sorted(expected))
        for path, facts in expected.items():
            self.assertEqual(found[path], facts, path)

    def test_a_kept_hard_link_carries_the_content_that_its_dropped_first_name_had(self):
        self.build("docker-archive:" + self.path("part.tar"), "--include", "/late", "--include", "/c/d/third",
                   "--include", "/replaced-keeps")
        slimmed = image_archive.open_archive(self.path("part.tar"), self.path("part"))
        self.assertEqual(image_archive.layer_problems(slimmed), [])
        tree = image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(self.original, tree), [])
        self.assertEqual(tree.hard_links(tree.inodes), [["/c/d/third", "/late"]])
        self.assertNotIn("/b/second", tree.inodes)
        self.assertIn("/replaced-keeps", tree.inodes)

    def test_links_are_kept_as_the_links_that_they_are(self):
        self.build("docker-archive:" + self.path("links.tar"), "--include", "/absolute", "--include", "/loop-1",
                   "--include", "/dangling", "--include", "/c/relative")
        slimmed = image_archive.open_archive(self.path("links.tar"), self.path("links"))
        tree = image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(self.original, tree), [])
        self.assertLessEqual({"/absolute", "/loop-1", "/loop-2", "/dangling", "/c/relative"}, set(tree.inodes))

    def test_folders_with_a_meaning_stay(self):
        self.build("docker-archive:" + self.path("folders.tar"), "--include", "/replaced")
        slimmed = image_archive.open_archive(self.path("folders.tar"), self.path("folders"))
        tree = image_archive.squash(slimmed)
        self.assertEqual(image_archive.fidelity_problems(self.original, tree), [])
        # owned by another user than root; empty in the original
        self.assertLessEqual({"/owners/empty", "/owners/empty/below", "/xattrs/folder"}, set(tree.inodes))
        self.assertNotIn("/owners/setuid", tree.inodes)

    def test_umoci_unpacks_what_the_original_promised(self):
        need_root()
        need_program("umoci")
        self.build("oci:%s:latest" % self.path("slimmed"), "--include", "/**")
        finished = slim("unpack", "--image", self.path("slimmed") + ":latest", self.path("bundle"), program="umoci")
        self.assert_status(finished, 0)
        found, expected = unpacked_facts(self.path("bundle", "rootfs")), expected_facts(self.original)
        self.assertEqual(sorted(found), sorted(expected))
        for path, facts in expected.items():
            self.assertEqual(found[path], facts, path)

    def test_a_plain_folder_is_the_same_as_well(self):
        need_root()
        self.build("dir:" + self.path("root"), "--include", "/**")
        found, expected = unpacked_facts(self.path("root")), expected_facts(self.original)
        self.assertEqual(sorted(found), sorted(expected))
        for path, facts in expected.items():
            self.assertEqual(found[path], facts, path)


if __name__ == "__main__":
    main()
