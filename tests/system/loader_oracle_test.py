#!/usr/bin/python3
"""`slim deps` says what the image's own loader says: for every dynamic ELF file of real images, the same paths in the
same order and the same missing names."""

import os
import shutil
import unittest

import image_archive
import loaders
from loader_oracle import OracleTest, Tally
from slim_program import SHARED_DATA, main, need_program, original_of

IMAGES = ["nginx", "postgres", "python", "jre", "php", "alpine", "arm64"]
DISTINCT = 1500  # ELF files that differ in content, over all images, below which the comparison says too little

# (image, path) -> why slim and the loader may disagree there. One that agrees has to go.
EXCEPTIONS = {}


class Oracle(OracleTest):
    def compare_image(self, name):
        archive = original_of(name)
        image = image_archive.open_archive(archive, self.path(name))
        machine = {"amd64": "x86_64", "arm64": "aarch64"}[image.config["architecture"]]
        if machine != os.uname().machine:
            need_program("qemu-%s-static" % machine)
        environment = dict(entry.split("=", 1) for entry in image.config["config"].get("Env", []))
        with loaders.root_folder(self.path("root")) as top:
            loaders.unpack(image, top)
            shutil.rmtree(self.path(name))
            return self.compare(name, top, "docker-archive:" + archive,
                                {key: value for key, value in environment.items() if key.startswith("LD_")},
                                {path for image, path in EXCEPTIONS if image == name})

    def test_real_images(self):
        total, compared = Tally(), []
        for name in IMAGES:
            with self.subTest(image=name):
                total.add(self.compare_image(name))
                compared.append(name)
        print("%-16s %s" % ("total", total), flush=True)
        if compared == IMAGES:
            self.assertGreaterEqual(len(total.digests), DISTINCT)
        self.assertLessEqual({image for image, _ in EXCEPTIONS}, set(IMAGES))

    def test_musl_of_another_machine(self):
        need_program("qemu-aarch64-static")
        archive = os.path.join(SHARED_DATA, "alpine-minirootfs-3.20.3-aarch64.tar.gz")
        if not os.path.exists(archive):
            raise unittest.SkipTest("alpine-minirootfs-3.20.3-aarch64.tar.gz is not in ../shared/data")
        with loaders.root_folder(self.path("root")) as top:
            loaders.unpack_tar(archive, top)
            self.compare("alpine aarch64", top, "rootfs:" + archive)


if __name__ == "__main__":
    main()
