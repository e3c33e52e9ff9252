"""Small images that tests make by themselves, whole or broken on purpose, as OCI layouts in a folder."""

import hashlib
import io
import json
import os
import sys
import tarfile

from slim_program import SOURCE

sys.path.insert(0, os.path.join(SOURCE, "tests", "images"))  # where images are put together
import assemble  # pylint: disable=wrong-import-position
import odd_image  # pylint: disable=wrong-import-position,unused-import

OCI = assemble.OCI
FILES = {"etc/greeting": b"hello\n", "opt/unused": b"nobody asks for this\n"}


def layer_bytes(files, links=None):
    """The tar of a layer: name -> content, and name -> symlink's target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders = sorted({"/".join(name.split("/")[:depth]) for name in [*files, *(links or {})]
                          for depth in range(1, name.count("/") + 1)})
        for folder in folders:
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755 if "bin/" in name else 0o644
            tar.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = tarfile.SYMTYPE, target, 0o777
            tar.addfile(member)
    return buffer.getvalue()


class Layout:
    """An OCI image layout that can be spoiled step by step. Every part is right unless it is changed."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs", "sha256"))

    def blob_path(self, digest):
        return os.path.join(self.folder, "blobs", *digest.split(":"))

    def add_blob(self, content, media_type):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        with open(self.blob_path(digest), "wb") as file:
            file.write(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def add_image(self, layers, config, platform=("linux", "amd64"), raw_config=None,
                  layer_type=OCI + "layer.v1.tar", compress=lambda layer: layer):
        """The descriptor of the manifest of a new image. `raw_config` takes the config's place."""
        diff_ids = [hashlib.sha256(layer).hexdigest() for layer in layers]
        content = raw_config if raw_config is not None else assemble.compact(assemble.image_config(
            config, diff_ids, ["test"] * len(layers), "/".join(platform)))
        manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": self.add_blob(content, OCI + "config.v1+json"),
                    "layers": [self.add_blob(compress(layer), layer_type) for layer in layers]}
        self.manifest = manifest
        return self.add_blob(assemble.compact(manifest), OCI + "manifest.v1+json")

    def write_index(self, *descriptors):
        with open(os.path.join(self.folder, "index.json"), "wb") as file:
            file.write(assemble.compact({"schemaVersion": 2, "manifests": list(descriptors)}))
        with open(os.path.join(self.folder, "oci-layout"), "w", encoding="utf-8") as file:
            json.dump({"imageLayoutVersion": "1.0.0"}, file)
        return "oci:" + self.folder


def small_layout(folder, config, files=None, **changes):
    """A layout with one image of one layer; returns the Layout and its reference."""
    layout = Layout(folder)
    return layout, layout.write_index(layout.add_image([layer_bytes(files or FILES)], config, **changes))
