"""Reads image archives and squashes their layers, with nothing but Python's tarfile: the independent witness
of what slim reads and writes. Slow and trusting; only for images that the tests made or checked themselves."""

import contextlib
import hashlib
import json
import os
import subprocess
import tarfile
from decimal import Decimal

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


class Image:
    """config: the image's configuration. layers: paths of the layers' tars as stored, base first."""

    def __init__(self, config, layers, manifest=None):
        self.config, self.layers, self.manifest = config, layers, manifest


def _load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _blob(folder, digest):
    return os.path.join(folder, "blobs", *digest.split(":"))


def open_layout(folder):
    """An OCI image layout with one image. Checks the digest and the size of every blob on the way."""
    def checked(descriptor):
        path = _blob(folder, descriptor["digest"])
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if "sha256:" + digest != descriptor["digest"] or os.path.getsize(path) != descriptor["size"]:
            raise AssertionError("%s: its content is not what its descriptor says" % path)
        return path

    index = _load(os.path.join(folder, "index.json"))
    (entry,) = index["manifests"]
    manifest = _load(checked(entry))
    return Image(_load(checked(manifest["config"])), [checked(layer) for layer in manifest["layers"]], manifest)


def open_archive(path, folder):
    """A docker archive or a tar of an OCI layout; unpacked (the outer tar alone) to `folder`."""
    os.makedirs(folder, exist_ok=True)
    with tarfile.open(path) as archive:
        archive.extractall(folder)
    if os.path.exists(os.path.join(folder, "oci-layout")):
        return open_layout(folder)
    (entry,) = _load(os.path.join(folder, "manifest.json"))
    return Image(_load(os.path.join(folder, entry["Config"])),
                 [os.path.join(folder, layer) for layer in entry["Layers"]])


@contextlib.contextmanager
def layer_tar(path):
    """A layer as an open tarfile, whatever it is compressed with."""
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic == b"\x28\xb5\x2f\xfd":
        plain = path + ".plain"
        subprocess.run(["zstd", "-q", "-d", "-f", path, "-o", plain], check=True)
        path = plain
    with tarfile.open(path, "r:gz" if magic[:2] == b"\x1f\x8b" else "r:", encoding="utf-8",
                      errors="surrogateescape") as tar:
        yield tar


class Inode:
    """What the names of one file share: all that a container can see of it."""

    def __init__(self, tar, member):
        self.kind = "file" if member.isreg() else member.type.decode()
        # some writers put the type into the mode as well, where it means nothing
        self.mode, self.uid, self.gid = member.mode & 0o7777, member.uid, member.gid
        mtime = member.pax_headers.get("mtime", member.mtime)
        self.mtime = int(Decimal(mtime) * 10**9)  # nanoseconds since 1970
        self.link = member.linkname if member.issym() else None
        self.device = (member.devmajor, member.devminor) if member.ischr() or member.isblk() else None
        self.xattrs = {name: value for name, value in member.pax_headers.items() if name.startswith("SCHILY.xattr.")}
        self.size, self.sha256 = 0, None
        if self.kind == "file":
            self.size = member.size
            digest = hashlib.sha256()
            with tar.extractfile(member) as content:
                while block := content.read(1 << 20):
                    digest.update(block)
            self.sha256 = digest.hexdigest()

    def facts(self):
        return vars(self)


def _clean(name):
    return "/" + "/".join(part for part in name.split("/") if part not in ("", "."))


class Tree:
    """The squashed image: a dictionary from path ("/usr/bin/x") to Inode; hard links share their Inode."""

    def __init__(self):
        self.inodes = {}

    def remove(self, path, keep_itself=False):
        for name in [name for name in self.inodes if name.startswith(path.rstrip("/") + "/")]:
            del self.inodes[name]
        if not keep_itself:
            self.inodes.pop(path, None)

    def apply(self, tar):
        """One layer. A whiteout hides what lower layers have, wherever in the tar it stands."""
        members = tar.getmembers()
        for member in members:
            folder, base = os.path.split(_clean(member.name))
            if base == OPAQUE:
                self.remove(folder, keep_itself=True)
            elif base.startswith(WHITEOUT):
                self.remove(os.path.join(folder, base[len(WHITEOUT):]))
        for member in members:
            path = _clean(member.name)
            if os.path.basename(path).startswith(WHITEOUT):
                continue
            inode = self.inodes[_clean(member.linkname)] if member.islnk() else Inode(tar, member)
            before = self.inodes.get(path)
            if before is not None and not (before.kind == inode.kind == "5"):
                self.remove(path)
            self.inodes[path] = inode

    def hard_links(self, paths):
        """Groups of `paths` that are one file, of two names or more."""
        groups = {}
        for path in paths:
            groups.setdefault(id(self.inodes[path]), []).append(path)
        return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def take_added(tree, report):
    """Takes what slim added, as its report (the JSON form) lists it, out of the tree. Returns path -> Inode."""
    return {entry["path"]: tree.inodes.pop(entry["path"]) for entry in report["plan"]["added"]["entries"]}


def squash(image):
    tree = Tree()
    for path in image.layers:
        with layer_tar(path) as tar:
            tree.apply(tar)
    return tree


def bytes_of_files(image):
    """Of all files that a container sees; a file of several names counts once."""
    return sum({id(inode): inode.size for inode in squash(image).inodes.values()}.values())


def uncompressed_size(image):
    """Bytes of all layers as tars."""
    total = 0
    for path in image.layers:
        with open(path, "rb") as file:
            magic = file.read(4)
        if magic == b"\x28\xb5\x2f\xfd":
            total += len(subprocess.run(["zstd", "-qdc", path], check=True, capture_output=True).stdout)
        elif magic[:2] == b"\x1f\x8b":
            total += len(subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout)
        else:
            total += os.path.getsize(path)
    return total


def layer_problems(image):
    """What a tidy single layer must not have: names twice, children before parents, whiteouts."""
    problems = []
    for path in image.layers:
        seen = {"/"}
        with layer_tar(path) as tar:
            for member in tar.getmembers():
                name = _clean(member.name)
                parent = os.path.dirname(name)
                if name in seen and name != "/":
                    problems.append("%s is there twice" % name)
                if parent not in seen:
                    problems.append("%s comes before its folder" % name)
                if os.path.basename(name).startswith(WHITEOUT):
                    problems.append("%s is a whiteout" % name)
                seen.add(name)
    return problems


def fidelity_problems(original, slimmed):
    """Everything in which a kept path differs from what it was: a list of lines, empty where all is well."""
    problems = []
    for path, inode in slimmed.inodes.items():
        source = original.inodes.get(path)
        if source is None:
            problems.append("%s: is not in the original" % path)
            continue
        before, after = source.facts(), inode.facts()
        problems += ["%s: %s was %r and is %r" % (path, name, before[name], after[name])
                     for name in before if before[name] != after[name]]
    kept = [path for path in slimmed.inodes if path in original.inodes]
    was, now = original.hard_links(kept), slimmed.hard_links(kept)
    problems += ["hard links %s are no longer one file" % group for group in was if group not in now]
    problems += ["%s have become one file" % group for group in now if group not in was]
    return problems
