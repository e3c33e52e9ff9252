#!/usr/bin/python3
"""Puts layers (tar files) and a config together to an image: a docker archive, an OCI layout or a tar of one.

    assemble.py --layers FOLDER --config config.json --name NAME:TAG --format FORMAT OUTPUT

FOLDER holds 00.tar, 01.tar, ... base first. config.json is the `config` object of the OCI image
specification (config.md); the rest of the image's configuration is filled in. The result depends on the
input alone: no time of now, no random name.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

CREATED = "2025-01-01T00:00:00Z"
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def image_config(config, diff_ids, comments, platform):
    history = [{"created": CREATED, "created_by": comment} for comment in comments]
    system, architecture = platform.split("/")[:2]
    return {"architecture": architecture, "os": system, "created": CREATED, "config": config,
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff_id for diff_id in diff_ids]},
            "history": history}


def compressed(path, compression, folder):
    """A file with the layer as a registry would hold it, and the suffix of its media type."""
    if compression == "none":
        return path, ""
    output = os.path.join(folder, os.path.basename(path) + "." + compression)
    if compression == "gzip":
        with open(path, "rb") as source, open(output, "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0, filename="") as packed:
                while block := source.read(1 << 20):
                    packed.write(block)
    else:
        subprocess.run(["zstd", "-q", "-f", "-3", path, "-o", output], check=True)
    return output, "+" + compression


class Archive:
    """A tar that is written member by member, with owners and times that say nothing."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)
        self.folders = set()

    def _member(self, name, size):
        folder = os.path.dirname(name)
        if folder and folder not in self.folders:
            parts = folder.split("/")
            for depth in range(1, len(parts) + 1):
                path = "/".join(parts[:depth])
                if path not in self.folders:
                    self.folders.add(path)
                    entry = tarfile.TarInfo(path)
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    self.tar.addfile(entry)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o644
        return member

    def add_bytes(self, name, content):
        self.tar.addfile(self._member(name, len(content)), io.BytesIO(content))

    def add_file(self, name, path):
        with open(path, "rb") as file:
            self.tar.addfile(self._member(name, os.path.getsize(path)), file)

    def close(self):
        self.tar.close()


class Folder:
    """The same, as files in a folder."""

    def __init__(self, path):
        self.path = path

    def _place(self, name):
        place = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        return place

    def add_bytes(self, name, content):
        with open(self._place(name), "wb") as file:
            file.write(content)

    def add_file(self, name, path):
        with open(path, "rb") as source, open(self._place(name), "wb") as file:
            while block := source.read(1 << 20):
                file.write(block)

    def close(self):
        pass


def write_docker_archive(output, layers, diff_ids, config, name):
    """The form that docker save had until version 25: a folder a layer, and manifest.json last."""
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    archive = Archive(output)
    members = []
    for layer, diff_id in zip(layers, diff_ids):
        archive.add_bytes(diff_id + "/VERSION", b"1.0")
        archive.add_file(diff_id + "/layer.tar", layer)
        members.append(diff_id + "/layer.tar")
    archive.add_bytes(config_name, config)
    archive.add_bytes("manifest.json", compact([{"Config": config_name, "RepoTags": [name], "Layers": members}]))
    archive.close()


def write_layout(target, layers, config, name, compression, work, with_docker_manifest=False):
    """An OCI image layout (image-layout.md); docker save of version 25 and later adds a manifest.json to it."""
    def descriptor(media_type, digest, size):
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": size}

    config_digest = hashlib.sha256(config).hexdigest()
    target.add_bytes("blobs/sha256/" + config_digest, config)
    blobs = []
    for layer in layers:
        path, suffix = compressed(layer, compression, work)
        digest = sha256_of(path)
        blobs.append(descriptor(OCI + "layer.v1.tar" + suffix, digest, os.path.getsize(path)))
        target.add_file("blobs/sha256/" + digest, path)
    manifest = compact({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                        "config": descriptor(OCI + "config.v1+json", config_digest, len(config)), "layers": blobs})
    manifest_digest = hashlib.sha256(manifest).hexdigest()
    target.add_bytes("blobs/sha256/" + manifest_digest, manifest)
    entry = descriptor(OCI + "manifest.v1+json", manifest_digest, len(manifest))
    entry["annotations"] = {"org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    target.add_bytes("index.json", compact({"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                                            "manifests": [entry]}))
    if with_docker_manifest:
        prefix = "blobs/sha256/"
        target.add_bytes("manifest.json", compact([{
            "Config": prefix + config_digest, "RepoTags": [name],
            "Layers": [prefix + blob["digest"].partition(":")[2] for blob in blobs]}]))
    target.add_bytes("oci-layout", compact({"imageLayoutVersion": "1.0.0"}))
    target.close()


def assemble(layers, config, comments, name, image_format, compression, platform, output, work):
    """Writes the image and returns the bytes of its config. `layers`: paths of tar files, base first."""
    diff_ids = [sha256_of(layer) for layer in layers]
    content = compact(image_config(config, diff_ids, comments, platform))
    if image_format == "docker-archive":
        write_docker_archive(output, layers, diff_ids, content, name)
    elif image_format == "oci":
        write_layout(Folder(output), layers, content, name, compression, work)
    else:
        write_layout(Archive(output), layers, content, name, compression, work,
                     with_docker_manifest=image_format == "docker-archive-oci")
    return content


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--comments", help="a file with a line for each layer: what made it")
    parser.add_argument("--name", default="slim.test/image:latest")
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--format", default="docker-archive",
                        choices=["docker-archive", "docker-archive-oci", "oci", "oci-archive"])
    parser.add_argument("--compression", default="none", choices=["none", "gzip", "zstd"])
    parser.add_argument("output")
    options = parser.parse_args()
    layers = sorted(os.path.join(options.layers, name) for name in os.listdir(options.layers) if name.endswith(".tar"))
    with open(options.config, encoding="utf-8") as file:
        config = json.load(file)
    comments = ["layer %d" % number for number in range(len(layers))]
    if options.comments:
        with open(options.comments, encoding="utf-8") as file:
            comments = file.read().splitlines()
    work = options.output + ".work"
    os.makedirs(work, exist_ok=True)
    try:
        assemble(layers, config, comments, options.name, options.format, options.compression, options.platform,
                 options.output, work)
    finally:
        for name in os.listdir(work):
            os.unlink(os.path.join(work, name))
        os.rmdir(work)


if __name__ == "__main__":
    main()
