#!/usr/bin/python3
"""`slim deps` says what the image's own loader says: for every dynamic ELF file of real images, the same paths in the
same order and the same missing names."""

import os
import shutil
import subprocess
import unittest

import image_archive
import loaders
from loader_oracle import OracleTest, Tally
from slim_program import SHARED_DATA, main, need_program, original_of

IMAGES = ["nginx", "postgis", "python", "jre", "fpm", "alpine", "arm64"]
DISTINCT = 1500  # ELF files that differ in content, over all images, below which the comparison says too little

# (image, path) -> why slim and the loader may disagree there. One that agrees has to go.
EXCEPTIONS = {}


class Oracle(OracleTest):
    def compare_image(self, name):
        archive = original_of(name)
        image = image_archive.open_archive(archive, self.path(name))
        machine = {"amd64": "x86_64", "arm64": "aarch64"}[image.config["architecture"]]
        if machine != os.uname().machine:
            need_program(loaders.emulator(machine))
        config = image.config["config"]
        environment = dict(entry.split("=", 1) for entry in config.get("Env", []) if entry.startswith("LD_"))
        with loaders.root_folder(self.path("root")) as top:
            loaders.unpack(image, top)
            shutil.rmtree(self.path(name))
            return self.compare(name, top, "docker-archive:" + archive,
                                exceptions={path for image, path in EXCEPTIONS if image == name},
                                environment=environment, working_folder=config.get("WorkingDir") or "/")

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

    def test_processor_levels(self):
        copies = {"x86-64-v2": ["libcrypto.so.3", "libz.so.1"], "x86-64-v3": ["libz.so.1", "libselinux.so.1"],
                  "x86-64-v4": ["libcrypt.so.1"]}
        archive = original_of("nginx")
        with loaders.root_folder(self.path("root")) as top:
            loaders.unpack(image_archive.open_archive(archive, self.path("nginx")), top)
            libraries = "/usr/lib/x86_64-linux-gnu/"
            for level, names in copies.items():
                os.makedirs(top + libraries + "glibc-hwcaps/" + level)
                for name in names:
                    shutil.copy(top + libraries + name, top + libraries + "glibc-hwcaps/" + level)
            # a cache made before there were copies, none at all, and one that knows them
            for cache, levels in (("stale", ["", "x86-64-v4"]), ("no", ["", "x86-64-v3"]), ("fresh", ["", *loaders.LEVELS])):
                if cache == "no":
                    os.unlink(top + "/etc/ld.so.cache")
                elif cache == "fresh":
                    subprocess.run(["chroot", top, "/sbin/ldconfig"], check=True)
                for level in levels:
                    with self.subTest(cache=cache, level=level):
                        tally = self.compare("%s cache, %s" % (cache, level or "baseline"), top, "rootfs:" + top,
                                             ["--cpu", level] if level else [], level=level)
                        best = {name: lower for lower in loaders.LEVELS[:loaders.LEVELS.index(level) + 1 if level else 0]
                                for name in copies[lower]}
                        self.assertEqual({os.path.basename(path): os.path.basename(os.path.dirname(path))
                                          for path in tally.paths if "/glibc-hwcaps/" in path},
                                         {} if cache == "stale" else best)

    def test_musl_of_another_machine(self):
        need_program(loaders.emulator("aarch64"))
        archive = os.path.join(SHARED_DATA, "alpine-minirootfs-3.20.3-aarch64.tar.gz")
        if not os.path.exists(archive):
            raise unittest.SkipTest("alpine-minirootfs-3.20.3-aarch64.tar.gz is not in ../shared/data")
        with loaders.root_folder(self.path("root")) as top:
            loaders.unpack_tar(archive, top)
            self.compare("alpine aarch64", top, "rootfs:" + archive)


if __name__ == "__main__":
    main()
