#!/usr/bin/python3
"""Writes an overlay file system's upper folder as the tar of an image's layer.

Whiteouts and opaque folders take the form of the OCI image specification (layer.md): a character
device 0/0 becomes `.wh.NAME`, a folder marked opaque gets a `.wh..wh..opq`. Hard links stay links.
Names are sorted and times cut to SOURCE_DATE_EPOCH, so that the same changes give the same bytes.
"""

import os
import stat
import sys
import tarfile

TYPES = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFLNK: tarfile.SYMTYPE,
         stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE, stat.S_IFIFO: tarfile.FIFOTYPE}


def is_whiteout(info):
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def attributes(path):
    """The extended attributes of a file that belong to an image, as pax records."""
    records = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith(("user.", "security.capability")):
            value = os.getxattr(path, name, follow_symlinks=False)
            records["SCHILY.xattr." + name] = value.decode("utf-8", "surrogateescape")
    return records


def walk(folder):
    """Paths below `folder`, parents first, in the order of their bytes."""
    for name in sorted(os.listdir(folder), key=os.fsencode):
        path = os.path.join(folder, name)
        yield path
        if os.path.isdir(path) and not os.path.islink(path):
            yield from walk(path)


class LayerTar:
    def __init__(self, file, latest):
        self.tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self.latest = latest
        self.first_names = {}  # (device, inode) -> the first name of a file with several

    def add_mark(self, name):
        mark = tarfile.TarInfo(name)
        mark.mode, mark.mtime = 0o644, 0
        self.tar.addfile(mark)

    def add(self, path, name):
        info = os.lstat(path)
        if is_whiteout(info):
            folder, base = os.path.split(name)
            self.add_mark(os.path.join(folder, ".wh." + base))
            return
        kind = stat.S_IFMT(info.st_mode)
        if kind not in TYPES:
            return  # sockets do not travel in a tar
        member = tarfile.TarInfo(name)
        member.type = TYPES[kind]
        member.mode = stat.S_IMODE(info.st_mode)
        member.uid, member.gid = info.st_uid, info.st_gid
        member.mtime = min(int(info.st_mtime), self.latest)
        member.pax_headers = attributes(path)
        if kind == stat.S_IFLNK:
            member.linkname = os.readlink(path)
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            member.devmajor, member.devminor = os.major(info.st_rdev), os.minor(info.st_rdev)
        elif kind == stat.S_IFREG:
            inode = (info.st_dev, info.st_ino)
            if inode in self.first_names:
                member.type, member.linkname = tarfile.LNKTYPE, self.first_names[inode]
            else:
                if info.st_nlink > 1:
                    self.first_names[inode] = name
                member.size = info.st_size
        if member.isreg():
            with open(path, "rb") as content:
                self.tar.addfile(member, content)
        else:
            self.tar.addfile(member)
        if kind == stat.S_IFDIR and "trusted.overlay.opaque" in os.listxattr(path):
            self.add_mark(name + "/.wh..wh..opq")


def main(upper, output):
    latest = int(os.environ.get("SOURCE_DATE_EPOCH", "1735689600"))
    with open(output, "wb") as file:
        layer = LayerTar(file, latest)
        for path in walk(upper):
            layer.add(path, os.path.relpath(path, upper))
        layer.tar.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: layer_tar.py UPPER_FOLDER LAYER.tar")
    main(*sys.argv[1:])
