#!/usr/bin/python3
"""`slim deps` says what the image's own loader says: for every dynamic ELF file of real images, the same paths in the
same order and the same missing names."""

import os
import shutil
import unittest

import image_archive
import loaders
from slim_program import SHARED_DATA, SystemTest, main, need_program, original_of, slim

IMAGES = ["nginx", "postgres", "python", "jre", "php", "alpine", "arm64"]
DISTINCT = 1500  # ELF files that differ in content, over all images, below which the comparison says too little

# (image, path) -> why slim and the loader may disagree there. One that agrees has to go.
EXCEPTIONS = {}


def slim_answers(*arguments, loader=""):
    """path -> Answer. musl prints itself first, whoever needs it: `loader` is left out of the paths."""
    finished = slim("deps", *arguments, "--format", "json")
    if finished.status not in (0, 1):  # 1: something is missing
        raise AssertionError(str(finished))
    return {file["path"]: loaders.Answer([library["path"] for library in file["libraries"] if library["path"] != loader],
                                         [library["name"] for library in file["missing"]])
            for file in finished.json()["files"]}


class Tally:
    """How often slim and a loader were asked the same, and agreed."""

    def __init__(self):
        self.files, self.digests, self.agreed, self.exceptions = 0, set(), 0, 0

    def add(self, other):
        self.files += other.files
        self.digests |= other.digests
        self.agreed += other.agreed
        self.exceptions += other.exceptions

    def __str__(self):
        return "%5d files, %5d distinct, %5d agreed, %d exceptions" % (
            self.files, len(self.digests), self.agreed, self.exceptions)


class Oracle(SystemTest):
    @classmethod
    def setUpClass(cls):
        loaders.enter_namespaces()

    def compare(self, name, top, reference, environment=None, exceptions=frozenset()):
        """Every dynamic ELF file of the root folder `top`, which is what slim reads as `reference`."""
        files = loaders.dynamic_elf_files(top)
        musl = {elf.interpreter for elf in files} & set(loaders.MUSL_LOADERS.values())
        said = slim_answers(reference, "--all", loader="".join(musl))
        heard = loaders.loader_answers(top, files, environment)
        self.assertEqual(sorted(said), sorted(heard), "%s: files that slim or the test does not see" % name)
        differ = {path for path in heard if said[path] != heard[path]}
        tally = Tally()
        tally.files, tally.digests = len(files), {elf.digest for elf in files}
        tally.agreed, tally.exceptions = len(files) - len(differ), len(differ & exceptions)
        print("%-16s %s" % (name, tally), flush=True)
        self.assertEqual(["%s\n  slim:   %s\n  loader: %s" % (path, said[path], heard[path])
                          for path in sorted(differ - exceptions)], [], "%s: they disagree" % name)
        self.assertEqual(sorted(exceptions - differ), [], "%s: exceptions that are none" % name)
        return tally

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
