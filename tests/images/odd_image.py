#!/usr/bin/python3
"""Layers with everything that is odd in real images, for the tests of fidelity: whiteouts, opaque folders, hard
links across folders and layers, links that dangle or loop, folders that became links and the reverse, devices,
sparse files in both of GNU tar's forms, long and non-ASCII and non-UTF-8 names, capabilities, large owners, and
times before 1970 and after 2038.

    odd_image.py FOLDER      writes 00.tar, 01.tar, ... base first, for assemble.py
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile

TIME = 1600000000
# cap_net_bind_service=ep, as the kernel stores it (linux/capability.h, VFS_CAP_REVISION_2)
CAPABILITY = b"\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
LONG = "n" * 200
DEEP = "/".join("folder-%02d-%s" % (depth, "d" * 20) for depth in range(12))


class Layer:
    """A tar in the pax format. `facts` of an entry: mode, uid, gid, mtime, pax (further records)."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)

    def _add(self, name, kind, content=None, target="", device=(0, 0), **facts):
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        member.mode = facts.get("mode", 0o755 if kind == tarfile.DIRTYPE else 0o644)
        member.uid, member.gid = facts.get("uid", 0), facts.get("gid", 0)
        member.mtime = facts.get("mtime", TIME)
        member.pax_headers = dict(facts.get("pax", {}))
        member.devmajor, member.devminor = device
        member.size = len(content) if content is not None else 0
        self.tar.addfile(member, io.BytesIO(content) if content is not None else None)

    def folder(self, name, **facts):
        self._add(name, tarfile.DIRTYPE, **facts)

    def file(self, name, content=b"", **facts):
        self._add(name, tarfile.REGTYPE, content=content, **facts)

    def symlink(self, name, target, **facts):
        self._add(name, tarfile.SYMTYPE, target=target, mode=0o777, **facts)

    def hard_link(self, name, target):
        self._add(name, tarfile.LNKTYPE, target=target)

    def device(self, name, kind, major, minor, **facts):
        self._add(name, kind, device=(major, minor), **facts)

    def whiteout(self, name):
        folder, base = os.path.split(name)
        self.file(os.path.join(folder, ".wh." + base), mtime=0)

    def opaque(self, folder):
        self.file(folder + "/.wh..wh..opq", mtime=0)


def base(path):
    layer = Layer(path)
    layer.folder("./", mtime=TIME - 1)
    for name in ("a", "b", "c", "c/d", "gone", "covered", "becomes-link", "becomes-file", "target"):
        layer.folder(name, mtime=TIME + 7)
    layer.file("a/first", b"one file with many names\n", mode=0o640, uid=7, gid=8)
    layer.hard_link("b/second", "a/first")
    layer.hard_link("c/d/third", "./a/first")
    for name in ("gone/one", "gone/two", "covered/old", "becomes-link/old", "becomes-file/old", "target/inside"):
        layer.file(name, name.encode())
    layer.symlink("becomes-folder", "target")
    layer.file("replaced", b"the old content")
    layer.hard_link("replaced-keeps", "replaced")
    layer.file("file-becomes-folder", b"x")
    layer.symlink("dangling", "/nowhere/at/all")
    layer.symlink("loop-1", "loop-2")
    layer.symlink("loop-2", "loop-1")
    layer.symlink("itself", "itself")
    layer.symlink("absolute", "/a/first")
    layer.symlink("c/relative", "../a/first")
    layer.symlink("c/escaping", "../../../../../../a/first")
    layer.symlink("long-target", "t" * 180, uid=3, gid=4, mtime=TIME + 3)
    layer.tar.close()


def special(path):
    layer = Layer(path)
    layer.folder("dev", mode=0o755)
    layer.device("dev/null", tarfile.CHRTYPE, 1, 3, mode=0o666)
    layer.device("dev/disk", tarfile.BLKTYPE, 259, 70000, mode=0o660, gid=6)
    layer.device("dev/queue", tarfile.FIFOTYPE, 0, 0, mode=0o600)
    layer.folder("names")
    layer.file("names/" + LONG, b"a long name")
    for depth in range(1, 13):
        layer.folder("names/" + "/".join(DEEP.split("/")[:depth]), mtime=TIME + depth)
    layer.file("names/" + DEEP + "/leaf", b"a long path")
    layer.file("names/gr\u00fc\u00dfe-\u65e5\u672c\u8a9e", b"UTF-8")
    layer.file("names/with space and\ttab and 'quotes' and \\ and *", b"shell")
    layer.file("names/-rf", b"dash")
    layer.folder("owners")
    layer.file("owners/above-16-bits", b"1", uid=70000, gid=70001)
    layer.file("owners/above-21-bits", b"2", uid=3000000, gid=4000000)
    layer.folder("owners/empty", mode=0o1770, uid=33, gid=33, mtime=TIME - 77)
    layer.folder("owners/empty/below", mode=0o2755, uid=1000, gid=1000)
    layer.file("owners/setuid", b"#!", mode=0o4755)
    layer.file("owners/setgid", b"#!", mode=0o2711, gid=12)
    layer.file("owners/unreadable", b"secret", mode=0o000)
    layer.folder("times")
    layer.file("times/before-1970", b"1", mtime=-86400 * 365)
    layer.file("times/after-2038", b"2", mtime=2**33)
    layer.file("times/fraction", b"3", pax={"mtime": "1600000000.123456789"})
    layer.folder("xattrs")
    layer.file("xattrs/capability", b"\x7f", mode=0o755, pax={"SCHILY.xattr.security.capability": CAPABILITY.decode()})
    layer.file("xattrs/user", b"", pax={"SCHILY.xattr.user.note": "two\nlines = one value"})
    layer.folder("xattrs/folder", pax={"SCHILY.xattr.user.note": "on a folder"})
    layer.tar.close()


def sparse(path, folder, form):
    """GNU tar writes holes in two ways: its own (type S) and pax records."""
    os.makedirs(os.path.join(folder, "sparse"))
    with open(os.path.join(folder, "sparse", form), "wb") as file:
        file.write(b"begin")
        file.seek(5 << 20)
        file.write(b"middle")
        file.truncate(8 << 20)
    if form == "gnu":
        with open(os.path.join(os.fsencode(folder), b"sparse", b"\xff\xfe-latin-\xe9"), "wb") as file:
            file.write(b"a name that is not UTF-8")
    options = ["--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f"] if form == "pax" else []
    subprocess.run(["tar", "--format=" + form, "--sparse", "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                    "--mode=go-w", "--mtime=@%d" % TIME, *options, "-C", folder, "-cf", path, "sparse"], check=True)


def changes(path):
    layer = Layer(path)
    layer.whiteout("gone/one")
    layer.folder("covered", mode=0o700)
    layer.opaque("covered")
    layer.file("covered/new", b"new")
    layer.whiteout("becomes-link")
    layer.symlink("becomes-link", "target")
    layer.folder("becomes-folder", mode=0o711)
    layer.file("becomes-folder/new", b"in a real folder")
    layer.file("becomes-file", b"no folder any more")
    layer.folder("file-becomes-folder")
    layer.file("file-becomes-folder/inside", b"y")
    layer.file("replaced", b"the new content")
    layer.hard_link("late", "b/second")  # to a lower layer
    layer.tar.close()


def removals(path):
    layer = Layer(path)
    layer.whiteout("a/first")  # its other names carry the content on
    layer.whiteout("never-was")
    layer.tar.close()


def write_layers(folder):
    base(os.path.join(folder, "00.tar"))
    special(os.path.join(folder, "01.tar"))
    for number, form in ((2, "gnu"), (3, "pax")):
        with tempfile.TemporaryDirectory() as content:
            sparse(os.path.join(folder, "%02d.tar" % number), content, form)
    changes(os.path.join(folder, "04.tar"))
    removals(os.path.join(folder, "05.tar"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: odd_image.py FOLDER")
    write_layers(sys.argv[1])
