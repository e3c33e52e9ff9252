"""Images for scripts/bench: real files of this machine in layers of every compression, and synthetic ones of any
size. Blobs are made by the ordinary programs (tar, gzip, zstd), so that nothing of slim measures itself."""

import hashlib
import io
import json
import os
import subprocess
import tarfile

MEBI = 1 << 20
COMPRESSORS = {"gzip": ["gzip", "-6nc"], "zstd": ["zstd", "-3qc"], "none": ["cat"]}
FOLDERS = ("/usr/bin", "/usr/lib", "/usr/share")  # where programs, libraries and data are, on any distribution
LARGEST_FILE = 48 * MEBI


def system_files(wanted):
    """Paths of this machine's files with `wanted` bytes in all, a third out of each of FOLDERS where there are so many:
    programs, libraries and data, as in an image."""
    chosen, left = [], wanted
    for place, folder in enumerate(FOLDERS):
        share = left // (len(FOLDERS) - place)
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(parent, name)
                if not os.path.isfile(path) or os.path.islink(path) or name.endswith((".a", ".o")):
                    continue  # objects for a compiler are in no image
                size = os.path.getsize(path)
                if size > min(LARGEST_FILE, share) or not os.access(path, os.R_OK):
                    continue
                chosen.append((path, size))
                share -= size
                left -= size
    return chosen


def in_parts(files, count):
    """The files in `count` lists of about equal bytes, the biggest dealt first."""
    parts = [[0, []] for _ in range(count)]
    for path, size in sorted(files, key=lambda file: -file[1]):
        part = min(parts, key=lambda one: one[0])
        part[0] += size
        part[1].append(path)
    return [sorted(paths) for _, paths in parts]


def tar_of_files(paths, target):
    subprocess.run(["tar", "--create", "--file", target, "--null", "--files-from", "-", "--owner=0", "--group=0",
                    "--numeric-owner", "--hard-dereference"], input="\0".join(paths).encode(), check=True,
                   stderr=subprocess.DEVNULL, cwd="/")


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config_of(diff_ids):
    return json.dumps({"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/usr/bin/env"]},
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + one for one in diff_ids]}}).encode()


def oci_layout(folder, tars, compression):
    """An OCI layout of the given layer tars. Gives the paths of the layers' blobs."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs)

    def place(temporary, media_type):
        digest = digest_of(temporary)
        os.replace(temporary, os.path.join(blobs, digest))
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": os.path.getsize(os.path.join(blobs, digest))}

    def store(content, media_type):
        temporary = os.path.join(folder, "blob")
        with open(temporary, "wb") as file:
            file.write(content)
        return place(temporary, media_type)

    layers = []
    running = []
    for number, tar in enumerate(tars):
        target = os.path.join(folder, "layer%d" % number)
        with open(target, "wb") as file:
            running.append((target, subprocess.Popen([*COMPRESSORS[compression], tar], stdout=file)))
    suffix = "" if compression == "none" else "+" + compression
    for target, process in running:
        if process.wait() != 0:
            raise RuntimeError("%s failed" % COMPRESSORS[compression][0])
        layers.append(place(target, "application/vnd.oci.image.layer.v1.tar" + suffix))
    config = store(config_of([digest_of(tar) for tar in tars]), "application/vnd.oci.image.config.v1+json")
    manifest = store(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                 "config": config, "layers": layers}).encode(),
                     "application/vnd.oci.image.manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "bench"}
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="utf-8") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    return [os.path.join(blobs, layer["digest"][7:]) for layer in layers]


def docker_archive(target, tars):
    """An archive as docker save made it before it made OCI layouts: plain layers, no digests of blobs."""
    config = config_of([digest_of(tar) for tar in tars])
    name = hashlib.sha256(config).hexdigest() + ".json"
    layers = ["%d/layer.tar" % number for number in range(len(tars))]
    manifest = json.dumps([{"Config": name, "RepoTags": ["bench:latest"], "Layers": layers}]).encode()
    with tarfile.open(target, "w") as archive:
        for tar, layer in zip(tars, layers):
            archive.add(tar, layer)
        for member, content in ((name, config), ("manifest.json", manifest)):
            header = tarfile.TarInfo(member)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


def synthetic_tar(target, files, size):
    """A tar of `files` files with `size` bytes of content in all: blocks of noise, each repeated, so that it
    compresses as real files do and no two files are alike. Headers are made by hand: tarfile takes minutes."""
    each, rest = divmod(size, files)
    noise = os.urandom(4 * MEBI)
    block = b"".join(noise[at:at + 2048] * 2 for at in range(0, len(noise), 2048))
    per_folder = 1000
    with open(target, "wb", buffering=8 * MEBI) as tar:
        for number in range(files):
            if number % per_folder == 0:
                tar.write(header_of("data/%04d/" % (number // per_folder), 0, b"5", 0o755))
            length = each + (1 if number < rest else 0)
            tar.write(header_of("data/%04d/file-%07d.dat" % (number // per_folder, number), length, b"0", 0o644))
            left = length
            first = b"%d\n" % number
            tar.write(first[:left])
            left -= min(left, len(first))
            while left > 0:
                tar.write(block[:left] if left < len(block) else block)
                left -= min(left, len(block))
            tar.write(bytes(-length % 512))
        tar.write(bytes(1024))


def header_of(name, size, kind, mode):
    """A ustar header (tar(5))."""
    length = b"%011o\0" % size
    if size >= 8 << 30:
        length = b"\x80" + size.to_bytes(11, "big")  # too large for eleven octal digits
    fields = (name.encode().ljust(100, b"\0") + b"%07o\0" % mode + b"0000000\0" * 2 + length +
              b"14700000000\0" + b"        " + kind + bytes(100) + b"ustar\x0000" + bytes(247))
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
